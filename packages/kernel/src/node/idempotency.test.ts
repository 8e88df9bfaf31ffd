import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { testKinds, testModule } from '../testing/test-module.ts'
import { testIdentity, testNode, testToken } from '../testing/test-node.ts'

const backend = testIdentity(undefined)
const input = (data: unknown, channel = 'durable:a') => ({ channel, data })
const publish = (data: unknown, key: string) => ({
  op: 'call',
  command: 'test.publish',
  input: input(data),
  key,
})

describe('a command with an idempotency key takes effect once', () => {
  test('twins in flight in one session share one run and one answer', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 20 } })
    const alice = await t.client('alice')
    const ids = [alice.post(publish(1, 'k')), alice.post(publish(1, 'k')), alice.post(publish(1, 'k'))]
    await t.clock.settle()
    expect(t.node.status().calls).toBe(2)
    await t.clock.advance(100)
    expect(ids.map((id) => (alice.reply(id).ok as { offset: number }).offset)).toEqual([1, 1, 1])
    expect((await t.store.tops('default', ['durable:a']))[0]?.head).toBe(1)
    expect(t.node.status().calls).toBe(0)
  })

  test('twins in flight in two sessions of the user, and over REST, share one run', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 20 } })
    const [phone, laptop] = [await t.client('alice'), await t.client('alice')]
    const first = phone.post(publish('x', 'k'))
    const second = laptop.post(publish('x', 'k'))
    const third = t.node.call(testIdentity('alice'), 'test.publish', input('x'), { key: 'k' })
    await t.clock.advance(100)
    const place = { offset: 1 }
    expect([phone.reply(first).ok, laptop.reply(second).ok, await third]).toMatchObject([place, place, place])
  })

  test('a twin shares the failure as well, and the key is free again', async () => {
    let fails = true
    const before = () => {
      if (fails) throw new ParleyError('forbidden', 'Not today.')
      return undefined
    }
    const t = await testNode({ modules: [testModule(testKinds, before)], memoryStore: { readMs: () => 5 } })
    const alice = await t.client('alice')
    const ids = [alice.post(publish(1, 'k')), alice.post(publish(1, 'k'))]
    await t.clock.advance(50)
    expect(ids.map((id) => alice.reply(id).error?.code)).toEqual(['forbidden', 'forbidden'])
    fails = false
    const again = alice.post(publish(2, 'k'))
    await t.clock.advance(50)
    expect(alice.reply(again).ok).toMatchObject({ offset: 1 })
  })

  test.each(['durable:a', 'recent:a', 'live:a'])(
    'a repeat after the fact gets the first answer in %s',
    async (channel) => {
      const t = await testNode()
      const alice = await t.client('alice')
      await alice.subscribe(channel)
      const first = await alice.call('test.publish', input(1, channel), 'k')
      await alice.publish(channel, 2)
      const repeat = await alice.call('test.publish', input(1, channel), 'k')
      expect(repeat.ok).toEqual(first.ok)
      expect(alice.of(channel).map(({ data }) => data)).toEqual([1, 2])
    },
  )

  test('a repeat after a crash, over the same disk, gets the first answer with its offset', async () => {
    const before = await testNode()
    const alice = await before.client('alice')
    const first = await alice.call('test.publish', input(1), 'k')
    await alice.publish('durable:a', 2)
    before.store.crash()
    const after = await testNode({ clock: before.clock, disk: before.store.disk })
    const again = await after.client('alice')
    expect((await again.call('test.publish', input(1), 'k')).ok).toEqual(first.ok)
    expect((await again.call('test.publish', input('other'), 'k')).error?.code).toBe('idempotency_mismatch')
    expect((await after.store.tops('default', ['durable:a']))[0]?.head).toBe(2)
  })

  test('a commit that was stored and not acknowledged is answered from its receipt', async () => {
    let crashes = true
    const before = await testNode({
      memoryStore: {
        onCommit: (_units, phase) => {
          if (phase === 'after' && crashes) before.store.crash()
        },
      },
    })
    const alice = await before.client('alice')
    const lost = alice.post(publish(1, 'k'))
    await before.clock.settle()
    expect(alice.hasReply(lost)).toBe(false)
    crashes = false
    const after = await testNode({ clock: before.clock, disk: before.store.disk })
    const again = await after.client('alice')
    expect((await again.call('test.publish', input(1), 'k')).ok).toMatchObject({ offset: 1 })
    expect((await after.store.tops('default', ['durable:a']))[0]?.head).toBe(1)
  })

  test('two nodes of a crash at the same store: the receipt in the commit decides, not the lookup', async () => {
    // The lookup finds nothing yet; the receipt is taken when the unit gets to the disk.
    let isBlind = true
    const t = await testNode({
      aroundStore: (store) => ({
        ...store,
        receipts: (scopes) =>
          isBlind ? Promise.resolve(scopes.map(() => undefined)) : store.receipts(scopes),
      }),
      limits: { maxMemoryReceipts: 0 },
    })
    const first = await t.call(testIdentity('alice'), 'test.publish', input(1), 'k')
    const second = await t.call(testIdentity('alice'), 'test.publish', input(1), 'k')
    expect(second).toEqual(first)
    isBlind = false
    await expect(t.call(testIdentity('alice'), 'test.publish', input(2), 'k')).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
  })

  test('other input under the same key is refused, in flight and afterwards', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 20 } })
    const alice = await t.client('alice')
    const first = alice.post(publish(1, 'k'))
    const twin = alice.post(publish(2, 'k'))
    await t.clock.settle()
    expect(alice.reply(twin).error).toMatchObject({ code: 'idempotency_mismatch', retryable: false })
    await t.clock.advance(100)
    expect(alice.reply(first).ok).toMatchObject({ offset: 1 })
    expect((await alice.call('test.publish', input(3), 'k')).error?.code).toBe('idempotency_mismatch')
  })

  test('keys count per app, user and command', async () => {
    const t = await testNode({ apps: ['other'] })
    const alice = await t.client('alice')
    const callers = [alice, await t.client('bob'), await t.client('alice', { app: 'other' })]
    const offsets = []
    for (const caller of callers) {
      await caller.subscribe('durable:a')
      offsets.push(((await caller.publish('durable:a', 1, 'k')).ok as { offset: number }).offset)
    }
    expect(offsets).toEqual([1, 2, 1])
    expect((await alice.call('test.count', { channel: 'durable:a' }, 'k')).ok).toEqual({ count: 1 })
  })

  test('the lookup comes before the permission: a repeat after a kick is still answered', async () => {
    const t = await testNode()
    await t.call(backend, 'test.admit', { channel: 'durable:a', user: 'alice' })
    const alice = await t.client('alice')
    const first = await alice.call('test.say', input('hello'), 'k')
    await t.call(backend, 'test.kick', { channel: 'durable:a', user: 'alice' })
    expect((await alice.call('test.say', input('hello'), 'k')).ok).toEqual(first.ok)
    expect((await alice.call('test.say', input('more'), 'k2')).error?.code).toBe('forbidden')
    // The token itself has lost the right to write; the repeat is answered all the same.
    const reader = await t.client('alice', { grants: [{ pattern: '*', actions: ['read'] }] })
    expect((await reader.call('test.say', input('hello'), 'k')).ok).toEqual(first.ok)
    const second = await alice.publish('durable:a', 7, 'k3')
    expect((await reader.publish('durable:a', 7, 'k3')).ok).toEqual(second.ok)
    expect((await reader.publish('durable:a', 8, 'k4')).error?.code).toBe('forbidden')
    // Nor does it matter that the receipt has to be looked up in the store.
    t.store.crash()
    const after = await testNode({ clock: t.clock, disk: t.store.disk })
    const again = await after.client('alice', { grants: [] })
    expect((await again.publish('durable:a', 7, 'k3')).ok).toEqual(second.ok)
    expect((await again.publish('durable:a', 8, 'k4')).error?.code).toBe('forbidden')
  })

  test('a unit of durable and other events is answered with a position for each, before and after a crash', async () => {
    const events = [
      { channel: 'live:a', data: 1 },
      { channel: 'durable:a', data: 2 },
      { channel: 'recent:a', data: 3 },
      { channel: 'durable:a', data: 4 },
    ]
    const t = await testNode()
    const alice = await t.client('alice')
    for (const channel of ['live:a', 'durable:a', 'recent:a']) await alice.subscribe(channel)
    const first = (await alice.call('test.publishMany', { events }, 'k')).ok as { offset: number }[]
    expect(first.map(({ offset }) => offset)).toEqual([1, 1, 1, 2])
    expect((await alice.call('test.publishMany', { events }, 'k')).ok).toEqual(first)
    t.store.crash()
    const after = await testNode({ clock: t.clock, disk: t.store.disk })
    const again = await after.client('alice')
    const repeat = (await again.call('test.publishMany', { events }, 'k')).ok
    const nowhere = { epoch: '', offset: 0 }
    expect(repeat).toEqual([nowhere, first[1], nowhere, first[3]])
  })

  test('a receipt expires; what has expired is swept out bite by bite', async () => {
    const t = await testNode({ limits: { idempotencyTtlMs: 10_000 } })
    const alice = await t.client('alice')
    await alice.publish('durable:a', 1, 'k')
    await t.clock.advance(9_000)
    expect((await alice.publish('durable:a', 1, 'k')).ok).toMatchObject({ offset: 1 })
    await t.clock.advance(3_000)
    expect((await alice.publish('durable:a', 1, 'k')).ok).toMatchObject({ offset: 2 })
  })

  test('receipts in memory are bounded: the oldest go', async () => {
    const t = await testNode({ limits: { maxMemoryReceipts: 2 } })
    const alice = await t.client('alice')
    for (const key of ['a', 'b', 'c']) await alice.publish('recent:a', key, key)
    expect((await alice.publish('recent:a', 'b', 'b')).ok).toMatchObject({ offset: 2 })
    expect((await alice.publish('recent:a', 'a', 'a')).ok).toMatchObject({ offset: 4 })
  })

  test('a command that only reads ignores the key', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    const heads = []
    for (let n = 0; n < 2; n++) {
      const { ok } = await alice.call('test.history', { channel: 'durable:a' }, 'k')
      heads.push((ok as { head: number }).head)
      await alice.publish('durable:a', n)
    }
    expect(heads).toEqual([0, 1])
  })

  test('a reply belongs to the connection on which it was asked: on the next one the repeat gets it', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 20 } })
    const old = await t.client('alice')
    old.post(publish(1, 'k'))
    await t.clock.settle()
    const next = t.stranger()
    await next.connect(testToken('alice'), old.session)
    const id = next.post(publish(1, 'k'))
    await t.clock.advance(100)
    expect(next.reply(id).ok).toMatchObject({ offset: 1 })
    expect(next.all('reply').map((reply) => reply.id)).toEqual([1, id])
    expect(next.faults).toEqual([])
  })
})
