import type { SubscribeResult } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from '../memory/disk.ts'
import type { ReadOptions } from '../ports/event-log.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, testIdentity, testNode, testToken } from '../testing/test-node.ts'

const backend = testIdentity(undefined)

async function publish(t: TestNode, channel: string, count: number, size = 0): Promise<void> {
  for (let n = 1; n <= count; n++)
    await t.node.call(backend, 'test.publish', { channel, data: size === 0 ? n : `${n}`.padEnd(size, '.') })
  await t.clock.settle()
}

const offsets = (events: readonly { readonly offset: number }[]) => events.map(({ offset }) => offset)
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

describe('what Socket.IO gets wrong (realtime.md §2.8)', () => {
  test('#5538 #4888 #4733 the position is in the subscribe reply, before any event exists', async () => {
    const t = await testNode()
    for (const channel of ['durable:new', 'recent:new']) {
      const alice = await t.client('alice')
      const { ok } = await alice.subscribe(channel)
      expect(ok?.position).toEqual({ epoch: expect.stringMatching(/./), offset: 0 })
      alice.wire.drop()
      await publish(t, channel, 2)
      const again = await t.client('alice')
      const { ok: verdict } = await again.subscribe(channel, { from: ok!.position })
      expect(verdict).toMatchObject({ recovered: true, position: ok!.position, head: 2 })
      expect(offsets(again.of(channel))).toEqual([1, 2])
    }
  })

  test('#5282 an idle client whose old position is the head is recovered, with nothing stored', async () => {
    const oneEvent = { durability: 'recent', retention: { maxEvents: 1, maxAgeMs: 60_000 } } as const
    const t = await testNode({ modules: [testModule({ ...testKinds, brief: oneEvent })] })
    for (const channel of ['durable:a', 'brief:a']) {
      const alice = await t.client('alice')
      await publish(t, channel, 3)
      const { ok } = await alice.subscribe(channel)
      await t.clock.advance(3_600_000)
      const again = await t.client('alice')
      const { ok: verdict } = await again.subscribe(channel, { from: ok!.position })
      expect(verdict).toMatchObject({ recovered: true, position: { offset: 3 } })
      expect(again.of(channel)).toEqual([])
    }
  })

  test('#4880 the late close of the old connection does not touch the session that was resumed', async () => {
    const t = await testNode()
    const old = await t.client('alice')
    await old.subscribe('durable:a')
    const next = t.stranger()
    const reply = await next.connect(testToken('alice'), old.session)
    expect(reply.ok).toMatchObject({ resumed: true })
    await next.subscribe('durable:a', { from: old.positions.get('durable:a')! })
    // The old connection is told, and its end arrives only now.
    expect(old.closeCode).toBe(4204)
    old.wire.drop()
    await t.clock.advance(60_000)
    await publish(t, 'durable:a', 1)
    expect(offsets(next.of('durable:a'))).toEqual([1])
    expect(t.node.status()).toMatchObject({ connections: 1, sessions: 1, subscriptions: 1 })
    expect(next.faults).toEqual([])
  })

  test('#4880 fencing: a drain of the replaced connection moves nothing on the new one', async () => {
    const t = await testNode({ limits: { highWaterBytes: 200 } })
    const old = await t.client('alice')
    await old.subscribe('durable:a')
    old.wire.stall()
    await publish(t, 'durable:a', 8, 100)
    const next = t.stranger()
    await next.connect(testToken('alice'), old.session)
    next.wire.stall()
    await next
      .subscribe('durable:a', { from: { ...old.positions.get('durable:a')!, offset: 0 } })
      .catch(() => 0)
    old.wire.resume()
    await t.clock.advance(5_000)
    next.wire.resume()
    await t.clock.advance(1_000)
    expect(offsets(next.of('durable:a'))).toEqual(upTo(1, 8))
    expect(next.faults).toEqual([])
  })

  test('#5419 a replay is not delivered again on the second drop', async () => {
    const t = await testNode()
    const first = await t.client('alice')
    await first.subscribe('durable:a')
    first.wire.drop()
    await publish(t, 'durable:a', 5)
    const second = await t.client('alice')
    await second.subscribe('durable:a', { from: first.positions.get('durable:a')! })
    expect(offsets(second.of('durable:a'))).toEqual(upTo(1, 5))
    second.wire.drop()
    const third = await t.client('alice')
    const { ok } = await third.subscribe('durable:a', { from: second.positions.get('durable:a')! })
    expect(ok).toMatchObject({ recovered: true, position: { offset: 5 } })
    await publish(t, 'durable:a', 1)
    expect(offsets(third.of('durable:a'))).toEqual([6])
  })

  test('redis-streams-adapter#26 a reconnect faster than anything could be saved recovers', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 50 } })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    const pending = alice.post({
      op: 'call',
      command: 'test.publish',
      input: { channel: 'durable:a', data: 1 },
    })
    const position = alice.positions.get('durable:a')!
    // The commit is under way, the old connection not even known to be dead.
    const again = t.stranger()
    again.post({ op: 'connect', token: testToken('alice') })
    await again.subscribe('durable:a', { from: position })
    await t.clock.advance(100)
    expect(alice.reply(pending).ok).toMatchObject({ offset: 1 })
    expect(offsets(again.of('durable:a'))).toEqual([1])
    expect(again.faults).toEqual([])
  })

  test.each([
    ['a minute', 60_000],
    ['23 hours', 23 * 3_600_000],
  ])('redis-streams-adapter#48 recovery works after %s', async (_time, ms) => {
    const t = await testNode()
    for (const channel of ['durable:a', 'recent:a']) {
      const alice = await t.client('alice')
      await alice.subscribe(channel)
      const position = alice.positions.get(channel)!
      alice.wire.drop()
      await publish(t, channel, 3)
      await t.clock.advance(ms)
      const again = await t.client('alice')
      const { ok } = await again.subscribe(channel, { from: position })
      await t.clock.settle()
      expect(ok?.recovered).toBe(true)
      expect(offsets(again.of(channel))).toEqual([1, 2, 3])
      again.wire.drop()
    }
  })

  test('redis-streams-adapter PR #47 a replay is bounded: cursor, count and bytes, at the pace of the socket', async () => {
    const reads: ReadOptions[] = []
    const limits = { ringEvents: 4, readEvents: 10, maxBatchBytes: 2_000, highWaterBytes: 2_000 }
    const t = await testNode({
      limits,
      aroundStore: (store) => ({
        ...store,
        read: (app, channel, options) => {
          if (channel === 'durable:a') reads.push(options)
          return store.read(app, channel, options)
        },
      }),
    })
    await publish(t, 'durable:a', 400, 100)
    const slow = await t.client('alice')
    slow.wire.stall()
    slow.post({ op: 'subscribe', channel: 'durable:a', recent: 400 })
    await t.clock.settle()
    // No more is read than the connection takes: some batches, never the whole history.
    expect(reads.length).toBeLessThan(5)
    for (const { limit, maxBytes } of reads) expect([limit, maxBytes]).toEqual([10, 2_000])
    slow.wire.resume()
    await t.clock.settle()
    expect(offsets(slow.of('durable:a'))).toEqual(upTo(1, 400))
    const largest = Math.max(...slow.all('events').map((frame) => frame.events.length))
    expect(largest).toBeLessThanOrEqual(10)
    expect(slow.faults).toEqual([])
  })

  test('in-memory-adapter.ts a busy channel evicts nobody else’s recovery', async () => {
    const t = await testNode({ limits: { ringEvents: 8 } })
    const alice = await t.client('alice')
    await alice.subscribe('recent:quiet')
    const position = alice.positions.get('recent:quiet')!
    alice.wire.drop()
    await publish(t, 'recent:quiet', 3)
    await publish(t, 'recent:busy', 5_000)
    const again = await t.client('alice')
    const { ok } = await again.subscribe('recent:quiet', { from: position })
    expect(ok?.recovered).toBe(true)
    expect(offsets(again.of('recent:quiet'))).toEqual([1, 2, 3])
  })

  test('whether events are kept is a matter of the kind: what was acknowledged in a stored kind is recovered', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    for (const channel of ['durable:a', 'recent:a', 'live:a']) await alice.subscribe(channel)
    alice.wire.drop()
    const bob = await t.client('bob')
    await bob.subscribe('live:a')
    const acks = []
    for (const channel of ['durable:a', 'recent:a', 'live:a']) acks.push(await bob.publish(channel, 'acked'))
    expect(acks.map((ack) => (ack.ok as { offset: number }).offset)).toEqual([1, 1, 1])
    const again = await t.client('alice')
    const verdicts: (SubscribeResult | undefined)[] = []
    for (const channel of ['durable:a', 'recent:a', 'live:a'])
      verdicts.push((await again.subscribe(channel, { from: alice.positions.get(channel)! })).ok)
    expect(verdicts.map((ok) => [ok?.recovered, ok?.reason])).toEqual([
      [true, undefined],
      [true, undefined],
      [false, 'not_stored'],
    ])
    expect(again.events.map(({ channel, data }) => [channel, data])).toEqual([
      ['durable:a', 'acked'],
      ['recent:a', 'acked'],
    ])
  })
})

describe('the verdict on a position', () => {
  const short = { durability: 'durable', retention: { maxEvents: 3 } } as const

  test('another epoch, a position ahead of the head and one that has expired are refused, and never partial', async () => {
    const t = await testNode({ modules: [testModule({ ...testKinds, short })], limits: { ringEvents: 2 } })
    await publish(t, 'short:a', 10)
    await t.clock.advance(61_000)
    const { epoch } = (await t.store.tops('default', ['short:a']))[0]!
    const cases = [
      [
        { epoch: 'another', offset: 5 },
        { recovered: false, reason: 'epoch_changed' },
      ],
      [
        { epoch, offset: 11 },
        { recovered: false, reason: 'position_ahead' },
      ],
      [
        { epoch, offset: 6 },
        { recovered: false, reason: 'position_expired' },
      ],
      [
        { epoch, offset: 0 },
        { recovered: false, reason: 'position_expired' },
      ],
    ] as const
    for (const [from, verdict] of cases) {
      const alice = await t.client('alice')
      const { ok } = await alice.subscribe('short:a', { from })
      expect(ok).toMatchObject({ ...verdict, position: { epoch, offset: 10 }, head: 10 })
      expect(alice.of('short:a')).toEqual([])
    }
    const bob = await t.client('bob')
    const { ok } = await bob.subscribe('short:a', { from: { epoch, offset: 7 } })
    expect(ok).toMatchObject({ recovered: true, position: { epoch, offset: 7 }, head: 10 })
    expect(offsets(bob.of('short:a'))).toEqual([8, 9, 10])
    expect(t.metrics.value('parley_recoveries_total', { verdict: 'position_expired' })).toBe(2)
  })

  test('a restored backup has new epochs: nothing is recovered from positions of before', async () => {
    const before = await testNode()
    const alice = await before.client('alice')
    await alice.subscribe('durable:a')
    await publish(before, 'durable:a', 3)
    await before.node.stop()
    // The same events on another disk, as a backup that was restored: its seed, and so its epochs, are new.
    const disk = new MemoryDisk('another seed')
    const after = await testNode({ clock: before.clock, disk })
    await publish(after, 'durable:a', 5)
    const again = await after.client('alice')
    const { ok } = await again.subscribe('durable:a', { from: alice.positions.get('durable:a')! })
    expect(ok).toMatchObject({ recovered: false, reason: 'epoch_changed', head: 5 })
    expect(ok?.position.epoch).not.toBe(alice.positions.get('durable:a')?.epoch)
    expect(again.of('durable:a')).toEqual([])
  })

  test('the same disk after a crash keeps epochs: everything acknowledged is recovered', async () => {
    const before = await testNode()
    const alice = await before.client('alice')
    await alice.subscribe('durable:a')
    await publish(before, 'durable:a', 4)
    before.store.crash()
    const after = await testNode({ clock: before.clock, disk: before.store.disk })
    const again = await after.client('alice')
    const { ok } = await again.subscribe('durable:a', {
      from: { ...alice.positions.get('durable:a')!, offset: 1 },
    })
    await after.clock.settle()
    expect(ok?.recovered).toBe(true)
    expect(offsets(again.of('durable:a'))).toEqual([2, 3, 4])
  })

  test('a recent channel whose epoch was forgotten at run time ends subscriptions, to be resumed at once', async () => {
    const t = await testNode({ limits: { channelIdleMs: 10 ** 12 } })
    const alice = await t.client('alice')
    await alice.subscribe('recent:a')
    await publish(t, 'recent:a', 2)
    const { epoch } = alice.positions.get('recent:a')!
    // Two days of silence: the events are gone after one, epoch and head after another.
    for (let hour = 0; hour < 50; hour++) {
      await t.clock.advance(3_600_000)
      await publish(t, 'recent:other', 2)
    }
    await publish(t, 'recent:a', 1)
    expect(alice.all('unsubscribed')).toMatchObject([
      { channel: 'recent:a', code: 'epoch_changed', resubscribe: true },
    ])
    const { ok } = await alice.subscribe('recent:a')
    expect(ok).toMatchObject({ recovered: false, reason: 'epoch_changed', head: 1 })
    expect(ok?.position.epoch).not.toBe(epoch)
    await publish(t, 'recent:a', 1)
    expect(offsets(alice.of('recent:a'))).toEqual([1, 2, 2])
    expect(alice.faults).toEqual([])
  })

  test('`recent: n` begins n events before the head, or where the log begins', async () => {
    const t = await testNode({ modules: [testModule({ ...testKinds, short })], limits: { ringEvents: 2 } })
    await publish(t, 'short:a', 10)
    await t.clock.advance(61_000)
    const cases: [number, number][] = [
      [0, 10],
      [2, 8],
      [3, 7],
      [500, 7],
    ]
    for (const [recent, start] of cases) {
      const alice = await t.client('alice')
      const { ok } = await alice.subscribe('short:a', { recent })
      expect(ok?.position.offset).toBe(start)
      expect(offsets(alice.of('short:a'))).toEqual(upTo(start + 1, 10))
      expect(alice.all('unsubscribed')).toEqual([])
    }
  })

  test('the log is asked how far back it goes, where the channel may have been trimmed since it was opened', async () => {
    const brief = { durability: 'recent', retention: { maxEvents: 3 } } as const
    const t = await testNode({ modules: [testModule({ brief })], limits: { ringEvents: 2 } })
    const bob = await t.client('bob')
    await bob.subscribe('brief:a')
    await publish(t, 'brief:a', 10)
    const { epoch } = bob.positions.get('brief:a')!
    const alice = await t.client('alice')
    const { ok: expired } = await alice.subscribe('brief:a', { from: { epoch, offset: 3 } })
    expect(expired).toMatchObject({ recovered: false, reason: 'position_expired' })
    const carl = await t.client('carl')
    const { ok } = await carl.subscribe('brief:a', { recent: 500 })
    expect(ok).toMatchObject({ position: { offset: 7 } })
    expect(offsets(carl.of('brief:a'))).toEqual([8, 9, 10])
    expect([...alice.all('unsubscribed'), ...carl.all('unsubscribed')]).toEqual([])
  })

  test('what retention took from the log is not replayed from memory either', async () => {
    const t = await testNode({ modules: [testModule({ ...testKinds, short })] })
    const bob = await t.client('bob')
    await bob.subscribe('short:a')
    await publish(t, 'short:a', 10)
    await t.clock.advance(61_000)
    const alice = await t.client('alice')
    const { epoch } = bob.positions.get('short:a')!
    const { ok } = await alice.subscribe('short:a', { from: { epoch, offset: 2 } })
    expect(ok).toMatchObject({ recovered: false, reason: 'position_expired' })
  })
})
