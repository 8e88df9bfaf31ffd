import { modelsOf, rulesFor, scoredBy, worthOf } from './candidates.ts'
import {
  areaUnder,
  brier,
  calibrationError,
  confusion,
  corners,
  reliability,
  thresholdFor,
} from './evaluation.ts'
import { calibrate, isotonic } from './isotonic.ts'
import { differenceInterval } from './resampling.ts'
import { partOf, type Recording, type Sample } from './samples.ts'
import { silenceOddsOf } from './weights.ts'

/** Share of false alarms at which the choice is made, and others that are reported. */
const falseAlarms = 0.02
const reported = [0.01, 0.02, 0.05]
/** By so much balanced accuracy a model has to be better than rules, to be worth its bytes. */
const margin = 0.05

type Say = (line: string) => void

/** Learns from the training part, chooses by the validation part, and only then looks at the test part. */
export function train(recording: Recording, say: Say) {
  const { samples, ...about } = recording
  const parts = { training: [] as Sample[], validation: [] as Sample[], test: [] as Sample[] }
  for (const sample of samples) parts[partOf(sample.device)].push(sample)
  const { training, validation, test } = parts
  const rules = reported.map((share) => ({ share, candidate: rulesFor(training, share) }))
  const own = rules.find(({ share }) => share === falseAlarms)
    ?.candidate as (typeof rules)[number]['candidate']
  const models = modelsOf(training, say).map((candidate) => ({
    candidate,
    worth: worthOf(candidate, validation, falseAlarms),
  }))
  const model = models.reduce((best, next) =>
    next.worth.balanced > best.worth.balanced ? next : best,
  ).candidate
  say(`By the validation part: ${model.name}.`)
  const comparison = rules.map(({ share, candidate }) => {
    const [ofRules, ofModel] = [worthOf(candidate, test, share), worthOf(model, test, share)]
    return {
      falseAlarms: share,
      rules: ofRules,
      model: ofModel,
      difference: ofModel.balanced - ofRules.balanced,
    }
  })
  const difference = comparison.find((row) => row.falseAlarms === falseAlarms)?.difference ?? 0
  const interval = differenceInterval(test, { rules: own, model, falseAlarms })
  const steps = isotonic(scoredBy(own, validation))
  const calibratedRules = { ...own, score: (sample: Sample) => calibrate(steps, own.score(sample)) }
  const shipsModel = difference >= margin
  const described = { rules: describe(calibratedRules, own, parts), model: describe(model, model, parts) }
  return {
    about: {
      ...about,
      samples: samples.length,
      parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, counts(part)])),
    },
    validation: models.map(({ candidate, worth }) => ({ name: candidate.name, ...worth })),
    model: model.name,
    comparison,
    difference: { value: difference, interval },
    ships: shipsModel ? 'model' : 'rules',
    rules: described.rules,
    modelFigures: described.model,
    silence: silenceOddsOf([...training, ...validation]),
    parameters: { rules: own.parameters, steps, model: model.parameters },
  }
}

function counts(samples: readonly Sample[]) {
  const failing = samples.filter(({ fails }) => fails)
  return {
    samples: samples.length,
    baseRate: failing.length / samples.length,
    deaths: new Set(failing.map(({ death }) => death)).size,
  }
}

interface Scorer {
  readonly score: (sample: Sample) => number
}

interface Parts {
  readonly validation: readonly Sample[]
  readonly test: readonly Sample[]
}

/** All figures of one way, on the test part; its threshold is that of the validation part. */
function describe(probability: Scorer, raw: Scorer, { validation, test }: Parts) {
  const scored = (scorer: Scorer, samples: readonly Sample[]) =>
    samples.map((sample) => ({ score: scorer.score(sample), fails: sample.fails }))
  const threshold = thresholdFor(corners(scored(raw, validation)), falseAlarms)
  const onTest = scored(raw, test)
  const said = scored(probability, test)
  const alive = test.filter(({ fails, isAlive }) => !fails || isAlive)
  return {
    threshold,
    area: areaUnder(corners(onTest)),
    ...confusion(onTest, threshold),
    beforeDeath: {
      recall: confusion(scored(raw, alive), threshold).recall,
      area: areaUnder(corners(scored(raw, alive))),
    },
    byCause: byCause(raw, test, threshold),
    deathsFound: deathsFound(raw, test, threshold),
    brier: brier(said),
    calibrationError: calibrationError(said),
    reliability: reliability(said),
  }
}

function byCause({ score }: Scorer, samples: readonly Sample[], threshold: number) {
  const causes = [...new Set(samples.flatMap(({ cause }) => cause ?? []))].sort()
  return causes.map((cause) => {
    const own = samples.filter((sample) => sample.cause === cause)
    return {
      cause,
      samples: own.length,
      recall: own.filter((sample) => score(sample) >= threshold).length / own.length,
    }
  })
}

/** Deaths that were called at least once: before they came, or within the time that the heartbeat would have needed. */
function deathsFound({ score }: Scorer, samples: readonly Sample[], threshold: number) {
  const firsts = new Map<string, number | undefined>()
  for (const sample of samples) {
    if (sample.death === null || sample.diedAt === null) continue
    const early = score(sample) >= threshold ? sample.diedAt - sample.at : undefined
    const before = firsts.get(sample.death)
    firsts.set(sample.death, before === undefined ? early : Math.max(before, early ?? before))
  }
  const calls = [...firsts.values()].filter((early) => early !== undefined)
  return {
    deaths: firsts.size,
    called: calls.length / firsts.size,
    before: calls.filter((early) => early > 0).length / firsts.size,
  }
}
