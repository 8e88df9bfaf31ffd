import type { Clock, Timer } from '../ports/clock.ts'
import { TimerQueue } from './timer-queue.ts'

export interface VirtualClockOptions {
  /** Everything random follows from it. Default: 1. */
  readonly seed?: number
  /** Wall-clock time at the start, ms since 1970. Default: 2026-01-01T00:00:00Z. */
  readonly startAt?: number
  /** Nothing outside this clock is waited for: the event loop takes no part, which is a good deal faster. */
  readonly isAlone?: boolean
}

const { setImmediate: nextTurn, process } = globalThis as unknown as {
  setImmediate(run: () => void): void
  readonly process: { nextTick(run: () => void): void }
}
// A turn of the event loop drains every microtask, however many follow from one another. It takes no time from the
// clock and its order is fixed, so runs stay repeatable.
const turnOfLoop = () => new Promise<void>(nextTurn)
// So does a tick that is asked for in a microtask: its turn comes when there are no more of them.
const tick = () => new Promise<void>((resolve) => void process.nextTick(resolve))
const drained = () => Promise.resolve().then(tick)

/**
 * A clock that stands still until `advance` moves it. Timers fire at exactly their time, in order; two runs with the
 * same seed and the same calls are the same. Whatever a callback throws comes out of `advance` or `settle`.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerQueue()
  #deferred: (() => void)[] = []
  /** Calls of `settle` that are at work on deferred calls. */
  #running = 0
  #elapsed = 0
  #wall: number
  #random: number
  readonly #turn: () => Promise<void>

  constructor({ seed = 1, startAt = 1_767_225_600_000, isAlone = false }: VirtualClockOptions = {}) {
    this.#turn = isAlone ? drained : turnOfLoop
    this.#wall = startAt
    this.#random = seed | 0
  }

  /** Timers that were set and have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.live
  }

  now(): number {
    return Math.floor(this.#wall + this.#elapsed)
  }

  elapsed(): number {
    return this.#elapsed
  }

  /** Delays below 1 ms count as 1 ms, as in Node: a timer that sets itself again cannot stop time. */
  after(delayMs: number, run: () => void): Timer {
    if (!Number.isFinite(delayMs))
      throw new RangeError(`A timer needs a delay in milliseconds, not ${delayMs}.`)
    return this.#timers.add(this.#elapsed + Math.max(delayMs, 1), run)
  }

  defer(run: () => void): void {
    this.#deferred.push(run)
  }

  /** Mulberry32: enough for simulations, and the same everywhere. */
  random(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** Looks like a secret and follows from the seed. */
  secret(bits: number): string {
    let text = ''
    for (let left = bits; left > 0; left -= 6) text += base64url[Math.floor(this.random() * 64)]
    return text
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  jump(ms: number): void {
    this.#wall += ms
  }

  /** Lets time pass while nothing else runs, as a long computation does; timers that fell due run late. */
  spend(ms: number): void {
    this.#elapsed += ms
  }

  /** Lets `ms` pass: runs what is due in order, and everything that follows from it, before the next. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms
    await this.settle()
    for (;;) {
      const timer = this.#timers.take(Math.max(until, this.#elapsed))
      if (timer === undefined) break
      this.#elapsed = Math.max(this.#elapsed, timer.at)
      timer.run()
      await this.settle()
    }
    this.#elapsed = Math.max(this.#elapsed, until)
  }

  /** Runs microtasks and deferred calls until there are none; no time passes. */
  async settle(): Promise<void> {
    await this.#turn()
    while (this.#deferred.length > 0 || this.#running > 0) {
      const deferred = this.#deferred
      this.#deferred = []
      // Another call may be at work on some: they are waited for as well.
      if (deferred.length === 0) await this.#turn()
      else await this.#runAll(deferred)
    }
  }

  async #runAll(deferred: readonly (() => void)[]): Promise<void> {
    this.#running += 1
    try {
      for (let index = 0; index < deferred.length; index++) {
        try {
          deferred[index]?.()
        } catch (error) {
          this.#deferred.unshift(...deferred.slice(index + 1))
          throw error
        }
        await this.#turn()
      }
    } finally {
      this.#running -= 1
    }
  }
}

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
