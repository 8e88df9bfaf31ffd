import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Identity } from '../ports/authenticator.ts'
import { Revocations } from './revocations.ts'

const token = (over: Partial<Identity> = {}): Identity => ({
  app: 'app',
  user: 'ann',
  role: 'user',
  grants: [],
  tokenId: 't1',
  issuedAt: 100,
  ...over,
})
const { issuedAt: _, ...undated } = token()
const key: Identity = { app: 'app', role: 'backend', grants: [], tokenId: 'key1' }

describe('a revocation', () => {
  test.each([
    ['of a token covers it', { tokenId: 't1' }, token(), true],
    ['of a token covers no other', { tokenId: 't1' }, token({ tokenId: 't2' }), false],
    ['of a token covers none of another app', { tokenId: 't1' }, token({ app: 'b' }), false],
    ['of a user covers all tokens', { user: 'ann' }, token({ issuedAt: 1e15 }), true],
    ['of a user covers nobody else', { user: 'ann' }, token({ user: 'bob' }), false],
    ['of a user covers nobody in another app', { user: 'ann' }, token({ app: 'b' }), false],
    ['of a user up to a time covers older tokens', { user: 'ann', issuedBefore: 101 }, token(), true],
    ['of a user up to a time covers no newer ones', { user: 'ann', issuedBefore: 100 }, token(), false],
    ['covers a token that does not say when it was issued', { user: 'ann', issuedBefore: 1 }, undated, true],
    ['of everybody up to a time covers older tokens', { issuedBefore: 101 }, token({ user: 'bob' }), true],
    ['of everybody up to a time covers no newer ones', { issuedBefore: 100 }, token(), false],
    ['of everybody covers no other app', { issuedBefore: 101 }, token({ app: 'b' }), false],
    ['of everybody covers no app key', { issuedBefore: 101 }, key, false],
    ['of an app key covers it', { tokenId: 'key1' }, key, true],
    ['of nothing covers nothing', {}, token(), false],
  ])('%s', (_what, revocation, identity, isCovered) => {
    const revocations = new Revocations()
    expect(revocations.covers(identity)).toBe(false)
    revocations.add('app', revocation)
    expect(revocations.covers(identity)).toBe(isCovered)
  })

  test('is never undone by another, in whatever order they come', () => {
    const one = fc.record(
      {
        tokenId: fc.constantFrom('t1', 't2'),
        user: fc.constantFrom('ann', 'bob'),
        issuedBefore: fc.nat(200),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(one, { maxLength: 10 }), fc.nat(200), (list, issuedAt) => {
        const identity = token({ issuedAt })
        const all = new Revocations()
        let isCovered = false
        for (const revocation of list) {
          const alone = new Revocations()
          alone.add('app', revocation)
          all.add('app', revocation)
          isCovered ||= alone.covers(identity)
          expect(all.covers(identity)).toBe(isCovered)
        }
      }),
    )
  })
})
