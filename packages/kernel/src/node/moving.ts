import type { Clock } from '../ports/clock.ts'
import type { Link } from '../sessions/link.ts'

/** What one connection adds to the window: the other nodes take in 500 a second. */
const perLinkMs = 2
const stepMs = 50
const windowShare = 2 / 3

/**
 * Moves the clients of a node to the others: tells them to go, one after the other, in a window that grows with their
 * number, and serves them until they do. Fulfilled when all have gone, or after `maxMs`.
 */
export async function moveClients(links: ReadonlySet<Link>, clock: Clock, maxMs: number): Promise<void> {
  const waiting = [...links]
  const begunAt = clock.elapsed()
  const windowMs = Math.min(waiting.length * perLinkMs, maxMs * windowShare)
  let told = 0
  for (;;) {
    const passedMs = clock.elapsed() - begunAt
    const due = windowMs === 0 ? waiting.length : Math.ceil(waiting.length * ((passedMs + stepMs) / windowMs))
    for (; told < Math.min(due, waiting.length); told++)
      waiting[told]?.reply('{"op":"goaway","retryAfterMs":0,"spreadMs":0}')
    if (links.size === 0 || passedMs >= maxMs) return
    await new Promise<void>((resolve) => clock.after(stepMs, resolve))
  }
}
