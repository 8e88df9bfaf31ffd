import type { Limits } from '../limits.ts'

/** When a client is asked whether it is there, and whether it has said so since. */
export class Heartbeat {
  /** How often it is asked, in ms. */
  intervalMs: number
  /** Elapsed time of the next ping, or of the look whether it was answered. */
  at: number
  readonly #limits: Limits
  #isAsked = false
  #isHeard = true

  /**
   * The first ping comes early and at a random time, so that connections made together are not pinged together.
   *
   * @param wishMs how often the client would like to be asked
   */
  constructor(limits: Limits, now: number, random: number, wishMs: number | undefined) {
    this.#limits = limits
    this.intervalMs = this.#within(wishMs ?? 0)
    this.at = now + this.intervalMs * (0.5 + random / 2)
  }

  heard(): void {
    this.#isHeard = true
  }

  /** It was asked, and nothing came since. */
  get isUnanswered(): boolean {
    return this.#isAsked && !this.#isHeard
  }

  /** The client would like to be asked more or less often. An answer that is due stays so. */
  pace(wishMs: number, now: number): void {
    this.intervalMs = this.#within(wishMs)
    if (!this.#isAsked) this.at = now + this.intervalMs
  }

  /**
   * One beat: ask, look after `pingTimeoutMs`, rest. Returns which of them it is; whom nothing reaches is not asked.
   *
   * @param pauseMs how much longer the answer may take on this transport
   */
  beat(now: number, isBlocked: boolean, pauseMs: number): 'blocked' | 'ask' | 'rest' {
    const { pingTimeoutMs } = this.#limits
    this.#isAsked = !isBlocked && !this.#isAsked
    if (this.#isAsked) {
      this.#isHeard = false
      this.at = now + pingTimeoutMs + pauseMs
      return 'ask'
    }
    this.at = now + (isBlocked ? pingTimeoutMs : Math.max(this.intervalMs - pingTimeoutMs, pingTimeoutMs))
    return isBlocked ? 'blocked' : 'rest'
  }

  #within(wishMs: number): number {
    const { pingIntervalMs, maxPingIntervalMs } = this.#limits
    return Math.max(pingIntervalMs, Math.min(wishMs, maxPingIntervalMs))
  }
}
