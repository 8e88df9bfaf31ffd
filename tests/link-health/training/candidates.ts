import { ruleScore } from '@parley/client/health'
import { probabilityOf } from './boosted-trees.ts'
import { type BoostingOptions, boost } from './boosting.ts'
import { areaUnder, balancedAccuracy, corners, foundAt } from './evaluation.ts'
import { fitLogistic, logisticProbability } from './logistic.ts'
import { tuneRules } from './rules-tuning.ts'
import type { Sample } from './samples.ts'

/** A way to call links failing. */
export interface Candidate {
  readonly name: string
  readonly score: (sample: Sample) => number
  /** What would have to be shipped. */
  readonly parameters: unknown
}

const boostings: readonly BoostingOptions[] = [
  { trees: 40, depth: 3, rate: 0.15, leafWeight: 2, regularization: 2 },
  { trees: 60, depth: 4, rate: 0.1, leafWeight: 6, regularization: 6 },
  { trees: 60, depth: 2, rate: 0.2, leafWeight: 2, regularization: 2 },
]

/** Rules with thresholds tuned for a share of false alarms. */
export function rulesFor(training: readonly Sample[], falseAlarms: number): Candidate {
  const thresholds = tuneRules(training, falseAlarms)
  return {
    name: 'rules',
    score: ({ features }) => ruleScore(features, thresholds).score,
    parameters: thresholds,
  }
}

/** Models that learn from the training part. */
export function modelsOf(training: readonly Sample[], say: (line: string) => void): readonly Candidate[] {
  const logistic = fitLogistic(training)
  const models: Candidate[] = [
    {
      name: 'logistic regression',
      score: ({ values }) => logisticProbability(logistic, values),
      parameters: logistic,
    },
  ]
  for (const options of boostings) {
    const trees = boost(training, options)
    const name = `${options.trees} boosted trees of depth ${options.depth}`
    models.push({ name, score: ({ values }) => probabilityOf(trees, values), parameters: trees })
    say(`Grown: ${name}.`)
  }
  return models
}

export function scoredBy({ score }: Candidate, samples: readonly Sample[]) {
  return samples.map((sample) => ({ score: score(sample), fails: sample.fails }))
}

/** How well a candidate does on samples at a share of false alarms. */
export function worthOf(candidate: Candidate, samples: readonly Sample[], falseAlarms: number) {
  const curve = corners(scoredBy(candidate, samples))
  const found = foundAt(curve, falseAlarms)
  return { area: areaUnder(curve), found, balanced: balancedAccuracy(found, falseAlarms) }
}
