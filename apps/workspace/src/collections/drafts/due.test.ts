import { expect, test } from 'vitest'
import { localText, momentIn, usualTimes } from './due.ts'

test('a field for a day and a time says the moment that it was given', () => {
  const at = new Date(2026, 0, 5, 9, 7).getTime()
  expect(localText(at)).toBe('2026-01-05T09:07')
  expect(momentIn(localText(at))).toBe(at)
  expect(momentIn('')).toBeUndefined()
})

test('what is offered lies in the future; on a Monday the next one is meant', () => {
  const monday = new Date(2026, 4, 18, 21, 30).getTime()
  const offered = usualTimes(monday)
  expect(offered.map(({ label }) => label)).toEqual(['In an hour', 'Tomorrow, 9:00', 'Monday, 9:00'])
  expect(new Date(offered[2]?.at ?? 0)).toEqual(new Date(2026, 4, 25, 9))
})
