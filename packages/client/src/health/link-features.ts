import type { LinkReading } from './link-reading.ts'

/** Readings of one link that are looked at: two minutes at the usual interval. */
export const windowLength = 24

/**
 * What readings of a link say about its next half minute. No feature depends on how fast the line is as such, but on
 * what is usual for it; times are counted in intervals between readings.
 */
export const featureNames = [
  'silence',
  'unanswered',
  'waiting',
  'roundTripRatio',
  'roundTripPeak',
  'roundTripTrend',
  'jitter',
  'missedShare',
  'missedLately',
  'silenceRatio',
  'longestRecovered',
  'recoveries',
  'errorRate',
  'requests',
  'requestGrowth',
  'bufferGrowth',
  'receivedRatio',
  'roundTrip',
  'age',
] as const

export type FeatureName = (typeof featureNames)[number]
export type LinkFeatures = Readonly<Record<FeatureName, number>>

/** @param window readings of one link, oldest first, one at least · @param intervalMs the time between two */
export function featuresOf(window: readonly LinkReading[], intervalMs: number): LinkFeatures {
  const now = window.at(-1) as LinkReading
  const trips = window.flatMap(({ roundTripMs }) =>
    roundTripMs === undefined ? [] : [Math.max(roundTripMs, 1)],
  )
  const lately = window.slice(-6)
  const missed = (readings: readonly LinkReading[]) =>
    readings.filter(({ roundTripMs }) => roundTripMs === undefined).length / readings.length
  const silences = recoveredSilences(window).map((ms) => ms / intervalMs)
  const longestRecovered = Math.max(0, ...silences)
  const silence = now.silenceMs / intervalMs
  const before = window.at(-4) ?? (window[0] as LinkReading)
  return {
    ...tripFeatures(trips, now.waitingMs),
    silence: Math.log1p(silence),
    unanswered: Math.min(now.unanswered, 8),
    waiting: Math.log1p(now.waitingMs / intervalMs),
    missedShare: missed(window),
    missedLately: missed(lately),
    silenceRatio: Math.log((silence + 1) / (longestRecovered + 1)),
    longestRecovered: Math.log1p(longestRecovered),
    recoveries: Math.log1p(silences.length),
    errorRate: sum(lately, 'errors') / (sum(lately, 'answers') + 1),
    requests: Math.log1p(now.requests),
    requestGrowth: Math.log1p(now.requests) - Math.log1p(before.requests),
    bufferGrowth: Math.log1p(now.bufferedBytes) - Math.log1p(before.bufferedBytes),
    receivedRatio: Math.log1p(now.received) - Math.log1p(median(window.map(({ received }) => received))),
    age: Math.log1p(now.ageMs / intervalMs),
  }
}

/** What round trips say; where none comes back, the oldest that is under way is at least so long. */
function tripFeatures(trips: readonly number[], waitingMs: number) {
  const usual = trips.length === 0 ? 100 : median(trips)
  const logs = trips.map((ms) => Math.log(ms / usual))
  const latest = Math.max(trips.at(-1) ?? usual, waitingMs, 1)
  return {
    roundTripRatio: Math.log(latest / usual),
    roundTripPeak: Math.max(0, ...logs.slice(-6)),
    roundTripTrend: slope(logs.slice(-6)),
    jitter: mean(logs.slice(-8).map(Math.abs)),
    roundTrip: Math.log(usual),
  }
}

/** Silences of more than an interval that ended, in ms. */
function recoveredSilences(window: readonly LinkReading[]): readonly number[] {
  const found: number[] = []
  let longest = 0
  for (const { roundTripMs, silenceMs, unanswered } of window) {
    if (roundTripMs === undefined && unanswered > 0) longest = Math.max(longest, silenceMs)
    else if (longest > 0) {
      found.push(longest)
      longest = 0
    }
  }
  return found
}

function sum(readings: readonly LinkReading[], key: 'errors' | 'answers'): number {
  return readings.reduce((total, reading) => total + reading[key], 0)
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return sorted.length === 0 ? 0 : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Of the line of least squares through equidistant values, per step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  let [over, under] = [0, 0]
  for (const [index, value] of values.entries()) {
    over += (index - middle) * value
    under += (index - middle) ** 2
  }
  return under === 0 ? 0 : over / under
}
