import { setTimeout as pause } from 'node:timers/promises'
import { type Spent, startSpending } from './spent.ts'
import type { Tally } from './tally.ts'

/** What a stretch of time saw. `cpu` is the server's, in µs per delivery. */
export interface Stretch extends Spent {
  readonly deliveries: number
  /** Deliveries a second. */
  readonly rate: number
  /** Acks a second. */
  readonly acked: number
  readonly p50: number
  readonly p99: number
}

/** Watches `millis` of what is going on anyway. */
export async function watch(tally: Tally, pid: number, millis: number): Promise<Stretch> {
  tally.latencies.clear()
  const spentSince = startSpending(pid)
  const [deliveriesBefore, acksBefore] = [tally.deliveries, tally.acks]
  await pause(millis)
  const spent = spentSince()
  const [deliveries, acks] = [tally.deliveries - deliveriesBefore, tally.acks - acksBefore]
  return {
    ...spent,
    deliveries,
    rate: deliveries / spent.seconds,
    acked: acks / spent.seconds,
    cpu: deliveries === 0 ? 0 : spent.cpu / deliveries,
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
