import { setTimeout as pause } from 'node:timers/promises'
import { cpuMicros, disturbedMicros } from '../accounting.ts'
import type { Tally } from './tally.ts'

/** What a stretch of time saw. */
export interface Stretch {
  readonly seconds: number
  readonly deliveries: number
  /** Deliveries a second. */
  readonly rate: number
  /** Acks a second. */
  readonly acked: number
  /** CPU of the server in µs per delivery, and per ack. */
  readonly cpu: number
  readonly ackCpu: number
  /** Share of one core that the loader used. Near 1 it is the loader that is being measured. */
  readonly loader: number
  /** Share of the time in which the server was ready to run and something else had its core. */
  readonly disturbed: number
  readonly p50: number
  readonly p99: number
}

/** Watches `millis` of what is going on anyway. */
export async function watch(tally: Tally, pid: number, millis: number): Promise<Stretch> {
  tally.latencies.clear()
  const [began, cpuBefore, disturbed] = [performance.now(), cpuMicros(pid), disturbedMicros(pid)]
  const [deliveriesBefore, acksBefore, loader] = [tally.deliveries, tally.acks, process.cpuUsage()]
  await pause(millis)
  const seconds = (performance.now() - began) / 1_000
  const cpu = cpuMicros(pid) - cpuBefore
  const used = process.cpuUsage(loader)
  const [deliveries, acks] = [tally.deliveries - deliveriesBefore, tally.acks - acksBefore]
  return {
    seconds,
    deliveries,
    rate: deliveries / seconds,
    acked: acks / seconds,
    cpu: deliveries === 0 ? 0 : cpu / deliveries,
    ackCpu: acks === 0 ? 0 : cpu / acks,
    loader: (used.user + used.system) / 1e6 / seconds,
    disturbed: Math.max(0, disturbedMicros(pid) - disturbed) / 1e6 / seconds,
    p50: tally.latencies.percentile(0.5),
    p99: tally.latencies.percentile(0.99),
  }
}

/** Waits until `isDone`, at most `millis`; looks every few ms. */
export async function settle(isDone: () => boolean, millis: number): Promise<boolean> {
  const began = performance.now()
  while (!isDone()) {
    if (performance.now() - began > millis) return false
    await pause(5)
  }
  return true
}

/** Waits for what is still on its way. A run that loses something gives no figures. */
export async function requireWhole(
  tally: Tally,
  wanted: { deliveries: number; acks?: number },
): Promise<void> {
  // Deliveries of servers that are counted by bytes are not quite whole numbers.
  const arrived = (): boolean =>
    Math.round(tally.deliveries) >= wanted.deliveries && tally.acks >= (wanted.acks ?? 0)
  let isWhole = false
  // As long as something still comes, it is the machine that is slow.
  for (let before = -1; !isWhole && before < tally.deliveries + tally.acks; ) {
    before = tally.deliveries + tally.acks
    isWhole = await settle(() => arrived() || tally.problem !== undefined, 5_000)
  }
  requireClean(tally)
  if (!isWhole)
    throw new Error(
      `${wanted.deliveries} deliveries wanted, ${tally.deliveries} seen; ${wanted.acks ?? 0} acks wanted, ${tally.acks} seen.`,
    )
}

/** Refuses a run in which something went wrong, so that no figure comes from it. */
export function requireClean(tally: Tally): void {
  if (tally.problem !== undefined) throw new Error(`The server refused or ended: ${tally.problem}`)
  if (tally.gaps > 0) throw new Error(`${tally.gaps} batches did not follow the one before.`)
}
