import type { Durability } from '../kind.ts'
import { perform } from './actions.ts'
import { LivenessWatch } from './liveness.ts'
import type { Violation, ViolationKind } from './oracle/verdict.ts'
import type { Fault, Schedule } from './schedule.ts'
import { checkBaseline, checkHistories, checkMoods, sees } from './settling.ts'
import type { ClientFactory } from './world/client.ts'
import { type Line, World } from './world/world.ts'

export interface SimulationOptions {
  readonly schedule: Schedule
  /** Makes the clients: the engine is the one that applications use. */
  readonly makeClient: ClientFactory
  /** Told of everything that happens, for a timeline. */
  readonly told?: (line: Line) => void
}

export interface SimulationReport {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly counts: Readonly<Record<ViolationKind, number>>
  /** The same for two runs of the same schedule. */
  readonly trace: string
  readonly deliveries: Readonly<Record<Durability, number>>
  /** Of those, what had been missed before. */
  readonly missed: Readonly<Record<Durability, number>>
  readonly acks: number
  readonly recovered: number
  readonly unrecovered: number
  readonly shed: number
  readonly faults: Readonly<Partial<Record<Fault, number>>>
  /** Virtual milliseconds until all was quiet, after the last fault. */
  readonly settledMs: number
}

/** After the last fault, everything must be as it should within this time. */
const settleWithinMs = 60_000

/**
 * Runs nodes and clients on virtual time through everything that a schedule says, and asks the oracle. Two runs of the
 * same schedule are the same.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { schedule } = options
  const world = new World(options)
  for (let slot = 0; slot < world.nodes.count; slot++) world.nodes.boot(slot)
  await world.clock.advance(300)
  await letIn(world)
  for (const tab of world.tabs) {
    for (const [index, channel] of world.channels.entries())
      if (sees(world.tabs.indexOf(tab), index)) tab.subscribe(channel, false)
    tab.open()
  }
  const liveness = new LivenessWatch(world)
  // Among several nodes, signals may be lost and are missed only after half a minute.
  if (schedule.nodes === 1) liveness.start()
  for (const action of schedule.actions) {
    const waitMs = action.at - world.clock.elapsed()
    if (waitMs > 0) await world.clock.advance(waitMs)
    perform(world, action)
  }
  liveness.stop()
  const settledMs = await settle(world)
  return reportOf(world, schedule.seed, settledMs)
}

/** Everybody may read everything at first. */
async function letIn(world: World): Promise<void> {
  const channels = world.channels.filter((channel) => channel.startsWith('club:'))
  for (const channel of channels)
    for (const key of new Set(world.tabs.map(({ app, user }) => `${app} ${user}`))) {
      const [app, user] = key.split(' ') as [string, string]
      world.backend.membership(app, channel, user, true)
    }
  await world.clock.advance(100)
}

/** Nothing goes wrong any more: all must become quiet, and then right. */
async function settle(world: World): Promise<number> {
  // What was begun for a while comes to its end.
  await world.clock.advance(4_200)
  world.note('— from here on nothing goes wrong')
  world.calm()
  const began = world.clock.elapsed()
  // Who sits at a half-open connection takes it for a good one until its silence is noticed.
  await world.clock.advance(9_000)
  while (!isQuiet(world) && world.clock.elapsed() - began < settleWithinMs) await world.clock.advance(250)
  const settledMs = world.clock.elapsed() - began
  if (!isQuiet(world)) reportStuck(world)
  // Sessions and entries of keyed state that nobody holds any more go in their time.
  await world.clock.advance(10_000)
  checkMoods(world)
  await checkHistories(world)
  world.oracle.settle()
  await checkBaseline(world)
  return settledMs
}

function isQuiet(world: World): boolean {
  return world.backend.open === 0 && world.tabs.every((tab) => tab.isQuiet)
}

function reportStuck(world: World): void {
  const { verdict } = world.oracle
  if (world.backend.open > 0)
    verdict.fault('stuck', `${world.backend.open} requests of back ends have no answer`)
  for (const tab of world.tabs)
    if (!tab.isQuiet) verdict.fault('stuck', `${tab.name} ${tab.standing}`, { who: tab.name })
}

function reportOf(world: World, seed: number, settledMs: number): SimulationReport {
  const { verdict, counts } = world.oracle
  const { deliveries, missed, acks, recovered, unrecovered, shed } = counts
  return {
    ...{ seed, violations: verdict.violations, counts: verdict.counts, trace: world.traceHash },
    ...{ deliveries, missed, acks, recovered, unrecovered, shed, settledMs },
    faults: world.countedFaults(),
  }
}
