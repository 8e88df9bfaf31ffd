import { expect, test } from 'vitest'
import { ConnectionQualityDetector } from './connection-quality-detector.ts'

function fed(trips: readonly (number | 'lost')[], bandwidths: readonly number[] = []) {
  const detector = new ConnectionQualityDetector()
  for (const trip of trips) {
    if (trip === 'lost') detector.recordPacketLoss()
    else detector.recordLatency(trip)
  }
  for (const bandwidth of bandwidths) detector.recordBandwidth(bandwidth)
  return detector
}

const times = <T>(count: number, value: T) => Array<T>(count).fill(value)

test.each([
  ['nothing measured', fed([]), 'good', 'websocket'],
  ['a good line', fed(times(20, 50)), 'excellent', 'websocket'],
  ['a far one', fed(times(20, 300)), 'good', 'websocket'],
  ['one that sways', fed(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 50 : 550))), 'fair', 'sse'],
  ['one that loses', fed([...times(15, 50), ...times(5, 'lost' as const)]), 'poor', 'polling'],
  ['a dead one', fed(times(3, 'lost' as const)), 'poor', 'polling'],
  ['a narrow one', fed(times(20, 50), [2_000, 2_000]), 'fair', 'sse'],
] as const)('%s', (_what, detector, quality, type) => {
  expect(detector.getConnectionQuality()).toBe(quality)
  expect(detector.getSuggestedConnectionType()).toBe(type)
})

test('the newest measurements count; what is no time is ignored', () => {
  const detector = new ConnectionQualityDetector({ measurements: 10 })
  for (const trip of times(30, 900)) detector.recordLatency(trip)
  expect(detector.getConnectionQuality()).toBe('fair')
  for (const trip of [Number.NaN, -1, Number.POSITIVE_INFINITY, ...times(10, 20)])
    detector.recordLatency(trip)
  expect(detector.getMeasurements()).toEqual({
    ...{ latencyMs: 20, jitterMs: 0, packetLoss: 0, bandwidth: undefined, score: 99 },
    quality: 'excellent',
  })
  detector.recordPacketLoss()
  expect(detector.getMeasurements().packetLoss).toBeCloseTo(0.1)
  detector.reset()
  expect(detector.getMeasurements().latencyMs).toBeUndefined()
})
