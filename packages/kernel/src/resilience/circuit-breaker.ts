import { ParleyError } from '@parley/protocol'
import type { Clock } from '../ports/clock.ts'
import { mayPass } from './retry.ts'

export interface CircuitBreakerOptions {
  readonly clock: Pick<Clock, 'elapsed'>
  /** Names the service in the refusal: `The object store`. */
  readonly service: string
  /** Failures in a row that open the circuit. Default 5. */
  readonly failureThreshold?: number | undefined
  /** How long it stays open before it is probed. Default 60 s. */
  readonly openMs?: number | undefined
  /** Calls let through as probes; when all of them succeed the circuit closes. Default 3. */
  readonly halfOpenMaxCalls?: number | undefined
  /** Whether an error speaks against the service. Default: all that may be gone at another attempt. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined
}

/** `closed`: calls go through. `open`: they are refused. `half_open`: a few probe whether the service is back. */
export type CircuitState = 'closed' | 'open' | 'half_open'

const defaults = { failureThreshold: 5, openMs: 60_000, halfOpenMaxCalls: 3 } as const

/**
 * Keeps calls away from a service that fails, so that nobody waits for it and it can recover, and probes it before all
 * go there again.
 */
export class CircuitBreaker {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #service: string
  readonly #failureThreshold: number
  readonly #openMs: number
  readonly #halfOpenMaxCalls: number
  readonly #isFailure: (error: unknown) => boolean
  #failures = 0
  #openedAt: number | undefined
  /** Probes since the circuit was last open: those let through, and those that succeeded. */
  #probes = 0
  #passed = 0
  /** Counts the openings, so that an answer that comes late says nothing of the present. */
  #period = 0

  constructor(options: CircuitBreakerOptions) {
    this.#clock = options.clock
    this.#service = options.service
    this.#failureThreshold = options.failureThreshold ?? defaults.failureThreshold
    this.#openMs = options.openMs ?? defaults.openMs
    this.#halfOpenMaxCalls = options.halfOpenMaxCalls ?? defaults.halfOpenMaxCalls
    this.#isFailure = options.isFailure ?? mayPass
  }

  get state(): CircuitState {
    if (this.#openedAt === undefined) return 'closed'
    return this.#leftMs(this.#openedAt) > 0 ? 'open' : 'half_open'
  }

  /**
   * Makes a call, if the circuit lets it through.
   *
   * @throws ParleyError `unavailable` without a call, to be tried again after `retryAfterMs`; else what the call throws
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    this.#admit()
    const period = this.#period
    try {
      const result = await call()
      if (period === this.#period) this.#succeeded()
      return result
    } catch (error) {
      if (period === this.#period) this.#isFailure(error) ? this.#failed() : this.#succeeded()
      throw error
    }
  }

  #leftMs(openedAt: number): number {
    return openedAt + this.#openMs - this.#clock.elapsed()
  }

  #admit(): void {
    if (this.#openedAt === undefined) return
    const leftMs = this.#leftMs(this.#openedAt)
    // Probes that never end keep nobody out for longer than a service that is down.
    if (leftMs <= -this.#openMs) this.#begin(this.#clock.elapsed() - this.#openMs)
    const isFull = this.#probes >= this.#halfOpenMaxCalls
    if (leftMs <= 0 && !isFull) {
      this.#probes += 1
      return
    }
    throw new ParleyError('unavailable', `${this.#service} does not answer at the moment. Try again later.`, {
      retryAfterMs: Math.max(1, Math.ceil(leftMs > 0 ? leftMs : Math.min(this.#openMs, 1_000))),
    })
  }

  #succeeded(): void {
    this.#failures = 0
    if (this.#openedAt === undefined) return
    this.#passed += 1
    if (this.#passed >= this.#halfOpenMaxCalls) this.#begin(undefined)
  }

  #failed(): void {
    this.#failures += 1
    if (this.#openedAt !== undefined || this.#failures >= this.#failureThreshold)
      this.#begin(this.#clock.elapsed())
  }

  #begin(openedAt: number | undefined): void {
    this.#openedAt = openedAt
    this.#failures = 0
    this.#probes = 0
    this.#passed = 0
    this.#period += 1
  }
}
