import { connect as dial } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../../e2e/running-server.ts'
import {
  backEnd,
  closeClients,
  collect,
  connect,
  connected,
  enter,
  keys,
  next,
  type PresenceChannel,
  settings,
} from './clients.ts'

let server: TestServer
let count = 0
const newName = (prefix = '') => `${prefix}bound-${++count}`

beforeAll(async () => {
  server = await runningServer({
    ...settings,
    flags: {},
    pusher: {
      ...{ subscriptionCount: true, maxMembers: 2, prefixes: ['', '/pusher'] },
      ...{ activityTimeoutMs: 1_000, pongTimeoutMs: 1_000 },
    },
  })
})
afterEach(closeClients)
afterAll(() => server?.remove())

describe('what one client may want', () => {
  test('a thousand channels at once are entered one after the other', async () => {
    const client = connect(server.url)
    await connected(client)
    const names = Array.from({ length: 900 }, () => newName())
    const channels = names.map((name) => client.subscribe(name))
    await expect.poll(() => channels.filter(({ subscribed }) => subscribed).length).toBe(900)
  })

  test('channels have so many members, and connections of one are no more', async () => {
    const name = newName('presence-')
    const person = (id: string) => connect(server.url, { user: { id } })
    await enter(person('a'), name)
    await enter(person('b'), name)
    await expect(enter(person('c'), name)).rejects.toMatchObject({
      data: { type: 'LimitReached', status: 4004 },
    })
    const again = await enter<PresenceChannel>(person('b'), name)
    expect(again.members.count).toBe(2)
  })

  test('how many are in a channel is told where that is switched on', async () => {
    const name = newName()
    const channel = connect(server.url).subscribe(name)
    const counts = collect(channel, 'pusher:subscription_count')
    await next(channel, 'pusher:subscription_succeeded')
    await expect.poll(() => counts.at(-1)).toEqual({ subscription_count: 1 })
    const other = connect(server.url)
    await enter(other, name)
    await expect.poll(() => counts.at(-1)).toEqual({ subscription_count: 2 })
    other.disconnect()
    await expect.poll(() => counts.at(-1)).toEqual({ subscription_count: 1 })
  })

  test('a message that is too large ends the connection', async () => {
    const socket = new WebSocket(
      `${server.url.replace('http', 'ws')}/pusher/app/${keys.default.id}?protocol=7`,
    )
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    socket.send('x'.repeat(70_000))
    const { code } = await new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    expect(code).toBe(4004)
  })
})

/** A client that says nothing. */
async function mute(
  name: string,
): Promise<{ stall(): void; destroy(): void; bytes(): number; isOpen(): boolean }> {
  const socket = dial(Number(new URL(server.url).port), '127.0.0.1')
  let [bytes, isOpen] = [0, true]
  socket.on('data', (data) => (bytes += data.length))
  socket.on('close', () => (isOpen = false))
  socket.on('error', () => undefined)
  socket.write(
    `GET /app/${keys.default.id}?protocol=7 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  const text = Buffer.from(JSON.stringify({ event: 'pusher:subscribe', data: { channel: name } }))
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]))
  await expect.poll(() => bytes).toBeGreaterThan(300)
  return {
    stall: () => void socket.pause(),
    destroy: () => socket.destroy(),
    bytes: () => bytes,
    isOpen: () => isOpen,
  }
}

describe('clients that are not there', () => {
  test('are asked, and let go when they do not answer', async () => {
    const silent = await mute(newName())
    const before = silent.bytes()
    await expect.poll(() => silent.bytes()).toBeGreaterThan(before)
    await expect.poll(() => silent.isOpen(), { timeout: 100_000 }).toBe(false)
  })

  test('a slow one falls behind, and holds up nobody', async () => {
    const name = newName()
    const quick = connect(server.url)
    const heard = collect(await enter(quick, name), 'said')
    const slow = await mute(name)
    slow.stall()
    const data = 'x'.repeat(10_000)
    for (let index = 0; index < 300; index++) await backEnd(server.url).trigger(name, 'said', data)
    await expect.poll(() => heard.length).toBe(300)
    slow.destroy()
  })
})

describe('metrics', () => {
  test('tell of this wire', async () => {
    await enter(connect(server.url), newName())
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toMatch(/parley_pusher_connections [1-9]/)
    expect(text).toMatch(/parley_pusher_messages_total\{what="subscribe"\} [1-9]/)
    expect(text).toMatch(/parley_pusher_http_requests_total\{what="events"\} [1-9]/)
  })
})
