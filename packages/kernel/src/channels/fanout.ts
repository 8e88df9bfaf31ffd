import { PriorityMessageQueue } from '@parley/protocol'
import { Activity } from '../inspection/activity.ts'
import type { DeliveryPath, FanoutCounts, FanoutTold, OnShed } from '../inspection/fanout-told.ts'
import { deliverySpan } from '../inspection/spans.ts'
import type { Limits } from '../limits.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Channel } from './channel.ts'
import { fetchAhead } from './delivery/fetch-ahead.ts'
import type { Delivery, FilterClass } from './delivery/filter-class.ts'
import { InTurn } from './delivery/in-turn.ts'
import { Pace } from './delivery/pace.ts'
import { Replies } from './delivery/replies.ts'
import type { Member } from './member.ts'
import { OccupancyPace, occupancyText, writeOccupancyTo } from './occupancy.ts'
import type { Outbox } from './outbox.ts'
import { maxUnflushed, nextCut, stateFrames } from './state-frames.ts'

/** Members written to between two looks at the clock. */
const membersPerLook = 32
/** Part of a slice that catch-up gets in any case. */
const catchUpShare = 0.2

/**
 * Writes batches to members, at the end of a turn, higher lanes first. It is a cursor: after `fanoutSliceMs` it lets other
 * work go first, so that one event to ten thousand members delays nobody's reply; lanes take turns by weight then. A
 * channel that was interrupted comes after the others. A batch is made when it is the channel's turn: what is published
 * into it while it waits becomes one batch, so that a node with more to send than it has time for writes less often.
 */
export class Fanout {
  readonly counts: FanoutCounts = { live: 0, catch_up: 0, queued: 0 }
  /** Characters of frames given to connections. */
  sent = 0
  readonly onShed: OnShed
  readonly inTurn = new InTurn((channel) => this.seal(channel))
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #activity: Activity
  readonly #tracer: FanoutTold['tracer']
  /** Channels with something to send, in their turn. */
  readonly #active = new PriorityMessageQueue<Channel>({ order: 'weighted', capacity: Infinity })
  #interrupted: Channel | undefined
  /** Members left until the next look at the clock. */
  #untilLook = membersPerLook
  #isLate = false
  #pumps: Outbox[] = []
  readonly #replies: Replies
  readonly #pace: Pace
  readonly #blocked = new Set<Outbox>()
  readonly #occupancy: OccupancyPace
  readonly #onDelivered: FanoutTold['onDelivered']
  #busySince: number | undefined
  #isScheduled = false
  #turn = 0
  #isStopping = false
  /** Channels whose changes of state wait for their time. */
  readonly #stateTimers = new Map<Channel, Timer>()

  constructor(clock: Clock, limits: Limits, told: FanoutTold = {}) {
    this.#clock = clock
    this.#limits = limits
    this.#replies = new Replies(clock)
    this.#pace = new Pace(limits.fanoutSliceMs)
    this.onShed = told.onShed ?? (() => undefined)
    this.#onDelivered = told.onDelivered
    this.#activity = told.activity ?? new Activity()
    this.#tracer = told.tracer
    this.#occupancy = new OccupancyPace(clock, limits.occupancyIntervalMs, (channel) =>
      this.#sendOccupancy(channel),
    )
  }

  /** The channel has events or state to send at the end of this turn. */
  sendLater(channel: Channel): void {
    if (channel.kind.inOrder) this.inTurn.came(channel)
    if (channel.dirty) return
    channel.dirty = true
    this.#activate(channel)
  }

  /** Entries of the channel's keyed state have changed. */
  stateChanged(channel: Channel): void {
    const isStorm = channel.state.version - channel.flushedState >= maxUnflushed
    if (isStorm) this.#makeStateDiff(channel)
    else this.sendLater(channel)
  }

  flushLater(outbox: Outbox): void {
    this.#replies.add(outbox)
    this.#schedule()
  }

  pumpLater(outbox: Outbox): void {
    if (outbox.pumping) return
    outbox.pumping = true
    this.#pumps.push(outbox)
    this.#schedule()
  }

  retryLater(outbox: Outbox): void {
    this.#clock.after(this.#limits.fanoutSliceMs * 100, () => this.pumpLater(outbox))
  }

  /** Makes the channel's batches now: its membership is about to change. */
  seal(channel: Channel): void {
    for (const delivery of channel.seal()) this.#deliver(channel, delivery)
  }

  /** Brings a filter class in which nothing matched up to the last batch. */
  sync(channel: Channel, filterClass: FilterClass): void {
    const delivery = channel.sync(filterClass)
    if (delivery !== undefined) this.#deliver(channel, delivery)
  }

  #deliver(channel: Channel, delivery: Delivery): void {
    if (this.#activity.timings !== undefined) delivery.madeAt = channel.activeSince ?? this.#clock.elapsed()
    if (delivery.traces !== undefined) delivery.span = deliverySpan(this.#tracer, channel, delivery)
    channel.deliveries.push(delivery)
    this.#activate(channel)
  }

  #activate(channel: Channel): void {
    if (channel.activeSince !== undefined) return
    channel.activeSince = this.#clock.elapsed()
    this.#busySince ??= channel.activeSince
    this.#active.enqueue(channel)
    this.#schedule()
  }

  get blockedCount(): number {
    return this.#blocked.size
  }

  /** Remembers a connection that takes nothing, to see whether it ever does again. */
  blocked(outbox: Outbox): void {
    if (this.#blocked.has(outbox)) return
    outbox.blockedBytes = outbox.connection?.bufferedBytes ?? 0
    outbox.blockedSince = this.#clock.elapsed()
    this.#blocked.add(outbox)
  }

  /** The other side of a connection is known to read. */
  progressed(outbox: Outbox): void {
    if (this.#blocked.has(outbox)) outbox.blockedSince = this.#clock.elapsed()
  }

  unblocked(outbox: Outbox): void {
    this.#blocked.delete(outbox)
    outbox.blockedSince = Number.POSITIVE_INFINITY
  }

  /** Calls `stalled` for each connection that has accepted no byte, nor been read from, for `slowConsumerMs`. */
  checkStalled(stalled: (outbox: Outbox) => void): void {
    const now = this.#clock.elapsed()
    for (const outbox of this.#blocked) {
      const bytes = outbox.connection?.bufferedBytes ?? 0
      if (bytes < outbox.blockedBytes) {
        outbox.blockedSince = now
        // Taking bytes, and below the mark again: a transport reports only an empty buffer by itself.
        if (!outbox.isBlocked) {
          outbox.drained()
          continue
        }
      } else if (
        now - outbox.blockedSince >=
        this.#limits.slowConsumerMs + (outbox.connection?.pauseMs ?? 0)
      ) {
        this.#blocked.delete(outbox)
        stalled(outbox)
        continue
      }
      outbox.blockedBytes = bytes
    }
  }

  counted(events: number, path: DeliveryPath): void {
    this.counts[path] += events
  }

  /** Sends a member the next part of what changed in the keyed state, then the counts as they are. */
  sendState(member: Member): void {
    const { channel, outbox } = member
    const cut =
      member.stateVersion < 0 ? undefined : nextCut(channel, member.stateVersion, this.#limits.maxBatchBytes)
    if (cut !== undefined) {
      if (outbox.write(cut.frame)) member.stateVersion = cut.version
      outbox.fallBehindInState(member)
    } else if (member.readsOccupancy && !outbox.write({ text: occupancyText(channel) }))
      outbox.fallBehindInState(member)
  }

  /** Writes what waits for live members now, however long it takes: the node is about to stop. */
  flush(): void {
    this.#isLate = false
    this.#isStopping = true
    for (const timer of this.#stateTimers.values()) timer.cancel()
    this.#stateTimers.clear()
    this.#occupancy.stop()
    while (this.#isBehind) this.#writeActive(Number.POSITIVE_INFINITY)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    const turn = this.#turn
    this.#clock.defer(() => {
      if (turn === this.#turn) this.#run()
    })
  }

  /** Writes what waits now and not in the next turn: the input that waited has had its part of this one. */
  runNow(): void {
    if (!this.#isScheduled) return
    this.#turn += 1
    this.#run()
  }

  #run(): void {
    const { fanoutSliceMs } = this.#limits
    const now = this.#clock.elapsed()
    const until = this.#pace.until(now)
    this.#isLate = false
    this.#writeActive(until)
    this.#pace.ended(now, this.#isBehind)
    if (this.#busySince !== undefined && !this.#isBehind) {
      this.#onDelivered?.(this.#clock.elapsed() - this.#busySince)
      this.#busySince = undefined
    }
    this.#pump(Math.max(until, this.#clock.elapsed() + fanoutSliceMs * catchUpShare))
    this.#replies.flush(fanoutSliceMs, this.#isBehind && !this.#pace.isSaturated(now))
    this.#isScheduled = false
    if (this.#hasWork) this.#schedule()
  }

  /** Channels wait for their time. */
  get #isBehind(): boolean {
    return this.#active.length > 0 || this.#interrupted !== undefined
  }

  get #hasWork(): boolean {
    return this.#isBehind || this.#pumps.length > 0 || this.#replies.length > 0
  }

  /** Serves channels until none has anything to send, or time is up. */
  #writeActive(until: number): void {
    if (this.#interrupted !== undefined) this.#active.enqueue(this.#interrupted)
    this.#interrupted = undefined
    const again: Channel[] = []
    while (!this.#isLate) {
      const channel = this.#active.dequeue()
      if (channel === undefined) break
      if (channel.deliveries.length === 0) this.#makeBatches(channel)
      if (!this.#writeChannel(channel, until)) this.#interrupted = channel
      else if (channel.dirty) again.push(channel)
      else channel.activeSince = undefined
    }
    for (const channel of again) this.#active.enqueue(channel)
  }

  #makeBatches(channel: Channel): void {
    channel.dirty = false
    this.seal(channel)
    if (this.#isStateDue(channel)) this.#makeStateDiff(channel)
  }

  /** Answers false when time was up before the last batch of the channel. */
  #writeChannel({ deliveries }: Channel, until: number): boolean {
    let count = 0
    while (count < deliveries.length && !this.#isLate) {
      const delivery = deliveries[count] as Delivery
      if (!this.#write(delivery, until)) break
      this.sent += delivery.written * delivery.frame.text.length
      delivery.filterClass.finished()
      delivery.span?.end()
      if (delivery.madeAt !== undefined && delivery.what === 'events')
        this.#activity.timings?.delivered(this.#clock.elapsed() - delivery.madeAt)
      count += 1
    }
    deliveries.splice(0, count)
    return deliveries.length === 0
  }

  /** Answers false when time was up before the last member. */
  #write(delivery: Delivery, until: number): boolean {
    delivery.run?.()
    const { members } = delivery.filterClass
    while (delivery.cursor < members.length && !this.#isLate) {
      const stop = Math.min(members.length, delivery.cursor + this.#untilLook)
      this.#untilLook -= stop - delivery.cursor
      fetchAhead(delivery, stop)
      for (; delivery.cursor < stop; delivery.cursor++) {
        const member = members[delivery.cursor]
        if (member !== undefined) this.#writeTo(member, delivery)
      }
      if (this.#untilLook > 0) continue
      this.#untilLook = membersPerLook
      this.#isLate = this.#clock.elapsed() >= until
    }
    return delivery.cursor >= members.length
  }

  #writeTo(member: Member, delivery: Delivery): void {
    if (delivery.what === 'state') {
      this.#writeStateTo(member, delivery)
      return
    }
    if (delivery.what === 'occupancy') {
      writeOccupancyTo(member, delivery)
      return
    }
    if (member.behind || member.position !== delivery.prev) return
    const { outbox, channel } = member
    if (channel.kind.slowConsumer === 'drop_oldest') {
      this.#writeOrQueue(member, delivery)
      return
    }
    if (outbox.writeShared(delivery.frame)) {
      member.position = delivery.position
      delivery.written += 1
      this.counts.live += delivery.events
    } else outbox.fallBehind(member)
  }

  #writeOrQueue(member: Member, delivery: Delivery): void {
    const { outbox } = member
    member.position = delivery.position
    if (!outbox.hasQueue && outbox.writeShared(delivery.frame)) {
      delivery.written += 1
      this.counts.live += delivery.events
      return
    }
    this.counts.queued += delivery.events
    outbox.enqueue(member, delivery.frame, delivery)
  }

  /** A kind may want its changes together: the first goes at once, those that follow soon wait for each other. */
  #isStateDue(channel: Channel): boolean {
    const { kind, state } = channel
    if (kind.stateFlushMs === 0 || this.#isStopping || state.version === channel.flushedState) return true
    const waitMs = channel.stateFlushedAt + kind.stateFlushMs - this.#clock.elapsed()
    if (waitMs <= 0) return true
    if (!this.#stateTimers.has(channel))
      this.#stateTimers.set(
        channel,
        this.#clock.after(waitMs, () => this.#stateWaited(channel)),
      )
    return false
  }

  #stateWaited(channel: Channel): void {
    this.#stateTimers.delete(channel)
    this.sendLater(channel)
  }

  #makeStateDiff(channel: Channel): void {
    const { flushedState: prev, state } = channel
    channel.flushedState = state.version
    if (channel.occupancyReaders > 0) this.#occupancy.changed(channel)
    if (channel.stateReaders === 0 || prev === state.version) return
    channel.stateFlushedAt = this.#clock.elapsed()
    channel.stateCuts = []
    for (const { frame, prev: from, version } of stateFrames(channel, prev, this.#limits.maxBatchBytes))
      this.#deliverToAll(channel, { what: 'state', frame, prev: from, position: version })
  }

  #sendOccupancy(channel: Channel): void {
    const frame = { text: occupancyText(channel) }
    this.#deliverToAll(channel, { what: 'occupancy', frame, prev: 0, position: 0 })
  }

  #deliverToAll(channel: Channel, what: Pick<Delivery, 'what' | 'frame' | 'prev' | 'position'>): void {
    for (const filterClass of channel.classes) {
      if (filterClass.size === 0) continue
      filterClass.underWay += 1
      this.#deliver(channel, { ...what, filterClass, events: 0, cursor: 0, written: 0 })
    }
  }

  #writeStateTo(member: Member, delivery: Delivery): void {
    if (member.stateVersion < 0 || member.stateBehind || member.stateVersion >= delivery.position) return
    if (member.stateVersion === delivery.prev && member.outbox.write(delivery.frame))
      member.stateVersion = delivery.position
    else member.outbox.fallBehindInState(member)
  }

  #pump(until: number): void {
    let index = 0
    while (index < this.#pumps.length) {
      const outbox = this.#pumps[index] as Outbox
      index += 1
      outbox.pumping = false
      if (outbox.pump()) this.pumpLater(outbox)
      if (this.#clock.elapsed() >= until) break
    }
    this.#pumps = this.#pumps.slice(index)
  }
}
