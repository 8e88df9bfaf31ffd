import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closeCodes, closeVerdict } from './close-codes.ts'

test('codes are unique and in the private range', () => {
  const codes = Object.values(closeCodes)
  expect(new Set(codes).size).toBe(codes.length)
  for (const code of codes) expect(code >= 4000 && code < 4300).toBe(true)
})

test('a code in no range means reconnect: a client never stops for a reason it does not know', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_535 }), (code) => {
      const verdict = closeVerdict(code)
      if (code < 4000 || code >= 4200) expect(verdict).toBe('reconnect')
      else expect(verdict).toBe(code < 4100 ? 'stop' : 'refresh')
    }),
  )
})

test('verdicts that clients of other versions rely on', () => {
  expect(closeVerdict(closeCodes.unauthenticated)).toBe('stop')
  expect(closeVerdict(closeCodes.token_expired)).toBe('refresh')
  expect(closeVerdict(closeCodes.server_stopping)).toBe('reconnect')
})
