import { expect, test } from 'vitest'
import { ManualClock, settle } from '../testing/manual-clock.ts'
import { ScriptedNetwork } from '../testing/scripted-server.ts'
import { ScriptedSocket } from '../testing/scripted-socket.ts'
import type { WebSocketConstructor } from '../transports/websocket.ts'
import { RealtimeClient } from './realtime-client.ts'
import type { RealtimeClientOptions } from './realtime-options.ts'
import { socketWithHeaders } from './request-headers.ts'

function stage(options: Partial<RealtimeClientOptions> = {}) {
  const sockets: ScriptedSocket[] = []
  const clock = new ManualClock()
  function open() {
    const socket = new ScriptedSocket()
    sockets.push(socket)
    return socket
  }
  const client = new RealtimeClient({
    ...{ url: 'wss://example.org', fallbackTypes: [], clock, network: new ScriptedNetwork() },
    authentication: { token: 't' },
    WebSocket: open as unknown as WebSocketConstructor,
    ...options,
  })
  const told: unknown[] = []
  client.on('disconnect', (reason) => told.push(reason))
  client.on('reconnecting', ({ attempt, delayMs }) => told.push([attempt, delayMs]))
  const last = () => sockets.at(-1) as ScriptedSocket
  return { client, clock, sockets, told, last }
}

async function connected(options: Partial<RealtimeClientOptions> = {}) {
  const made = stage(options)
  const done = made.client.connect()
  await settle()
  await made.last().accept()
  await done
  return made
}

test('nothing happens before `connect`', async () => {
  const { client, clock, sockets } = stage()
  await settle()
  expect([sockets.length, clock.pending, client.status]).toEqual([0, 0, 'disconnected'])
  expect(client.getConnectionInfo()).toEqual({
    connectionType: 'websocket',
    isConnected: false,
    subscriptions: [],
    rooms: [],
    status: 'disconnected',
  })
})

test.each([
  [1011, 'server_error', 5_500],
  [4207, 'server_error', 5_500],
  [4206, 'server_error', 5_500],
  [1006, 'network_error', 500],
  [1001, 'server_stopping', 500],
  [4201, 'server_stopping', 500],
  [4203, 'timeout', 500],
  [4204, 'kicked', 500],
])('close code %i is %s; the next attempt comes after %i ms', async (code, reason, delayMs) => {
  const { clock, last, sockets, told } = await connected()
  await last().end(code)
  expect(told).toEqual([[1, delayMs], reason])
  await clock.advance(delayMs - 1)
  expect(sockets).toHaveLength(1)
  await clock.advance(1)
  expect(sockets).toHaveLength(2)
})

test('pauses double, up to 30 s; after five further attempts it gives up', async () => {
  const { client, clock, last, told } = stage()
  const done = client.connect()
  const failures: unknown[] = []
  client.on('connection_failed', ({ endpoint }) => failures.push(endpoint))
  await settle()
  for (let attempt = 0; attempt < 6; attempt++) {
    await last().end(1006)
    await clock.advance(30_000)
  }
  await expect(done).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  expect(told).toEqual([500, 1_000, 2_000, 4_000, 8_000].map((delayMs, index) => [index + 1, delayMs]))
  expect(failures).toEqual(['wss://example.org'])
  expect(clock.pending).toBe(0)
})

test('a server that gives no sign of life is given up after heartbeat and timeout', async () => {
  const { client, clock, last, told } = await connected()
  await clock.advance(0)
  const pings = () => last().frames.filter(({ op }) => op === 'ping').length
  expect(pings()).toBe(1)
  await clock.advance(120)
  await last().reply({ op: 'pong' })
  expect(client.getConnectionInfo().roundTripMs).toBe(120)
  await clock.advance(30_000 - 120)
  expect(pings()).toBe(2)
  await clock.advance(4_999)
  expect(told).toEqual([])
  await clock.advance(1)
  expect(told).toEqual([[1, 500], 'timeout'])
})

test('`disconnect` releases timers, rooms and the socket', async () => {
  const { client, clock, last, told } = await connected({ enableBatching: true })
  const joining = client.joinRoom('general')
  const sending = client.send('x', 1)
  client.disconnect()
  await expect(joining).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(sending).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  expect([clock.pending, last().closedWith, told]).toEqual([0, 1000, ['client_disconnect']])
  expect(client.getConnectionInfo().rooms).toEqual([])
})

const headers = { 'X-Tenant': 'acme' }

test.each([
  ['Node, Deno and Bun', undefined, {}, ['wss://x', { protocols: ['first', 'ours'], headers }]],
  [
    'React Native',
    undefined,
    { navigator: { product: 'ReactNative' } },
    ['wss://x', ['first', 'ours'], { headers }],
  ],
  ['a constructor that is given', 'given', { document: {} }, ['wss://x', ['first', 'ours'], { headers }]],
  ['a browser', undefined, { document: {} }, ['wss://x', ['first', 'ours']]],
  ['a worker', undefined, { WorkerGlobalScope: {} }, ['wss://x', ['first', 'ours']]],
])('headers of a handshake in %s', (_where, given, platform, expected) => {
  const calls: unknown[] = []
  function record(...parts: unknown[]) {
    calls.push(parts)
    return new ScriptedSocket()
  }
  const Recorded = record as unknown as WebSocketConstructor
  const Socket = socketWithHeaders(
    { WebSocket: given === undefined ? undefined : Recorded, headers, protocols: ['first'] },
    { ...platform, WebSocket: Recorded },
  ) as WebSocketConstructor
  new Socket('wss://x', 'ours')
  expect(calls).toEqual([expected])
})
