import type { Timer } from '@parley/kernel'
import type { LinkClock } from '../link-clock.ts'

/**
 * A time by which something has to happen, set anew again and again. Putting it off costs nothing: one timer looks from
 * time to time how much of it is left.
 */
export class Deadline {
  readonly #clock: Pick<LinkClock, 'after' | 'elapsed'>
  readonly #lookMs: number
  readonly #passed: () => void
  #at = Number.POSITIVE_INFINITY
  #timer: Timer | undefined
  /** When the timer fires. */
  #looksAt = Number.POSITIVE_INFINITY

  /**
   * @param lookMs most times that are set are as long, or longer: then the timer that runs is soon enough
   * @param passed called once each time that a deadline passes
   */
  constructor(clock: Pick<LinkClock, 'after' | 'elapsed'>, lookMs: number, passed: () => void) {
    this.#clock = clock
    this.#lookMs = lookMs
    this.#passed = passed
  }

  /** It passes in so many ms, in place of what was set before. */
  set(inMs: number): void {
    const now = this.#clock.elapsed()
    this.#at = now + inMs
    if (this.#at >= this.#looksAt) return
    this.#timer?.cancel()
    this.#look(now)
  }

  /** It passes no more. */
  end(): void {
    this.#at = Number.POSITIVE_INFINITY
    this.#looksAt = Number.POSITIVE_INFINITY
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #look(now: number): void {
    const delayMs = Math.min(this.#at - now, this.#lookMs)
    this.#looksAt = now + delayMs
    this.#timer = this.#clock.after(delayMs, () => this.#fired())
  }

  #fired(): void {
    const now = this.#clock.elapsed()
    this.#timer = undefined
    this.#looksAt = Number.POSITIVE_INFINITY
    // Timers may be early by a part of a millisecond.
    if (this.#at - now >= 1) this.#look(now)
    else {
      this.#at = Number.POSITIVE_INFINITY
      this.#passed()
    }
  }
}
