import type { Clock, Timer } from '../../ports/clock.ts'
import type { VirtualClock } from '../../testing/virtual-clock.ts'
import type { Random } from './random.ts'

/**
 * One process on virtual time: a clock of its own, and the door through which everything comes in that happens outside.
 * It can be stopped and continued as by SIGSTOP and SIGCONT, and killed: then nothing of it ever runs again.
 */
export class SimulatedProcess implements Clock {
  readonly name: string
  readonly #world: VirtualClock
  readonly #random: Random
  #state: 'running' | 'frozen' | 'dead' = 'running'
  #waiting: (() => void)[] = []
  #aheadMs = 0
  #timers = 0
  /** Elapsed time of its last stop or jump: what depends on time may be late for a while. */
  disturbedAt = Number.NEGATIVE_INFINITY

  constructor(name: string, world: VirtualClock, random: Random) {
    this.name = name
    this.#world = world
    this.#random = random.fork(name)
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen'
  }

  /** Timers that are set. */
  get pendingTimers(): number {
    return this.#timers
  }

  /** Milliseconds by which the wall clock of this machine is ahead. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  now(): number {
    return this.#world.now() + this.#aheadMs
  }

  elapsed(): number {
    return this.#world.elapsed()
  }

  after(delayMs: number, run: () => void): Timer {
    let isSet = true
    this.#timers += 1
    const clear = () => {
      if (isSet) this.#timers -= 1
      isSet = false
    }
    const timer = this.#world.after(delayMs, () =>
      this.enter(() => {
        if (!isSet) return
        clear()
        run()
      }),
    )
    return {
      cancel: () => {
        clear()
        timer.cancel()
      },
    }
  }

  defer(run: () => void): void {
    this.#world.defer(() => this.enter(run))
  }

  random(): number {
    return this.#random.next()
  }

  secret(bits: number): string {
    return this.#random.secret(bits)
  }

  /** Something from outside: it happens now, when the process goes on, or never. */
  enter(run: () => void): void {
    if (this.#state === 'running') run()
    else if (this.#state === 'frozen') this.#waiting.push(run)
  }

  /** The wall clock of the machine jumps. */
  jump(ms: number): void {
    this.#aheadMs += ms
    this.disturbedAt = this.elapsed()
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen'
  }

  /** Goes on: what came meanwhile happens in its order, each in a turn of its own. */
  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'running'
    this.disturbedAt = this.elapsed()
    const waiting = this.#waiting
    this.#waiting = []
    for (const run of waiting) this.defer(run)
  }

  kill(): void {
    this.#state = 'dead'
    this.#waiting = []
    this.#timers = 0
  }
}
