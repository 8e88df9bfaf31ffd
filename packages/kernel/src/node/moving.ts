import type { Clock } from '../ports/clock.ts'
import type { Link } from '../sessions/link.ts'

/** What one connection adds to the window: another node, or this one when it is back, takes in 500 a second. */
const perLinkMs = 2
const longestWindowMs = 30_000
const stepMs = 50
/** A node that has stopped is not back before. */
const restartMs = 500

/** How long clients of a node that stops are told to take, all together. `wanted` counts, where somebody has said so. */
export function drainWindow(links: number, wanted: number | undefined): number {
  return wanted ?? Math.min(links * perLinkMs, longestWindowMs)
}

export interface Moving {
  readonly windowMs: number
  /** How long those are waited for who do not go although they were told. */
  readonly patienceMs: number
}

/**
 * Moves the clients of a node to the others: tells them to go, one after the other, evenly over a window, and serves them
 * until they do. Fulfilled when all have gone, or after window and patience, with how much
 * patience it took.
 */
export async function moveClients(
  links: ReadonlySet<Link>,
  clock: Clock,
  { windowMs, patienceMs }: Moving,
): Promise<number> {
  const waiting = [...links]
  const begunAt = clock.elapsed()
  let told = 0
  for (;;) {
    const passedMs = clock.elapsed() - begunAt
    const due = windowMs === 0 ? waiting.length : Math.ceil(waiting.length * ((passedMs + stepMs) / windowMs))
    for (; told < Math.min(due, waiting.length); told++) waiting[told]?.reply(goaway(0, 0))
    if (links.size === 0 || passedMs >= windowMs + patienceMs) return Math.max(0, passedMs - windowMs)
    const waitMs = Math.min(stepMs, Math.max(1, windowMs + patienceMs - passedMs))
    await new Promise<void>((resolve) => clock.after(waitMs, resolve))
  }
}

/**
 * Tells all clients at once to come back later, each in a part of the window of its own: chance alone would let some
 * moments have many of them.
 */
export function sendAway(links: ReadonlySet<Link>, windowMs: number): void {
  const partMs = windowMs / Math.max(links.size, 1)
  let place = 0
  for (const link of links) {
    link.reply(goaway(Math.round(restartMs + place * partMs), Math.ceil(partMs)))
    place += 1
  }
}

function goaway(retryAfterMs: number, spreadMs: number): string {
  return `{"op":"goaway","retryAfterMs":${retryAfterMs},"spreadMs":${spreadMs}}`
}

/** Fulfilled when the work is done, or after a delay. */
export function withinMs(work: Promise<void>, delayMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(delayMs, resolve)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
