import { type Line, makeSchedule, type Schedule, shrink, simulate } from '@parley/kernel/simulation'
import { wireOf } from './over-http.ts'
import { realClient } from './real-client.ts'
import type { SeedOptions } from './seeds.ts'

/** The smallest schedule by which a seed still goes wrong, and everything that happens in it. */
export async function findFailing({
  transport,
  ...options
}: SeedOptions): Promise<{ readonly schedule: Schedule; readonly lines: readonly Line[] }> {
  const wire = wireOf(transport)
  const schedule = await shrink({
    schedule: makeSchedule(options),
    run: (one) => simulate({ schedule: one, makeClient: realClient, wire }),
  })
  const lines: Line[] = []
  await simulate({ schedule, makeClient: realClient, wire, told: (line) => void lines.push(line) })
  return { schedule, lines }
}
