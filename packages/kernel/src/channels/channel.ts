import type { CompiledFilter, Occupancy, Position } from '@parley/protocol'
import type { Kind, Lane } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Timer } from '../ports/clock.ts'
import type { StoredEvent, Top } from '../ports/event-log.ts'
import type { OutgoingFrame } from '../ports/transport.ts'
import { type Delivery, FilterClass } from './delivery/filter-class.ts'
import type { InTurn } from './delivery/in-turn.ts'
import type { KeyedState } from './keyed-state.ts'
import { Member } from './member.ts'
import { isSame } from './occupancy.ts'
import type { Outbox } from './outbox.ts'
import { Ring, tombstoneOf } from './ring.ts'
import type { StateCut } from './state-frames.ts'
import { type EncodedEvent, encodeEvent, eventsFrameText, quote } from './wire-text.ts'

/** Events that were heard of and do not follow the head: those between are waited for, then read from the log. */
export interface Gap {
  /** In no order; some of those above the head. */
  readonly held: Map<number, StoredEvent>
  /** The newest that was heard of. */
  head: number
  timer: Timer | undefined
  /** The log is being asked. */
  isReading: boolean
  /** Called when there is no gap any more, or nobody can close it. */
  readonly waiting: (() => void)[]
}

/** Redactions remembered for events that have not come yet; of more, the oldest are forgotten. */
const maxForetold = 4_096

/**
 * What this node knows of one channel while somebody listens: where its stream stands, its newest events, and its
 * members by filter.
 *
 *     head    newest event known            ≥ sealed
 *     sealed  end of the batches made       ≥ position of every class ≥ position of every member
 *
 * A batch is sealed at the end of a turn and before every change of membership, so that who joins begins behind a
 * batch border, and who is thrown out gets nothing that came after.
 */
export class Channel {
  readonly app: string
  readonly name: string
  readonly kind: Kind
  /** The lane of its kind. */
  readonly priority: Lane
  /** The name as JSON text. */
  readonly nameText: string
  readonly state: KeyedState
  epoch: string
  head: number
  sealed: number
  /** Lowest offset that the log still holds, as far as known. */
  first: number
  /** There are events, or changes of state, of which no batch has been made. */
  dirty = false
  /** Elapsed time since which it waits for its turn in the fan-out; undefined when it does not. */
  activeSince: number | undefined
  /** Batches made and not yet written to every member, in order. */
  readonly deliveries: Delivery[]
  /** Counts the tombstones put here, so that what was read from the log before one is not sent after it. */
  redactions = 0
  /** Version of the keyed state that live members have, and that snapshots begin at, so that all stay in step. */
  flushedState: number
  /** Elapsed time of the last difference of the keyed state. */
  stateFlushedAt = Number.NEGATIVE_INFINITY
  /** Frames made for members that were behind in the same place. */
  stateCuts: readonly StateCut[] = []
  /** The kind's module has made the channel ready for subscribers. */
  isAwaited = false
  /** How many wait for that. */
  arrivals = 0
  /** When the counts of who is here were last told, in elapsed time, and what was told. */
  occupancyAt = Number.NEGATIVE_INFINITY
  occupancyTold: Occupancy | undefined
  /** Reads of the log under way, by the position that they follow: who comes back at the same time shares them. */
  readonly reads = new Map<number, Promise<readonly EncodedEvent[]>>()
  /** Where other nodes publish too, and events are on their way. */
  gap: Gap | undefined
  /** Of an ephemeral kind: how far other nodes have counted what they sent. */
  counted: Map<string, number> | undefined
  /** Offsets above the head that were redacted before the events came. */
  #foretold: Set<number> | undefined
  /** Clock time when the last member left or the channel was opened. */
  idleSince: number
  #memberCount = 0
  #stateReaders = 0
  #occupancyReaders = 0
  #pending: EncodedEvent[] = []
  /** Some event has a trace context: batches are asked for theirs. */
  #isTraced = false
  readonly #classes = new Map<string, FilterClass>()
  readonly #ring: Ring
  readonly #limits: Limits

  constructor(parts: {
    app: string
    name: string
    kind: Kind
    top: Top
    state: KeyedState
    limits: Limits
    now: number
    turns?: Pick<InTurn, 'deliveries'>
  }) {
    this.deliveries = (parts.kind.inOrder ? parts.turns?.deliveries : undefined) ?? []
    this.app = parts.app
    this.name = parts.name
    this.kind = parts.kind
    this.priority = parts.kind.lane
    this.nameText = quote(parts.name)
    this.state = parts.state
    this.flushedState = parts.state.version
    this.epoch = parts.top.epoch
    this.head = parts.top.head
    this.sealed = parts.top.head
    this.first = parts.top.first
    this.idleSince = parts.now
    this.#limits = parts.limits
    const isStored = parts.kind.durability !== 'ephemeral'
    this.#ring = new Ring(isStored ? parts.limits.ringEvents : 0, parts.limits.ringBytes)
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.head }
  }

  get memberCount(): number {
    return this.#memberCount
  }

  get stateReaders(): number {
    return this.#stateReaders
  }

  get occupancyReaders(): number {
    return this.#occupancyReaders
  }

  get classes(): Iterable<FilterClass> {
    return this.#classes.values()
  }

  /** Lowest offset that can be read from ring or log. */
  get available(): number {
    return Math.min(this.first, this.#ring.first ?? this.head + 1)
  }

  /** Takes an event that follows the head. The caller has checked the offset. */
  push(stored: StoredEvent): void {
    if (stored.traceparent !== undefined) this.#isTraced = true
    const entry = encodeEvent(this.#foretold?.delete(stored.offset) ? tombstoneOf(stored) : stored)
    this.head = stored.offset
    this.#pending.push(entry)
    if (this.kind.durability !== 'ephemeral') this.#ring.push(entry)
  }

  /** Makes batches of what came since the last seal, one run per filter class, cut at the size limit. */
  seal(): Delivery[] {
    if (this.#pending.length === 0) return []
    const pending = this.#pending
    this.#pending = []
    const prev = this.sealed
    this.sealed = this.head
    const deliveries: Delivery[] = []
    for (const batch of cut(pending, this.#limits.maxBatchBytes)) {
      const position = (batch.at(-1) as EncodedEvent).stored.offset
      for (const filterClass of this.#classes.values()) {
        if (filterClass.size === 0) continue
        const matching = filterClass.matching(batch)
        if (matching.length > 0) deliveries.push(this.#delivery(filterClass, position, matching))
      }
    }
    // An empty class has nobody to hold at its old place.
    for (const filterClass of this.#classes.values())
      if (filterClass.size === 0 && filterClass.position >= prev) filterClass.position = this.sealed
    return deliveries
  }

  /** Brings a class in which nothing matched up to the last batch, by an empty frame. */
  sync(filterClass: FilterClass): Delivery | undefined {
    if (filterClass.position === this.sealed) return undefined
    if (filterClass.size === 0) {
      filterClass.position = this.sealed
      return undefined
    }
    return this.#delivery(filterClass, this.sealed, [])
  }

  #delivery(filterClass: FilterClass, position: number, events: readonly EncodedEvent[]): Delivery {
    const prev = filterClass.position
    filterClass.position = position
    filterClass.underWay += 1
    return {
      what: 'events',
      filterClass,
      frame: this.frame(prev, position, events),
      prev,
      position,
      events: events.length,
      cursor: 0,
      written: 0,
      ...(this.#isTraced ? tracesOf(events) : undefined),
    }
  }

  frame(prev: number, position: number, events: readonly EncodedEvent[]): OutgoingFrame {
    return { text: eventsFrameText(this.nameText, prev, position, events) }
  }

  /** The class of a filter; undefined when the server runs as many filters here as it may. */
  classFor(filter: CompiledFilter | undefined): FilterClass | undefined {
    const canonical = filter?.canonical ?? ''
    const found = this.#classes.get(canonical)
    if (found !== undefined) return found
    if (filter !== undefined && this.#isFull()) {
      this.#forgetEmptyClasses()
      if (this.#isFull()) return undefined
    }
    const made = new FilterClass(filter, this.sealed)
    this.#classes.set(canonical, made)
    return made
  }

  /** Those without a filter are no class of their own to run. */
  #isFull(): boolean {
    const filters = this.#classes.size - (this.#classes.has('') ? 1 : 0)
    return filters >= this.#limits.maxFilterClasses
  }

  /** The channel must be sealed, and the class in step with it. */
  join(outbox: Outbox, filterClass: FilterClass, position: number): Member {
    const member = new Member(outbox, this, filterClass, position)
    filterClass.add(member)
    this.#memberCount += 1
    return member
  }

  leave(member: Member, now: number): void {
    member.left = true
    member.filterClass.remove(member)
    this.#memberCount -= 1
    if (member.stateVersion >= 0) this.#stateReaders -= 1
    if (member.readsOccupancy) this.#occupancyReaders -= 1
    if (this.#memberCount === 0) this.idleSince = now
  }

  #forgetEmptyClasses(): void {
    for (const [canonical, filterClass] of this.#classes)
      if (filterClass.size === 0 && filterClass.underWay === 0) this.#classes.delete(canonical)
  }

  /** The member is given a snapshot: the differences from the last flush on follow it. */
  readState(member: Member): void {
    if (member.stateVersion < 0) this.#stateReaders += 1
    member.stateVersion = this.flushedState
  }

  /** The new member is told the counts as they are; if others were told other ones, all are told again. */
  readOccupancy(member: Member): void {
    const { occupancy } = this.state
    const isNews = !isSame(this.occupancyTold, occupancy)
    if (this.#occupancyReaders === 0) this.occupancyTold = occupancy
    else if (isNews) this.occupancyTold = undefined
    if (!member.readsOccupancy) this.#occupancyReaders += 1
    member.readsOccupancy = true
  }

  /** Events after `after` up to the last batch from memory; undefined when the log has to be asked. */
  recent(after: number): readonly EncodedEvent[] | undefined {
    return this.#ring.slice(after + 1, this.sealed, this.#limits.maxBatchBytes)
  }

  /** Puts a tombstone in the place of an event, wherever memory holds it or will hold it. */
  redact(offset: number): void {
    this.redactions += 1
    if (offset > this.head) this.#foretell(offset)
    this.reads.clear()
    this.#ring.redact(offset)
    this.#pending = this.#pending.map((held) =>
      held.stored.offset === offset ? encodeEvent(tombstoneOf(held.stored)) : held,
    )
    for (const filterClass of this.#classes.values()) filterClass.replay = undefined
  }

  #foretell(offset: number): void {
    this.#foretold ??= new Set()
    this.#foretold.add(offset)
    if (this.#foretold.size > maxForetold)
      this.#foretold.delete(this.#foretold.values().next().value as number)
  }

  /** The live members that are still to get a batch with this offset. */
  *awaiting(offset: number): Iterable<Member> {
    for (const { what, prev, position, cursor, filterClass } of this.deliveries) {
      if (what !== 'events' || offset <= prev || offset > position) continue
      if (this.#classes.get(filterClass.filter?.canonical ?? '') !== filterClass) continue
      for (const member of filterClass.members.slice(cursor))
        if (member !== undefined && !member.behind) yield member
    }
  }

  /** The log holds nothing below `first` any more, and neither does memory. */
  trimmed(first: number): void {
    this.first = first
    this.#ring.dropBelow(first)
  }

  /** The stream has become another one: nothing that is held means anything any more. */
  restart(top: Top): void {
    if (top.epoch !== this.epoch) this.#foretold = undefined
    for (const offset of this.#foretold ?? []) if (offset <= top.head) this.#foretold?.delete(offset)
    this.epoch = top.epoch
    this.head = top.head
    this.sealed = top.head
    this.first = top.first
    this.#pending = []
    this.#ring.clear()
    this.reads.clear()
    for (const filterClass of this.#classes.values()) {
      filterClass.position = top.head
      filterClass.replay = undefined
    }
  }
}

function cut(events: readonly EncodedEvent[], maxBytes: number): readonly (readonly EncodedEvent[])[] {
  const batches: EncodedEvent[][] = []
  let batch: EncodedEvent[] = []
  let bytes = 0
  for (const event of events) {
    if (batch.length > 0 && bytes + event.size > maxBytes) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(event)
    bytes += event.size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

function tracesOf(events: readonly EncodedEvent[]): Pick<Delivery, 'traces'> {
  const traces = events.flatMap(({ stored }) => stored.traceparent ?? [])
  return traces.length === 0 ? {} : { traces: [...new Set(traces)] }
}
