import { describe, expect, test } from 'vitest'
import { dataOf, EventRate } from './client-event.ts'

describe('the rate of client events', () => {
  test('lets so many through a second, and no more at once', () => {
    const rate = new EventRate(10)
    const taken = (at: number, times: number) =>
      Array.from({ length: times }, () => rate.take(at)).filter((isTaken) => isTaken).length
    expect(taken(1_000, 20)).toBe(10)
    expect(taken(1_050, 20)).toBe(0)
    expect(taken(1_100, 20)).toBe(1)
    expect(taken(1_600, 20)).toBe(5)
    expect(taken(60_000, 20)).toBe(10)
  })

  test('a clock that jumps back costs nothing', () => {
    const rate = new EventRate(1)
    expect([rate.take(5_000), rate.take(1_000), rate.take(2_000)]).toEqual([true, false, true])
  })
})

test.each([
  ['{"a":1}', { a: 1 }],
  ['[1,"x"]', [1, 'x']],
  ['5', 5],
  ['null', null],
  ['{"a": 1}', '{"a": 1}'],
  ['"text"', '"text"'],
  ['1.0', '1.0'],
  ['12345678901234567890', '12345678901234567890'],
  ['plain', 'plain'],
  ['', ''],
])('%s is kept as what it can be made from again', (text, value) => expect(dataOf(text)).toEqual(value))
