import type { Clock } from '../../ports/clock.ts'
import type { Outbox } from '../outbox.ts'

/** Connections written to between two looks at the clock. */
const outboxesPerLook = 32

/** The connections for which replies, or other control frames, wait to leave at the end of a turn. */
export class Replies {
  readonly #clock: Clock
  readonly #outboxes: Outbox[] = []
  /** How many of them, from the first, have waited for a turn already. */
  #heldOver = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get length(): number {
    return this.#outboxes.length
  }

  add(outbox: Outbox): void {
    outbox.dirty = true
    this.#outboxes.push(outbox)
  }

  /**
   * Sends for at most `sliceMs`; the rest goes first in the next turn. While batches wait for their time, replies may be
   * held: they wait for one turn to leave together with a batch, as a write costs more than what is in it.
   */
  flush(sliceMs: number, isHeld: boolean): void {
    const until = this.#clock.elapsed() + sliceMs
    const due = isHeld ? this.#heldOver : this.#outboxes.length
    let count = 0
    while (count < due) {
      const outbox = this.#outboxes[count] as Outbox
      outbox.dirty = false
      outbox.endTurn()
      count += 1
      if (count % outboxesPerLook === 0 && this.#clock.elapsed() >= until) break
    }
    this.#outboxes.splice(0, count)
    this.#heldOver = this.#outboxes.length
  }
}
