import type { RuleThresholds } from './failure-rules.ts'

// Written by `npm run train-links`: see docs/connection-health.md.

/** A feature at its threshold is an alarm. */
export const alarmThresholds: RuleThresholds = {
  silence: 0.85475,
  roundTripRatio: 3.8198,
  silenceRatio: 0.76883,
  roundTripTrend: 4.8984,
}

/** From a score on, the probability that the link is dead within 30 s. */
export const failureOdds: readonly (readonly [score: number, probability: number])[] = [
  [0, 0],
  [0.0020794, 0.0119],
  [0.30472, 0.015],
  [0.3721, 0.0184],
  [0.61067, 0.0188],
  [0.90015, 0.0289],
  [0.90491, 0.0317],
  [0.90842, 0.0405],
  [0.91299, 0.0414],
  [0.92636, 0.0524],
  [0.97321, 0.1111],
  [1.0135, 0.1154],
  [1.0521, 0.1172],
  [1.1894, 0.125],
  [1.2274, 0.2],
  [1.245, 0.2727],
  [1.2623, 0.2857],
  [1.2845, 0.3393],
  [1.4215, 0.5],
  [1.4221, 0.5273],
  [1.6333, 0.6667],
  [1.6647, 0.8333],
  [1.7012, 0.8571],
  [1.7793, 0.873],
  [2.0959, 0.8889],
  [2.1459, 0.95],
  [2.3744, 1],
]
