import { type ChannelClass, type Extra, extras, type Schedule } from '@parley/kernel/simulation'
import { type Finding, runCanaries } from './canaries/run.ts'
import { findFailing } from './failing.ts'
import { keep } from './kept.ts'
import { wireNames } from './over-http.ts'
import { nodesFor, type SeedOptions } from './seeds.ts'
import { describeSchedule, timelineOf } from './timeline.ts'
import { Totals } from './totals.ts'
import { runSeeds } from './workers.ts'

/** What `npm run simulate` is given. */
export interface Arguments {
  /** Default: 100; with `seed`, 1; with `canaries`, 8. */
  readonly seeds?: string
  /** The first seed. Default: 1. */
  readonly seed?: string
  readonly steps: string
  /** Nodes of each run. Default: one to three, by the seed. */
  readonly nodes?: string
  readonly class: string
  /** What carries messages: `websocket`, `sse`, `http-stream` or `polling`. */
  readonly transport: string
  /** What tabs use besides the client, with commas between: `outbox`; or `nothing`. Default: by the seed. */
  readonly with?: string
  readonly canaries: boolean
  /** Only the canaries whose name has this in it. */
  readonly canary?: string
  /** Name under which the smallest schedule of a failing seed is kept as a test. */
  readonly keep?: string
  readonly json: boolean
}

const extraNames: readonly string[] = extras
const classes: readonly string[] = ['all', 'durable', 'recent', 'ephemeral']
const counts = /^[1-9]\d{0,6}$/

/** Answers the exit code. */
export async function main(given: Arguments, say: (line: string) => void): Promise<number> {
  const mistake = mistakeIn(given)
  if (mistake !== undefined) {
    say(mistake)
    return 2
  }
  const run = new Run(given, say)
  await run.seeds()
  if (given.canaries) await run.canaries()
  await run.smallest()
  say(JSON.stringify(run.result))
  return run.isGood ? 0 : 1
}

function mistakeIn(given: Arguments): string | undefined {
  if (!classes.includes(given.class))
    return `There is no class \`${given.class}\`. Take one of: ${classes.join(', ')}.`
  if (!wireNames.includes(given.transport))
    return `There is no transport \`${given.transport}\`. Take one of: ${wireNames.join(', ')}.`
  const unknown = usedIn(given)?.find((name) => !extraNames.includes(name))
  if (unknown !== undefined)
    return `There is no \`${unknown}\` for tabs to use. Take some of: ${extraNames.join(', ')}; or \`nothing\`.`
  for (const name of ['seeds', 'seed', 'steps', 'nodes'] as const)
    if (given[name] !== undefined && !counts.test(given[name]))
      return `\`--${name}\` takes a whole number from 1 on, not \`${given[name]}\`.`
  if (given.keep !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(given.keep))
    return `\`--keep\` takes a name of small letters, digits and dashes, not \`${given.keep}\`.`
  return undefined
}

/** What tabs use besides the client, if somebody has said it. */
function usedIn({ with: used }: Arguments): readonly Extra[] | undefined {
  if (used === undefined) return undefined
  return used === 'nothing' ? [] : (used.split(',') as Extra[])
}

class Run {
  readonly #given: Arguments
  readonly #say: (line: string) => void
  readonly #totals = new Totals()
  readonly #beganAt = performance.now()
  #findings: readonly Finding[] = []

  constructor(given: Arguments, say: (line: string) => void) {
    this.#given = given
    this.#say = say
  }

  get #count(): number {
    const { seeds, seed, canaries } = this.#given
    return Number(seeds ?? (canaries ? 8 : seed === undefined ? 100 : 1))
  }

  get isGood(): boolean {
    return this.#totals.failures.length === 0 && this.#findings.every(({ found }) => found > 0)
  }

  get result() {
    const { seeds, allDeliveries, violations } = this.#totals
    const count = (kind: 'lost' | 'duplicated' | 'reordered' | 'falselyRecovered') =>
      violations.get(kind) ?? 0
    return {
      seeds,
      deliveries: allDeliveries,
      lost: count('lost'),
      duplicated: count('duplicated'),
      reordered: count('reordered'),
      falselyRecovered: count('falselyRecovered'),
      canaries: this.#findings.length,
      canariesFound: this.#findings.filter(({ found }) => found > 0).length,
    }
  }

  async seeds(): Promise<void> {
    const totals = this.#totals
    await runSeeds({
      seeds: seedsOf(this.#given, this.#count),
      done: (report) => {
        totals.add(report)
        if (!this.#given.json && totals.seeds % 100 === 0)
          this.#say(`${totals.seeds} seeds, ${totals.allDeliveries} deliveries`)
        return false
      },
    })
    const seconds = (performance.now() - this.#beganAt) / 1000
    for (const line of this.#given.json ? totals.asJson() : totals.asText(seconds)) this.#say(line)
  }

  async canaries(): Promise<void> {
    this.#findings = await runCanaries({
      seeds: this.#count,
      only: this.#given.canary,
      told: (finding) => this.#say(this.#given.json ? JSON.stringify(finding) : inWords(finding)),
    })
  }

  /** The smallest schedule that goes wrong as the first failing seed did. */
  async smallest(): Promise<void> {
    const [failure] = this.#totals.failures
    const { keep: name, json } = this.#given
    if (failure === undefined || (json && name === undefined)) return
    this.#say(`Looking for the smallest schedule by which seed ${failure.seed} fails…`)
    const { schedule, lines } = await findFailing(this.#options(failure.seed))
    for (const line of describeSchedule(schedule)) this.#say(line)
    for (const line of timelineOf(lines)) this.#say(line)
    this.#tellWhereItIs(schedule, failure.seed, name)
  }

  #tellWhereItIs(schedule: Schedule, seed: number, name: string | undefined): void {
    if (name !== undefined) this.#say(`Kept as a test: ${keep(name, schedule)}`)
    else this.#say(`To keep it as a test: npm run simulate -- --seed ${seed} ${this.#same()}--keep <name>`)
  }

  /** Arguments that make the same run of a seed. */
  #same(): string {
    const { steps, nodes, class: of, transport, with: used } = this.#given
    const same = [
      ...(steps === '400' ? [] : ['--steps', steps]),
      ...(of === 'all' ? [] : ['--class', of]),
      ...(transport === 'websocket' ? [] : ['--transport', transport]),
      ...(used === undefined ? [] : ['--with', used]),
    ]
    const all = nodes === undefined ? same : [...same, '--nodes', nodes]
    return all.map((word) => `${word} `).join('')
  }

  #options(seed: number): SeedOptions {
    const { steps, class: of, nodes, transport } = this.#given
    return {
      ...{ seed, transport, steps: Number(steps), class: of as ChannelClass },
      nodes: Number(nodes ?? nodesFor(seed)),
      with: usedIn(this.#given),
    }
  }
}

function* seedsOf(given: Arguments, count: number): Iterable<SeedOptions> {
  const first = Number(given.seed ?? 1)
  const steps = Number(given.steps)
  const kind = given.class as ChannelClass
  const { transport } = given
  const used = usedIn(given)
  for (let seed = first; seed < first + count; seed++)
    yield { seed, steps, transport, class: kind, with: used, nodes: Number(given.nodes ?? nodesFor(seed)) }
}

function inWords({ name, seeds, found, kinds }: Finding): string {
  if (found === 0) return `NOT FOUND in ${seeds} seeds: ${name}`
  return `found in ${found} of ${seeds} seeds: ${name} (${kinds.join(', ')})`
}
