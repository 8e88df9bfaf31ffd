import { describe, expect, test } from 'vitest'
import type { Lane } from '../kind.ts'
import type { Connection, ConnectionHandler } from '../ports/transport.ts'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'

const backend = testIdentity(undefined)
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const offsets = (client: TestClient, channel: string) => client.of(channel).map(({ offset }) => offset)

interface Watched {
  readonly t: TestNode
  /** The most that any connection ever had buffered. */
  readonly most: () => number
}

async function watchedNode(options: TestNodeOptions = {}): Promise<Watched> {
  let most = 0
  const t = await testNode({
    ...options,
    aroundAccept: (accept) => (connection: Connection, handshake) => {
      const send = connection.send.bind(connection)
      connection.send = (frame) => {
        send(frame)
        most = Math.max(most, connection.bufferedBytes)
      }
      return accept(connection, handshake)
    },
  })
  return { t, most: () => most }
}

async function publish(t: TestNode, channel: string, count: number, size = 0): Promise<void> {
  for (let n = 1; n <= count; n++)
    void t.node.call(backend, 'test.publish', { channel, data: size === 0 ? n : `${n}`.padEnd(size, '.') })
  await t.clock.settle()
}

/** Lets a stalled client read at a pace for some time. */
async function drip(t: TestNode, client: TestClient, bytesPerSecond: number, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    client.wire.take(bytesPerSecond / 20)
    await t.clock.advance(50)
  }
}

describe('catch-up', () => {
  test.each(['durable:a', 'recent:a'])(
    'a reader at 20 kB/s catches up with a burst in %s from ring and log, without a reconnect',
    async (channel) => {
      const kinds = {
        ...testKinds,
        recent: { durability: 'recent', retention: { maxEvents: 10_000 } },
      } as const
      const { t, most } = await watchedNode({ limits: { ringEvents: 64 }, modules: [testModule(kinds)] })
      const [slow, quick] = [await t.client('slow'), await t.client('quick')]
      for (const client of [slow, quick]) await client.subscribe(channel)
      slow.wire.stall()
      // 600 kB within a second: thirty seconds of reading.
      for (let tenth = 0; tenth < 10; tenth++) {
        const before = t.clock.elapsed()
        await publish(t, channel, 60, 1_000)
        expect(quick.of(channel)).toHaveLength((tenth + 1) * 60)
        expect(t.clock.elapsed()).toBe(before)
        await drip(t, slow, 20_000, 100)
      }
      await drip(t, slow, 20_000, 25_000)
      expect(slow.of(channel).length).toBeLessThan(600)
      await drip(t, slow, 20_000, 15_000)
      expect(offsets(slow, channel)).toEqual(upTo(1, 600))
      expect(slow.closeCode).toBeUndefined()
      expect(slow.faults).toEqual([])
      // The high-water mark, and one batch more.
      expect(most()).toBeLessThanOrEqual(65_536 + 65_536 + 1_000)
      await publish(t, channel, 1)
      await drip(t, slow, 20_000, 1_000)
      expect(slow.of(channel)).toHaveLength(601)
      expect(t.metrics.value('parley_deliveries_total', { path: 'catch_up' })).toBeGreaterThan(400)
    },
  )

  test('a client that only ever sips is not taken for dead by its heartbeat', async () => {
    const { t } = await watchedNode()
    const slow = await t.client('slow')
    await slow.subscribe('durable:a')
    slow.wire.stall()
    await publish(t, 'durable:a', 300, 1_000)
    // 8 kB/s: the pings come through late, as they queue behind the events.
    await drip(t, slow, 8_000, 70_000)
    expect(slow.closeCode).toBeUndefined()
    expect(offsets(slow, 'durable:a')).toEqual(upTo(1, 300))
  })

  test('a stalled reader is closed as a slow consumer after 10 s without a byte, and not before', async () => {
    const { t } = await watchedNode()
    const slow = await t.client('slow')
    await slow.subscribe('durable:a')
    slow.wire.stall()
    await publish(t, 'durable:a', 300, 1_000)
    await t.clock.advance(9_000)
    slow.wire.take(2_000)
    await t.clock.advance(9_500)
    expect(slow.closeCode).toBeUndefined()
    await t.clock.advance(3_000)
    expect(slow.closeCode).toBe(4202)
    expect(t.node.status().subscriptions).toBe(0)
    const again = await t.client('slow')
    await again.subscribe('durable:a', { from: slow.positions.get('durable:a')! })
    expect(offsets(again, 'durable:a').at(-1)).toBe(300)
    expect(new Set([...offsets(slow, 'durable:a'), ...offsets(again, 'durable:a')]).size).toBe(300)
  })

  test('below the high-water mark as well: who takes nothing and answers no ping is closed', async () => {
    const { t } = await watchedNode()
    const slow = await t.client('slow')
    await slow.subscribe('durable:a')
    slow.wire.stall()
    await publish(t, 'durable:a', 3, 1_000)
    await t.clock.advance(60_000)
    expect(slow.closeCode).toBe(4202)
  })

  test.each([3, 300])(
    'with %i events between them: a transport that knows better keeps a reader from being closed',
    async (count) => {
      const handlers: ConnectionHandler[] = []
      const t = await testNode({
        aroundAccept: (accept) => (connection, handshake) => {
          const handler = accept(connection, handshake)
          handlers.push(handler)
          return handler
        },
      })
      const slow = await t.client('slow')
      await slow.subscribe('durable:a')
      slow.wire.stall()
      await publish(t, 'durable:a', count, 1_000)
      for (let second = 0; second < 60; second += 3) {
        handlers[0]?.heard?.()
        await t.clock.advance(3_000)
      }
      expect(slow.closeCode).toBeUndefined()
      await t.clock.advance(60_000)
      expect(slow.closeCode).toBe(4202)
    },
  )

  test('a position that leaves retention while its reader is stalled ends the subscription, never skips', async () => {
    const short = { durability: 'durable', retention: { maxEvents: 10 } } as const
    const { t } = await watchedNode({
      modules: [testModule({ short })],
      limits: { ringEvents: 8, slowConsumerMs: 600_000 },
    })
    const slow = await t.client('slow')
    await slow.subscribe('short:a')
    slow.wire.stall()
    await publish(t, 'short:a', 200, 1_000)
    await t.clock.advance(61_000)
    await publish(t, 'short:a', 100, 1_000)
    await t.clock.advance(61_000)
    slow.wire.resume()
    await t.clock.settle()
    expect(slow.all('unsubscribed')).toMatchObject([{ code: 'position_expired', resubscribe: true }])
    const got = offsets(slow, 'short:a')
    expect(got).toEqual(upTo(1, got.length))
    const { ok } = await slow.subscribe('short:a')
    expect(ok).toMatchObject({ recovered: false, reason: 'position_expired', head: 300 })
    expect(slow.faults).toEqual([])
  })

  test('a subscription that ends while the log is being read for it gets nothing more', async () => {
    let isSlow = false
    const t = await testNode({
      limits: { ringEvents: 1 },
      aroundStore: (store) => ({
        ...store,
        read: async (app, channel, options) => {
          const events = await store.read(app, channel, options)
          if (isSlow && channel === 'durable:a')
            await new Promise<void>((resolve) => void t.clock.after(50, resolve))
          return events
        },
      }),
    })
    for (const channel of ['durable:a', 'durable:b']) await publish(t, channel, 20)
    const alice = await t.client('alice')
    isSlow = true
    alice.post({ op: 'subscribe', channel: 'durable:a', recent: 20 })
    alice.post({ op: 'subscribe', channel: 'durable:b', recent: 20 })
    await t.clock.advance(20)
    alice.post({ op: 'unsubscribe', channel: 'durable:a' })
    const again = alice.post({ op: 'subscribe', channel: 'durable:a' })
    await t.clock.advance(1_000)
    expect(alice.reply(again).ok).toMatchObject({ position: { offset: 20 } })
    expect(alice.of('durable:a')).toEqual([])
    // The other channel, which waited for its turn, was not forgotten.
    expect(offsets(alice, 'durable:b')).toEqual(upTo(1, 20))
    expect(alice.faults).toEqual([])
  })

  test('a read of the log for an old connection neither reaches the resumed one nor holds it up', async () => {
    let isSlow = false
    const t = await testNode({
      limits: { ringEvents: 1 },
      aroundStore: (store) => ({
        ...store,
        read: async (app, channel, options) => {
          const events = await store.read(app, channel, options)
          if (isSlow && channel === 'durable:a')
            await new Promise<void>((resolve) => void t.clock.after(50, resolve))
          return events
        },
      }),
    })
    await publish(t, 'durable:a', 20)
    const old = await t.client('alice')
    isSlow = true
    old.post({ op: 'subscribe', channel: 'durable:a', recent: 20 })
    await t.clock.advance(20)
    const next = t.stranger()
    await next.connect(JSON.stringify(testIdentity('alice')), old.session)
    const from = { ...old.positions.get('durable:a')!, offset: 10 }
    await next.subscribe('durable:a', { from })
    await t.clock.advance(1_000)
    expect(offsets(next, 'durable:a')).toEqual(upTo(11, 20))
    expect(next.all('unsubscribed')).toEqual([])
    expect(next.faults).toEqual([])
  })

  test('many who come back ask for the same bytes, and get the same frame', async () => {
    const frames = new Map<string, Set<object>>()
    const t = await testNode({
      aroundAccept: (accept) => (connection, handshake) => {
        const send = connection.send.bind(connection)
        connection.send = (frame) => {
          if (frame.text.includes('"op":"events"')) {
            const same = frames.get(frame.text) ?? new Set()
            frames.set(frame.text, same.add(frame))
          }
          send(frame)
        }
        return accept(connection, handshake)
      },
    })
    await publish(t, 'durable:a', 100)
    const { epoch } = (await t.store.tops('default', ['durable:a']))[0]!
    const clients = await Promise.all(upTo(1, 20).map((n) => t.client(`user-${n}`)))
    for (const client of clients)
      client.post({ op: 'subscribe', channel: 'durable:a', from: { epoch, offset: 40 } })
    await t.clock.settle()
    for (const client of clients) expect(offsets(client, 'durable:a')).toEqual(upTo(41, 100))
    expect([...frames.values()].map((same) => same.size)).toEqual([1])
  })
})

describe('kinds without a log', () => {
  test('drop-oldest: the client is told what it lost, at once, and its positions stay right', async () => {
    const { t, most } = await watchedNode({ limits: { maxQueuedBytes: 20_000, highWaterBytes: 10_000 } })
    const [slow, quick] = [await t.client('slow'), await t.client('quick')]
    for (const client of [slow, quick]) await client.subscribe('live:a')
    slow.wire.stall()
    for (let n = 0; n < 100; n++) await publish(t, 'live:a', 1, 1_000)
    expect(quick.of('live:a')).toHaveLength(100)
    slow.wire.resume()
    await t.clock.settle()
    const { from, to } = slow.all('dropped')[0]!
    const got = offsets(slow, 'live:a')
    expect(slow.all('dropped')).toHaveLength(1)
    expect(got).toEqual([...upTo(1, from), ...upTo(to + 1, 100)])
    expect(got.length).toBeLessThan(40)
    await publish(t, 'live:a', 1)
    expect(offsets(slow, 'live:a').at(-1)).toBe(101)
    expect(slow.faults).toEqual([])
    expect(most()).toBeLessThan(12_000)
    expect(
      t.metrics.value('parley_dropped_total', { what: 'frame', reason: 'slow_reader', lane: 'normal' }),
    ).toBeGreaterThan(60)
    expect(t.metrics.value('parley_deliveries_total', { path: 'queued' })).toBeGreaterThan(80)
  })

  test('a channel whose frames were all shed tells so before its next one', async () => {
    const kinds = {
      cursor: { durability: 'ephemeral', lane: 'low' },
      typing: { durability: 'ephemeral', lane: 'high' },
    } as const
    const { t } = await watchedNode({
      modules: [testModule(kinds)],
      limits: { maxQueuedBytes: 5_000, highWaterBytes: 1_000 },
    })
    const slow = await t.client('slow')
    for (const channel of ['cursor:a', 'typing:a']) await slow.subscribe(channel)
    slow.wire.stall()
    await publish(t, 'typing:a', 2, 800)
    for (let n = 0; n < 3; n++) await publish(t, 'cursor:a', 1, 1_000)
    for (let n = 0; n < 8; n++) await publish(t, 'typing:a', 1, 600)
    slow.wire.resume()
    await t.clock.settle()
    expect(slow.of('cursor:a')).toEqual([])
    expect(slow.all('dropped')).toContainEqual(
      expect.objectContaining({ channel: 'cursor:a', from: 0, to: 3 }),
    )
    await publish(t, 'cursor:a', 1)
    expect(offsets(slow, 'cursor:a')).toEqual([4])
    expect(slow.faults).toEqual([])
  })

  test('what follows a loss waits until the loss was told, also on a connection that takes something again', async () => {
    const { t } = await watchedNode({ limits: { maxQueuedBytes: 10, highWaterBytes: 1_000 } })
    const slow = await t.client('slow')
    await slow.subscribe('live:a')
    slow.wire.stall()
    for (let n = 0; n < 4; n++) await publish(t, 'live:a', 1, 600)
    // Below the mark, and not empty.
    slow.wire.take(700)
    await publish(t, 'live:a', 1)
    slow.wire.resume()
    await t.clock.settle()
    expect(slow.all('dropped')).toMatchObject([{ from: 2 }])
    await publish(t, 'live:a', 1)
    expect(offsets(slow, 'live:a').at(-1)).toBe(6)
    expect(slow.faults).toEqual([])
  })

  test('a slow reader of drop-oldest that unsubscribes leaves nothing in the queue', async () => {
    const { t } = await watchedNode({ limits: { highWaterBytes: 1_000 } })
    const slow = await t.client('slow')
    for (const channel of ['live:a', 'live:b']) await slow.subscribe(channel)
    slow.wire.stall()
    for (let n = 0; n < 10; n++) for (const channel of ['live:a', 'live:b']) await publish(t, channel, 1, 500)
    slow.post({ op: 'unsubscribe', channel: 'live:a' })
    await t.clock.settle()
    const before = slow.of('live:a').length
    slow.wire.resume()
    await t.clock.settle()
    expect(slow.of('live:a').length).toBeLessThan(before + 5)
    expect(offsets(slow, 'live:b')).toEqual(upTo(1, 10))
    expect(slow.faults).toEqual([])
  })

  test('a stored kind may drop too, and recovers what it dropped only by a new subscription', async () => {
    const feed = { durability: 'recent', slowConsumer: 'drop_oldest' } as const
    const { t } = await watchedNode({
      modules: [testModule({ feed })],
      limits: { maxQueuedBytes: 3_000, highWaterBytes: 1_000 },
    })
    const slow = await t.client('slow')
    await slow.subscribe('feed:a')
    slow.wire.stall()
    for (let n = 0; n < 20; n++) await publish(t, 'feed:a', 1, 500)
    slow.wire.resume()
    await t.clock.settle()
    expect(slow.all('dropped')).toHaveLength(1)
    expect(slow.faults).toEqual([])
    const again = await t.client('slow')
    await again.subscribe('feed:a', { from: { ...slow.positions.get('feed:a')!, offset: 0 } })
    expect(offsets(again, 'feed:a')).toEqual(upTo(1, 20))
  })
})

describe('keyed state for a slow reader', () => {
  test('it gets the latest value of each key, once', async () => {
    const { t } = await watchedNode({ limits: { highWaterBytes: 2_000 } })
    const [slow, quick] = [await t.client('slow'), await t.client('quick')]
    for (const client of [slow, quick]) await client.subscribe('durable:a', { state: true })
    slow.wire.stall()
    await publish(t, 'durable:a', 4, 1_000)
    for (let n = 0; n < 200; n++)
      await quick.ask({ op: 'set', channel: 'durable:a', name: 'cursor', value: n })
    const frames = slow.all('state').length
    slow.wire.resume()
    await t.clock.settle()
    expect(slow.all('state').length - frames).toBeLessThan(4)
    expect(slow.state('durable:a', 'cursor')).toEqual({ quick: 199 })
    expect(slow.states.get('durable:a')?.gaps).toBe(0)
    expect(quick.state('durable:a', 'cursor')).toEqual({ quick: 199 })
  })
})

describe('lanes', () => {
  test('when a connection cannot take everything, kinds are served by weight, and none starves', async () => {
    const lanes: readonly Lane[] = ['critical', 'high', 'normal', 'low', 'background']
    const kinds = Object.fromEntries(lanes.map((lane) => [lane, { durability: 'recent', lane } as const]))
    const { t } = await watchedNode({
      modules: [testModule(kinds)],
      limits: { highWaterBytes: 3_000, maxBatchBytes: 1_000, slowConsumerMs: 600_000 },
    })
    const slow = await t.client('slow')
    for (const lane of lanes) await slow.subscribe(`${lane}:a`)
    slow.wire.stall()
    for (const lane of lanes) await publish(t, `${lane}:a`, 500, 1_000)
    const counts = () => lanes.map((lane) => slow.of(`${lane}:a`).length)
    await drip(t, slow, 40_000, 10_000)
    const [critical = 0, high = 0, normal = 0, low = 0, background = 0] = counts()
    expect(critical / high).toBeCloseTo(2, 0)
    expect(high / normal).toBeCloseTo(2, 0)
    expect(normal / low).toBeCloseTo(2, 0)
    expect(low / background).toBeCloseTo(2, 0)
    expect(background).toBeGreaterThan(5)
    slow.wire.resume()
    await t.clock.settle()
    expect(counts()).toEqual([500, 500, 500, 500, 500])
    expect(slow.faults).toEqual([])
  })

  test('live batches of one turn leave in the order of the lanes', async () => {
    const kinds = {
      slow: { durability: 'recent', lane: 'background' },
      fast: { durability: 'recent', lane: 'critical' },
    } as const
    const { t } = await watchedNode({ modules: [testModule(kinds)] })
    const alice = await t.client('alice')
    for (const channel of ['slow:a', 'fast:a']) await alice.subscribe(channel)
    const events = [
      { channel: 'slow:a', data: 1 },
      { channel: 'fast:a', data: 1 },
    ]
    await t.call(backend, 'test.publishMany', { events })
    expect(alice.all('events').map(({ channel }) => channel)).toEqual(['fast:a', 'slow:a'])
  })
})

describe('the control lane', () => {
  test('is bounded: who asks and never reads is closed as a slow consumer', async () => {
    const { t, most } = await watchedNode({ limits: { maxControlBytes: 50_000, highWaterBytes: 10_000 } })
    const greedy = await t.client('greedy')
    await publish(t, 'durable:a', 10, 1_000)
    greedy.wire.stall()
    for (let n = 0; n < 20; n++)
      greedy.post({ op: 'call', command: 'test.history', input: { channel: 'durable:a' } })
    await t.clock.settle()
    expect(greedy.closeCode).toBe(4202)
    expect(most()).toBeLessThan(80_000)
    expect(t.node.status()).toMatchObject({ connections: 0, calls: 0 })
  })

  test('who reads slowly may ask for much more than it holds: it is held back, and gets every reply in order', async () => {
    const held: string[] = []
    const t = await testNode({
      limits: { maxControlBytes: 40_000, highWaterBytes: 4_000, maxBatchBytes: 4_000 },
      aroundAccept: (accept) => (connection: Connection, handshake) =>
        accept(
          Object.assign(connection, { pause: () => held.push('pause'), resume: () => held.push('resume') }),
          handshake,
        ),
    })
    const slow = await t.client('slow')
    await publish(t, 'durable:a', 2, 1_000)
    const ask = () => slow.post({ op: 'call', command: 'test.history', input: { channel: 'durable:a' } })
    await t.clock.settle()
    const first = ask()
    await t.clock.settle()
    expect(slow.hasReply(first)).toBe(true)
    slow.wire.stall()
    const ids = upTo(1, 200).map(ask)
    await t.clock.settle()
    expect(held).toEqual(['pause'])
    await drip(t, slow, 30_000, 25_000)
    expect(slow.closeCode).toBeUndefined()
    expect(
      slow
        .all('reply')
        .map(({ id }) => id)
        .filter((id) => ids.includes(id)),
    ).toEqual(ids)
    expect(held.at(-1)).toBe('resume')
    expect(slow.faults).toEqual([])
  })

  test('what a client said while it was held back is carried out, also when it is gone', async () => {
    const t = await testNode({ limits: { maxControlBytes: 10_000, highWaterBytes: 2_000 } })
    const [slow, other] = [await t.client('slow'), await t.client('other')]
    await other.subscribe('durable:b')
    await publish(t, 'durable:a', 2, 1_000)
    slow.wire.stall()
    for (let n = 0; n < 4; n++) {
      slow.post({ op: 'call', command: 'test.history', input: { channel: 'durable:a' } })
      await t.clock.settle()
    }
    slow.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:b', data: 'late' } })
    await t.clock.settle()
    expect(other.of('durable:b')).toEqual([])
    slow.wire.drop()
    await t.clock.settle()
    expect(other.of('durable:b').map(({ data }) => data)).toEqual(['late'])
  })

  test('replies wait behind a full connection, and come in order when it drains', async () => {
    const { t } = await watchedNode({ limits: { highWaterBytes: 2_000 } })
    const slow = await t.client('slow')
    await slow.subscribe('durable:a')
    slow.wire.stall()
    await publish(t, 'durable:a', 5, 1_000)
    const ids = upTo(1, 5).map((n) =>
      slow.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:b', data: n } }),
    )
    await t.clock.advance(3_000)
    expect(ids.some((id) => slow.hasReply(id))).toBe(false)
    await drip(t, slow, 5_000, 3_000)
    expect(ids.map((id) => (slow.reply(id).ok as { offset: number }).offset)).toEqual(upTo(1, 5))
    expect(offsets(slow, 'durable:a')).toEqual(upTo(1, 5))
    expect(slow.faults).toEqual([])
  })
})
