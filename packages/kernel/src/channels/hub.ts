import type { Position } from '@parley/protocol'
import type { Kind, Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventLog, RecentLog, StoredEvent, Top } from '../ports/event-log.ts'
import type { Store } from '../ports/store.ts'
import { Channel } from './channel.ts'
import type { Fanout } from './fanout.ts'
import { IdleStates } from './idle-states.ts'
import { KeyedState } from './keyed-state.ts'
import type { Member } from './member.ts'
import { tombstoneOf } from './ring.ts'
import { type EncodedEvent, encodeEvent } from './wire-text.ts'

export interface HubParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly kinds: Kinds
  readonly store: Store
  readonly recentLog: RecentLog
  readonly fanout: Fanout
  /** A member whose position no longer means anything; it is told to subscribe again. */
  readonly onLost: (member: Member, code: 'position_expired' | 'epoch_changed') => void
}

interface Opening {
  readonly promise: Promise<Channel>
  /** Events that came while the channel's top was being read. */
  readonly early: { readonly epoch: string; events: readonly StoredEvent[] }[]
}

/** The channels that somebody on this node listens to. */
export class Hub {
  readonly #parts: HubParts
  readonly #channels = new Map<string, Channel>()
  readonly #opening = new Map<string, Opening>()
  /** Keyed state of channels that are not open. */
  readonly #idleStates: IdleStates

  constructor(parts: HubParts) {
    this.#parts = parts
    this.#idleStates = new IdleStates(parts.limits.maxIdleStateEntries)
  }

  get size(): number {
    return this.#channels.size
  }

  channels(): Iterable<Channel> {
    return this.#channels.values()
  }

  find(app: string, name: string): Channel | undefined {
    return this.#channels.get(channelKey(app, name))
  }

  /** The log that holds a kind's events; undefined for ephemeral kinds. */
  log(kind: Kind): EventLog | undefined {
    if (kind.durability === 'ephemeral') return undefined
    return kind.durability === 'durable' ? this.#parts.store : this.#parts.recentLog
  }

  /** The channel, with the top of its log known. */
  open(app: string, name: string): Channel | Promise<Channel> {
    const key = channelKey(app, name)
    const open = this.#channels.get(key)
    if (open !== undefined) return open
    const kind = this.#parts.kinds.of(name)
    const log = this.log(kind)
    if (log === undefined) return this.#add(key, this.#create(app, name, kind, this.#ephemeralTop()))
    const opening = this.#opening.get(key)
    if (opening !== undefined) return opening.promise
    const early: Opening['early'] = []
    const promise = this.#load(key, { app, name, kind, log, early })
    this.#opening.set(key, { promise, early })
    return promise
  }

  async #load(
    key: string,
    parts: { app: string; name: string; kind: Kind; log: EventLog; early: Opening['early'] },
  ): Promise<Channel> {
    try {
      const [top] = await parts.log.tops(parts.app, [parts.name])
      const channel = this.#create(parts.app, parts.name, parts.kind, top as Top)
      this.#add(key, channel)
      for (const { epoch, events } of parts.early) this.#push(channel, epoch, events)
      return channel
    } finally {
      this.#opening.delete(key)
    }
  }

  #add(key: string, channel: Channel): Channel {
    this.#channels.set(key, channel)
    return channel
  }

  #create(app: string, name: string, kind: Kind, top: Top): Channel {
    const { clock, limits } = this.#parts
    const state = this.#idleStates.take(channelKey(app, name)) ?? this.#newState(kind)
    return new Channel({ app, name, kind, top, state, limits, now: clock.elapsed() })
  }

  #newState(kind: Kind): KeyedState {
    const { clock, limits } = this.#parts
    const { maxStateEntriesPerSession } = limits
    return new KeyedState(clock.secret(64), { ...kind.limits, maxStateEntriesPerSession })
  }

  /**
   * Changes the keyed state of a channel, whether or not anybody listens to it; `change` answers whether it did. What it
   * throws comes out here.
   */
  changeState(app: string, name: string, change: (state: KeyedState) => boolean): void {
    const channel = this.find(app, name)
    if (channel !== undefined) {
      if (change(channel.state)) this.#parts.fanout.stateChanged(channel)
      return
    }
    const key = channelKey(app, name)
    const state = this.#idleStates.get(key) ?? this.#newState(this.#parts.kinds.of(name))
    if (change(state)) this.#idleStates.put(key, state)
  }

  #ephemeralTop(): Top {
    return { epoch: this.#parts.clock.secret(64), head: 0, first: 1 }
  }

  /** Fans out events that have been stored. They follow each other. */
  published(app: string, name: string, epoch: string, events: readonly StoredEvent[]): void {
    const key = channelKey(app, name)
    const channel = this.#channels.get(key)
    if (channel !== undefined) this.#push(channel, epoch, events)
    else this.#opening.get(key)?.early.push({ epoch, events })
  }

  /** An event has become a tombstone in the log: nothing here serves its words from now on. */
  redacted(app: string, name: string, offset: number): void {
    const key = channelKey(app, name)
    for (const early of this.#opening.get(key)?.early ?? [])
      early.events = early.events.map((event) => (event.offset === offset ? tombstoneOf(event) : event))
    const channel = this.#channels.get(key)
    if (channel === undefined) return
    channel.redact(offset)
    // The batch that they were to get has the words in it: they read the channel instead.
    for (const member of channel.awaiting(offset)) member.outbox.fallBehind(member)
  }

  /** Gives an event of an ephemeral kind its place and fans it out; without listeners it is gone. */
  publishEphemeral(app: string, name: string, event: Omit<StoredEvent, 'offset'>): Position {
    const channel = this.find(app, name)
    if (channel === undefined) return { epoch: '', offset: 0 }
    channel.push({ ...event, offset: channel.head + 1 })
    this.#parts.fanout.sendLater(channel)
    return channel.position
  }

  #push(channel: Channel, epoch: string, events: readonly StoredEvent[]): void {
    if (epoch !== channel.epoch) {
      this.#restart(channel, { epoch, head: (events[0]?.offset ?? 1) - 1, first: events[0]?.offset ?? 1 })
    }
    for (const event of events) {
      if (event.offset <= channel.head) continue
      // Not the next one: something was missed. The members read it from the log.
      if (event.offset > channel.head + 1) this.#skipTo(channel, event.offset - 1)
      channel.push(event)
    }
    this.#parts.fanout.sendLater(channel)
  }

  /** Events up to `offset` are in the log but were not seen here: every member catches up by the log. */
  #skipTo(channel: Channel, offset: number): void {
    this.#parts.fanout.seal(channel)
    channel.restart({ epoch: channel.epoch, head: offset, first: channel.first })
    for (const member of membersOf(channel)) if (!member.behind) member.outbox.fallBehind(member)
  }

  /**
   * Looks in the log whether it holds events that were not seen here: after a commit whose outcome nobody knows.
   * The members of channels where it does catch up by the log.
   */
  async reconcile(app: string, names: Iterable<string>): Promise<void> {
    for (const name of new Set(names)) {
      const key = channelKey(app, name)
      const channel = this.#channels.get(key) ?? (await this.#opening.get(key)?.promise)
      const [top] = channel === undefined ? [] : ((await this.log(channel.kind)?.tops(app, [name])) ?? [])
      if (channel === undefined || top === undefined) continue
      if (top.epoch !== channel.epoch) this.#restart(channel, top)
      else if (top.head > channel.head) this.#skipTo(channel, top.head)
    }
  }

  #restart(channel: Channel, top: Top): void {
    channel.restart(top)
    for (const member of membersOf(channel)) this.#parts.onLost(member, 'epoch_changed')
  }

  /** Reads the lowest offset that the log still holds, for an exact verdict on a position. */
  async refreshFirst(channel: Channel): Promise<void> {
    const [top] = (await this.log(channel.kind)?.tops(channel.app, [channel.name])) ?? []
    if (top !== undefined && top.epoch === channel.epoch) channel.trimmed(top.first)
  }

  /** Events after a position from the log, as many as make a batch. */
  readLog(channel: Channel, after: number): Promise<readonly EncodedEvent[]> {
    const { reads } = channel
    const underWay = reads.get(after)
    if (underWay !== undefined) return underWay
    const reading = this.#read(channel, after).finally(() => {
      if (reads.get(after) === reading) reads.delete(after)
    })
    reads.set(after, reading)
    return reading
  }

  async #read(channel: Channel, after: number): Promise<readonly EncodedEvent[]> {
    const { readEvents, maxBatchBytes } = this.#parts.limits
    const log = this.log(channel.kind)
    if (log === undefined) return []
    const events = await log.read(channel.app, channel.name, {
      after,
      limit: readEvents,
      maxBytes: maxBatchBytes,
    })
    return events.map(encodeEvent)
  }

  /**
   * Forgets channels that nobody has used for `channelIdleMs`. Their logs stay, and so do entries that modules keep, as
   * long as there is room.
   */
  forgetIdle(): void {
    const { clock, limits } = this.#parts
    const now = clock.elapsed()
    for (const [key, channel] of this.#channels) {
      const isUsed = channel.memberCount > 0 || channel.state.hasSessions || channel.dirty
      if (isUsed || now - channel.idleSince < limits.channelIdleMs) continue
      this.#channels.delete(key)
      this.#idleStates.put(key, channel.state)
    }
  }

  /** Tells filter classes in which nothing matched for a while where they stand. */
  syncSilent(): void {
    for (const channel of this.#channels.values()) {
      for (const filterClass of channel.classes) {
        // Who came back after a restart has its events by now.
        filterClass.replay = undefined
        this.#parts.fanout.sync(channel, filterClass)
      }
    }
  }
}

function* membersOf(channel: Channel): Iterable<Member> {
  for (const filterClass of channel.classes)
    for (const member of filterClass.members.slice()) if (member !== undefined) yield member
}

function channelKey(app: string, name: string): string {
  return `${app}/${name}`
}
