import type { SubscribeResult } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, testIdentity, testNode } from '../testing/test-node.ts'

const channel = 'durable:a'

async function counter(t: TestNode): Promise<TestClient> {
  const client = await t.client('counter')
  await client.subscribe(channel, { occupancy: true, silent: true })
  return client
}

const counts = (client: TestClient) => client.all('occupancy').map(({ sessions, users }) => [sessions, users])

async function join(t: TestNode, user: string): Promise<TestClient> {
  const client = await t.client(user)
  await client.subscribe(channel)
  return client
}

test('the counts come with the reply and when they change, without any entry', async () => {
  const t = await testNode()
  const alice = await join(t, 'alice')
  const watcher = await t.client('watcher')
  const { ok } = await watcher.subscribe(channel, { occupancy: true })
  expect(ok?.occupancy).toEqual({ sessions: 2, users: 2 })
  expect(ok).not.toHaveProperty('state')
  await t.clock.advance(1_000)
  await join(t, 'alice')
  await t.clock.advance(1_000)
  alice.wire.close(1000)
  await t.clock.advance(1_000)
  expect(counts(watcher).slice(-2)).toEqual([
    [3, 2],
    [2, 2],
  ])
  expect(watcher.all('state')).toEqual([])
  // Who did not ask is not told.
  expect(alice.all('occupancy')).toEqual([])
})

test('two thousand who come and go within seconds make a handful of frames, and the last one is right', async () => {
  const t = await testNode()
  const watcher = await counter(t)
  const clients: TestClient[] = []
  for (let n = 0; n < 2_000; n++) {
    clients.push(await join(t, `u${n % 1_500}`))
    if (n % 10 === 0) await t.clock.advance(20)
  }
  for (const [n, client] of clients.entries()) {
    if (n % 2 === 0) client.wire.close(1000)
    if (n % 10 === 0) await t.clock.advance(20)
  }
  await t.clock.advance(1_000)
  const frames = watcher.all('occupancy').length
  expect(frames).toBeLessThanOrEqual(2 * (2 * 4) + 3)
  // u0 … u499 had two sessions, of which the second leaves with the first: both numbers are even.
  expect(counts(watcher).at(-1)).toEqual([1_000, 750])
  await t.clock.advance(60_000)
  expect(watcher.all('occupancy')).toHaveLength(frames)
  expect(t.clock.elapsed()).toBeLessThan(120_000)
})

test('who reads slowly gets the newest counts when the connection takes them again', async () => {
  const t = await testNode()
  const watcher = await counter(t)
  await t.clock.advance(1_000)
  watcher.wire.stall()
  await t.call(testIdentity(undefined), 'test.publish', { channel, data: 'x'.repeat(60_000) })
  await t.call(testIdentity(undefined), 'test.publish', { channel, data: 'x'.repeat(60_000) })
  for (const user of ['a', 'b', 'c']) {
    await join(t, user)
    await t.clock.advance(1_000)
  }
  expect(watcher.all('occupancy')).toEqual([])
  watcher.wire.resume()
  await t.clock.advance(1_000)
  expect(counts(watcher)).toEqual([[3, 3]])
  expect(watcher.faults).toEqual([])
})

test('who joins between a change and its news is not left with counts that are over', async () => {
  const t = await testNode()
  const early = await counter(t)
  await join(t, 'alice')
  const bob = await join(t, 'bob')
  const late = await t.client('late')
  const { ok } = await late.subscribe(channel, { occupancy: true, silent: true })
  expect(ok?.occupancy).toEqual({ sessions: 2, users: 2 })
  bob.wire.close(1000)
  await t.clock.advance(2_000)
  expect([counts(early).at(-1), counts(late).at(-1)]).toEqual([
    [1, 1],
    [1, 1],
  ])
})

test('a subscription that ends is told no more, and a node that stops leaves no timer', async () => {
  const t = await testNode()
  const watcher = await counter(t)
  await join(t, 'alice')
  await join(t, 'bob')
  await watcher.ask({ op: 'unsubscribe', channel })
  const told = watcher.all('occupancy').length
  await t.clock.advance(5_000)
  expect(watcher.all('occupancy')).toHaveLength(told)
  const again = await counter(t)
  await join(t, 'carol')
  await join(t, 'dave')
  expect(again.all('occupancy')).toHaveLength(1)
  await t.node.stop()
  expect(t.clock.pendingTimers).toBe(0)
})

test('a kind without presence has nothing to count, and a wish that is none is refused', async () => {
  const t = await testNode({ modules: [testModule({ ...testKinds, mute: { presence: false } })] })
  const alice = await t.client('alice')
  expect((await alice.subscribe('mute:a', { occupancy: true })).error?.code).toBe('bad_request')
  const both = await alice.subscribe(channel, { occupancy: true, state: true })
  expect(both.ok as SubscribeResult).toMatchObject({
    occupancy: { sessions: 1, users: 1 },
    state: { total: 1 },
  })
  const bad = alice.post({ op: 'subscribe', channel: 'durable:b', occupancy: 'yes' })
  await t.clock.settle()
  expect(alice.reply(bad).error?.code).toBe('bad_frame')
})
