import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { Fences } from './fences.ts'

const refusal = new ParleyError('rate_limited', 'Wait.', { retryAfterMs: 70 })

test('holds what was sent behind a refused call until its client has heard of it, and nothing before it', () => {
  const fences = new Fences()
  expect(fences.holds('a', { id: 9, heard: 0 })).toBeUndefined()
  expect(fences.raise('a', { id: 5, heard: 0 }, refusal)).toBe(1)
  expect(fences.holds('a', { id: 6, heard: 0 })).toMatchObject({ code: 'rate_limited', retryAfterMs: 70 })
  expect(fences.holds('a', { id: 4, heard: 0 })).toBeUndefined()
  expect(fences.holds('b', { id: 6, heard: 0 })).toBeUndefined()
  expect(fences.raise('a', { id: 6, heard: 0 }, refusal)).toBe(2)
  // It has heard of the first alone: the second may be on its way back.
  expect(fences.holds('a', { id: 7, heard: 1 })).toBeDefined()
  expect(fences.holds('a', { id: 8, heard: 2 })).toBeUndefined()
})

test('a call that was refused after a later one holds what lies between', () => {
  const fences = new Fences()
  fences.raise('a', { id: 9, heard: 0 }, refusal)
  expect(fences.holds('a', { id: 5, heard: 0 })).toBeUndefined()
  fences.raise('a', { id: 6, heard: 0 }, refusal)
  expect(fences.holds('a', { id: 7, heard: 0 })).toBeDefined()
})

test('what came of the first is not said of the others, which were not begun', () => {
  const fences = new Fences()
  for (const [key, code, passedOn] of [
    ['a', 'outcome_unknown', 'unavailable'],
    ['b', 'internal', 'unavailable'],
    ['c', 'store_full', 'store_full'],
    ['d', 'overloaded', 'overloaded'],
  ] as const) {
    fences.raise(key, { id: 1, heard: 0 }, new ParleyError(code))
    expect(fences.holds(key, { id: 2, heard: 0 })?.code).toBe(passedOn)
  }
})

test('remembers a bounded number of keys: with more, all are held together, until their client knows', () => {
  const fences = new Fences()
  let last = 0
  for (let id = 1; id <= 1_000; id++) last = fences.raise(`key-${id}`, { id, heard: 0 }, refusal)
  for (const key of ['key-1', 'key-999', 'another'])
    expect([
      fences.holds(key, { id: 2_000, heard: last - 1 })?.code,
      fences.holds(key, { id: 2_000, heard: last }),
    ]).toEqual(['rate_limited', undefined])
  // Behind that, keys are told apart again.
  fences.raise('key-1', { id: 2_001, heard: last }, refusal)
  expect(fences.holds('key-1', { id: 2_002, heard: last })).toBeDefined()
  expect(fences.holds('key-2', { id: 2_003, heard: last })).toBeUndefined()
})
