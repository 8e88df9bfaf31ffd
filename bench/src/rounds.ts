import { disturbanceOf, type Line, type LinePlan, lineOf, muchDisturbed, type Sample } from './lines.ts'
import { fullScale, quickScale, type Scale } from './scale.ts'

export interface RoundsOptions {
  readonly rounds: number
  readonly isQuick: boolean
  /** Scenarios to run; default: all. */
  readonly only?: readonly string[] | undefined
  readonly isVerbose: boolean
  readonly say: (text: string) => void
}

/** One server's turn in a scenario. */
export interface Turn {
  readonly server: string
  readonly missing?: string | undefined
  readonly run: (scale: Scale) => Promise<Sample>
}

/** A benchmark: whose turn it is, in this order, in every round of a scenario, and the lines that come of it. */
export interface Benchmark {
  readonly plan: readonly LinePlan[]
  readonly turns: Readonly<Record<string, readonly Turn[]>>
  /** Frees what the scenarios have in common. */
  readonly end?: () => Promise<void>
}

/** What the rounds gave: samples by scenario and server, and what failed by `scenario server`. */
interface Found {
  readonly samples: Map<string, Map<string, Sample[]>>
  readonly failures: Map<string, string>
  /** Disturbed runs that may still be repeated. */
  repeats: number
}

/** Runs all scenarios, servers interleaved, and compares. A run that fails shows as a line that does not pass. */
export async function runRounds(benchmark: Benchmark, options: RoundsOptions): Promise<readonly Line[]> {
  const found: Found = { samples: new Map(), failures: new Map(), repeats: options.rounds * 2 }
  try {
    for (const [scenario, order] of Object.entries(benchmark.turns)) {
      if (options.only !== undefined && !options.only.includes(scenario)) continue
      found.samples.set(scenario, new Map(order.map(({ server }) => [server, []])))
      for (let round = 1; round <= options.rounds; round++) {
        options.say(`${scenario}, round ${round} of ${options.rounds}`)
        for (const turn of order) if (turn.missing === undefined) await take(turn, scenario, found, options)
      }
    }
  } finally {
    await benchmark.end?.()
  }
  return linesOf(benchmark, found)
}

async function take(turn: Turn, scenario: string, found: Found, options: RoundsOptions): Promise<void> {
  let sample: Sample = {}
  try {
    sample = await calmSample(turn, found, options)
    if (options.isVerbose) options.say(`  ${turn.server} ${JSON.stringify(sample)}`)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    found.failures.set(`${scenario} ${turn.server}`, what)
    options.say(`  ${turn.server}: ${what}`)
  }
  // One that failed keeps its place: the others are compared within their rounds.
  found.samples.get(scenario)?.get(turn.server)?.push(sample)
}

/**
 * A sample during which nothing else used the cores of server and loader, if a second try gives one; else the calmer of the two.
 * Tries are few, so that a busy machine does not make a run endless.
 */
async function calmSample(turn: Turn, found: Found, { isQuick, say }: RoundsOptions): Promise<Sample> {
  const scale = isQuick ? quickScale : fullScale
  const first = await turn.run(scale)
  if (disturbanceOf(first) <= muchDisturbed) return first
  found.repeats -= 1
  const second = found.repeats < 0 ? first : await turn.run(scale)
  const calmer = disturbanceOf(second) < disturbanceOf(first) ? second : first
  const percent = Math.round(disturbanceOf(calmer) * 100)
  if (disturbanceOf(calmer) > muchDisturbed)
    say(`  ${turn.server}: other processes took ${percent} % of a core away; the figures are rough.`)
  return calmer
}

function linesOf({ plan, turns }: Benchmark, { samples, failures }: Found): readonly Line[] {
  return plan
    .filter(({ scenario }) => samples.has(scenario))
    .map((plan) => {
      const missing = turns[plan.scenario]?.find(({ server }) => server === plan.peer)?.missing
      const [ours, theirs] = ['parley', plan.peer].map((server) => failures.get(`${plan.scenario} ${server}`))
      const line = lineOf(plan, samples.get(plan.scenario) ?? new Map(), missing ?? ours)
      if (line.skipped === undefined || missing !== undefined) return line
      return { ...line, skipped: ours ?? theirs ?? line.skipped, pass: false }
    })
}
