import type { Sample } from './samples.ts'
import type { train } from './train.ts'

/** What the client has: rules whose thresholds are alarms, and what their scores mean. */
export function weightsOf({ parameters, rules }: ReturnType<typeof train>): string {
  const thresholds = Object.entries(parameters.rules as Readonly<Record<string, number>>).map(
    ([name, value]) => `  ${name}: ${Number((value * rules.threshold).toPrecision(5))},`,
  )
  const odds = parameters.steps.map(
    ([score, probability]) => `  [${Number((score / rules.threshold).toPrecision(5))}, ${probability}],`,
  )
  return `import type { RuleThresholds } from './failure-rules.ts'

// Written by \`npm run train-links\`: see docs/connection-health.md.

/** A feature at its threshold is an alarm. */
export const alarmThresholds: RuleThresholds = {
${thresholds.join('\n')}
}

/** From a score on, the probability that the link is dead within 30 s. */
export const failureOdds: readonly (readonly [score: number, probability: number])[] = [
${odds.join('\n')}
]
`
}

/** Probes that wait for so long are told apart, in ms. */
const waits = [4_000, 9_000, 14_000, 19_000, 24_000, 29_000]

/** What became of links whose probe waited for so long, in the training and the validation part. */
export function silenceOddsOf(samples: readonly Sample[]) {
  return waits.map((from, index) => {
    const to = waits[index + 1] ?? Number.POSITIVE_INFINITY
    const own = samples.filter(({ waitingMs }) => waitingMs >= from && waitingMs < to)
    const failing = own.filter(({ fails }) => fails).length
    return { from, readings: own.length, probability: Number((failing / own.length).toFixed(3)) }
  })
}

/** The same, as the server has it. */
export function silenceSource(odds: ReturnType<typeof silenceOddsOf>): string {
  return `// Written by \`npm run train-links\`: see docs/connection-health.md.

/** From so many milliseconds without an answer on, the probability that a link is dead within 30 s. */
export const silenceOdds: readonly (readonly [ms: number, probability: number])[] = [
${odds.map(({ from, probability }) => `  [${from}, ${probability}],`).join('\n')}
]
`
}
