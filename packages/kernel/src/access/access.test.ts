import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { AuthorizeRequest } from '../kind.ts'
import type { Unit } from '../ports/store.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

const backend = testIdentity(undefined)
const room = { channel: 'durable:a', user: 'alice' }

const change = (t: TestNode, changed: unknown, say?: unknown) =>
  t.call(backend, 'test.change', { change: changed, ...(say === undefined ? {} : { say }) })

describe('assertions', () => {
  test('kick against send: a send that was decided before the kick and stored after it is refused', async () => {
    // The kick is submitted while the send has read the membership and not yet been stored.
    let meddle = (_units: readonly Unit[]): void => undefined
    const t = await testNode({
      memoryStore: { commitMs: () => 5, onCommit: (units, phase) => phase === 'before' && meddle(units) },
    })
    const admit = t.node.call(backend, 'test.admit', room)
    await t.clock.advance(10)
    await admit
    const alice = await t.client('alice')
    meddle = (units) => {
      if (units.every(({ assertions }) => assertions.length === 0)) return
      meddle = () => undefined
      t.store.disk.apply({
        app: 'default',
        assertions: [],
        events: [],
        writes: [{ table: 'members', key: 'durable:a alice', value: null }],
      })
    }
    const sent = alice.post({ op: 'call', command: 'test.say', input: { channel: 'durable:a', data: 1 } })
    await t.clock.advance(100)
    // It ran once more on fresh reads, and found that it may not.
    expect(alice.reply(sent).error?.code).toBe('forbidden')
    expect((await t.store.tops('default', ['durable:a']))[0]?.head).toBe(0)
  })

  test('kick and send at the same time: what is stored before the kick is kept, nothing after it', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const clock = new VirtualClock({ seed })
      const latencyMs = () => Math.floor(clock.random() * 8)
      const t = await testNode({ clock, memoryStore: { commitMs: latencyMs, readMs: latencyMs } })
      const admit = t.node.call(backend, 'test.admit', room)
      await clock.advance(50)
      await admit
      const alice = await t.client('alice')
      const ids: number[] = []
      for (let n = 0; n < 20; n++) {
        ids.push(alice.post({ op: 'call', command: 'test.say', input: { channel: 'durable:a', data: n } }))
        if (n === 10) void t.node.call(backend, 'test.kick', room)
        await clock.advance(clock.random() * 3)
      }
      await clock.advance(1_000)
      const [events] = await Promise.all([
        t.store.read('default', 'durable:a', { after: 0, limit: 100 }),
        clock.advance(50),
      ])
      const kicked = events.findIndex(({ type }) => type === 'kicked')
      expect(events.slice(kicked + 1)).toEqual([])
      const answers = ids.map((id) => alice.reply(id).error?.code ?? 'ok')
      expect(answers.filter((answer) => answer === 'ok')).toHaveLength(kicked)
      expect(new Set(answers.slice(kicked))).toEqual(new Set(['forbidden']))
    }
  })

  test('a failed assertion runs the handler once more on fresh reads, then it is a conflict', async () => {
    let times = 0
    let runs = 0
    const before = (name: string) => {
      if (name === 'count') runs += 1
      return undefined
    }
    const t = await testNode({
      modules: [testModule(testKinds, before)],
      memoryStore: {
        onCommit: (units, phase) => {
          if (phase !== 'before' || times === 0 || !units.some(({ assertions }) => assertions.length > 0))
            return
          times -= 1
          const write = { table: 'counters', key: 'durable:a', value: '10' }
          t.store.disk.apply({ app: 'default', assertions: [], events: [], writes: [write] })
        },
      },
    })
    const alice = await t.client('alice')
    times = 1
    expect((await alice.call('test.count', { channel: 'durable:a' }, 'k1')).ok).toEqual({ count: 11 })
    expect(runs).toBe(2)
    times = 2
    const { error } = await alice.call('test.count', { channel: 'durable:a' }, 'k2')
    expect(error).toMatchObject({ code: 'conflict', retryable: true })
    expect(runs).toBe(4)
    // It left no trace, and its key is free.
    expect((await alice.call('test.count', { channel: 'durable:a' }, 'k2')).ok).toEqual({ count: 11 })
  })
})

describe('access changes', () => {
  test('take effect before the other events of their unit, and of any later one, go out', async () => {
    const t = await testNode()
    const [alice, bob] = [await t.client('alice'), await t.client('bob')]
    for (const client of [alice, bob]) await client.subscribe('durable:a')
    const kick = { type: 'unsubscribe', user: 'alice', channel: 'durable:a', reason: '' }
    await change(t, kick, { channel: 'durable:a', data: 'she is gone' })
    expect(alice.events).toEqual([])
    expect(alice.all('unsubscribed')).toMatchObject([
      { message: 'This subscription was ended by the application.' },
    ])
    expect(bob.of('durable:a').map(({ data }) => data)).toEqual(['she is gone'])
  })

  test('a kick takes keyed state along, also while the session waits for its client', async () => {
    const t = await testNode()
    const [alice, bob] = [await t.client('alice'), await t.client('bob')]
    await bob.subscribe('durable:a', { state: true })
    await alice.subscribe('durable:a')
    alice.wire.drop()
    await t.clock.settle()
    expect(Object.keys(bob.state('durable:a'))).toEqual(['bob', 'alice'])
    await change(t, { type: 'unsubscribe', user: 'alice', channel: 'durable:a', reason: '' })
    expect(Object.keys(bob.state('durable:a'))).toEqual(['bob'])
  })

  test('a back end subscribes sessions on their behalf; a client that is there already keeps what it has', async () => {
    const t = await testNode()
    const [phone, laptop] = [await t.client('alice'), await t.client('alice')]
    await laptop.subscribe('durable:a')
    await change(t, { type: 'subscribe', user: 'alice', channel: 'durable:a' })
    expect(phone.all('subscribed')).toMatchObject([{ channel: 'durable:a', position: { offset: 0 } }])
    expect(phone.state('durable:a')).toHaveProperty('alice')
    expect(laptop.all('subscribed')).toEqual([])
    await t.call(backend, 'test.publish', { channel: 'durable:a', data: 1 })
    expect([phone, laptop].map((client) => client.of('durable:a').length)).toEqual([1, 1])
    const stranger = await t.client('alice', { grants: [] })
    await change(t, { type: 'subscribe', user: 'alice', channel: 'recent:a' })
    expect(stranger.all('subscribed')).toEqual([])
    expect(phone.faults).toEqual([])
  })

  test('are applied in their order: subscribed on behalf and taken out again at once is out', async () => {
    const t = await testNode({ memoryStore: { readMs: () => 20 } })
    const alice = await t.client('alice')
    void t.node.call(backend, 'test.change', {
      change: { type: 'subscribe', user: 'alice', channel: 'durable:a' },
    })
    const out = { type: 'unsubscribe', user: 'alice', channel: 'durable:a', reason: '' }
    void t.node.call(backend, 'test.change', { change: out })
    await t.clock.advance(1_000)
    expect(t.node.status().subscriptions).toBe(0)
    expect(alice.all('subscribed')).toEqual([])
  })

  test('a subscription on behalf is not lost when some permission changes meanwhile', async () => {
    const t = await testNode({ memoryStore: { readMs: () => 20 } })
    const alice = await t.client('alice')
    const changes = [
      { type: 'subscribe', user: 'alice', channel: 'durable:a' },
      { type: 'permissions', user: 'alice' },
    ]
    for (const changed of changes) void t.node.call(backend, 'test.change', { change: changed })
    await t.clock.advance(1_000)
    expect(alice.all('subscribed')).toHaveLength(1)
  })

  test('disconnect: by user or session, told why, to stay away or to come back', async () => {
    const t = await testNode()
    const [first, second, bob] = [await t.client('alice'), await t.client('alice'), await t.client('bob')]
    await change(t, {
      type: 'disconnect',
      session: first.session?.session,
      reason: 'Too loud.',
      reconnect: false,
    })
    expect(first.all('error')).toMatchObject([{ error: { code: 'forbidden', message: 'Too loud.' } }])
    expect([first, second, bob].map(({ closeCode }) => closeCode)).toEqual([4006, undefined, undefined])
    const again = await t.client('alice')
    expect(
      (await again.ask({ op: 'call', command: 'test.history', input: { channel: 'durable:a' } })).ok,
    ).toBeDefined()
    await change(t, { type: 'disconnect', user: 'alice', reason: '', reconnect: true })
    expect([second, again, bob].map(({ closeCode }) => closeCode)).toEqual([4204, 4204, undefined])
    expect(second.all('error')).toEqual([])
    await change(t, { type: 'disconnect', reason: '', reconnect: true })
    await change(t, { type: 'disconnect', user: 'bob', session: 'another', reason: '', reconnect: true })
    expect(bob.closeCode).toBeUndefined()
    expect(t.node.status().sessions).toBe(1)
  })

  test('the control channel is read and written by nobody but the kernel', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    expect((await alice.subscribe('control:access')).error?.code).toBe('forbidden')
    const forged = { channel: 'control:access', type: 'control.revoke', data: { user: 'bob' } }
    expect((await alice.call('test.publish', forged)).error?.code).toBe('forbidden')
    await expect(t.call(backend, 'test.publish', forged)).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('a flag of the operator acts at once; a tenant’s and an unknown one do nothing', async () => {
    const t = await testNode({ apps: ['tenant'] })
    const flag = (name: string, on: boolean) => ({ change: { type: 'flag', name, on } })
    await t.call({ ...backend, app: 'tenant' }, 'test.change', flag('rateLimiting', false))
    await t.call(backend, 'test.change', flag('flagOfTomorrow', false))
    expect(t.node.flags.isOn('rateLimiting')).toBe(true)
    await t.call(backend, 'test.change', flag('rateLimiting', false))
    expect(t.node.flags.isOn('rateLimiting')).toBe(false)
  })
})

describe('permissions that have to be asked for', () => {
  interface Asking {
    readonly t: TestNode
    readonly asked: AuthorizeRequest[]
    allows: boolean | Error
    ms: number
  }

  async function askingNode(options: TestNodeOptions = {}): Promise<Asking> {
    const clock = new VirtualClock()
    const asked: AuthorizeRequest[] = []
    const world = { asked, allows: true as boolean | Error, ms: 0 }
    const authorize = async (request: AuthorizeRequest) => {
      asked.push(request)
      const { allows } = world
      if (world.ms > 0) await new Promise<void>((resolve) => void clock.after(world.ms, resolve))
      if (allows instanceof Error) throw allows
      return allows
    }
    const kinds = {
      ...testKinds,
      asked: { authorize },
      asklive: { durability: 'ephemeral', authorize },
    } as const
    return Object.assign(world, { t: await testNode({ clock, ...options, modules: [testModule(kinds)] }) })
  }

  test('are cached for a minute, and asked again after a change of the same access', async () => {
    const { t, asked } = await askingNode()
    const alice = await t.client('alice')
    for (let n = 0; n < 5; n++) await alice.publish('asked:a', n)
    expect(asked).toMatchObject([{ action: 'write', channel: 'asked:a', identity: { user: 'alice' } }])
    await change(t, { type: 'permissions', user: 'bob', channel: 'asked:a' })
    await alice.publish('asked:a', 6)
    expect(asked).toHaveLength(1)
    await change(t, { type: 'permissions', user: 'alice', channel: 'asked:a' })
    await alice.publish('asked:a', 7)
    expect(asked).toHaveLength(2)
    await change(t, { type: 'permissions' })
    await alice.publish('asked:a', 8)
    expect(asked).toHaveLength(3)
    await t.clock.advance(61_000)
    await alice.publish('asked:a', 9)
    expect(asked).toHaveLength(4)
    await t.call(backend, 'test.publish', { channel: 'asked:a', data: 10 })
    expect(asked).toHaveLength(4)
  })

  test('an answer that was asked for before a kick lets nobody in after it', async () => {
    const world = await askingNode()
    const { t } = world
    const alice = await t.client('alice')
    world.ms = 50
    const subscribing = alice.post({ op: 'subscribe', channel: 'asked:a' })
    await t.clock.advance(20)
    world.allows = false
    await change(t, { type: 'unsubscribe', user: 'alice', channel: 'asked:a', reason: '' })
    await t.clock.advance(1_000)
    expect(alice.reply(subscribing).error?.code).toBe('forbidden')
    expect(t.node.status().subscriptions).toBe(0)
  })

  test('a kick while the channel is being opened lets nobody in after it', async () => {
    const world = await askingNode({ memoryStore: { readMs: () => 50 } })
    const { t } = world
    const alice = await t.client('alice')
    const subscribing = alice.post({ op: 'subscribe', channel: 'asked:a' })
    await t.clock.advance(20)
    world.allows = false
    await change(t, { type: 'unsubscribe', user: 'alice', channel: 'asked:a', reason: '' })
    await t.clock.advance(1_000)
    expect(alice.reply(subscribing).error?.code).toBe('forbidden')
    expect(t.node.status().subscriptions).toBe(0)
  })

  test('an access that never stops changing is a conflict to be tried again', async () => {
    const world = await askingNode()
    const { t } = world
    const alice = await t.client('alice')
    world.ms = 50
    const subscribing = alice.post({ op: 'subscribe', channel: 'asked:a' })
    for (let n = 0; n < 100; n++) {
      void t.node.call(backend, 'test.change', { change: { type: 'permissions', channel: 'asked:a' } })
      await t.clock.advance(20)
    }
    expect(alice.reply(subscribing).error).toMatchObject({ code: 'conflict', retryable: true })
  })

  test.each(['asked:a', 'asklive:a'])(
    'nothing of %s goes out while it is asked whether one may still read',
    async (channel) => {
      const world = await askingNode()
      const { t } = world
      const [alice, bob] = [await t.client('alice'), await t.client('bob')]
      for (const client of [alice, bob]) await client.subscribe(channel, { state: true })
      await t.call(backend, 'test.publish', { channel, data: 'before' })
      world.ms = 100
      world.allows = false
      await change(t, { type: 'permissions', user: 'alice', channel })
      await t.call(backend, 'test.publish', { channel, data: 'meanwhile' })
      await t.clock.advance(1_000)
      await t.call(backend, 'test.publish', { channel, data: 'after' })
      expect(alice.of(channel).map(({ data }) => data)).toEqual(['before'])
      expect(alice.all('unsubscribed')).toMatchObject([{ code: 'forbidden', resubscribe: false }])
      expect(bob.of(channel).map(({ data }) => data)).toEqual(['before', 'meanwhile', 'after'])
      expect(Object.keys(bob.state(channel))).toEqual(['bob'])
    },
  )

  test('who may go on reading misses nothing of what is kept, and is told what of the rest', async () => {
    const world = await askingNode()
    const { t } = world
    const alice = await t.client('alice')
    for (const channel of ['asked:a', 'asklive:a']) await alice.subscribe(channel, { state: true })
    world.ms = 100
    // Two changes at once: it is released by the answer to the second.
    await change(t, { type: 'permissions', user: 'alice' })
    await change(t, { type: 'permissions', user: 'alice' })
    for (const channel of ['asked:a', 'asklive:a']) {
      await t.call(backend, 'test.publish', { channel, data: 1 })
      await t.call(backend, 'test.publish', { channel, data: 2 })
    }
    expect(alice.events).toEqual([])
    await t.clock.advance(1_000)
    for (const channel of ['asked:a', 'asklive:a'])
      await t.call(backend, 'test.publish', { channel, data: 3 })
    expect(alice.of('asked:a').map(({ data }) => data)).toEqual([1, 2, 3])
    expect(alice.of('asklive:a').map(({ data }) => data)).toEqual([3])
    expect(alice.all('dropped')).toMatchObject([{ channel: 'asklive:a', from: 0, to: 2 }])
    expect(alice.faults).toEqual([])
    const bob = await t.client('bob')
    bob.post({ op: 'subscribe', channel: 'asked:a' })
    await t.clock.advance(1_000)
    expect(Object.keys(alice.state('asked:a'))).toEqual(['alice', 'bob'])
  })

  test('nobody to be asked: refused for now, not for a minute; who is subscribed may come back', async () => {
    const world = await askingNode()
    const { t } = world
    const alice = await t.client('alice')
    await alice.subscribe('asked:a')
    world.allows = new Error('connection refused')
    expect((await alice.publish('asked:a', 1)).error).toMatchObject({ code: 'unavailable', retryable: true })
    world.allows = new ParleyError('overloaded', 'Too many questions.', { retryAfterMs: 5 })
    expect((await alice.publish('asked:a', 1)).error).toMatchObject({ code: 'overloaded', retryAfterMs: 5 })
    await change(t, { type: 'permissions', user: 'alice' })
    expect(alice.all('unsubscribed')).toMatchObject([{ code: 'overloaded', resubscribe: true }])
    world.allows = true
    expect((await alice.publish('asked:a', 1)).ok).toBeDefined()
    expect((await alice.subscribe('asked:a')).ok).toMatchObject({ recovered: true })
    expect(alice.of('asked:a').map(({ data }) => data)).toEqual([1])
  })

  test('are bounded in number: the oldest answer is asked for again', async () => {
    const { t, asked } = await askingNode({ limits: { maxPermissionEntries: 2 } })
    const alice = await t.client('alice')
    for (const id of ['a', 'b', 'c', 'c', 'a']) await alice.publish(`asked:${id}`, 1)
    expect(asked.map(({ channel }) => channel)).toEqual(['asked:a', 'asked:b', 'asked:c', 'asked:a'])
  })

  test('the rule of the kind comes first', async () => {
    const kinds = {
      open: { access: { read: 'anyone', write: 'user' } },
      closed: { access: { read: 'user', write: 'backend' } },
    } as const
    const t = await testNode({ modules: [testModule(kinds)] })
    const guest = await t.connect({ app: 'default', role: 'user', grants: [] })
    const alice = await t.client('alice', { grants: [] })
    expect((await guest.subscribe('open:a')).ok).toBeDefined()
    expect((await guest.subscribe('closed:a')).error?.code).toBe('forbidden')
    expect((await guest.publish('open:a', 1)).error?.code).toBe('forbidden')
    expect((await alice.publish('open:a', 1)).ok).toBeDefined()
    expect((await alice.subscribe('closed:a')).ok).toBeDefined()
    expect((await alice.publish('closed:a', 1)).error?.code).toBe('forbidden')
    await expect(t.call(backend, 'test.publish', { channel: 'closed:a', data: 1 })).resolves.toBeDefined()
    const limited = testIdentity(undefined, { grants: [] })
    await expect(t.call(limited, 'test.publish', { channel: 'closed:a', data: 1 })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(t.call(limited, 'test.publish', { channel: 'open:a', data: 1 })).resolves.toBeDefined()
    await expect(t.call(limited, 'test.change', { change: { type: 'permissions' } })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })
})
