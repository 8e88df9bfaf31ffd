import { expect, test } from 'vitest'
import { JoinedLines } from './joined-lines.ts'

test('lines, each behind a line feed, also when others were joined before', () => {
  const joined = new JoinedLines()
  expect(joined.of(['a', 'b'])?.text).toBe('\na\nb')
  expect(joined.of(['a', 'b'])?.text).toBe('\na\nb')
  expect(joined.of(['a'])?.text).toBe('\na')
  expect(joined.of(['a', 'c'])?.text).toBe('\na\nc')
  expect(joined.of([])).toBeUndefined()
})
