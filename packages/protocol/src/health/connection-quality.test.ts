import { expect, test } from 'vitest'
import { qualityOf, qualityScore } from './connection-quality.ts'

test.each([
  [{ latencyMs: 0, jitterMs: 0, loss: 0 }, 100, 'excellent'],
  [{ latencyMs: 50, jitterMs: 10, loss: 0 }, 97, 'excellent'],
  [{ latencyMs: 200, jitterMs: 40, loss: 0 }, 88, 'good'],
  [{ latencyMs: 400, jitterMs: 60, loss: 0.02 }, 71, 'fair'],
  [{ latencyMs: 50, jitterMs: 10, loss: 0.2 }, 49, 'poor'],
  [{ latencyMs: 5_000, jitterMs: 5_000, loss: 1 }, 0, 'poor'],
] as const)('%j has the score %i: %s', (figures, score, quality) => {
  expect(qualityScore(figures)).toBe(score)
  expect(qualityOf(qualityScore(figures))).toBe(quality)
})
