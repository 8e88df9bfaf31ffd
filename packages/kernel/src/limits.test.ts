import { expect, test } from 'vitest'
import { limitDefaults, rateDefaults } from './limits.ts'

test('every limit has a bound by default', () => {
  for (const [name, value] of Object.entries(limitDefaults)) {
    expect(Number.isSafeInteger(value), name).toBe(true)
    expect(value, name).toBeGreaterThan(0)
  }
})

test('limits that rest on each other fit together', () => {
  const limits = limitDefaults
  expect(limits.maxFrameBytes).toBeLessThanOrEqual(limits.maxAssembledBytes)
  expect(limits.maxConnectionsPerIp).toBeLessThanOrEqual(limits.maxConnections)
  expect(limits.maxBatchBytes).toBeLessThanOrEqual(limits.ringBytes)
  // A batch that was just made must not count as a slow consumer's queue.
  expect(limits.maxBatchBytes).toBeLessThan(limits.maxQueuedBytes)
  expect(limits.pingTimeoutMs).toBeLessThan(limits.pingIntervalMs)
  expect(limits.connectTimeoutMs).toBeLessThan(limits.sessionTtlMs)
})

test('a rate that limits lets at least one through', () => {
  for (const [name, { perSecond, burst }] of Object.entries(rateDefaults))
    if (perSecond > 0) expect(burst, name).toBeGreaterThanOrEqual(Math.max(1, perSecond))
})
