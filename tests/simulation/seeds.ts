import {
  makeSchedule,
  type Schedule,
  type ScheduleOptions,
  type SimulationOptions,
  type SimulationReport,
  simulate,
} from '@parley/kernel/simulation'
import { anyWire, wireOf } from './over-http.ts'
import { realClient } from './real-client.ts'

/** What one seed is run with. */
export interface SeedOptions extends ScheduleOptions {
  /** Default: messages go over the simulated network as they are. */
  readonly transport?: string | undefined
}

/** Nodes that a seed runs with, when nobody says: one, two or three. */
export const nodesFor = (seed: number): number => 1 + (seed % 3)

/** Everything that follows from a seed. */
export function runSeed({ transport, ...options }: SeedOptions): Promise<SimulationReport> {
  return runSchedule(makeSchedule(options), { transport })
}

/** Runs a schedule over a transport, or over all of them where its tabs fall back. */
export function runSchedule(
  schedule: Schedule,
  { transport, told }: Pick<SeedOptions, 'transport'> & Pick<SimulationOptions, 'told'> = {},
): Promise<SimulationReport> {
  const wire = wireOf(transport) ?? (schedule.with?.includes('fallback') === true ? anyWire : undefined)
  return simulate({ schedule, makeClient: realClient, wire, ...(told === undefined ? {} : { told }) })
}
