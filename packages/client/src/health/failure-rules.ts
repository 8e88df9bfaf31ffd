import type { FeatureName, LinkFeatures } from './link-features.ts'

/** From which value on a feature alone is an alarm. */
export type RuleThresholds = Readonly<Partial<Record<FeatureName, number>>>

/** Features that rules may look at: the larger, the worse. */
export const ruleFeatures = [
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
  'errorRate',
  'requests',
  'requestGrowth',
  'bufferGrowth',
] as const satisfies readonly FeatureName[]

/** How near the nearest rule is to an alarm, and which one that is: from 1 on it is one. */
export function ruleScore(
  features: LinkFeatures,
  thresholds: RuleThresholds,
): { readonly score: number; readonly feature: FeatureName } {
  let [score, feature]: [number, FeatureName] = [0, 'silence']
  for (const name of ruleFeatures) {
    const part = features[name] / (thresholds[name] ?? Number.POSITIVE_INFINITY)
    if (part > score) [score, feature] = [part, name]
  }
  return { score, feature }
}
