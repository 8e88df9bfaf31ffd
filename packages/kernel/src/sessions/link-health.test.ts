import { expect, test } from 'vitest'
import { LinkHealth } from './link-health.ts'

test('round trips are smoothed, with their deviation', () => {
  const health = new LinkHealth()
  health.heard({ elapsed: () => 5 })
  expect([health.roundTripMs, health.pings]).toEqual([undefined, 0])
  let now = 0
  for (const ms of [100, 100, 180]) {
    health.pinged(now)
    expect(health.waitingMs(now + 40)).toBe(40)
    health.heard({ elapsed: () => now + ms })
    // Only the first sound answers.
    health.heard({ elapsed: () => now + 900 })
    now += 30_000
  }
  expect([health.roundTripMs, health.jitterMs, health.pings, health.missed]).toEqual([110, 20, 3, 0])
  expect(health.waitingMs(now)).toBe(0)
})

test('a ping whose time is over is lost, and answered by nothing that comes later', () => {
  const health = new LinkHealth()
  health.pinged(0)
  health.timedOut()
  health.timedOut()
  health.heard({ elapsed: () => 9_000 })
  expect([health.missed, health.roundTripMs]).toEqual([1, undefined])
  expect(health.waitingMs(10_000)).toBe(0)
})
