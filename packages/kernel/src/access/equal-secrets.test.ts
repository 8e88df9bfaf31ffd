import { expect, test } from 'vitest'
import { equalSecrets } from './equal-secrets.ts'

test.each([
  ['abc', 'abc', true],
  ['abc', 'abd', false],
  ['abc', 'ab', false],
  ['abc', 'abcabc', false],
  ['abc', '', false],
  ['', 'abc', false],
])('%j and %j', (secret, given, isEqual) => {
  expect(equalSecrets(secret, given)).toBe(isEqual)
})
