import { expect, test } from 'vitest'
import { untilOf } from './statuses.ts'

test('a status ends when it says', () => {
  const wednesday = new Date(2026, 4, 20, 15, 30).getTime()
  expect(untilOf('hour', wednesday)).toBe(new Date(2026, 4, 20, 16, 30).getTime())
  expect(untilOf('day', wednesday)).toBe(new Date(2026, 4, 21).getTime())
  expect(untilOf('week', wednesday)).toBe(new Date(2026, 4, 25).getTime())
  expect(untilOf('never', wednesday)).toBeUndefined()
  const sunday = new Date(2026, 4, 24, 10).getTime()
  expect(untilOf('week', sunday)).toBe(new Date(2026, 4, 25).getTime())
})
