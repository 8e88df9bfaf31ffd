import type { Channel } from './channel.ts'
import type { FilterClass } from './delivery/filter-class.ts'
import type { Outbox } from './outbox.ts'

/**
 * One session's subscription to one channel. The events up to `position` have been written to (or queued for) the
 * connection. A member that is *behind* gets no live frames: it reads the log at its connection's pace until it
 * arrives where its class is.
 */
export class Member {
  readonly outbox: Outbox
  readonly channel: Channel
  readonly filterClass: FilterClass
  /** Place in the class's array. */
  index = -1
  position: number
  behind = false
  /** The subscription is over; what is still under way for it goes nowhere. */
  left = false
  /** Questions whether it may go on reading that have no answer yet; until then it is behind and catches up on nothing. */
  holds = 0
  /** Version of the keyed state that the client has; -1 when it did not ask for state. */
  stateVersion = -1
  /** The client asked for the counts of who is here. */
  readsOccupancy = false
  /** State diffs, or counts, were held back. */
  stateBehind = false
  /** Events shed from the front of the queue and not yet told: from (exclusive) and to (inclusive). */
  dropped: { from: number; to: number } | undefined

  constructor(outbox: Outbox, channel: Channel, filterClass: FilterClass, position: number) {
    this.outbox = outbox
    this.channel = channel
    this.filterClass = filterClass
    this.position = position
  }

  get readsState(): boolean {
    return this.stateVersion >= 0 || this.readsOccupancy
  }
}
