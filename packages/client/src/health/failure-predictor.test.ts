import { expect, test } from 'vitest'
import { FailurePredictor } from './failure-predictor.ts'
import type { LinkReading } from './link-reading.ts'

const calm: LinkReading = {
  ageMs: 60_000,
  roundTripMs: 80,
  unanswered: 0,
  waitingMs: 0,
  silenceMs: 900,
  received: 400,
  sent: 300,
  bufferedBytes: 0,
  requests: 0,
  answers: 2,
  errors: 0,
}
const silent = (ms: number): LinkReading => ({
  ...calm,
  ...{
    roundTripMs: undefined,
    unanswered: Math.ceil(ms / 5_000),
    waitingMs: ms,
    silenceMs: ms + 900,
    received: 0,
  },
})

function after(...readings: readonly LinkReading[]) {
  const predictor = new FailurePredictor()
  for (let count = 0; count < 20; count++) predictor.add(calm)
  return readings.map((reading) => predictor.add(reading)).at(-1)
}

test('a calm line is no alarm, from its first reading on', () => {
  expect(new FailurePredictor().add(calm)).toMatchObject({ isAlarm: false, timeframe: '30 s' })
  expect(after(calm)).toMatchObject({ isAlarm: false })
  expect(after(calm)?.probability).toBeLessThan(0.05)
})

test('the longer nothing comes, the more likely it is over; what comes back is well again', () => {
  const probabilities = [5_000, 10_000, 20_000].map(
    (ms) => after(...[5_000, 10_000, 20_000].filter((part) => part <= ms).map(silent))?.probability ?? 0,
  )
  expect([...probabilities].sort((a, b) => a - b)).toEqual(probabilities)
  expect(after(silent(5_000), silent(10_000))).toMatchObject({
    isAlarm: true,
    reason: 'Nothing has come from the server for 11 s.',
  })
  expect(probabilities.at(-1)).toBeGreaterThan(0.5)
  expect(after(silent(5_000), silent(10_000), calm)).toMatchObject({ isAlarm: false })
})

test('answers that take ever longer are an alarm too, in words that say so', () => {
  const slower = [400, 1_200, 4_000, 4_900].map((roundTripMs) => ({ ...calm, roundTripMs }))
  const prediction = after(...slower)
  expect(prediction).toMatchObject({ isAlarm: true, reason: 'Answers take 61 times as long as usual.' })
})

test('another link is judged by itself', () => {
  const predictor = new FailurePredictor()
  predictor.add(silent(20_000))
  predictor.reset()
  expect(predictor.add(calm).isAlarm).toBe(false)
})
