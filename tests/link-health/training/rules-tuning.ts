import { type RuleThresholds, ruleFeatures, ruleScore } from '@parley/client/health'
import { balancedAccuracy } from './evaluation.ts'
import type { Sample } from './samples.ts'

const rounds = 3
const candidates = 14

/**
 * Thresholds that find the most on these samples at a share of false alarms: one after the other is moved to the best of
 * many places, or left out, until none moves any more.
 */
export function tuneRules(samples: readonly Sample[], falseAlarms: number): RuleThresholds {
  let best: Tried = { thresholds: { silence: Math.log1p(2) }, worth: 0 }
  for (let round = 0; round < rounds; round++) {
    const before = best.worth
    for (const name of ruleFeatures) best = move(name, best, { samples, falseAlarms })
    if (best.worth === before) break
  }
  return best.thresholds
}

interface Tried {
  readonly thresholds: RuleThresholds
  readonly worth: number
}

/** The best place of one threshold while the others stay. */
function move(
  name: (typeof ruleFeatures)[number],
  from: Tried,
  { samples, falseAlarms }: { readonly samples: readonly Sample[]; readonly falseAlarms: number },
): Tried {
  const { [name]: _out, ...without } = from.thresholds
  let best = from
  for (const place of [undefined, ...placesOf(samples, name)]) {
    const thresholds = place === undefined ? without : { ...without, [name]: place }
    const tried = { thresholds, worth: worth(samples, thresholds, falseAlarms) }
    if (tried.worth > best.worth + 1e-9) best = tried
  }
  return best
}

/** Balanced accuracy at a share of false alarms, without a curve: the score that so many of the living reach. */
function worth(samples: readonly Sample[], thresholds: RuleThresholds, falseAlarms: number): number {
  const scores = Float64Array.from(samples, ({ features }) => ruleScore(features, thresholds).score)
  const living = scores.filter((_, index) => samples[index]?.fails === false).sort()
  const least = living[Math.floor(living.length * (1 - falseAlarms))] ?? Number.POSITIVE_INFINITY
  let [found, failing, alarms] = [0, 0, 0]
  for (const [index, { fails }] of samples.entries()) {
    const isCalled = (scores[index] as number) > least
    if (fails) failing += 1
    if (isCalled && fails) found += 1
    else if (isCalled) alarms += 1
  }
  return balancedAccuracy(found / failing, alarms / living.length)
}

/** Places where a threshold may stand: values that failing samples have, evenly over their number. */
function placesOf(samples: readonly Sample[], name: (typeof ruleFeatures)[number]): readonly number[] {
  const values = samples
    .filter(({ fails }) => fails)
    .map(({ features }) => features[name])
    .filter((value) => value > 0)
    .sort((a, b) => a - b)
  const picks = Array.from(
    { length: candidates },
    (_, index) => values[Math.floor(((index + 0.5) * values.length) / candidates)],
  )
  return [...new Set(picks.filter((value) => value !== undefined))]
}
