import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { Store, Unit } from '../ports/store.ts'
import { checkStore } from '../testing/check-store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryDisk } from './disk.ts'
import { type MemoryStoreOptions, memoryStore } from './store.ts'

const clock = new VirtualClock()

async function open(options: Partial<MemoryStoreOptions> = {}) {
  let store = memoryStore({ clock, ...options })
  const reopen = async () => {
    await store.close()
    store = memoryStore({ clock, disk: store.disk })
    return store
  }
  return { store, reopen, close: () => store.close() }
}

checkStore(test, open, { durable: true })

const unit = (data: string): Unit => ({
  app: 'acme',
  assertions: [],
  writes: [],
  events: [{ channel: 'room:a', type: 'test.happened', data, at: 1 }],
})
const head = async (store: Store) => (await store.tops('acme', ['room:a']))[0]?.head

test('a group is stored when its time has passed, and then everybody hears of it', async () => {
  const store = memoryStore({ clock, commitMs: () => 10 })
  const done: string[] = []
  void store.commit(unit('1')).then(() => done.push('1'))
  await clock.advance(6)
  void store.commit(unit('2')).then(() => done.push('2'))
  expect([done, await head(store), store.status().queued]).toEqual([[], 0, 2])
  await clock.advance(4)
  expect([done, await head(store), store.status().queued]).toEqual([['1', '2'], 2, 0])
  void store.commit(unit('3')).then(() => done.push('3'))
  await clock.advance(10)
  expect(done).toEqual(['1', '2', '3'])
})

test('a crash loses what was not stored, tells nobody, and the disk goes on elsewhere', async () => {
  const store = memoryStore({ clock, commitMs: () => 10, readMs: () => 10 })
  const [first] = await Promise.all([store.commit(unit('1')), clock.advance(10)])
  const [before] = await Promise.all([store.tops('acme', ['room:a', 'room:b']), clock.advance(20)])
  let outcome: unknown = 'open'
  const hear = (heard: unknown) => {
    outcome = heard
  }
  void store.commit(unit('lost')).then(hear, hear)
  void store.tops('acme', ['room:a']).then(hear, hear)
  store.crash()
  await clock.advance(1_000)
  expect(outcome).toBe('open')
  await expect(store.commit(unit('2'))).rejects.toMatchObject({ code: 'unavailable' })
  const next = memoryStore({ clock, disk: store.disk })
  expect(first.status).toBe('committed')
  expect(await next.tops('acme', ['room:a', 'room:b'])).toEqual(before)
  expect(await next.commit(unit('2'))).toMatchObject({ positions: [{ offset: 2 }] })
})

test('another seed means other epochs', async () => {
  const [one] = await memoryStore({ clock, disk: new MemoryDisk('one') }).tops('acme', ['room:a'])
  const [again] = await memoryStore({ clock, disk: new MemoryDisk('one') }).tops('acme', ['room:a'])
  const [two] = await memoryStore({ clock, disk: new MemoryDisk('two') }).tops('acme', ['room:a'])
  expect(again).toEqual(one)
  expect(two?.epoch).not.toBe(one?.epoch)
})

test('a failure before storing refuses the whole group; after storing, its outcome is unknown', async () => {
  let failAt: 'before' | 'after' | undefined = 'before'
  const store = memoryStore({
    clock,
    onCommit(units, phase) {
      if (phase === failAt) throw new ParleyError('outcome_unknown', `${units.length} units`)
    },
  })
  const failing = await Promise.allSettled([store.commit(unit('1')), store.commit(unit('2'))])
  expect(failing).toMatchObject([{ reason: { message: '2 units' } }, { reason: { code: 'outcome_unknown' } }])
  expect(await head(store)).toBe(0)
  failAt = 'after'
  await expect(store.commit(unit('3'))).rejects.toMatchObject({ code: 'outcome_unknown' })
  expect(await head(store)).toBe(1)
  failAt = undefined
  expect(await store.commit(unit('4'))).toMatchObject({ positions: [{ offset: 2 }] })
})

test.each(['before', 'after'] as const)('a crash %s storing tells nobody', async (phase) => {
  const store = memoryStore({ clock, onCommit: (_units, now) => (now === phase ? store.crash() : undefined) })
  let isSettled = false
  const settled = () => {
    isSettled = true
  }
  void store.commit(unit('1')).then(settled, settled)
  await clock.settle()
  expect(isSettled).toBe(false)
  expect(await head(memoryStore({ clock, disk: store.disk }))).toBe(phase === 'after' ? 1 : 0)
})

test('a broken disk stops writes, and readiness can tell why', async () => {
  const store = memoryStore({ clock })
  await store.commit(unit('1'))
  store.disk.problem = 'The disk is full.'
  await expect(store.commit(unit('2'))).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The disk is full.',
  })
  expect(store.status()).toEqual({ writable: false, problem: 'The disk is full.', queued: 0 })
  expect(await head(store)).toBe(1)
  store.disk.problem = undefined
  expect(await store.commit(unit('2'))).toMatchObject({ status: 'committed' })
})

test('a full queue refuses, and takes units again when it has emptied', async () => {
  const store = memoryStore({ clock, commitMs: () => 10, maxQueued: 3 })
  const accepted = ['1', '2', '3'].map((data) => store.commit(unit(data)))
  await expect(store.commit(unit('4'))).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 100 })
  await clock.advance(10)
  await Promise.all(accepted)
  await Promise.all([store.commit(unit('4')), clock.advance(10)])
  await Promise.all([expect(store.close()).resolves.toBeUndefined(), clock.advance(10)])
})

test('a slow read sees the state of some moment of its time', async () => {
  const store = memoryStore({ clock, readMs: () => 20 })
  const heads = new Set<number | undefined>()
  for (let round = 0; round < 30; round++) {
    const reading = head(store).then((found) => heads.add((found ?? 0) - round))
    await clock.advance(10)
    await store.commit(unit('1'))
    await clock.advance(11)
    await reading
  }
  expect(heads).toEqual(new Set([0, 1]))
})
