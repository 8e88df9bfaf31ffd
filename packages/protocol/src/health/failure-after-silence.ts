import type { PredictedFailure } from './connection-quality.ts'
import { silenceOdds } from './silence-odds.ts'

/** What is to be expected of a link that gives no sign of life; undefined while that is nothing unusual. */
export function failureAfterSilence(silentMs: number): PredictedFailure | undefined {
  const step = silenceOdds.findLast(([ms]) => silentMs >= ms)
  if (step === undefined) return undefined
  return {
    probability: step[1],
    timeframe: '30 s',
    reason: `It has given no sign of life for ${Math.round(silentMs / 1_000)} s.`,
  }
}
