import type { Durability } from '../kind.ts'
import { perform } from './actions.ts'
import type { Violation, ViolationKind } from './oracle/verdict.ts'
import type { Fault, Schedule } from './schedule.ts'
import { type SettlingTimes, settle } from './settling.ts'
import { Watch } from './watch.ts'
import type { ClientFactory } from './world/client.ts'
import type { Wire } from './world/wire.ts'
import { type Line, World } from './world/world.ts'

export interface SimulationOptions {
  readonly schedule: Schedule
  /** Makes the clients: the engine is the one that applications use. */
  readonly makeClient: ClientFactory
  /** What carries messages; without one they go over the simulated network as they are. */
  readonly wire?: Wire | undefined
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
  /** And then until all saw the same keyed state. */
  readonly convergedMs: number
  /** Most units that waited for one disk. */
  readonly mostQueued: number
  /** Bytes of messages that arrived before their connection was cut in the middle of them. */
  readonly cutPlaces: readonly number[]
}

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
      for (const isFiltered of [false, true])
        if (sees(tab.index, index, isFiltered)) tab.subscribe(channel, isFiltered)
    tab.open()
  }
  const watch = new Watch(world)
  watch.start()
  for (const action of schedule.actions) {
    const waitMs = action.at - world.clock.elapsed()
    if (waitMs > 0) await world.clock.advance(waitMs)
    perform(world, action)
  }
  watch.stop()
  const times = await settle(world)
  return reportOf(world, schedule.seed, times)
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

function reportOf(world: World, seed: number, times: SettlingTimes): SimulationReport {
  const { verdict, counts } = world.oracle
  const { deliveries, missed, acks, recovered, unrecovered, shed } = counts
  return {
    ...{ seed, violations: verdict.violations, counts: verdict.counts, trace: world.traceHash },
    ...{ deliveries, missed, acks, recovered, unrecovered, shed },
    ...times,
    mostQueued: world.mostQueued,
    cutPlaces: [...world.cutPlaces],
    faults: world.countedFaults(),
  }
}

/** Whether a tab follows a channel from the beginning: most do, and some of them a second time, with a filter. */
function sees(tab: number, channel: number, isFiltered: boolean): boolean {
  return isFiltered ? (tab + channel) % 5 === 0 : (tab + channel) % 4 !== 3
}
