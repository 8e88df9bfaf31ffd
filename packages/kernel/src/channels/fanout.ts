import { lanes } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutgoingFrame } from '../ports/transport.ts'
import type { Channel } from './channel.ts'
import type { Delivery } from './filter-class.ts'
import type { Member } from './member.ts'
import type { Outbox } from './outbox.ts'

export type DeliveryPath = 'live' | 'catch_up' | 'queued'

/** Counts kept by the fan-out; read by metrics. */
export interface FanoutCounts {
  live: number
  catch_up: number
  queued: number
  /** Frames of ephemeral kinds shed for slow readers. */
  shed: number
}

/** Members written to between two looks at the clock. */
const membersPerLook = 32

/**
 * Writes batches to members, at the end of a turn, lanes in order. It is a cursor: after `fanoutSliceMs` it lets
 * other work go first and goes on in the next turn, so that one event to ten thousand members delays nobody's reply.
 */
export class Fanout {
  readonly counts: FanoutCounts = { live: 0, catch_up: 0, queued: 0, shed: 0 }
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #dirtyChannels: Channel[][] = lanes.map(() => [])
  #deliveries: Delivery[] = []
  #nextDelivery = 0
  #pumps: Outbox[] = []
  #dirtyOutboxes: Outbox[] = []
  readonly #blocked = new Set<Outbox>()
  #isScheduled = false

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** The channel has events or state to send at the end of this turn. */
  sendLater(channel: Channel): void {
    if (channel.dirty) return
    channel.dirty = true
    this.#dirtyChannels[lanes.indexOf(channel.kind.lane)]?.push(channel)
    this.#schedule()
  }

  flushLater(outbox: Outbox): void {
    outbox.dirty = true
    this.#dirtyOutboxes.push(outbox)
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
    for (const delivery of channel.seal()) this.deliver(delivery)
  }

  deliver(delivery: Delivery): void {
    this.#deliveries.push(delivery)
    this.#schedule()
  }

  /** Remembers a connection that takes nothing, to see whether it ever does again. */
  blocked(outbox: Outbox): void {
    if (this.#blocked.has(outbox)) return
    outbox.blockedBytes = outbox.connection?.bufferedBytes ?? 0
    outbox.blockedSince = this.#clock.elapsed()
    this.#blocked.add(outbox)
  }

  unblocked(outbox: Outbox): void {
    this.#blocked.delete(outbox)
  }

  /** Calls `stalled` for each connection that has accepted no byte for `slowConsumerMs`. */
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
      } else if (now - outbox.blockedSince >= this.#limits.slowConsumerMs) {
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

  /** Sends a member what changed in the keyed state since it last heard. */
  sendState(member: Member): void {
    const frame = stateFrame(member.channel, member.stateVersion)
    if (frame === undefined) return
    if (member.outbox.write(frame)) member.stateVersion = member.channel.state.version
    else member.outbox.fallBehindInState(member)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.defer(() => this.#run())
  }

  #run(): void {
    this.#isScheduled = false
    this.#sealDirty()
    const until = this.#clock.elapsed() + this.#limits.fanoutSliceMs
    const isDone = this.#writeDeliveries(until) && this.#pump(until)
    const outboxes = this.#dirtyOutboxes
    this.#dirtyOutboxes = []
    for (const outbox of outboxes) {
      outbox.dirty = false
      outbox.flush()
    }
    if (!isDone) this.#schedule()
  }

  #sealDirty(): void {
    for (const lane of this.#dirtyChannels) {
      if (lane.length === 0) continue
      for (const channel of lane.splice(0)) {
        channel.dirty = false
        for (const delivery of channel.seal()) this.#deliveries.push(delivery)
        this.#makeStateDiff(channel)
      }
    }
  }

  #writeDeliveries(until: number): boolean {
    while (this.#nextDelivery < this.#deliveries.length) {
      const delivery = this.#deliveries[this.#nextDelivery] as Delivery
      if (!this.#write(delivery, until)) return false
      delivery.filterClass.finished()
      this.#nextDelivery += 1
    }
    this.#deliveries = []
    this.#nextDelivery = 0
    return true
  }

  /** Answers false when time was up before the last member. */
  #write(delivery: Delivery, until: number): boolean {
    const { members } = delivery.filterClass
    let { cursor } = delivery
    while (cursor < members.length) {
      const stop = Math.min(members.length, cursor + membersPerLook)
      for (; cursor < stop; cursor++) {
        const member = members[cursor]
        if (member !== undefined) this.#writeTo(member, delivery)
      }
      if (cursor < members.length && this.#clock.elapsed() >= until) {
        delivery.cursor = cursor
        return false
      }
    }
    return true
  }

  #writeTo(member: Member, delivery: Delivery): void {
    if (delivery.what === 'state') {
      this.#writeStateTo(member, delivery)
      return
    }
    if (member.behind || member.position !== delivery.prev) return
    const { outbox } = member
    const { channel } = member
    if (channel.kind.slowConsumer === 'drop_oldest') {
      this.#writeOrQueue(member, delivery)
      return
    }
    if (outbox.write(delivery.frame)) {
      member.position = delivery.position
      this.counts.live += delivery.events
    } else outbox.fallBehind(member)
  }

  #writeOrQueue(member: Member, delivery: Delivery): void {
    const { outbox } = member
    member.position = delivery.position
    if (!outbox.hasQueue && outbox.write(delivery.frame)) {
      this.counts.live += delivery.events
      return
    }
    this.counts.queued += delivery.events
    this.counts.shed += outbox.enqueue(member, delivery.frame, delivery)
  }

  #makeStateDiff(channel: Channel): void {
    const { state, flushedState: prev } = channel
    channel.flushedState = state.version
    const frame = channel.stateReaders === 0 ? undefined : stateFrame(channel, prev)
    if (frame === undefined) return
    for (const filterClass of channel.classes) {
      if (filterClass.size === 0) continue
      filterClass.underWay += 1
      this.#deliveries.push({
        what: 'state',
        filterClass,
        frame,
        prev,
        position: state.version,
        events: 0,
        cursor: 0,
      })
    }
  }

  #writeStateTo(member: Member, delivery: Delivery): void {
    if (member.stateVersion < 0 || member.stateBehind || member.stateVersion >= delivery.position) return
    if (member.stateVersion === delivery.prev && member.outbox.write(delivery.frame))
      member.stateVersion = delivery.position
    else member.outbox.fallBehindInState(member)
  }

  #pump(until: number): boolean {
    let index = 0
    while (index < this.#pumps.length) {
      const outbox = this.#pumps[index] as Outbox
      index += 1
      outbox.pumping = false
      if (outbox.pump()) this.pumpLater(outbox)
      if (this.#clock.elapsed() >= until) break
    }
    this.#pumps = this.#pumps.slice(index)
    return this.#pumps.length === 0
  }
}

/**
 * The difference from a version on. When it is no longer known, an empty difference that begins at the present version:
 * the client sees that it does not follow from its own and asks for a snapshot.
 */
function stateFrame(channel: Channel, from: number): OutgoingFrame | undefined {
  const { state } = channel
  if (from === state.version) return undefined
  const diff = state.diff(from) ?? { prev: state.version, version: state.version, set: [], removed: [] }
  return { text: JSON.stringify({ op: 'state', channel: channel.name, instance: state.instance, ...diff }) }
}
