import type { MemoryStore } from '@parley/kernel/memory'
import { type TestNode, testIdentity, testModule, testNode, testToken } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { presenceModule } from './index.ts'
import { presenceNode, presenceOf, seen, timeline, watcherOf } from './testing/presence-node.ts'

const channel = 'presence:ada'
const modules = () => [presenceModule(), testModule({ room: { durability: 'ephemeral' } })]

/** The node dies without a word, and another one starts over what is on disk. */
async function killAndRestart(t: TestNode, downMs = 2_000): Promise<TestNode> {
  t.store.crash()
  await t.clock.advance(downMs)
  return testNode({ modules: modules(), clock: t.clock, disk: t.store.disk })
}

test('after a kill those who come back within the grace were never offline; the others go, with the time of then', async () => {
  const before = await presenceNode()
  await before.client('ada')
  await before.client('grace')
  await before.clock.advance(90_000)
  const t = await killAndRestart(before)
  const killedAt = t.clock.now() - 2_000
  const watcher = await watcherOf(t, 'ada')
  await watcher.subscribe('presence:grace', { state: true })
  expect(seen(watcher, channel, 'ada')).toMatchObject({ availability: 'online' })
  expect(seen(watcher, 'presence:grace', 'grace')).toMatchObject({ availability: 'online' })
  await t.clock.advance(6_000)
  await t.client('ada')
  await t.clock.advance(30_000)
  expect(timeline(watcher, channel, 'ada').filter((one) => one !== 'online')).toEqual([])
  expect(timeline(watcher, 'presence:grace', 'grace').at(-1)).toBe('offline')
  await t.clock.advance(2_000)
  const { lastSeen } = (await presenceOf(t, 'grace')) ?? {}
  // Known to within the minute in which the node last noted that it lives.
  expect(lastSeen).toBeLessThanOrEqual(killedAt)
  expect(lastSeen).toBeGreaterThan(killedAt - 61_000)
})

test('a node that is stopped in good order leaves its users present for the next one', async () => {
  const before = await presenceNode()
  const ada = await before.client('ada')
  await ada.call('presence.set', { availability: 'busy' })
  await before.clock.advance(5_000)
  const since = (await presenceOf(before, 'ada'))?.since
  const stopping = before.node.stop()
  await before.clock.advance(10_000)
  await stopping
  expect(before.clock.pendingTimers).toBe(0)
  const t = await testNode({ modules: modules(), clock: before.clock, disk: before.store.disk })
  expect(await presenceOf(t, 'ada')).toEqual({ user: 'ada', availability: 'busy', since })
  // Who signs out within the grace is gone at once.
  const again = t.stranger()
  await again.connect(testToken('ada'))
  again.wire.close(1000)
  await t.clock.settle()
  expect(await presenceOf(t, 'ada')).toMatchObject({ availability: 'offline' })
})

test('who was offline or invisible is not taken for present', async () => {
  const before = await presenceNode()
  const gone = await before.client('ada')
  await before.client('grace')
  await before.call(testIdentity('grace'), 'presence.setSettings', { invisible: true })
  await before.clock.advance(5_000)
  gone.wire.close(1000)
  await before.clock.advance(3_000)
  const t = await killAndRestart(before)
  expect(await presenceOf(t, 'ada')).toMatchObject({ availability: 'offline' })
  expect(await presenceOf(t, 'grace')).toMatchObject({ availability: 'offline' })
})

test('while the store takes no writes presence goes on, and what it missed is written afterwards', async () => {
  let isFull = false
  const t = await presenceNode({
    aroundStore: (store: MemoryStore) => ({
      ...store,
      commit: async (unit) => {
        if (isFull && unit.writes.length > 0) throw new Error('The disk is full.')
        return store.commit(unit)
      },
    }),
  })
  const watcher = await watcherOf(t, 'ada')
  isFull = true
  const ada = await t.client('ada')
  await t.clock.advance(10_000)
  expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
  expect((await ada.call('presence.setStatus', { text: 'lost' })).error).toBeDefined()
  expect(seen(watcher, channel, 'ada')).not.toHaveProperty('status')
  isFull = false
  await t.clock.advance(10_000)
  const { changes } = (await t.call(testIdentity('ada'), 'presence.history', {})) as { changes: unknown[] }
  expect(changes).toHaveLength(1)
})

test('while a profile cannot be read its user is shown to nobody, who may want to be invisible', async () => {
  let isBroken = false
  const t = await presenceNode({
    aroundStore: (store: MemoryStore) => ({
      ...store,
      record: async (app, table, key) => {
        if (isBroken && table === 'presence_profiles') throw new Error('A disk is missing.')
        return store.record(app, table, key)
      },
    }),
  })
  const watcher = await watcherOf(t, 'ada')
  isBroken = true
  await t.client('ada')
  await t.clock.advance(3_000)
  expect(seen(watcher, channel, 'ada')).toBeUndefined()
  isBroken = false
  await t.clock.advance(2_000)
  expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
})
