import { fanOutPlan } from './fan-out-plan.ts'
import { disturbanceOf, type Line, lineOf, muchDisturbed, type Sample } from './lines.ts'
import * as scenarios from './scenarios.ts'
import { bare, nats, parley, socketIo, type Target, ws } from './targets.ts'

export interface FanOutOptions {
  readonly rounds: number
  readonly isQuick: boolean
  /** Scenarios to run; default: all. */
  readonly only?: readonly string[] | undefined
  readonly isVerbose: boolean
  readonly say: (text: string) => void
}

interface Turn {
  readonly server: string
  readonly missing?: string | undefined
  readonly run: (scale: scenarios.Scale) => Promise<Sample>
}

function turn(target: Target, run: (target: Target, scale: scenarios.Scale) => Promise<Sample>): Turn {
  return { server: target.name, missing: target.missing, run: (scale) => run(target, scale) }
}

function crowd(target: Target, rates: scenarios.CrowdRates): Turn {
  return turn(target, (server, scale) => scenarios.crowd(server, scale, rates))
}

/** Whose turn it is, in this order, in every round of a scenario. */
const turns: Readonly<Record<string, readonly Turn[]>> = {
  crowd: [
    crowd(parley, { slow: true, fast: true, flat: true }),
    crowd(socketIo, { slow: true, flat: true }),
    crowd(ws, { slow: true, flat: true }),
    crowd(nats, { flat: true }),
    crowd(bare, { slow: true, fast: true }),
  ],
  rooms: [parley, socketIo, ws].map((target) => turn(target, scenarios.rooms)),
  arrivals: [parley, socketIo].map((target) => turn(target, scenarios.arrivals)),
  ledger: [turn(parley, scenarios.ledger), { server: 'rows of bare node:sqlite', run: scenarios.rows }],
  return: [turn(parley, scenarios.comeBack)],
  delay: [parley, bare].map((target) => turn(target, scenarios.assembly)),
}

/** What the rounds gave: samples by scenario and server, and what failed by `scenario server`. */
interface Found {
  readonly samples: Map<string, Map<string, Sample[]>>
  readonly failures: Map<string, string>
  /** Disturbed runs that may still be repeated. */
  repeats: number
}

/** Runs all scenarios, servers interleaved, and compares. A run that fails shows as a line that does not pass. */
export async function fanOut(options: FanOutOptions): Promise<readonly Line[]> {
  const found: Found = { samples: new Map(), failures: new Map(), repeats: options.rounds * 2 }
  for (const [scenario, order] of Object.entries(turns)) {
    if (options.only !== undefined && !options.only.includes(scenario)) continue
    found.samples.set(scenario, new Map(order.map(({ server }) => [server, []])))
    for (let round = 1; round <= options.rounds; round++) {
      options.say(`${scenario}, round ${round} of ${options.rounds}`)
      for (const turn of order) if (turn.missing === undefined) await take(turn, scenario, found, options)
    }
  }
  return linesOf(found)
}

async function take(turn: Turn, scenario: string, found: Found, options: FanOutOptions): Promise<void> {
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
async function calmSample(turn: Turn, found: Found, { isQuick, say }: FanOutOptions): Promise<Sample> {
  const scale = isQuick ? scenarios.quickScale : scenarios.fullScale
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

function linesOf({ samples, failures }: Found): readonly Line[] {
  return fanOutPlan
    .filter(({ scenario }) => samples.has(scenario))
    .map((plan) => {
      const missing = turns[plan.scenario]?.find(({ server }) => server === plan.peer)?.missing
      const [ours, theirs] = ['parley', plan.peer].map((server) => failures.get(`${plan.scenario} ${server}`))
      const line = lineOf(plan, samples.get(plan.scenario) ?? new Map(), missing ?? ours)
      if (line.skipped === undefined || missing !== undefined) return line
      return { ...line, skipped: ours ?? theirs ?? line.skipped, pass: false }
    })
}
