import { createClient } from '@parley/client'
import { ConnectionHealth, type ConnectionHealthOptions } from '@parley/client/health'
import { RealtimeClient } from '@parley/client/realtime'
import {
  httpStreamTransport,
  pollingTransport,
  sseTransport,
  websocketTransport,
} from '@parley/client/transports'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess
let proxy: FaultProxy
const ends: (() => void)[] = []

beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.remove())
beforeEach(async () => {
  proxy = await FaultProxy.to(server.port)
})
afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await proxy.close()
})

/** A client that is watched, much faster than usual. */
async function watched(options: ConnectionHealthOptions = {}, blindMs = 50) {
  const health = new ConnectionHealth({ intervalMs: 300, ...options })
  const client = createClient({
    url: proxy.url,
    token: await server.token('Ada'),
    transport: health.transport,
    reconnect: { baseMs: blindMs, capMs: blindMs },
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  const told: unknown[] = []
  client.on('disconnect', ({ reason }) => told.push(reason))
  health.on('switch', ({ transport }) => told.push(transport))
  ends.push(health.attach(client), () => client.disconnect())
  await client.connect()
  return { client, health, told }
}

test('measures a line as it is', async () => {
  proxy.worsen({ toServer: { delayMs: 60 }, toClient: { delayMs: 60 } })
  const { client, health } = await watched()
  const measured = () => health.getMetrics()
  await expect.poll(() => measured().latency ?? 0).toBeGreaterThanOrEqual(120)
  await expect.poll(() => measured().bandwidth_usage ?? 0).toBeGreaterThan(0)
  expect(measured()).toMatchObject({
    connection_id: client.connection.session,
    packet_loss: 0,
    active_messages: 0,
    error_rate: 0,
    uptime_percentage: 100,
  })
  expect(['excellent', 'good']).toContain(health.detector.getConnectionQuality())
})

test('a link that only the client believes in is left for one that answers; what was sent arrives once', async () => {
  const { client, told } = await watched()
  const heard: unknown[] = []
  const room = client.subscribe('room:health', { onEvent: ({ data }) => heard.push(data) })
  await room.ready
  await client.channels.publish({ channel: 'room:health', data: 1 })
  for (const link of proxy.links) link.halfOpen('client')
  // Sent into the void; it is sent again on the next connection.
  await client.channels.publish({ channel: 'room:health', data: 2 })
  await expect.poll(() => heard).toEqual([1, 2])
  // The heartbeat would have needed 40 s, and then called it a timeout.
  expect(told).toEqual(['websocket', 'reconnecting'])
})

test('a line that is down is not left, as no other would do; it is said to fail', async () => {
  const { client, health, told } = await watched()
  const predicted = new Promise((resolve) => health.on('failure_predicted', resolve))
  const session = client.connection.session
  proxy.worsen({ toServer: { bytesPerSecond: 0 }, toClient: { bytesPerSecond: 0 } })
  expect(await predicted).toMatchObject({ timeframe: '30 s', isAlarm: true })
  expect(health.getMetrics().predicted_failure?.reason).toMatch(/Nothing has come|Answers/)
  proxy.worsen({})
  await expect.poll(() => health.getMetrics().predicted_failure).toBeUndefined()
  expect([told, client.connection.session]).toEqual([[], session])
})

test.each([
  ['WebSocket', websocketTransport()],
  ['server-sent events', sseTransport()],
  ['a stream', httpStreamTransport()],
  ['polling', pollingTransport()],
] as const)('a pause drawn at random ends when the server answers again, by %s', async (_name, transport) => {
  const { client } = await watched({ transports: [transport] }, 600_000)
  const back = new Promise<void>((resolve) => client.on('connected', resolve))
  const waits = new Promise((resolve) => client.on('reconnecting', resolve))
  proxy.cut()
  await waits
  proxy.heal()
  await back
  expect(client.status).toBe('connected')
})

test('a RealtimeClient that is watched leaves a dead link by itself', async () => {
  const client = new RealtimeClient({
    url: proxy.url,
    authentication: { token: await server.token('Ada') },
    health: (parts) => new ConnectionHealth({ ...parts, intervalMs: 300 }),
  })
  ends.push(() => client.disconnect())
  await client.connect()
  expect(client.getConnectionInfo().connectionType).toBe('websocket')
  const heard: unknown[] = []
  client.subscribe('x', ({ payload }) => heard.push(payload))
  for (const link of proxy.links) link.halfOpen('client')
  await client.send('x', 1)
  await expect.poll(() => heard).toEqual([1])
})
