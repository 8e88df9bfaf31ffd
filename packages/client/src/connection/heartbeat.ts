import type { Clock, Timer } from '../platform.ts'

export interface Heartbeat {
  /** Something arrived. */
  seen(): void
  /** Declares the link dead unless something arrives within `withinMs`. */
  probe(withinMs: number): void
  stop(): void
}

/** A ping may be late by so much and still be on its way (PROTOCOL.md §4). */
const onTheWayMs = 5_000

/** Milliseconds without a sound after which a link counts as dead. */
export function longestSilence(pings: {
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
}): number {
  return pings.pingIntervalMs + pings.pingTimeoutMs + onTheWayMs
}

/** Watches a link: calls `dead` once when nothing arrived for `silenceMs`. */
export function watchSilence(clock: Clock, silenceMs: number, dead: () => void): Heartbeat {
  let last = clock.elapsed()
  let silence: Timer | undefined
  let probing: Timer | undefined
  const stop = (): void => {
    silence?.cancel()
    probing?.cancel()
  }
  const die = (): void => {
    stop()
    dead()
  }
  // The timer is not moved with every message: when it fires, it looks how long the silence really is.
  const look = (): void => {
    const left = last + silenceMs - clock.elapsed()
    if (left <= 0) die()
    else silence = clock.after(left, look)
  }
  silence = clock.after(silenceMs, look)
  return {
    seen() {
      last = clock.elapsed()
      probing?.cancel()
      probing = undefined
    },
    probe(withinMs) {
      probing ??= clock.after(withinMs, die)
    },
    stop,
  }
}
