import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../../e2e/running-server.ts'
import { closeClients, connect, enter, keys, next, settings } from './clients.ts'
import { type WebhookListener, webhookListener } from './webhook-listener.ts'

let server: TestServer
let listener: WebhookListener
let misses: WebhookListener
let foreign: WebhookListener
let count = 0
const newName = (prefix = '') => `${prefix}hook-${++count}`

beforeAll(async () => {
  listener = await webhookListener()
  misses = await webhookListener()
  foreign = await webhookListener(keys.acme)
  server = await runningServer({
    ...settings,
    pusher: {
      vacatedDelayMs: 300,
      webhooks: [
        { app: 'default', url: listener.url },
        { app: 'default', url: misses.url, events: ['cache_miss'] },
        { app: 'acme', url: foreign.url },
      ],
    },
  })
})
beforeEach(() => {
  listener.events.splice(0)
})
afterEach(closeClients)
afterAll(async () => {
  await server?.remove()
  for (const one of [listener, misses, foreign]) one?.close()
})

const about = (name: string) =>
  listener.events.filter(({ channel }) => channel === name).map(({ channel: _, ...event }) => event)

describe('webhooks', () => {
  test('tell of channels that are taken up, and left', async () => {
    const name = newName()
    const [ada, bob] = [connect(server.url), connect(server.url)]
    await enter(ada, name)
    await enter(bob, name)
    await expect.poll(() => about(name)).toEqual([{ name: 'channel_occupied' }])
    ada.disconnect()
    bob.unsubscribe(name)
    await expect.poll(() => about(name)).toEqual([{ name: 'channel_occupied' }, { name: 'channel_vacated' }])
    expect(listener.requests.every(({ isValid }) => isValid)).toBe(true)
    expect(Math.abs((listener.requests.at(-1)?.time?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('say nothing of a page that is loaded anew', async () => {
    const [name, other] = [newName(), newName()]
    const first = connect(server.url)
    await enter(first, name)
    first.disconnect()
    await enter(connect(server.url), name)
    const another = connect(server.url)
    await enter(another, other)
    another.disconnect()
    await expect.poll(() => about(other).map((event) => event.name)).toContain('channel_vacated')
    expect(about(name)).toEqual([{ name: 'channel_occupied' }])
  })

  test('tell of members by user, of what clients send, and of empty caches', async () => {
    const [name, cache] = [newName('presence-'), newName('cache-')]
    const clients = ['ada', 'ada', 'bob'].map((id) => connect(server.url, { user: { id } }))
    for (const client of clients) await enter(client, name)
    const from = clients[2]?.channel(name)
    from?.trigger('client-wave', { hand: 'left' })
    for (const client of clients) client.unsubscribe(name)
    const sorted = () =>
      about(name).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
    await expect.poll(sorted).toEqual([
      { name: 'channel_occupied' },
      { name: 'channel_vacated' },
      {
        ...{ name: 'client_event', event: 'client-wave', data: '{"hand":"left"}', user_id: 'bob' },
        socket_id: clients[2]?.connection.socket_id,
      },
      { name: 'member_added', user_id: 'ada' },
      { name: 'member_added', user_id: 'bob' },
      { name: 'member_removed', user_id: 'ada' },
      { name: 'member_removed', user_id: 'bob' },
    ])
    const channel = connect(server.url).subscribe(cache)
    await next(channel, 'pusher:cache_miss')
    await expect.poll(() => misses.events).toEqual([{ name: 'cache_miss', channel: cache }])
  })

  test('go to those of the app, signed with its key', async () => {
    const name = newName()
    await enter(connect(server.url, { key: keys.acme }), name)
    await expect.poll(() => foreign.events).toEqual([{ name: 'channel_occupied', channel: name }])
    expect(foreign.requests.every(({ isValid }) => isValid)).toBe(true)
    expect(about(name)).toEqual([])
  })

  test('are sent again until they arrive', async () => {
    const name = newName()
    const before = listener.requests.length
    listener.refuse(2, 503)
    await enter(connect(server.url), name)
    await expect.poll(() => about(name)).toEqual([{ name: 'channel_occupied' }])
    expect(listener.requests.length).toBeGreaterThanOrEqual(before + 3)
  })
})
