import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { createClient } from '../client.ts'
import { ManualClock, settle } from '../testing/manual-clock.ts'
import { ScriptedNetwork, ScriptedServer, type ServerEnd } from '../testing/scripted-server.ts'
import { ConnectionHealth } from './connection-health.ts'

/** A client over two ways to a server, connected by the first. */
async function stage() {
  const clock = new ManualClock()
  const ways = [new ScriptedServer(), new ScriptedServer()] as const
  // A way that is tried has longer than these tests last.
  const fallback = { clock, patienceMs: 1_000_000, hedgeMs: 1_000_000 }
  const health = new ConnectionHealth({ transports: ways, fallback, clock })
  const client = createClient({
    ...{ url: 'wss://x', token: 't', clock, network: new ScriptedNetwork() },
    transport: health.transport,
    reconnect: { baseMs: 60_000, capMs: 60_000 },
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  const told: unknown[] = []
  health.on('switch', () => told.push('switch'))
  health.on('failure_predicted', ({ isAlarm }) => told.push(isAlarm))
  client.on('disconnect', ({ code }) => told.push(code))
  health.attach(client)
  void client.connect()
  await settle()
  await ways[0].last.accept()
  await clock.advance(0)
  return { client, clock, health, told, ways }
}

/** Lets time pass on a link whose server answers. */
async function live(clock: ManualClock, end: ServerEnd, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    await clock.advance(50)
    end.sendText('{"op":"pong"}')
    await clock.advance(4_950)
  }
}

/** Lets time pass in silence until another way is tried. */
async function silence(clock: ManualClock, way: ScriptedServer): Promise<void> {
  const before = way.ends.length
  for (let step = 0; step < 60 && way.ends.length === before; step++) await clock.advance(500)
  expect(way.ends.length).toBe(before + 1)
}

test('a link that fails is left for the first way on which the server answers', async () => {
  const { client, clock, health, told, ways } = await stage()
  const [first, second] = ways
  await live(clock, first.last, 60)
  expect([told, first.ends.length]).toEqual([[], 1])
  expect(health.getMetrics()).toMatchObject({ latency: 50, packet_loss: 0, uptime_percentage: 100 })
  await silence(clock, first)
  expect(told).toEqual([true])
  expect(health.getMetrics().predicted_failure).toMatchObject({ timeframe: '30 s' })
  // The way that failed does not answer when it is tried anew.
  await silence(clock, second)
  await second.last.open()
  second.last.sendText('{"op":"pong"}')
  await clock.advance(1_000)
  expect(told).toEqual([true, 'switch', 3000])
  expect(second.ends).toHaveLength(2)
  await second.last.accept({ resumed: true })
  expect(client.status).toBe('connected')
})

test('one that answers meanwhile is kept', async () => {
  const { clock, told, ways } = await stage()
  const [first] = ways
  const [link] = first.ends as [ServerEnd]
  await live(clock, link, 60)
  await silence(clock, first)
  await first.last.open()
  first.last.sendText('{"op":"pong"}')
  await settle()
  link.sendText('{"op":"pong"}')
  await clock.advance(3_000)
  expect(told).toEqual([true])
})

test('after a line broke the server is asked soon; a pause of its own is left to it', async () => {
  const { client, clock, ways } = await stage()
  const [first] = ways
  await live(clock, first.last, 10)
  await first.last.close(1006)
  await clock.advance(500)
  expect(first.ends).toHaveLength(2)
  await first.last.open()
  first.last.sendText('{"op":"pong"}')
  await settle()
  expect([client.status, first.ends.length]).toEqual(['connecting', 3])
  await first.last.accept()
  await clock.advance(0)
  const busy = new ParleyError('overloaded', 'Later.', { retryAfterMs: 9_000 }).toBody()
  await first.last.send({ op: 'error', error: busy })
  await first.last.close(4206)
  await clock.advance(9_000)
  expect(first.ends).toHaveLength(3)
})

test('what is detached does nothing any more', async () => {
  const { client, clock, health, ways } = await stage()
  const [first] = ways
  health.attach(client)()
  await first.last.close(1006)
  await clock.advance(2_000)
  expect(first.ends).toHaveLength(1)
  client.disconnect()
  expect(clock.pending).toBe(0)
})

test('a client that is disconnected while it waits leaves no timer behind', async () => {
  const { client, clock, ways } = await stage()
  const [first] = ways
  await first.last.close(1006)
  expect(clock.pending).toBe(2)
  client.disconnect()
  expect(clock.pending).toBe(0)
  await clock.advance(60_000)
  expect(first.ends).toHaveLength(1)
})
