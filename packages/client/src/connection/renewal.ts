import { ParleyError } from '@parley/protocol'
import type { Clock, Timer } from '../platform.ts'
import type { Answer } from '../requests.ts'
import { type Backoff, backoffMs } from './backoff.ts'
import type { TokenSource } from './tokens.ts'

interface RenewalOptions {
  readonly clock: Clock
  readonly tokens: TokenSource
  readonly backoff: Backoff
  /** Gives the server a token. */
  readonly send: (token: string) => Promise<Answer>
  /** An attempt made by itself has failed; it is repeated. */
  readonly failed: (error: unknown) => void
}

const longestMs = 24 * 60 * 60 * 1000
/** However short tokens live, the application is not asked in a loop. */
const shortestMs = 1_000

/** Replaces the token of a living connection before it expires. */
export class Renewal {
  readonly #options: RenewalOptions
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #failures = 0
  #isOn = false
  /** Server time minus ours: expiry is told in the server's time. */
  #aheadMs = 0

  constructor(options: RenewalOptions) {
    this.#options = options
  }

  /** The connection is usable; `time` is the server's, `expiresAt` too (undefined: the token lives for ever). */
  start({ time, expiresAt }: { readonly time: number; readonly expiresAt?: number }): void {
    this.#isOn = true
    this.#aheadMs = time - this.#options.clock.now()
    this.#schedule(expiresAt)
  }

  stop(): void {
    this.#isOn = false
    this.#running = undefined
    this.#timer?.cancel()
  }

  /** The server says that the token runs out. */
  hurry(): void {
    if (this.#isOn && this.#options.tokens.canRefresh) this.#attempt()
  }

  /**
   * Gives the server `token`, or a new one from the application.
   *
   * @throws ParleyError when the server refuses it, or whatever `getToken` threw
   */
  refresh(token?: string): Promise<void> {
    if (token !== undefined) {
      this.#options.tokens.replace(token)
      return this.#isOn ? this.#give(token) : Promise.resolve()
    }
    if (!this.#isOn) return Promise.resolve()
    // Overlapping calls share one renewal.
    const running = this.#running ?? this.#renew()
    this.#running = running
    const done = (): void => {
      if (this.#running === running) this.#running = undefined
    }
    running.then(done, done)
    return running
  }

  async #renew(): Promise<void> {
    const token = await this.#options.tokens.get('expiring')
    if (token !== undefined && this.#isOn) await this.#give(token)
  }

  async #give(token: string): Promise<void> {
    const answer = await this.#options.send(token)
    if (answer.status === 'lost') return
    if (answer.status === 'error') throw answer.error
    const expiresAt = (answer.value as { readonly expiresAt?: unknown } | null)?.expiresAt
    this.#schedule(typeof expiresAt === 'number' ? expiresAt : undefined)
  }

  /** Renews when a fifth of the lifetime is left, at most a minute; a random part earlier, so that clients spread. */
  #schedule(expiresAt: number | undefined): void {
    const { clock, tokens } = this.#options
    this.#timer?.cancel()
    this.#failures = 0
    if (expiresAt === undefined || !tokens.canRefresh) return
    const lifetimeMs = Math.max(0, expiresAt - clock.now() - this.#aheadMs)
    const margin = Math.min(60_000, lifetimeMs / 5)
    const earlier = clock.random() * margin
    this.#wait(Math.min(longestMs, Math.max(shortestMs, lifetimeMs - margin - earlier)))
  }

  #wait(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(delayMs, () => this.#attempt())
  }

  #attempt(): void {
    this.refresh().catch((error: unknown) => {
      if (!this.#isOn) return
      this.#options.failed(error)
      // What cannot mend is not repeated: the server ends the connection when the token is no longer good.
      if (error instanceof ParleyError && !error.retryable) return
      const { backoff, clock } = this.#options
      this.#wait(backoffMs(this.#failures, backoff, clock.random()))
      this.#failures += 1
    })
  }
}
