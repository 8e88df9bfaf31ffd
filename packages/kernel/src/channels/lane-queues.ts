import { PriorityTurns } from '@parley/protocol'
import type { OnShed } from '../inspection/fanout-told.ts'
import { type Lane, lanes } from '../kind.ts'
import type { OutgoingFrame } from '../ports/transport.ts'
import type { Member } from './member.ts'

/** A frame of a kind without a log, on its way to one member. */
export interface QueuedFrame {
  readonly member: Member
  readonly frame: OutgoingFrame
  readonly from: number
  readonly to: number
}

export type Turn =
  | { readonly what: 'frame'; readonly queued: QueuedFrame }
  | { readonly what: 'member'; readonly member: Member }
  | { readonly what: 'state'; readonly member: Member }
  | { readonly what: 'dropped'; readonly member: Member }

interface LaneQueue {
  readonly behind: Member[]
  readonly inState: Member[]
  /** Members that have to be told that frames of theirs were shed. */
  readonly shed: Member[]
  readonly frames: QueuedFrame[]
}

/**
 * What waits for one connection, by lane. Lanes take turns by {@link PriorityTurns}, which has an age limit built in:
 * while all wait, the lowest lane gets every 31st turn.
 */
export class LaneQueues {
  readonly #lanes: readonly LaneQueue[] = lanes.map(() => ({
    behind: [],
    inState: [],
    shed: [],
    frames: [],
  }))
  readonly #turns = new PriorityTurns()
  #queuedBytes = 0
  readonly #onShed: OnShed

  constructor(onShed: OnShed = () => undefined) {
    this.#onShed = onShed
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get isEmpty(): boolean {
    return this.#lanes.every((lane) => isIdle(lane))
  }

  /** Frames of kinds without a log wait, or a notice of some that were shed: what follows must wait behind them. */
  get hasQueue(): boolean {
    return this.#lanes.some((lane) => lane.frames.length > 0 || lane.shed.length > 0)
  }

  behind(member: Member): void {
    const lane = this.#laneOf(member)
    if (!lane.behind.includes(member)) lane.behind.push(member)
  }

  behindInState(member: Member): void {
    this.#laneOf(member).inState.push(member)
  }

  caughtUp(member: Member): void {
    remove(this.#laneOf(member).behind, member)
  }

  /** Answers how many frames were shed to stay within `maxBytes`: those of the lowest lane first, oldest first. */
  enqueue(queued: QueuedFrame, maxBytes: number): number {
    this.#laneOf(queued.member).frames.push(queued)
    this.#queuedBytes += queued.frame.text.length
    let total = 0
    for (let index = this.#lanes.length - 1; index >= 0 && this.#queuedBytes > maxBytes; index--) {
      const lane = this.#lanes[index] as LaneQueue
      let shed = 0
      for (; lane.frames.length > 0 && this.#queuedBytes > maxBytes; shed++) {
        const { member, from, to } = this.#take(lane.frames)
        this.shed(member, from, to)
      }
      if (shed > 0) this.#onShed(lanes[index] as Lane, 'slow_reader', shed)
      total += shed
    }
    return total
  }

  /** Notes that a member has to be told of events that it will not get. */
  shed(member: Member, from: number, to: number): void {
    const { shed } = this.#laneOf(member)
    if (!shed.includes(member)) shed.push(member)
    member.dropped = { from: member.dropped?.from ?? from, to }
  }

  /** What goes next; a member that is behind stays in its lane until `caughtUp`. */
  next(): Turn | undefined {
    const best = this.#lanes[this.#turns.next(this.#lanes.map((lane) => (isIdle(lane) ? 0 : 1)))]
    if (best === undefined) return undefined
    const inState = best.inState.shift()
    if (inState !== undefined) return { what: 'state', member: inState }
    // What was shed lay before the frames that are left.
    const shed = best.shed.shift()
    if (shed !== undefined) return { what: 'dropped', member: shed }
    if (best.frames.length > 0) return { what: 'frame', queued: this.#take(best.frames) }
    const member = best.behind.shift() as Member
    best.behind.push(member)
    return { what: 'member', member }
  }

  /** Forgets what waits for a member. Answers the position before the first event of it, if any waits in a frame. */
  drop(member: Member): number | undefined {
    let from = member.dropped?.from
    const lane = this.#laneOf(member)
    remove(lane.behind, member)
    remove(lane.inState, member)
    remove(lane.shed, member)
    for (let index = lane.frames.length - 1; index >= 0; index--) {
      const queued = lane.frames[index] as QueuedFrame
      if (queued.member !== member) continue
      lane.frames.splice(index, 1)
      this.#queuedBytes -= queued.frame.text.length
      from = Math.min(from ?? queued.from, queued.from)
    }
    member.dropped = undefined
    return from
  }

  #take(frames: QueuedFrame[]): QueuedFrame {
    const queued = frames.shift() as QueuedFrame
    this.#queuedBytes -= queued.frame.text.length
    return queued
  }

  #laneOf(member: Member): LaneQueue {
    return this.#lanes[lanes.indexOf(member.channel.kind.lane)] as LaneQueue
  }
}

function isIdle({ behind, frames, inState, shed }: LaneQueue): boolean {
  return behind.length === 0 && frames.length === 0 && inState.length === 0 && shed.length === 0
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}
