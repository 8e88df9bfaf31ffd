import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonSubprotocol, negotiateSubprotocol, negotiateVersion, supportedVersions } from './version.ts'

test('the version is the highest in common, in whatever order it is offered', () => {
  const versions = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 8 })
  fc.assert(
    fc.property(versions, versions, (offered, supported) => {
      const common = offered.filter((version) => supported.includes(version))
      const best = common.length === 0 ? undefined : Math.max(...common)
      expect(negotiateVersion(offered, supported)).toBe(best)
      expect(negotiateVersion(offered.toReversed(), supported)).toBe(best)
    }),
  )
})

test('this build speaks what its subprotocol says', () => {
  expect(negotiateVersion(supportedVersions)).toBe(supportedVersions[0])
  expect(jsonSubprotocol).toBe(`parley.v${supportedVersions[0]}.json`)
  expect(negotiateSubprotocol(new Set(['other', jsonSubprotocol]))).toBe(jsonSubprotocol)
})
