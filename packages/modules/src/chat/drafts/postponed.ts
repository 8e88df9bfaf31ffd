import { retryDelayMs } from '@parley/kernel'

const backoff = { baseMs: 2_000, capMs: 60_000 }
export const maxAttempts = 10
/** Messages that wait for another attempt; one more is not tried again. */
const maxEntries = 1_000

interface Entry {
  readonly attempts: number
  readonly at: number
}

/** Messages that could not be sent for now, and when they are tried again. */
export class Postponed {
  readonly #entries = new Map<string, Entry>()

  /** Answers false when there were enough attempts: then it is no longer remembered. */
  add(
    key: string,
    now: number,
    { random, delayMs = 0 }: { random: number; delayMs?: number | undefined },
  ): boolean {
    const attempts = (this.#entries.get(key)?.attempts ?? 0) + 1
    this.#entries.delete(key)
    if (attempts >= maxAttempts || this.#entries.size >= maxEntries) return false
    const backoffMs = retryDelayMs(attempts, backoff, random)
    this.#entries.set(key, { attempts, at: now + Math.max(delayMs, backoffMs) })
    return true
  }

  /** It was sent, or given up. */
  settle(key: string): void {
    this.#entries.delete(key)
  }

  /** Those whose time has not come. */
  waiting(now: number): readonly string[] {
    return [...this.#entries].filter(([, { at }]) => at > now).map(([key]) => key)
  }

  /** When the first of them is tried again; infinite when there is none. */
  next(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { at } of this.#entries.values()) if (at > now) next = Math.min(next, at)
    return next
  }
}
