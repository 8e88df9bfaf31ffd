import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'

const backend = testIdentity(undefined)

/** A node whose next commit can be made to fail before or after it reached the disk. */
async function faultyNode(options: TestNodeOptions = {}) {
  const fault: { phase: 'before' | 'after' | undefined; error: Error } = {
    phase: undefined,
    error: new Error('the disk is gone'),
  }
  const t = await testNode({
    ...options,
    memoryStore: {
      onCommit: (_units, phase) => {
        if (fault.phase !== phase) return
        fault.phase = undefined
        throw fault.error
      },
      ...options.memoryStore,
    },
  })
  return { t, fault }
}

const call = (t: TestNode, command: string, input: unknown) =>
  t.call(backend, command, input).catch((error: ParleyError) => error)

describe('a commit whose outcome nobody knows', () => {
  test('its events reach those who listen, once, and the repeat gets its place', async () => {
    const { t, fault } = await faultyNode()
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    await alice.publish('durable:a', 'first')
    fault.phase = 'after'
    fault.error = new ParleyError('outcome_unknown')
    const { error } = await alice.publish('durable:a', 'unknown', 'key')
    expect(error).toMatchObject({ code: 'outcome_unknown', retryable: true })
    expect(alice.of('durable:a').map(({ data }) => data)).toEqual(['first', 'unknown'])
    expect((await alice.publish('durable:a', 'unknown', 'key')).ok).toMatchObject({ offset: 2 })
    await alice.publish('durable:a', 'third')
    expect(alice.of('durable:a').map(({ data }) => data)).toEqual(['first', 'unknown', 'third'])
    expect(alice.faults).toEqual([])
  })

  test('its events reach a subscription that is just being opened', async () => {
    const { t, fault } = await faultyNode({
      aroundStore: (store) => ({
        ...store,
        tops: async (app, channels) => {
          const tops = await store.tops(app, channels)
          // What was read is old when it arrives.
          if (channels[0] === 'durable:a')
            await new Promise<void>((resolve) => void t.clock.after(50, resolve))
          return tops
        },
      }),
    })
    const alice = await t.client('alice')
    const subscribing = alice.post({ op: 'subscribe', channel: 'durable:a' })
    await t.clock.advance(10)
    fault.phase = 'after'
    expect(await call(t, 'test.publish', { channel: 'durable:a', data: 1 })).toBeInstanceOf(Error)
    await t.clock.advance(1_000)
    expect(alice.reply(subscribing).ok).toMatchObject({ position: { offset: 0 } })
    expect(alice.of('durable:a').map(({ data }) => data)).toEqual([1])
    expect(alice.faults).toEqual([])
  })

  test('its access changes are applied, before any later event goes out', async () => {
    const { t, fault } = await faultyNode({ memoryStore: { readMs: () => 50 } })
    const [alice, bob] = [await t.client('alice'), await t.client('bob')]
    for (const client of [alice, bob]) client.post({ op: 'subscribe', channel: 'durable:a' })
    await t.clock.advance(500)
    fault.phase = 'after'
    const change = { type: 'unsubscribe', user: 'alice', channel: 'durable:a', reason: '' }
    expect(await call(t, 'test.change', { change })).toBeInstanceOf(Error)
    // The log has not been read yet; what comes later must wait for it, in its order.
    const later = ['one', 'two'].map((data) =>
      t.node.call(backend, 'test.publish', { channel: 'durable:a', data }),
    )
    await t.clock.settle()
    expect([...alice.events, ...bob.events]).toEqual([])
    await t.clock.advance(1_000)
    expect(await Promise.all(later)).toMatchObject([{ offset: 1 }, { offset: 2 }])
    expect(alice.all('unsubscribed')).toMatchObject([{ channel: 'durable:a', code: 'forbidden' }])
    expect(alice.events).toEqual([])
    expect(bob.of('durable:a').map(({ data }) => data)).toEqual(['one', 'two'])
  })

  test('a control event that shows that one before it was missed: that is applied first', async () => {
    const { t } = await faultyNode()
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    const kick = {
      type: 'control.unsubscribe',
      data: '{"user":"alice","channel":"durable:a","reason":""}',
      at: 1,
    }
    // Stored behind the node's back, as by another one.
    const events = [{ channel: 'control:access', ...kick }]
    t.store.disk.apply({ app: 'default', assertions: [], writes: [], events })
    const change = { type: 'permissions', user: 'bob' }
    await call(t, 'test.change', { change, say: { channel: 'durable:a', data: 'secret' } })
    expect(alice.all('unsubscribed')).toHaveLength(1)
    expect(alice.events).toEqual([])
  })

  test('while the log cannot be read, it is tried again, and then everything arrives', async () => {
    let isUnreadable = false
    const { t, fault } = await faultyNode({
      aroundStore: (store) => ({
        ...store,
        tops: (app, channels) =>
          isUnreadable ? Promise.reject(new Error('not now')) : store.tops(app, channels),
        read: (app, channel, options) =>
          isUnreadable ? Promise.reject(new Error('not now')) : store.read(app, channel, options),
      }),
    })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    isUnreadable = true
    fault.phase = 'after'
    await alice.publish('durable:a', 'unknown', 'key')
    await t.clock.advance(10_000)
    expect(alice.events).toEqual([])
    isUnreadable = false
    await t.clock.advance(120_000)
    expect(alice.of('durable:a').map(({ data }) => data)).toEqual(['unknown'])
  })

  test('what was not stored does not appear', async () => {
    const { t, fault } = await faultyNode()
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    fault.phase = 'before'
    expect((await alice.publish('durable:a', 'lost')).error?.code).toBe('internal')
    await alice.publish('durable:a', 'stored')
    expect(alice.of('durable:a').map(({ data, offset }) => [data, offset])).toEqual([['stored', 1]])
  })
})

describe('a store that refuses', () => {
  test.each([
    ['store_full', 'The disk is full.'],
    ['unavailable', 'The disk does not answer.'],
    ['overloaded', 'Too much at once.'],
  ] as const)('%s: a retryable error, nothing half done, and later it works', async (code, message) => {
    const { t, fault } = await faultyNode()
    const alice = await t.client('alice')
    for (const channel of ['durable:a', 'live:a', 'recent:a']) await alice.subscribe(channel)
    fault.phase = 'before'
    fault.error = new ParleyError(code, message)
    const events = ['durable:a', 'live:a', 'recent:a'].map((channel) => ({ channel, data: 1 }))
    const { error } = await alice.call('test.publishMany', { events }, 'key')
    expect(error).toMatchObject({ code, message, retryable: true })
    expect(alice.events).toEqual([])
    expect((await t.store.tops('default', ['durable:a']))[0]?.head).toBe(0)
    expect((await alice.call('test.publishMany', { events }, 'key')).ok).toMatchObject([
      { offset: 1 },
      { offset: 1 },
      { offset: 1 },
    ])
    expect(alice.events).toHaveLength(3)
    expect(alice.faults).toEqual([])
  })

  test('disk full: readiness turns red and says why; kinds without a disk go on; later all is well', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    for (const channel of ['durable:a', 'recent:a']) await alice.subscribe(channel)
    t.store.disk.problem = 'The disk is full. Free some space.'
    expect((await alice.publish('durable:a', 1)).error).toMatchObject({ retryable: true })
    expect((await alice.publish('recent:a', 1)).ok).toMatchObject({ offset: 1 })
    expect(t.node.status()).toMatchObject({
      ready: false,
      checks: [
        { name: 'node', ok: true },
        { name: 'store', ok: false, problem: 'The disk is full. Free some space.' },
      ],
    })
    t.store.disk.problem = undefined
    expect((await alice.publish('durable:a', 2)).ok).toMatchObject({ offset: 1 })
    expect(t.node.status().ready).toBe(true)
    expect(alice.of('durable:a').map(({ data }) => data)).toEqual([2])
  })

  test('a log that cannot be read: the subscription is refused and can be repeated', async () => {
    let isUnreadable = true
    const t = await testNode({
      aroundStore: (store) => ({
        ...store,
        tops: (app, channels) =>
          isUnreadable && channels.includes('durable:a')
            ? Promise.reject(new ParleyError('unavailable', 'The log cannot be read.'))
            : store.tops(app, channels),
      }),
    })
    const alice = await t.client('alice')
    const { error } = await alice.subscribe('durable:a')
    expect(error).toMatchObject({ code: 'unavailable', retryable: true })
    isUnreadable = false
    expect((await alice.subscribe('durable:a')).ok).toBeDefined()
  })

  test('a log that cannot be read for a while delays catch-up, and loses nothing', async () => {
    let isUnreadable = false
    const t = await testNode({
      limits: { ringEvents: 2 },
      aroundStore: (store) => ({
        ...store,
        read: (app, channel, options) =>
          isUnreadable && channel === 'durable:a'
            ? Promise.reject(new Error('not now'))
            : store.read(app, channel, options),
      }),
    })
    for (let n = 0; n < 20; n++) await call(t, 'test.publish', { channel: 'durable:a', data: n })
    isUnreadable = true
    const alice = await t.client('alice')
    await alice.subscribe('durable:a', { recent: 20 })
    await t.clock.advance(5_000)
    expect(alice.of('durable:a')).toEqual([])
    isUnreadable = false
    await t.clock.advance(5_000)
    expect(alice.of('durable:a')).toHaveLength(20)
    expect(alice.faults).toEqual([])
  })

  test('a recent log that fails behind a durable commit costs the call nothing', async () => {
    const t = await testNode({
      aroundRecentLog: (log) => ({ ...log, append: () => Promise.reject(new Error('the broker is away')) }),
    })
    const events = [
      { channel: 'recent:a', data: 1 },
      { channel: 'durable:a', data: 2 },
    ]
    const places = await call(t, 'test.publishMany', { events })
    expect(places).toMatchObject([{ epoch: '', offset: 0 }, { offset: 1 }])
    expect(await call(t, 'test.publish', { channel: 'recent:a', data: 1 })).toMatchObject({
      code: 'internal',
    })
  })

  test('a recent log that is not in this process keeps order and answers with its positions', async () => {
    const t = await testNode({
      aroundRecentLog: (log) => ({
        ...log,
        append: async (app, channel, events, retention) => {
          await new Promise<void>((resolve) => void t.clock.after(5, resolve))
          return log.append(app, channel, events, retention)
        },
      }),
    })
    const alice = await t.client('alice')
    await alice.subscribe('recent:a')
    const ids = [1, 2, 3].map((data) =>
      alice.post({
        op: 'call',
        command: 'test.publish',
        input: { channel: 'recent:a', data },
        key: `k${data}`,
      }),
    )
    await t.clock.advance(100)
    expect(ids.map((id) => (alice.reply(id).ok as { offset: number }).offset)).toEqual([1, 2, 3])
    expect(alice.of('recent:a').map(({ data }) => data)).toEqual([1, 2, 3])
  })
})

describe('redact', () => {
  test('is obeyed by ring, log, history and replays that were made before', async () => {
    const t = await testNode({ modules: [testModule({ ...testKinds })] })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    for (const data of ['one', 'secret', 'three']) await alice.publish('durable:a', data)
    const { epoch } = alice.positions.get('durable:a')!
    // A replay is made, and kept for others who ask for the same.
    const early = await t.client('early')
    await early.subscribe('durable:a', { from: { epoch, offset: 0 } })
    expect(early.of('durable:a').map(({ data }) => data)).toEqual(['one', 'secret', 'three'])
    expect((await alice.call('test.redact', { channel: 'durable:a', offset: 2 })).ok).toEqual({ done: true })
    expect((await alice.call('test.redact', { channel: 'durable:a', offset: 9 })).ok).toEqual({ done: false })
    expect((await alice.call('test.redact', { channel: 'live:a', offset: 1 })).ok).toEqual({ done: false })
    const late = await t.client('late')
    await late.subscribe('durable:a', { from: { epoch, offset: 0 } })
    const redacted = { offset: 2, data: null, redacted: true, id: `${epoch}-2` }
    expect(late.of('durable:a')).toMatchObject([{ data: 'one' }, redacted, { data: 'three' }])
    const { ok } = await alice.call('test.history', { channel: 'durable:a' })
    expect((ok as { events: unknown[] }).events).toMatchObject([{ data: 'one' }, redacted, { data: 'three' }])
    expect(JSON.stringify(await t.store.read('default', 'durable:a', { after: 0, limit: 9 }))).not.toContain(
      'secret',
    )
  })

  test('is obeyed by a read of the log that was under way', async () => {
    let isSlow = false
    const t = await testNode({
      limits: { ringEvents: 1 },
      aroundStore: (store) => ({
        ...store,
        read: async (app, channel, options) => {
          const events = await store.read(app, channel, options)
          if (isSlow) await new Promise<void>((resolve) => void t.clock.after(50, resolve))
          return events
        },
      }),
    })
    for (const data of ['one', 'secret', 'three', 'four'])
      await call(t, 'test.publish', { channel: 'durable:a', data })
    const alice = await t.client('alice')
    isSlow = true
    alice.post({ op: 'subscribe', channel: 'durable:a', recent: 4 })
    await t.clock.advance(10)
    isSlow = false
    await call(t, 'test.redact', { channel: 'durable:a', offset: 2 })
    await t.clock.advance(1_000)
    expect(alice.of('durable:a').map(({ data }) => data)).toEqual(['one', null, 'three', 'four'])
    expect(alice.faults).toEqual([])
  })
})
