import { expect, test } from 'vitest'
import { momentWords } from './moment-words.ts'

const now = new Date(2026, 4, 20, 12).getTime()
const day = 86_400_000

test('a time is said as people say it, before and after now', () => {
  const words = (days: number) => momentWords(now + days * day, now)
  expect(words(0)).toMatch(/^12.00|^12:00/)
  expect(words(-1)).toMatch(/^yesterday /)
  expect(words(1)).toMatch(/^tomorrow /)
  expect(words(-3)).toMatch(/^Sunday /)
  expect(words(-30)).toMatch(/20/)
  expect(words(-30)).not.toMatch(/2026/)
  expect(words(-400)).toMatch(/2025/)
})
