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

/** Share of each lane when all have something to send. */
const weights: Readonly<Record<Lane, number>> = { critical: 16, high: 8, normal: 4, low: 2, background: 1 }

interface LaneQueue {
  readonly weight: number
  credit: number
  readonly behind: Member[]
  readonly inState: Member[]
  readonly frames: QueuedFrame[]
}

/**
 * What waits for one connection, by lane. Lanes take turns by smooth weighted round robin (the scheme of nginx's
 * upstream balancer), which has an age limit built in: a lane with weight 1 gets every 31st turn at the latest.
 */
export class LaneQueues {
  readonly #lanes: readonly LaneQueue[] = lanes.map((lane) => ({
    weight: weights[lane],
    credit: 0,
    behind: [],
    inState: [],
    frames: [],
  }))
  #queuedBytes = 0
  #frameCount = 0

  get isEmpty(): boolean {
    return this.#lanes.every((lane) => isIdle(lane))
  }

  get hasQueue(): boolean {
    return this.#frameCount > 0
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
    this.#frameCount += 1
    let shed = 0
    for (let index = this.#lanes.length - 1; index >= 0 && this.#queuedBytes > maxBytes; index--) {
      const { frames } = this.#lanes[index] as LaneQueue
      while (frames.length > 0 && this.#queuedBytes > maxBytes) {
        shedFrame(this.#take(frames))
        shed += 1
      }
    }
    return shed
  }

  /** What goes next; a member that is behind stays in its lane until `caughtUp`. */
  next(): Turn | undefined {
    let best: LaneQueue | undefined
    let total = 0
    for (const lane of this.#lanes) {
      if (isIdle(lane)) continue
      lane.credit += lane.weight
      total += lane.weight
      if (best === undefined || lane.credit > best.credit) best = lane
    }
    if (best === undefined) return undefined
    best.credit -= total
    const inState = best.inState.shift()
    if (inState !== undefined) return { what: 'state', member: inState }
    if (best.frames.length > 0) return { what: 'frame', queued: this.#take(best.frames) }
    const member = best.behind.shift() as Member
    best.behind.push(member)
    return { what: 'member', member }
  }

  drop(member: Member): void {
    const lane = this.#laneOf(member)
    remove(lane.behind, member)
    remove(lane.inState, member)
    for (let index = lane.frames.length - 1; index >= 0; index--) {
      const queued = lane.frames[index] as QueuedFrame
      if (queued.member !== member) continue
      lane.frames.splice(index, 1)
      this.#queuedBytes -= queued.frame.text.length
      this.#frameCount -= 1
    }
  }

  #take(frames: QueuedFrame[]): QueuedFrame {
    const queued = frames.shift() as QueuedFrame
    this.#queuedBytes -= queued.frame.text.length
    this.#frameCount -= 1
    return queued
  }

  #laneOf(member: Member): LaneQueue {
    return this.#lanes[lanes.indexOf(member.channel.kind.lane)] as LaneQueue
  }
}

function isIdle(lane: LaneQueue): boolean {
  return lane.behind.length === 0 && lane.frames.length === 0 && lane.inState.length === 0
}

function shedFrame({ member, from, to }: QueuedFrame): void {
  member.dropped = { from: member.dropped?.from ?? from, to }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}
