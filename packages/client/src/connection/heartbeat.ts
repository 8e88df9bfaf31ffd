import type { Clock, Timer } from '../platform.ts'

interface Pings {
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
}

/** A ping may be late by so much and still be on its way (PROTOCOL.md §4). */
const onTheWayMs = 5_000
/** Silence is never as long, unless fewer pings were asked for. */
const usualMs = 45_000

/** Watches whether the server is heard, and knows how often it should make itself heard. */
export class Heartbeat {
  readonly #clock: Clock
  readonly #wanted: () => number | undefined
  readonly #dead: () => void
  #pings: Pings = { pingIntervalMs: 0, pingTimeoutMs: 0 }
  #heardAt = 0
  #toldMs: number | undefined
  #silence: Timer | undefined
  #probing: Timer | undefined
  /** Something on the way took silence for death: no pings that are rarer than this. */
  #mostMs = Number.POSITIVE_INFINITY

  /**
   * @param wanted how often the server should ask, as things are now, in ms; 0: as often as it likes
   * @param dead called when nothing was heard for too long
   */
  constructor(clock: Clock, wanted: () => number | undefined, dead: () => void) {
    this.#clock = clock
    this.#wanted = wanted
    this.#dead = dead
  }

  /** Something else is wished than the server has been told. */
  get isNews(): boolean {
    return this.#wishMs !== this.#toldMs
  }

  /** What to tell the server; undefined: nothing. */
  tell(): number | undefined {
    this.#toldMs = this.#wishMs
    return this.#toldMs
  }

  get #wishMs(): number | undefined {
    const ms = this.#wanted()
    return ms && Math.round(Math.min(ms, this.#mostMs))
  }

  start(pings: Pings): void {
    this.#pings = pings
    this.seen()
    this.#look()
  }

  /** The server asks so often from now on. */
  pace(pingIntervalMs: number): void {
    this.#pings = { ...this.#pings, pingIntervalMs }
    this.#look()
  }

  /** Something arrived. */
  seen(): void {
    this.#heardAt = this.#clock.elapsed()
    this.#probing?.cancel()
    this.#probing = undefined
  }

  /** The server was asked for a sign of life: it is dead unless something arrives in time. */
  probe(): void {
    this.#probing ??= this.#clock.after(this.#pings.pingTimeoutMs, this.#dead)
  }

  /** The link broke. */
  broke(): void {
    const quietMs = this.#clock.elapsed() - this.#heardAt
    if (quietMs > usualMs) this.#mostMs = quietMs / 2
  }

  stop(): void {
    this.#silence?.cancel()
    this.#probing?.cancel()
    this.#probing = undefined
  }

  // The timer is not moved with every message: when it fires, it looks how long the silence really is.
  readonly #look = (): void => {
    const { pingIntervalMs, pingTimeoutMs } = this.#pings
    const leftMs = pingIntervalMs + pingTimeoutMs + onTheWayMs + this.#heardAt - this.#clock.elapsed()
    this.#silence?.cancel()
    if (leftMs <= 0) this.#dead()
    else this.#silence = this.#clock.after(leftMs, this.#look)
  }
}
