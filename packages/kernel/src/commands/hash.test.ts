import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digest } from './hash.ts'

test('a digest is short, the same for the same text, and another for another', () => {
  const texts = fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(texts, ([one, other]) => {
      expect(digest(one)).toMatch(/^[\da-z]{1,11}[.][\da-z]{1,11}$/)
      expect(digest(one) === digest(other)).toBe(one === other)
    }),
  )
})

test('texts that differ little have digests of their own', () => {
  const digests = new Set<string>()
  for (let n = 0; n < 100_000; n++) digests.add(digest(`{"channel":"chat:1","data":${n}}`))
  expect(digests.size).toBe(100_000)
})

test('each half tells texts apart by itself', () => {
  const halves = Array.from({ length: 20_000 }, (_, n) => digest(`${n}`).split('.'))
  for (const half of [0, 1]) expect(new Set(halves.map((pair) => pair[half])).size).toBe(20_000)
  expect(halves.some(([one, other]) => one === other)).toBe(false)
})

test('the order of characters and what is not ASCII count', () => {
  const texts = ['', 'a', 'aa', 'ab', 'ba', '\0', '\ud800', '\udc00', 'é', 'e', '\u00e9\u0000']
  expect(new Set(texts.map(digest)).size).toBe(texts.length)
})
