import type { CompiledFilter, FilterSubject } from '@parley/protocol'
import type { Span } from '../../ports/tracer.ts'
import type { OutgoingFrame } from '../../ports/transport.ts'
import type { Member } from '../member.ts'
import type { EncodedEvent } from '../wire-text.ts'

/** A frame for all live members of a class, and where the fan-out stands in it. */
export interface Delivery {
  /** `state`: a diff of the keyed state; `prev` and `position` are its versions. `occupancy`: counts, without any. `turn`: see `run`. */
  readonly what: 'events' | 'state' | 'occupancy' | 'turn'
  readonly filterClass: FilterClass
  readonly frame: OutgoingFrame
  readonly prev: number
  readonly position: number
  readonly events: number
  /** Index of the next member to write to. */
  cursor: number
  /** Members that got it as it was made. */
  written: number
  /** What is to be done in its turn; such a delivery has no members. */
  readonly run?: () => void
  /** Trace contexts of its events, where there are some. */
  traces?: readonly string[]
  /** Where deliveries are traced. */
  span?: Span | undefined
  /** Elapsed time, while deliveries are timed. */
  madeAt?: number
}

/**
 * The members of a channel that get the same bytes: those with equal filters. `position` is where the frames made so
 * far end; frames are made once and written to members by {@link Delivery}.
 */
export class FilterClass {
  readonly filter: CompiledFilter | undefined
  /** Holes are members that left while a delivery was under way; the array is packed when none is. */
  readonly members: (Member | undefined)[] = []
  position: number
  /** Deliveries made and not finished. */
  underWay = 0
  /** Of the members that were fetched last, how many could take something. */
  ready = 0
  #holes = 0
  /** The last catch-up frame: after a restart all members ask for the same. */
  replay:
    | { readonly from: number; readonly to: number; readonly frame: OutgoingFrame; readonly events: number }
    | undefined

  constructor(filter: CompiledFilter | undefined, position: number) {
    this.filter = filter
    this.position = position
  }

  get size(): number {
    return this.members.length - this.#holes
  }

  matching(events: readonly EncodedEvent[]): readonly EncodedEvent[] {
    const { filter } = this
    return filter === undefined ? events : events.filter((entry) => filter.matches(subjectOf(entry)))
  }

  add(member: Member): void {
    member.index = this.members.length
    this.members.push(member)
  }

  remove(member: Member): void {
    if (this.members[member.index] !== member) return
    if (this.underWay > 0) {
      this.members[member.index] = undefined
      this.#holes += 1
      return
    }
    const last = this.members.pop() as Member
    if (last !== member) {
      this.members[member.index] = last
      last.index = member.index
    }
  }

  /** Called when a delivery is finished. */
  finished(): void {
    this.underWay -= 1
    if (this.underWay > 0 || this.#holes === 0) return
    let length = 0
    for (const member of this.members) {
      if (member === undefined) continue
      member.index = length
      this.members[length++] = member
    }
    this.members.length = length
    this.#holes = 0
  }
}

function subjectOf(entry: EncodedEvent): FilterSubject {
  if (entry.subject === undefined) {
    const { stored } = entry
    entry.subject = {
      type: stored.type,
      data: JSON.parse(stored.data),
      by: stored.by,
      tags: stored.tags === undefined ? undefined : JSON.parse(stored.tags),
    }
  }
  return entry.subject
}
