import type { Channel } from '../channel.ts'
import { type Delivery, FilterClass } from './filter-class.ts'

/**
 * Keeps channels whose kind wants it (`inOrder`), and what is sent to single connections beside them, in the order in
 * which it came: their batches stand in one queue, and a batch ends wherever something else comes next.
 */
export class InTurn {
  /** Batches of all such channels that are not yet written, in order. */
  readonly deliveries: Delivery[] = []
  readonly #seal: (channel: Channel) => void
  /** The channel in which the newest event is. */
  #last: Channel | undefined

  constructor(seal: (channel: Channel) => void) {
    this.#seal = seal
  }

  /** An event has come for a channel. */
  came(channel: Channel): void {
    if (this.#last !== undefined && this.#last !== channel) this.#seal(this.#last)
    this.#last = channel
  }

  /** Runs when all that came before is written to whoever takes it: now, if nothing waits. */
  run(run: () => void): void {
    if (this.#last !== undefined) this.#seal(this.#last)
    this.#last = undefined
    if (this.deliveries.length === 0) run()
    else
      this.deliveries.push({
        ...{ what: 'turn', run, filterClass: new FilterClass(undefined, 0), frame: { text: '' } },
        ...{ prev: 0, position: 0, events: 0, cursor: 0, written: 0 },
      })
  }
}
