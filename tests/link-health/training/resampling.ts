import { Chance } from '../../chaos/chance.ts'
import { corners, foundAt } from './evaluation.ts'
import type { Sample } from './samples.ts'

interface Compared {
  readonly rules: { readonly score: (sample: Sample) => number }
  readonly model: { readonly score: (sample: Sample) => number }
  readonly falseAlarms: number
}

const rounds = 300

/** Between which bounds the difference of balanced accuracies lies in 95 of 100 draws of devices. */
export function differenceInterval(
  samples: readonly Sample[],
  { rules, model, falseAlarms }: Compared,
): readonly [number, number] {
  const chance = new Chance(7)
  const byDevice = Object.values(
    Object.groupBy(
      samples.map((sample) => ({ ...sample, rule: rules.score(sample), learnt: model.score(sample) })),
      ({ device }) => device,
    ),
  ).map((own) => own ?? [])
  const differences = Array.from({ length: rounds }, () => {
    const drawn = byDevice.flatMap(() => chance.pick(byDevice))
    const found = (key: 'rule' | 'learnt') =>
      foundAt(corners(drawn.map((sample) => ({ score: sample[key], fails: sample.fails }))), falseAlarms)
    return (found('learnt') - found('rule')) / 2
  }).sort((a, b) => a - b)
  return [
    differences[Math.floor(rounds * 0.025)] as number,
    differences[Math.floor(rounds * 0.975)] as number,
  ]
}
