import type { Violation, ViolationKind } from '@parley/kernel/simulation'
import { type Fault, linkFaults } from './faults/link-faults.ts'
import { serverFaults } from './faults/server-faults.ts'
import { checkHistories } from './history.ts'
import { sleep, until, World, type WorldOptions } from './world.ts'

export type FaultName = keyof typeof linkFaults | keyof typeof serverFaults

export interface ChaosOptions extends WorldOptions {
  /** How long things go wrong; then everybody must get what is theirs. */
  readonly durationMs: number
  /** Faults to choose from. Default: all. */
  readonly faults?: readonly FaultName[] | undefined
  /** The first thing that is wrong is enough. */
  readonly stopsAtFirst?: boolean | undefined
}

export interface ChaosReport {
  readonly seed: number
  readonly seconds: number
  readonly clients: number
  readonly violations: readonly Violation[]
  readonly counts: Readonly<Record<ViolationKind, number>>
  readonly deliveries: Readonly<Record<string, number>>
  /** Of those, what had been missed before. */
  readonly missed: Readonly<Record<string, number>>
  readonly acks: number
  readonly recovered: number
  readonly unrecovered: number
  /** Times that a slow reader was told what it lost of an ephemeral channel. */
  readonly shed: number
  /** Connections that clients made. */
  readonly links: number
  /** How often each fault happened: to how many connections, or to the server. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>
  /** Calls that were refused for now, by code. */
  readonly refusals: Readonly<Record<string, number>>
  /** Ends of connections that were in use, by close code. */
  readonly ends: Readonly<Record<string, number>>
  /** After the last fault, until everybody had everything. */
  readonly settledMs: number
}

/** After the last fault, everything must be as it should within this time. */
const settleWithinMs = 60_000

/** Lets real processes and sockets go through faults for a while, and asks the oracle. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const world = await World.make(options)
  // Whoever has enough of it is not left with servers and disks.
  const stop = () => void world.end().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
  try {
    await world.begin()
    world.say(`${world.actors.length} actors and ${world.crowd.length} readers are there`)
    const decks = [linkFaults, serverFaults].map((deck) => chosen(deck, options.faults))
    const run = new Run(world, options)
    await Promise.all(decks.map((deck) => run.play(deck)))
    if (run.isEnough) return reportOf(world, options, { faults: run.counts, settledMs: 0 })
    world.say('from here on nothing goes wrong')
    const settledMs = await world.settle(settleWithinMs)
    world.say(`everybody has everything after ${Math.round(settledMs)} ms`)
    await checkHistories(world)
    world.oracle.settle()
    return reportOf(world, options, { faults: run.counts, settledMs })
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop)
    await world.end()
  }
}

type Deck = Readonly<Record<string, Fault>>

function chosen(deck: Deck, names: readonly FaultName[] | undefined): Deck {
  if (names === undefined) return deck
  return Object.fromEntries(Object.entries(deck).filter(([name]) => names.includes(name as FaultName)))
}

/** A slow machine has so much longer until every fault has happened. */
const patienceMs = 200_000

/** The time in which things go wrong. */
class Run {
  readonly counts: Record<string, number> = {}
  readonly #world: World
  readonly #stopsAtFirst: boolean
  readonly #startedAt = performance.now()
  readonly #durationMs: number
  #isServerAtFault = false

  constructor(world: World, { stopsAtFirst = false, durationMs }: ChaosOptions) {
    this.#world = world
    this.#stopsAtFirst = stopsAtFirst
    this.#durationMs = durationMs
  }

  /** What was looked for is found. */
  get isEnough(): boolean {
    return this.#stopsAtFirst && this.#world.oracle.verdict.violations.length > 0
  }

  /** Plays the faults of a deck one after the other, shuffled anew each time that all have had their turn. */
  async play(deck: Deck): Promise<void> {
    const { chance, server, oracle } = this.#world
    const names = Object.keys(deck)
    for (const name of names) this.counts[name] = 0
    let waiting: string[] = []
    while (names.length > 0 && !this.#isOver(names)) {
      if (waiting.length === 0) waiting = chance.shuffled(names)
      await this.#happens(waiting.pop() as string, deck)
      if (!server.isRunning && !this.#isServerAtFault) {
        oracle.verdict.fault('stuck', 'The server has ended by itself.')
        return
      }
      await sleep(chance.between(100, 800))
    }
  }

  async #happens(name: string, deck: Deck): Promise<void> {
    const { actors, proxy, say } = this.#world
    // A fault of links needs some.
    await until(() => proxy.links.length >= actors.length / 2, 10_000)
    say(`${name} …`)
    const isServers = Object.hasOwn(serverFaults, name)
    // The other deck is not to take for a crash what this one does.
    if (isServers) this.#isServerAtFault = true
    const times = (await deck[name]?.(this.#world)) ?? 0
    if (isServers) this.#isServerAtFault = false
    this.counts[name] = (this.counts[name] ?? 0) + times
    say(`… ${name} is over (${times})`)
  }

  /** The time is over, and everything has happened. */
  #isOver(names: readonly string[]): boolean {
    if (this.isEnough) return true
    const leftMs = this.#durationMs - (performance.now() - this.#startedAt)
    return leftMs < -patienceMs || (leftMs < 0 && names.every((name) => (this.counts[name] ?? 0) > 0))
  }
}

function reportOf(
  world: World,
  { seed, durationMs }: ChaosOptions,
  { faults, settledMs }: Pick<ChaosReport, 'faults' | 'settledMs'>,
): ChaosReport {
  const { verdict, counts } = world.oracle
  const { deliveries, missed, acks, recovered, unrecovered, shed } = counts
  const ends: Record<string, number> = {}
  for (const actor of [...world.actors, ...world.crowd])
    for (const [code, count] of actor.ends) ends[code] = (ends[code] ?? 0) + count
  return {
    ...{ seed, seconds: durationMs / 1_000, clients: world.actors.length + world.crowd.length },
    ...{ violations: verdict.violations, counts: verdict.counts },
    ...{ deliveries, missed, acks, recovered, unrecovered, shed, links: world.watch.links },
    ...{ faults, refusals: Object.fromEntries(world.watch.refusals), ends, settledMs },
  }
}
