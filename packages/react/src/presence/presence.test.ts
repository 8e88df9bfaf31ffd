import type { Client } from '@parley/client'
import { describe, expect, test } from 'vitest'
import { ChatHouse } from '../testing/chat-house.ts'
import { settle } from '../testing/house.ts'
import { Views } from '../views/views.ts'
import type { Watchable } from '../views/watchers.ts'
import { channelPresenceView } from './channel-presence-view.ts'
import { personView } from './person-view.ts'
import { typingView } from './typing-view.ts'

const channel = 'conversation:a'

async function look<Snapshot>(house: ChatHouse, make: (views: Views) => Watchable<Snapshot>) {
  const client: Client = house.client('bob')
  const view = make(new Views(client))
  void client.connect()
  const leave = view.watch(() => undefined)
  await settle()
  return { client, view, leave }
}

describe('a person', () => {
  test('is followed while somebody looks; offline they tell when they were here, if they like', async () => {
    const house = new ChatHouse()
    house.setState('presence:ada', 'ada', 'presence', { availability: 'away', since: 1 })
    const { view, leave } = await look(house, (views) => personView(views, 'ada'))
    expect(view.snapshot).toEqual({ user: 'ada', availability: 'away', since: 1 })
    house.setState('presence:ada', 'ada', 'presence', {
      availability: 'online',
      since: 2,
      activity: 'typing',
    })
    await settle()
    expect(view.snapshot).toMatchObject({ availability: 'online', activity: 'typing' })
    house.setState('presence:ada', 'ada', 'presence', null)
    await settle()
    expect(view.snapshot).toEqual({ user: 'ada', availability: 'offline', lastSeen: 5 })
    leave()
    await settle()
    expect(house.listeners('presence:ada')).toEqual([])
  })

  test('many who are away are asked about at once', async () => {
    const house = new ChatHouse()
    const client = house.client('bob')
    const views = new Views(client)
    void client.connect()
    for (const user of ['ada', 'eve', 'joe']) personView(views, user).watch(() => undefined)
    await settle()
    const asked = house.calls.filter(({ command }) => command === 'presence.of')
    expect(asked.map(({ input }) => input)).toEqual([{ users: ['ada', 'eve', 'joe'] }])
  })
})

test('who is in a channel: each user once, the same objects while nothing changes', async () => {
  const house = new ChatHouse()
  house.setState(channel, 'ada', 'presence', {})
  const { view } = await look(house, (views) => channelPresenceView(views, channel))
  const before = view.snapshot
  expect(before).toMatchObject({ people: [{ user: 'ada', availability: 'online' }], count: 1 })
  house.setState(channel, 'eve', 'presence', {})
  await settle()
  expect(view.snapshot.people.map(({ user }) => user)).toEqual(['ada', 'eve'])
  expect(view.snapshot.people[0]).toBe(before.people[0])
  const both = view.snapshot
  house.setState(channel, 'eve', 'read', { seq: 1 })
  await settle()
  expect(view.snapshot).toBe(both)
})

describe('typing', () => {
  const told = (view: Watchable<{ readonly people: readonly { readonly user: string }[] }>) =>
    view.snapshot.people.map(({ user }) => user)

  test('shows others, in their place, and nobody without a connection', async () => {
    const house = new ChatHouse()
    const { view } = await look(house, (views) => typingView(views, channel, undefined))
    const thread = await look(house, (views) => typingView(views, channel, 7))
    house.setState(channel, 'ada', 'typing', { activity: 'typing' })
    house.setState(channel, 'bob', 'typing', { activity: 'typing' })
    house.setState(channel, 'eve', 'typing', { activity: 'recording', thread: 7 })
    await settle()
    expect([told(view), told(thread.view)]).toEqual([['ada'], ['eve']])
    house.isDown = true
    house.drop()
    await settle()
    expect([told(view), view.snapshot.count]).toEqual([[], 0])
    house.isDown = false
    await settle()
    expect(told(view)).toEqual(['ada'])
    house.setState(channel, 'ada', 'typing', null)
    await settle()
    expect(told(view)).toEqual([])
  })

  test('of many it knows the number', async () => {
    const house = new ChatHouse()
    const { view } = await look(house, (views) => typingView(views, channel, undefined))
    house.setState(channel, '', 'typing', { count: 120 })
    await settle()
    expect(view.snapshot).toEqual({ people: [], count: 120 })
  })
})
