import { expect, test } from 'vitest'
import { TokenBucket, TokenBuckets } from './token-bucket.ts'

const rate = { perSecond: 10, burst: 3 }

test('a bucket gives its burst at once, then one per tenth of a second, and says how long to wait', () => {
  const bucket = new TokenBucket(rate, 0)
  expect([1, 2, 3, 4].map(() => bucket.take(rate, 0))).toEqual([0, 0, 0, 100])
  expect([bucket.take(rate, 50), bucket.take(rate, 100), bucket.take(rate, 110)]).toEqual([50, 0, 90])
  expect(bucket.isFull(rate, 150)).toBe(false)
  expect(bucket.isFull(rate, 1_000)).toBe(true)
  // It holds no more than its burst, however long it waits.
  expect([1, 2, 3, 4].map(() => bucket.take(rate, 100_000))).toEqual([0, 0, 0, 100])
})

test('buckets are kept per key as long as they matter, and bounded in number', () => {
  const buckets = new TokenBuckets(rate, 2)
  for (const key of ['a', 'b']) for (let n = 0; n < 3; n++) buckets.take(key, 0)
  expect([buckets.take('a', 0), buckets.take('b', 0)]).toEqual([100, 100])
  // The oldest makes room; it is full again when it comes back.
  expect(buckets.take('c', 0)).toBe(0)
  expect(buckets.take('a', 0)).toBe(0)
  buckets.sweep(10_000)
  expect(buckets.take('b', 10_000)).toBe(0)
})

test('a rate of 0 is no limit', () => {
  const buckets = new TokenBuckets({ perSecond: 0, burst: 0 })
  expect([1, 2, 3].map(() => buckets.take('a', 0))).toEqual([0, 0, 0])
})
