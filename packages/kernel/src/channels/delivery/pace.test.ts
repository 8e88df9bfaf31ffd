import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('who keeps up has whole slices, however much comes', () => {
  const pace = new Pace(5)
  for (let now = 0; now < 10_000; now += 10) {
    expect(pace.until(now)).toBe(now + 5)
    pace.ended(now, now % 100 !== 0)
  }
})

test('who stays behind has shorter slices until it has caught up', () => {
  const pace = new Pace(5)
  for (let now = 0; now <= 1_000; now += 10) pace.ended(now, true)
  expect(pace.isSaturated(1_010)).toBe(true)
  expect(pace.until(1_010)).toBe(1_012)
  pace.ended(1_010, false)
  expect(pace.isSaturated(1_020)).toBe(false)
  expect(pace.until(1_020)).toBe(1_025)
})
