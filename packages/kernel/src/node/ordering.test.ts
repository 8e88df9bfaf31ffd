import { command, defineContract } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { defineKind } from '../kind.ts'
import { implement } from '../module.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { testIdentity, testNode } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

const counts = (replies: readonly { ok?: unknown }[]) =>
  replies.map(({ ok }) => (ok as { count: number }).count)

describe('commands of one session with the same ordering key', () => {
  test('run in the order in which they were sent, however slow their permission and receipt lookups are', async () => {
    const clock = new VirtualClock()
    let asked = 0
    // Later questions are answered sooner.
    const authorize = () =>
      new Promise<boolean>(
        (resolve) => void clock.after(100 - 10 * Math.min(asked++, 9), () => resolve(true)),
      )
    const t = await testNode({
      clock,
      modules: [testModule({ ...testKinds, asked: { authorize } })],
      limits: { permissionTtlMs: 0 },
      memoryStore: { readMs: () => 1 + Math.floor(clock.random() * 40) },
    })
    const alice = await t.client('alice')
    const ids = Array.from({ length: 20 }, (_, n) =>
      alice.post({
        op: 'call',
        command: 'test.publish',
        input: { channel: 'asked:a', data: n },
        ...(n % 3 === 0 ? { key: `key-${n}` } : {}),
      }),
    )
    await t.clock.advance(10_000)
    expect(ids.map((id) => (alice.reply(id).ok as { offset: number }).offset)).toEqual(
      ids.map((_, n) => n + 1),
    )
    const stored = await Promise.all([
      t.store.read('default', 'asked:a', { after: 0, limit: 100 }),
      t.clock.advance(1_000),
    ])
    expect(stored[0].map(({ data }) => Number(data))).toEqual(ids.map((_, n) => n))
  })

  test('send, then edit without waiting: each command sees what the one before did, none conflicts', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 5, readMs: () => 3 } })
    const alice = await t.client('alice')
    const ids = Array.from({ length: 30 }, () =>
      alice.post({ op: 'call', command: 'test.count', input: { channel: 'durable:a' } }),
    )
    await t.clock.advance(2_000)
    expect(counts(ids.map((id) => alice.reply(id)))).toEqual(ids.map((_, n) => n + 1))
    expect(t.metrics.value('parley_calls_total', { command: 'test.count', code: 'conflict' })).toBe(0)
    expect(t.node.status().calls).toBe(0)
  })

  test('keep their order when the first of them has to run again, and its second reads are slow', async () => {
    // Somebody else changes the counter just before the first unit is stored.
    let isMeddling = false
    let slowReads = 0
    const t = await testNode({
      memoryStore: {
        readMs: () => (slowReads-- > 0 ? 50 : 1),
        commitMs: () => 5,
        onCommit: (units, phase) => {
          if (phase === 'after' || !isMeddling || units[0]?.assertions.length === 0) return
          isMeddling = false
          slowReads = 1
          const write = { table: 'counters', key: 'durable:a', value: '100' }
          t.store.disk.apply({ app: 'default', assertions: [], events: [], writes: [write] })
        },
      },
    })
    const alice = await t.client('alice')
    isMeddling = true
    const ids = Array.from({ length: 5 }, () =>
      alice.post({ op: 'call', command: 'test.count', input: { channel: 'durable:a' } }),
    )
    await t.clock.advance(1_000)
    expect(counts(ids.map((id) => alice.reply(id)))).toEqual([101, 102, 103, 104, 105])
  })

  test('of other keys do not wait for each other, nor do those of another session', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const before = (_name: string, _ctx: unknown, input: object) =>
      JSON.stringify(input).includes('wait') ? gate : undefined
    const t = await testNode({ modules: [testModule(testKinds, before)] })
    const [alice, bob] = [await t.client('alice'), await t.client('bob')]
    const publish = (client: typeof alice, channel: string, data: string) =>
      client.post({ op: 'call', command: 'test.publish', input: { channel, data } })
    const held = publish(alice, 'durable:a', 'wait')
    const behind = publish(alice, 'durable:a', 'behind')
    const elsewhere = publish(alice, 'durable:b', 'now')
    const others = publish(bob, 'durable:a', 'now')
    await t.clock.settle()
    expect([held, behind].map((id) => alice.hasReply(id))).toEqual([false, false])
    expect(alice.reply(elsewhere).ok).toMatchObject({ offset: 1 })
    expect(bob.reply(others).ok).toMatchObject({ offset: 1 })
    release()
    await t.clock.settle()
    expect(alice.reply(held).ok).toMatchObject({ offset: 2 })
    expect(alice.reply(behind).ok).toMatchObject({ offset: 3 })
  })

  test('a subscription and a publish behind it: the publisher gets its own event', async () => {
    const t = await testNode({ memoryStore: { readMs: () => 20 } })
    const alice = await t.client('alice')
    alice.post({ op: 'subscribe', channel: 'durable:a' })
    alice.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data: 1 } })
    alice.post({ op: 'unsubscribe', channel: 'durable:a' })
    alice.post({ op: 'subscribe', channel: 'durable:a' })
    alice.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data: 2 } })
    await t.clock.advance(1_000)
    expect(alice.of('durable:a').map(({ data }) => data)).toContain(2)
    expect(alice.faults).toEqual([])
    expect(alice.all('reply').filter(({ error }) => error !== undefined)).toEqual([])
  })

  test('keep their order over a reconnect: what was lost on the way does not overtake what was accepted', async () => {
    let isSlow = true
    const clock = new VirtualClock()
    const before = () => {
      if (!isSlow) return undefined
      isSlow = false
      return new Promise<void>((resolve) => void clock.after(500, resolve))
    }
    const t = await testNode({ clock, modules: [testModule(testKinds, before)] })
    const call = (data: number) => ({
      op: 'call',
      command: 'test.publish',
      input: { channel: 'recent:a', data },
      key: `key-${data}`,
    })
    const old = await t.client('alice')
    old.post(call(1))
    old.post(call(2))
    await clock.advance(10)
    // The first two were accepted, and wait; the third and the fourth never arrived.
    old.wire.drop()
    const next = await t.client('alice')
    const ids = [1, 2, 3, 4].map((data) => next.post(call(data)))
    await clock.advance(1_000)
    expect(ids.map((id) => (next.reply(id).ok as { offset: number }).offset)).toEqual([1, 2, 3, 4])
  })

  test('by a field of their own, where a command declares one; else each command is a key', async () => {
    const anything = {
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
    } as const
    const order: string[] = []
    const take = (orderBy?: string) =>
      command({
        summary: 'Takes its time.',
        input: anything,
        output: anything,
        permission: 'anyone',
        rest: `POST /${orderBy ?? 'plain'}`,
        ...(orderBy === undefined ? {} : { orderBy }),
      })
    const contract = defineContract({
      name: 'slow',
      summary: 'Slow commands.',
      commands: { plain: take(), thing: take('thing') },
      events: {},
    })
    const run = async (_ctx: unknown, input: unknown) => {
      const { name, ms } = input as { name: string; ms: number }
      await new Promise<void>((resolve) => void t.clock.after(ms, resolve))
      order.push(name)
      return undefined as never
    }
    const slow = implement(contract, {
      handlers: { plain: run, thing: run },
      kinds: [defineKind('slow', 'slow')],
    })
    const t = await testNode({ modules: [slow] })
    const alice = await t.client('alice')
    const call = (verb: string, input: object) => alice.post({ op: 'call', command: `slow.${verb}`, input })
    call('thing', { thing: 'x', name: 'x1', ms: 50 })
    call('thing', { thing: 'x', name: 'x2', ms: 1 })
    call('thing', { thing: 'y', name: 'y1', ms: 10 })
    call('plain', { thing: 'x', name: 'p1', ms: 30 })
    call('plain', { thing: 'z', name: 'p2', ms: 1 })
    await t.clock.advance(1_000)
    expect(order).toEqual(['y1', 'p1', 'p2', 'x1', 'x2'])
  })
})

test('a handler that calls another command does so at no rate, and its failure is the caller’s', async () => {
  const t = await testNode({ rates: { user: { perSecond: 1, burst: 2 } } })
  const alice = await t.client('alice')
  const nest = (command: string, input: object) => alice.call('test.nest', { command, input })
  const input = { channel: 'durable:a', data: 1 }
  const deep = { command: 'test.nest', input: { command: 'test.publish', input } }
  expect((await nest('test.nest', deep)).ok).toMatchObject({ offset: 1 })
  expect((await nest('test.publish', { ...input, channel: 'nowhere:a' })).error?.code).toBe('unknown_kind')
  expect((await nest('test.publish', input)).error?.code).toBe('rate_limited')
})

test('calls over REST of the same identity are not ordered, and all are carried out', async () => {
  const t = await testNode()
  const identity = testIdentity('alice')
  const calls = Array.from({ length: 10 }, () =>
    t.node.call(identity, 'test.publish', { channel: 'durable:a', data: 1 }),
  )
  await t.clock.settle()
  const offsets = (await Promise.all(calls)).map((place) => (place as { offset: number }).offset)
  expect(offsets.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})
