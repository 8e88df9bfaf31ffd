/** How the pauses between attempts grow. */
export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/**
 * Full jitter: any time between 0 and the ceiling of the attempt, so that clients that lost a server together do not
 * come back together. `attempt` counts from 0.
 */
export function backoffMs(attempt: number, backoff: Backoff, random: number): number {
  return random * Math.min(backoff.capMs, backoff.baseMs * 2 ** attempt)
}
