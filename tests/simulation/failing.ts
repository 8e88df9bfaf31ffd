import { type Line, makeSchedule, type Schedule, shrink } from '@parley/kernel/simulation'
import { runSchedule, type SeedOptions } from './seeds.ts'

/** The smallest schedule by which a seed still goes wrong, and everything that happens in it. */
export async function findFailing({
  transport,
  ...options
}: SeedOptions): Promise<{ readonly schedule: Schedule; readonly lines: readonly Line[] }> {
  const schedule = await shrink({
    schedule: makeSchedule(options),
    run: (one) => runSchedule(one, { transport }),
  })
  const lines: Line[] = []
  await runSchedule(schedule, { transport, told: (line) => void lines.push(line) })
  return { schedule, lines }
}
