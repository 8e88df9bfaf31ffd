import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { recoverMissed } from '../../../examples/pusher-channels/recover-missed.ts'
import { closeClients, collect, connect, enter, type PresenceChannel } from './clients.ts'
import { type NodePair, nodePair } from './node-pair.ts'

let pair: NodePair
let count = 0
const newName = (prefix = '') => `${prefix}wide-${++count}`

beforeAll(async () => {
  pair = await nodePair()
})
afterEach(closeClients)
afterAll(() => pair?.close())

const person = (node: 0 | 1, id: string, watchlist: readonly string[] = []) =>
  connect(pair.urls[node], { user: { id, info: { name: id }, watchlist } })

describe('two nodes', () => {
  test('are one for events of back ends and clients', async () => {
    const name = newName('private-')
    const [ada, bob] = [connect(pair.urls[0]), connect(pair.urls[1])]
    const channels = [await enter(ada, name), await enter(bob, name)]
    const heard = channels.map((channel) => collect(channel, 'said'))
    const typed = channels.map((channel) => collect(channel, 'client-typing'))
    await pair.backEnds[0].trigger(name, 'said', 1)
    await pair.backEnds[1].trigger(name, 'said', 2, { socket_id: ada.connection.socket_id })
    channels[1]?.trigger('client-typing', {})
    await expect.poll(() => [heard[0], [...(heard[1] ?? [])].sort()]).toEqual([[1], [1, 2]])
    await expect.poll(() => typed).toEqual([[{}], []])
  })

  test('have the same members', async () => {
    const name = newName('presence-')
    const ada = await enter<PresenceChannel>(person(0, 'ada'), name)
    const removed = collect(ada, 'pusher:member_removed')
    const bob = person(1, 'bob')
    const there = await enter<PresenceChannel>(bob, name)
    const members = (channel: PresenceChannel) => Object.keys(channel.members.members).sort()
    await expect
      .poll(() => [members(ada), members(there)])
      .toEqual([
        ['ada', 'bob'],
        ['ada', 'bob'],
      ])
    await enter(person(0, 'bob'), name)
    bob.unsubscribe(name)
    await enter(person(1, 'carl'), name)
    await expect.poll(() => members(ada)).toEqual(['ada', 'bob', 'carl'])
    expect(removed).toEqual([])
    const users = await (await pair.backEnds[1].get({ path: `/channels/${name}/users` })).json()
    expect(users.users.map(({ id }: { id: string }) => id).sort()).toEqual(['ada', 'bob', 'carl'])
  })

  test('answer for each other', async () => {
    const name = newName('count-')
    await enter(connect(pair.urls[0]), name)
    await enter(connect(pair.urls[1]), name)
    const info = { info: 'subscription_count' }
    for (const backEnd of pair.backEnds) {
      const one = await (await backEnd.get({ path: `/channels/${name}`, params: info })).json()
      expect(one).toEqual({ occupied: true, subscription_count: 2 })
      const params = { ...info, filter_by_prefix: 'count-' }
      const all = await (await backEnd.get({ path: '/channels', params })).json()
      expect(all).toEqual({ channels: { [name]: { subscription_count: 2 } } })
    }
  })

  test('know which users are there, and throw them out', async () => {
    const user = person(1, 'user')
    const watcher = person(0, 'watcher', ['user'])
    const heard = collect(user.user, 'notice')
    const online = collect(watcher.user.watchlist, 'online')
    const offline = collect(watcher.user.watchlist, 'offline')
    watcher.signin()
    user.signin()
    await expect.poll(() => online).toEqual([{ name: 'online', user_ids: ['user'] }])
    await pair.backEnds[0].sendToUser('user', 'notice', 'hello')
    await expect.poll(() => heard).toEqual(['hello'])
    await pair.backEnds[0].terminateUserConnections('user')
    await expect.poll(() => user.connection.state).toBe('disconnected')
    await expect.poll(() => offline).toEqual([{ name: 'offline', user_ids: ['user'] }])
  })

  test('tell webhooks once', async () => {
    const name = newName()
    const [ada, bob] = [connect(pair.urls[0]), connect(pair.urls[1])]
    await Promise.all([enter(ada, name), enter(bob, name)])
    const told = () => pair.webhooks.events.filter(({ channel }) => channel === name).map((one) => one.name)
    await expect.poll(told).toEqual(['channel_occupied'])
    ada.disconnect()
    const other = newName()
    await enter(bob, other)
    bob.unsubscribe(other)
    const toldOfOther = () => pair.webhooks.events.filter(({ channel }) => channel === other)
    await expect.poll(() => toldOfOther().length).toBe(2)
    expect(told()).toEqual(['channel_occupied'])
    bob.disconnect()
    await expect.poll(told).toEqual(['channel_occupied', 'channel_vacated'])
  })
})

describe('a node that stops', () => {
  test('sends its clients to another one, and nothing is lost for those who count', async () => {
    const name = newName()
    const own = await nodePair()
    const client = connect(own.proxyUrl)
    recoverMissed(client)
    const heard = collect(await enter(client, name), 'said')
    const errors = collect(client.connection, 'error')
    const stopped = own.stop(0)
    await expect.poll(() => errors[0]).toMatchObject({ data: { code: 4200 } })
    await own.backEnds[1].trigger(name, 'said', 'meanwhile')
    await stopped
    await expect.poll(() => client.channel(name)?.subscribed).toBe(true)
    await own.backEnds[1].trigger(name, 'said', 'from the other')
    await expect.poll(() => heard).toEqual(['meanwhile', 'from the other'])
    client.disconnect()
    await own.close()
  })
})
