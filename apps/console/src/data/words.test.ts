import { expect, test } from 'vitest'
import { agoWords, amountWords, byteWords, countWords, durationWords, spanWords } from './words.ts'

test('numbers carry units that fit their size', () => {
  expect([0, 999, 1_500, 254_000_000].map(byteWords)).toEqual(['0 B', '999 B', '1.5 kB', '254 MB'])
  expect([0, 0.123, 1.26, 12.4, 2_500].map(durationWords)).toEqual([
    '0 ms',
    '0.12 ms',
    '1.3 ms',
    '12 ms',
    '2.5 s',
  ])
  expect([45, 2_000, 59_000, 3_599_000, 7_200_000, 86_400_000, 36_500 * 86_400_000].map(spanWords)).toEqual([
    ...['45 ms', '2 s', '59 s', '60 min', '2 h', '1 d', '100 y'],
  ])
  expect([1.25, 15_000].map(countWords)).toEqual(['1.3', '15,000'])
  expect(amountWords(1, 'channel')).toBe('1 channel')
  expect(amountWords(0, 'channel')).toBe('0 channels')
})

test('times are told from now', () => {
  expect(agoWords(1_000, 1_800)).toBe('now')
  expect(agoWords(0, 61_000)).toBe('1 min ago')
  expect(agoWords(300_000, 0)).toBe('in 5 min')
})
