import type { Position } from '@parley/protocol'
import type { Kind, Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Announcement } from '../ports/broker.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventLog, ReadOptions, RecentLog, StoredEvent, Top } from '../ports/event-log.ts'
import type { Store } from '../ports/store.ts'
import { Channel } from './channel.ts'
import type { Fanout } from './fanout.ts'
import { IdleStates } from './idle-states.ts'
import { KeyedState } from './keyed-state.ts'
import type { Member } from './member.ts'
import type { MergeState } from './state/foreign-entries.ts'
import { type EncodedEvent, encodeEvent } from './wire-text.ts'

export interface HubParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly kinds: Kinds
  readonly store: Store
  readonly recentLog: RecentLog
  readonly fanout: Fanout
  /** What entries become that several nodes keep under one name. */
  readonly mergeState: MergeState
  /** A member whose position no longer means anything; it is told to subscribe again. */
  readonly onLost: (member: Member, code: 'position_expired' | 'epoch_changed') => void
}

/** What a hub asks of the other nodes of a cluster. */
export interface HubCluster {
  /** What happens in a channel is wanted from here on. */
  follow(app: string, name: string): void | Promise<void>
  unfollow(app: string, name: string): void
  /** The top of the channel's log has been read. Fulfilled when the access changes of before are applied. */
  settle(app: string): Promise<void>
  /** The channel is open; what other nodes keep of its state may be put there. */
  opened(channel: Channel): void
  /** The channel is closed: takes what belongs to other nodes away. */
  closed(channel: Channel): void
  /** Events up to `head` are stored; those given do not follow the head of the channel. */
  missing(channel: Channel, events: readonly StoredEvent[], head: number, isUrgent: boolean): void
  /** The channel, which had a gap, has got events. */
  advanced(channel: Channel): void
  /** The channel may have become another stream. */
  doubt(channel: Channel): void
  /** It has: what is missing of the one before does not come any more. */
  restarted(channel: Channel): void
  /** A state was made, for a channel that is open or not. */
  stateMade(app: string, name: string, state: KeyedState): void
  /** The entries of a channel that was not open are gone. */
  stateLost(key: string): void
}

interface Opening {
  readonly promise: Promise<Channel>
  /** What came while the channel's top was being read. */
  readonly early: ((channel: Channel) => void)[]
  /** Offsets that were redacted meanwhile. */
  readonly redacted: number[]
}

/** The channels that somebody on this node listens to. */
export class Hub {
  readonly #parts: HubParts
  readonly #channels = new Map<string, Channel>()
  readonly #opening = new Map<string, Opening>()
  /** Keyed state of channels that are not open. */
  readonly #idleStates: IdleStates
  #cluster: HubCluster | undefined

  constructor(parts: HubParts) {
    this.#parts = parts
    this.#idleStates = new IdleStates(parts.limits.maxIdleStateEntries, (key) =>
      this.#cluster?.stateLost(key),
    )
  }

  /** The node is one of several. Called before anything is open. */
  join(cluster: HubCluster): void {
    this.#cluster = cluster
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
    if (open !== undefined) {
      open.idleSince = this.#parts.clock.elapsed()
      return open
    }
    const kind = this.#parts.kinds.of(name)
    const log = this.log(kind)
    if (log === undefined && this.#cluster === undefined)
      return this.#add(key, this.#create(app, name, kind, this.#ephemeralTop()))
    const opening = this.#opening.get(key)
    if (opening !== undefined) return opening.promise
    const early: Opening['early'] = []
    const redacted: number[] = []
    const promise = this.#load(key, { app, name, kind, log, early, redacted })
    this.#opening.set(key, { promise, early, redacted })
    return promise
  }

  async #load(
    key: string,
    parts: { app: string; name: string; kind: Kind; log: EventLog | undefined } & Omit<Opening, 'promise'>,
  ): Promise<Channel> {
    const { app, name, kind, log } = parts
    try {
      const top =
        this.#cluster === undefined ? await topOf(log, app, name) : await this.#followedTop(app, name, log)
      const channel = this.#create(app, name, kind, top ?? this.#ephemeralTop())
      for (const offset of parts.redacted) channel.redact(offset)
      this.#add(key, channel)
      for (const hear of parts.early) hear(channel)
      this.#cluster?.opened(channel)
      return channel
    } catch (error) {
      this.#cluster?.unfollow(app, name)
      throw error
    } finally {
      this.#opening.delete(key)
    }
  }

  /** What is announced from here on is heard, so that nothing is missed between the top and the first announcement. */
  async #followedTop(app: string, name: string, log: EventLog | undefined): Promise<Top | undefined> {
    await this.#cluster?.follow(app, name)
    const top = await topOf(log, app, name)
    await this.#cluster?.settle(app)
    return top
  }

  #add(key: string, channel: Channel): Channel {
    this.#channels.set(key, channel)
    return channel
  }

  #create(app: string, name: string, kind: Kind, top: Top): Channel {
    const { clock, limits, fanout } = this.#parts
    const state = this.#idleStates.take(channelKey(app, name)) ?? this.#newState(app, name, kind)
    return new Channel({ app, name, kind, top, state, limits, now: clock.elapsed(), turns: fanout.inTurn })
  }

  #newState(app: string, name: string, kind: Kind): KeyedState {
    const { clock, limits, mergeState } = this.#parts
    const { maxStateEntriesPerSession } = limits
    const state = new KeyedState(clock.secret(64), { ...kind.limits, maxStateEntriesPerSession }, mergeState)
    this.#cluster?.stateMade(app, name, state)
    return state
  }

  /** The keyed state of a channel, open or not, if there is any. */
  stateOf(app: string, name: string): KeyedState | undefined {
    return this.find(app, name)?.state ?? this.#idleStates.get(channelKey(app, name))
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
    const state = this.#idleStates.get(key) ?? this.#newState(app, name, this.#parts.kinds.of(name))
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
    else this.#opening.get(key)?.early.push((opened) => this.#push(opened, epoch, events))
  }

  /** Another node says that events are stored. The access changes that come before them are applied. */
  announced(announcement: Announcement): void {
    const key = channelKey(announcement.app, announcement.channel)
    const channel = this.#channels.get(key)
    if (channel !== undefined) this.#hear(channel, announcement)
    else this.#opening.get(key)?.early.push((opened) => this.#hear(opened, announcement))
  }

  #hear(channel: Channel, { epoch, head, events }: Announcement): void {
    if (channel.kind.durability === 'ephemeral')
      this.#hearEphemeral(channel, { node: epoch, head, events: events ?? [] })
    // It may be late, and of an earlier stream: the log knows.
    else if (epoch !== channel.epoch) this.#cluster?.doubt(channel)
    else if (head <= channel.head) return
    else if (events === undefined) this.#cluster?.missing(channel, [], head, true)
    else this.#push(channel, epoch, events)
  }

  /** Each of them once, in the order in which the node sent them: what is overtaken by others is lost. */
  #hearEphemeral(
    channel: Channel,
    {
      node,
      head,
      events,
    }: { readonly node: string; readonly head: number; readonly events: readonly StoredEvent[] },
  ): void {
    channel.counted ??= new Map()
    if (head <= (channel.counted.get(node) ?? 0)) return
    channel.counted.set(node, head)
    for (const event of events) channel.push({ ...event, offset: channel.head + 1 })
    this.#parts.fanout.sendLater(channel)
  }

  /** An event has become a tombstone in the log: nothing here serves its words from now on. */
  redacted(app: string, name: string, offset: number): void {
    const key = channelKey(app, name)
    this.#opening.get(key)?.redacted.push(offset)
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
    const [first] = events
    if (this.#cluster !== undefined && first !== undefined && first.offset > channel.head + 1) {
      // Another node may have published what comes between.
      this.#cluster.missing(channel, events, (events.at(-1) as StoredEvent).offset, false)
      return
    }
    this.fill(channel, events)
    if (channel.gap !== undefined) this.#cluster?.advanced(channel)
  }

  /** Takes stored events in, in order; the members read from the log what lies before them. */
  fill(channel: Channel, events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (event.offset <= channel.head) continue
      if (event.offset > channel.head + 1) this.skipTo(channel, event.offset - 1)
      channel.push(event)
    }
    this.#parts.fanout.sendLater(channel)
  }

  /** Events up to `offset` are in the log but were not seen here: every member catches up by the log. */
  skipTo(channel: Channel, offset: number): void {
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
      if (this.#cluster !== undefined) await this.#cluster.settle(app)
      if (top.epoch !== channel.epoch) this.#restart(channel, top)
      else if (top.head > channel.head) this.skipTo(channel, top.head)
    }
  }

  /** Compares a channel with the top of its log. The access changes of before the top was read are applied. */
  verify(channel: Channel, top: Top): void {
    if (top.epoch !== channel.epoch) this.#restart(channel, top)
    else if (top.head > channel.head) this.#cluster?.missing(channel, [], top.head, false)
    if (top.first > channel.first) channel.trimmed(top.first)
  }

  #restart(channel: Channel, top: Top): void {
    channel.restart(top)
    this.#cluster?.restarted(channel)
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
    const events = await this.read(channel, { after, limit: readEvents, maxBytes: maxBatchBytes })
    return events.map(encodeEvent)
  }

  /** Reads a channel's stream. A log outside this process may hold another one by now: then the channel moves to it. */
  async read(channel: Channel, options: ReadOptions): Promise<readonly StoredEvent[]> {
    const { app, name, epoch, kind } = channel
    const events = (await this.log(kind)?.read(app, name, options)) ?? []
    if (!this.mayBeReplaced(kind)) return events
    const top = await topOf(this.#parts.recentLog, app, name)
    if (top === undefined || top.epoch === epoch) return events
    await this.#cluster?.settle(app)
    if (this.find(app, name) === channel && channel.epoch === epoch) this.#restart(channel, top)
    return []
  }

  /** Whether the log of a kind can lose its streams while this node goes on: others hold it in their memory. */
  mayBeReplaced({ durability }: Kind): boolean {
    return durability === 'recent' && this.#parts.recentLog.isShared === true
  }

  /**
   * Forgets channels that nobody has used for `channelIdleMs`. Their logs stay, and so do entries that modules keep, as
   * long as there is room.
   */
  forgetIdle(): void {
    const { clock, limits } = this.#parts
    const now = clock.elapsed()
    for (const [key, channel] of this.#channels) {
      const { memberCount, arrivals, state, dirty } = channel
      const isUsed = memberCount > 0 || arrivals > 0 || state.hasSessions || dirty
      if (isUsed || now - channel.idleSince < limits.channelIdleMs) continue
      this.#channels.delete(key)
      this.#cluster?.closed(channel)
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

async function topOf(log: EventLog | undefined, app: string, name: string): Promise<Top | undefined> {
  const [top] = (await log?.tops(app, [name])) ?? []
  return top
}

/** Names a channel among those of all apps. */
export function channelKey(app: string, name: string): string {
  return `${app}/${name}`
}
