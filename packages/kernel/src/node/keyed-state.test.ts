import type { StateSnapshot, SubscribeResult } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, testIdentity, testNode, testToken } from '../testing/test-node.ts'

const channel = 'durable:a'
const set = (client: TestClient, name: string, value: unknown) =>
  client.ask({ op: 'set', channel, name, value })
const here = (client: TestClient) => Object.keys(client.state(channel)).sort()

async function watcher(t: TestNode, user = 'watcher'): Promise<TestClient> {
  const client = await t.client(user)
  await client.subscribe(channel, { state: true })
  return client
}

describe('keyed state', () => {
  test('comes as a snapshot with the subscribe reply, then as differences that name their predecessor', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    await alice.subscribe(channel)
    await set(alice, 'typing', true)
    const bob = await watcher(t, 'bob')
    expect(bob.state(channel, 'typing')).toEqual({ alice: true })
    await set(alice, 'typing', { since: 5 })
    await set(alice, 'typing', null)
    await set(alice, 'cursor', [1, 2])
    const frames = bob.all('state')
    for (const [index, frame] of frames.entries())
      if (index > 0) expect(frame.prev).toBe(frames[index - 1]?.version)
    expect(bob.state(channel, 'typing')).toEqual({})
    expect(bob.state(channel, 'cursor')).toEqual({ alice: [1, 2] })
    expect(bob.states.get(channel)?.gaps).toBe(0)
    // Who did not ask for state hears nothing of it.
    expect(alice.all('state')).toEqual([])
  })

  test('changes of one turn are one frame, the latest of each key; a value set again is no change', async () => {
    const t = await testNode()
    const bob = await watcher(t, 'bob')
    const before = bob.all('state').length
    for (let n = 0; n < 10; n++) bob.post({ op: 'set', channel, name: 'cursor', value: n })
    await t.clock.settle()
    const frames = bob.all('state').slice(before)
    expect(frames.length).toBeLessThan(10)
    expect(bob.state(channel, 'cursor')).toEqual({ bob: 9 })
    await set(bob, 'cursor', 9)
    expect(bob.all('state')).toHaveLength(before + frames.length)
  })

  test('a large map comes in pages that fit into a message, and changes between pages are not lost', async () => {
    const t = await testNode()
    const total = 2_300
    const users: TestClient[] = []
    for (let n = 0; n < total; n++) {
      const client = await t.client(`u${n}`)
      await client.subscribe(channel)
      users.push(client)
    }
    const bob = await t.client('bob')
    const { ok } = await bob.subscribe(channel, { state: true, silent: true })
    let page = ok?.state as StateSnapshot
    expect(page.entries.length).toBeGreaterThan(300)
    expect(bob.all('chunk')).toEqual([])
    expect(page.total).toBe(total)
    const view = bob.states.get(channel)!
    let pages = 1
    while (page.next !== undefined) {
      // One leaves that was in the first page, one that comes later changes.
      await users[pages]!.ask({ op: 'unsubscribe', channel })
      await set(users[total - pages]!, 'mood', pages)
      page = (await bob.ask({ op: 'state', channel, after: page.next })).ok as StateSnapshot
      for (const entry of page.entries) view.entries.set(entry.key, entry)
      pages += 1
    }
    const changes = pages - 1
    expect(changes).toBeGreaterThan(2)
    expect(here(bob)).toHaveLength(total - changes)
    const moods = Array.from({ length: changes }, (_, n) => [`u${total - n - 1}`, n + 1])
    expect(bob.state(channel, 'mood')).toEqual(Object.fromEntries(moods))
    expect(view.gaps).toBe(0)
  })

  test('a gap is mended by a new snapshot: who is too far behind to be told the difference learns so', async () => {
    const t = await testNode({ limits: { highWaterBytes: 500 } })
    const slow = await watcher(t, 'slow')
    const alice = await t.client('alice')
    await alice.subscribe(channel)
    slow.wire.stall()
    for (let n = 0; n < 8; n++) await alice.publish(channel, 'x'.repeat(200))
    // More changes than are remembered.
    for (let n = 0; n < 17_000; n++) {
      alice.post({ op: 'set', channel, name: `n${n % 50}`, value: n })
      if (n % 500 === 0) await t.clock.settle()
    }
    await t.clock.settle()
    slow.wire.resume()
    await t.clock.settle()
    const view = slow.states.get(channel)!
    expect(view.gaps).toBe(1)
    const { ok } = await slow.ask({ op: 'state', channel })
    const snapshot = ok as StateSnapshot
    expect(snapshot.version).toBeGreaterThan(17_000)
    expect(snapshot.entries).toHaveLength(52)
    await set(alice, 'n0', 'after')
    expect(slow.state(channel, 'n0')).toEqual({ alice: 'after' })
    expect(slow.states.get(channel)?.gaps).toBe(0)
  })

  test('is set by subscribers with permission only, within bounds, and never as `presence`', async () => {
    const kinds = { ...testKinds, durable: { limits: { maxStateBytes: 20, maxStateEntries: 3 } } }
    const t = await testNode({ modules: [testModule(kinds)], limits: { maxStateEntriesPerSession: 2 } })
    const alice = await t.client('alice')
    const code = async (client: TestClient, name: string, value: unknown) =>
      (await set(client, name, value)).error?.code
    expect(await code(alice, 'typing', 1)).toBe('not_subscribed')
    expect((await alice.ask({ op: 'state', channel })).error?.code).toBe('not_subscribed')
    await alice.subscribe(channel, { silent: true })
    expect(await code(alice, 'presence', 1)).toBe('bad_request')
    expect(await code(alice, 'typing', 'x'.repeat(30))).toBe('payload_too_large')
    expect(await code(alice, 'a', 1)).toBeUndefined()
    expect(await code(alice, 'b', 1)).toBeUndefined()
    expect((await set(alice, 'c', 1)).error).toMatchObject({
      code: 'limit_exceeded',
      details: { limit: 'maxStateEntriesPerSession' },
    })
    expect(await code(alice, 'b', 2)).toBeUndefined()
    const bob = await t.client('bob', { grants: [{ pattern: '*', actions: ['read'] }] })
    await bob.subscribe(channel, { silent: true })
    expect(await code(bob, 'a', 1)).toBe('forbidden')
    const carl = await t.client('carl')
    await carl.subscribe(channel, { silent: true })
    expect(await code(carl, 'a', 1)).toBeUndefined()
    expect((await set(carl, 'b', 1)).error).toMatchObject({
      code: 'limit_exceeded',
      details: { limit: 'maxStateEntries' },
    })
    expect(await code(alice, 'a', null)).toBeUndefined()
    expect(await code(carl, 'b', 1)).toBeUndefined()
  })

  test('a channel too full for a presence refuses the subscription as a whole', async () => {
    const kinds = { ...testKinds, durable: { limits: { maxStateEntries: 1 } } }
    const t = await testNode({ modules: [testModule(kinds)] })
    const alice = await t.client('alice')
    await alice.subscribe(channel)
    const bob = await t.client('bob')
    expect((await bob.subscribe(channel)).error?.code).toBe('limit_exceeded')
    await alice.publish(channel, 1)
    expect(bob.events).toEqual([])
    expect(bob.faults).toEqual([])
    expect((await bob.subscribe(channel, { silent: true })).ok).toBeDefined()
  })
})

describe('presence', () => {
  test('shows who subscribed, with what the token says of them, and not who is silent', async () => {
    const t = await testNode()
    const bob = await watcher(t, 'bob')
    const alice = await t.client('alice', { profile: { name: 'Alice' } })
    await alice.subscribe(channel)
    const spy = await t.client('spy')
    await spy.subscribe(channel, { silent: true })
    expect(here(bob)).toEqual(['alice', 'bob'])
    expect(bob.state(channel)).toMatchObject({
      alice: { since: expect.any(Number), profile: { name: 'Alice' } },
    })
    await alice.ask({ op: 'unsubscribe', channel })
    expect(here(bob)).toEqual(['bob'])
  })

  test('does not flicker when a page is reloaded within 5 s', async () => {
    const t = await testNode()
    const bob = await watcher(t, 'bob')
    const alice = await t.client('alice')
    await alice.subscribe(channel)
    await set(alice, 'mood', 'fine')
    const frames = bob.all('state').length
    alice.wire.drop()
    await t.clock.advance(4_000)
    const again = t.stranger()
    await again.connect(testToken('alice'), alice.session)
    await again.subscribe(channel, { from: alice.positions.get(channel)! })
    await t.clock.advance(20_000)
    expect(bob.all('state')).toHaveLength(frames)
    expect(bob.state(channel, 'mood')).toEqual({ alice: 'fine' })
  })

  test('ends when the grace does, also on the second drop of the session', async () => {
    const t = await testNode()
    const bob = await watcher(t, 'bob')
    const alice = await t.client('alice')
    // The first drop, without a subscription: the session waits for 30 s.
    alice.wire.drop()
    await t.clock.advance(1_000)
    const again = t.stranger()
    await again.connect(testToken('alice'), alice.session)
    await again.subscribe(channel)
    again.wire.drop()
    await t.clock.advance(4_500)
    expect(here(bob)).toEqual(['alice', 'bob'])
    await t.clock.advance(1_500)
    expect(here(bob)).toEqual(['bob'])
    expect(t.node.status().sessions).toBe(2)
    await t.clock.advance(30_000)
    expect(t.node.status().sessions).toBe(1)
  })

  test('who comes back silently is not seen any more', async () => {
    const t = await testNode()
    const bob = await watcher(t, 'bob')
    const alice = await t.client('alice')
    await alice.subscribe(channel)
    await set(alice, 'mood', 'shy')
    alice.wire.drop()
    const again = t.stranger()
    await again.connect(testToken('alice'), alice.session)
    await again.subscribe(channel, { silent: true })
    expect(here(bob)).toEqual(['bob'])
    await t.clock.advance(10_000)
    expect(bob.state(channel, 'mood')).toEqual({ alice: 'shy' })
  })

  test('a kind without presence shows nobody; one with another grace keeps it', async () => {
    const kinds = { plain: { presence: false }, patient: { presenceGraceMs: 20_000 } }
    const t = await testNode({ modules: [testModule(kinds)] })
    const alice = await t.client('alice')
    const { ok } = await alice.subscribe('plain:a', { state: true })
    expect(ok?.state?.entries).toEqual([])
    const bob = await t.client('bob')
    await bob.subscribe('patient:a', { state: true })
    await alice.subscribe('patient:a')
    alice.wire.drop()
    await t.clock.advance(19_000)
    expect(Object.keys(bob.state('patient:a'))).toEqual(['bob', 'alice'])
    await t.clock.advance(2_000)
    expect(Object.keys(bob.state('patient:a'))).toEqual(['bob'])
  })

  test('a process that crashed leaves nobody behind: the next one has a map of its own', async () => {
    const t = await testNode()
    const bob = await watcher(t, 'bob')
    const alice = await t.client('alice')
    await alice.subscribe(channel)
    t.store.crash()
    const after = await testNode({ clock: t.clock, disk: t.store.disk })
    const again = await watcher(after, 'bob')
    expect(here(again)).toEqual(['bob'])
    expect(again.states.get(channel)?.instance).not.toBe(bob.states.get(channel)?.instance)
  })

  test('handlers see it: the state, how many sessions and users, and a user’s sessions', async () => {
    const kinds = testKinds
    const seen: unknown[] = []
    const before = (
      name: string,
      ctx: {
        channels: {
          presence(name: string): unknown
          state(name: string): StateSnapshot
          sessions(user: string): Promise<readonly unknown[]>
        }
      },
    ) => {
      if (name !== 'history') return undefined
      const look = async () =>
        void seen.push(
          ctx.channels.presence(channel),
          ctx.channels.state(channel).total,
          await ctx.channels.sessions('alice'),
        )
      return look()
    }
    const t = await testNode({ modules: [testModule(kinds, before)] })
    const look = () => t.call(testIdentity(undefined), 'test.history', { channel: 'durable:other' })
    await look()
    expect(seen.splice(0)).toEqual([{ sessions: 0, users: 0 }, 0, []])
    const phone = await t.client('alice')
    const laptop = await t.client('alice')
    const guest = await t.connect({
      app: 'default',
      role: 'user',
      grants: [{ pattern: '*', actions: ['*'] }],
    })
    for (const client of [phone, laptop, guest]) await client.subscribe(channel)
    laptop.wire.drop()
    await t.clock.settle()
    await look()
    expect(seen).toMatchObject([
      { sessions: 3, users: 2 },
      3,
      [
        { user: 'alice', transport: 'memory', connected: true, channels: 1 },
        { user: 'alice', connected: false, channels: 0 },
      ],
    ])
  })

  test('a channel that nobody uses is forgotten after a minute, not while somebody’s state is in it', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    const { ok } = await alice.subscribe('live:a', { state: true })
    await t.clock.advance(300_000)
    expect(t.node.status().channels).toBe(1)
    await alice.ask({ op: 'unsubscribe', channel: 'live:a' })
    await t.clock.advance(59_000)
    expect(t.node.status().channels).toBe(1)
    await t.clock.advance(3_000)
    expect(t.node.status().channels).toBe(0)
    const { ok: again } = await alice.subscribe('live:a', {
      from: (ok as SubscribeResult).position,
      state: true,
    })
    expect(again).toMatchObject({ recovered: false, reason: 'not_stored' })
    expect(again?.state?.instance).not.toBe(ok?.state?.instance)
  })
})
