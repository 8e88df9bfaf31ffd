import { expect, test } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { type CacheEntry, type CacheOptions, type CacheStore, openCache } from './cache.ts'

function storeOf(entries = new Map<string, CacheEntry>()): CacheStore & { readonly writes: number } {
  let writes = 0
  return {
    get writes() {
      return writes
    },
    load: async () => [...entries.values()],
    async write(changed, gone) {
      writes += 1
      for (const entry of changed) entries.set(entry.key, entry)
      for (const key of gone) entries.delete(key)
    },
    clear: async () => entries.clear(),
    close: async () => undefined,
  }
}

const clock = new ManualClock()
const open = (store: CacheStore, more: Partial<CacheOptions> = {}) =>
  openCache({ name: 'parley-cache:ada', clock, store, ...more })

test('what was set is there in the next life; changes of a moment are one write', async () => {
  const store = storeOf()
  const cache = await open(store)
  for (let n = 0; n < 10; n++) cache.set('a', { n })
  cache.set('b', [1])
  cache.set('c', 'gone')
  cache.delete('c')
  expect(cache.get('a')).toEqual({ n: 9 })
  await clock.advance(1_000)
  expect(store.writes).toBe(1)
  const next = await open(store)
  expect(['a', 'b', 'c'].map((key) => next.get(key))).toEqual([{ n: 9 }, [1], undefined])
})

test('is bounded: what was set longest ago goes, in the store too; what is too long is not kept', async () => {
  const store = storeOf()
  const cache = await open(store, { maxLength: 400 })
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    cache.set(key, 'x'.repeat(90))
    await clock.advance(1)
  }
  cache.set('too long', 'x'.repeat(101))
  await cache.close()
  const next = await open(store)
  expect(['a', 'b', 'e', 'too long'].map((key) => next.get(key) !== undefined)).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('forgets what another version has kept', async () => {
  const store = storeOf()
  const cache = await open(store, { version: '1' })
  cache.set('a', 1)
  await cache.close()
  expect((await open(store, { version: '2' })).get('a')).toBeUndefined()
  await clock.advance(1_000)
  expect((await open(store, { version: '1' })).get('a')).toBeUndefined()
})

test('is empty after it was wiped, whatever was on its way', async () => {
  const store = storeOf()
  const cache = await open(store)
  cache.set('a', 'secret')
  await cache.flush()
  cache.set('b', 'secret')
  await cache.wipe()
  expect(cache.get('a')).toBeUndefined()
  await clock.advance(1_000)
  expect(await store.load()).toEqual([])
})

test('a store that fails is told of, and the cache works as long as the page', async () => {
  const problems: unknown[] = []
  const fail = async () => Promise.reject(new Error('No disk.'))
  const cache = await open(
    { load: fail, write: fail, clear: fail, close: fail },
    { onProblem: (error) => problems.push(error) },
  )
  cache.set('a', 1)
  await cache.flush()
  expect([cache.get('a'), problems.length]).toEqual([1, 2])
})
