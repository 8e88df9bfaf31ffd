import type { PredictedFailure } from '@parley/protocol'
import { ruleScore } from './failure-rules.ts'
import { alarmThresholds, failureOdds } from './failure-weights.ts'
import { type FeatureName, featuresOf, type LinkFeatures, windowLength } from './link-features.ts'
import type { LinkReading } from './link-reading.ts'

export interface FailurePrediction extends PredictedFailure {
  /** Worse than 98 of 100 readings of links that lived on, in the recording that it was made from. */
  readonly isAlarm: boolean
}

const timeframe = '30 s'
const usualIntervalMs = 5_000

/** Says after each reading of a link how likely it is that the link is dead within half a minute. */
export class FailurePredictor {
  readonly #intervalMs: number
  #window: LinkReading[] = []

  /** @param intervalMs the time between two readings; default 5,000 */
  constructor(intervalMs = usualIntervalMs) {
    this.#intervalMs = intervalMs
  }

  /** Another link: what was seen of the one before does not count. */
  reset(): void {
    this.#window = []
  }

  add(reading: LinkReading): FailurePrediction {
    this.#window = [...this.#window, reading].slice(-windowLength)
    const features = featuresOf(this.#window, this.#intervalMs)
    const { feature, score } = ruleScore(features, alarmThresholds)
    const probability = failureOdds.findLast(([from]) => score >= from)?.[1] ?? 0
    return { probability, isAlarm: score >= 1, timeframe, reason: reasonOf(feature, features, reading) }
  }
}

function reasonOf(feature: FeatureName, features: LinkFeatures, reading: LinkReading): string {
  const seconds = (ms: number) => `${Math.max(1, Math.round(ms / 1_000))} s`
  switch (feature) {
    case 'roundTripRatio':
    case 'roundTripPeak':
    case 'roundTripTrend':
      return `Answers take ${Math.max(2, Math.round(Math.exp(features.roundTripRatio)))} times as long as usual.`
    case 'jitter':
      return 'Answers come at very uneven times.'
    case 'errorRate':
      return 'Much of what is asked is refused.'
    case 'requests':
    case 'requestGrowth':
      return `${reading.requests} requests wait for an answer.`
    case 'bufferGrowth':
      return 'The network takes less than is sent.'
    default:
      return reading.unanswered === 0
        ? 'Answers were missing lately.'
        : `Nothing has come from the server for ${seconds(reading.silenceMs)}.`
  }
}
