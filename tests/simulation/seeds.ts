import {
  makeSchedule,
  type ScheduleOptions,
  type SimulationReport,
  simulate,
} from '@parley/kernel/simulation'
import { wireOf } from './over-http.ts'
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
  return simulate({ schedule: makeSchedule(options), makeClient: realClient, wire: wireOf(transport) })
}
