import type { LinkClock } from '../link-clock.ts'

/** Does together what may wait for a moment: all that join before a beat are called at it, in the order in which they came. */
export class Pulse {
  readonly #clock: Pick<LinkClock, 'after'>
  readonly #ms: number
  #waiting = new Set<() => void>()
  #isSet = false

  /** @param ms the first that joins waits for so long, the others less */
  constructor(clock: Pick<LinkClock, 'after'>, ms: number) {
    this.#clock = clock
    this.#ms = ms
  }

  join(run: () => void): void {
    this.#waiting.add(run)
    if (this.#isSet) return
    this.#isSet = true
    this.#clock.after(this.#ms, () => this.#beat())
  }

  leave(run: () => void): void {
    this.#waiting.delete(run)
  }

  #beat(): void {
    this.#isSet = false
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const run of waiting) run()
  }
}
