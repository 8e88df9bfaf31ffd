import { type ClientFrame, Fifo, PriorityMessageQueue } from '@parley/protocol'
import type { Lane } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Histogram } from '../ports/metrics.ts'
import type { Drops } from '../resilience/drops.ts'

/** Where input goes. */
export interface IntakeTarget {
  /** Frames and messages of it that wait. */
  waiting: number
  /** There will be no more: `ended` follows the last that waits. */
  isEnding: boolean
  /** Takes a message apart: what it holds comes to `Intake.receive`. */
  read(text: string): void
  /** The lane in which a frame waits: frames that must not overtake each other have the same. */
  laneOf(frame: ClientFrame): Lane
  /** Carries a frame out. */
  handle(frame: ClientFrame, length: number): void
  /** There was no room for the frame; nothing of it was done. */
  refused(frame: ClientFrame): void
  ended(): void
}

interface Waiting {
  readonly priority: Lane
  readonly target: IntakeTarget
  /** Undefined for the end. */
  readonly frame: ClientFrame | undefined
  readonly length: number
  readonly since: number
}

/** A message that has not been taken apart. */
interface Unread {
  readonly target: IntakeTarget
  readonly text: string
}

export interface IntakeParts {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'intakeSliceMs' | 'maxIntakeLength'>
  readonly drops: Pick<Drops, 'add'>
  /** Seconds that a frame has waited. */
  readonly waits?: Histogram
  /** Called after every part of what waited: what came of it goes out in the same turn. */
  readonly onTurn?: () => void
}

/** Frames between two looks at the clock. */
const framesPerLook = 16
/** So long after something critical has waited, turns are half as long: what comes in one waits at least for its end. */
const urgentMs = 1_000
/** What has waited for longer has some turns of its own. */
const maxWaitMs = 2_000

/**
 * Carries out what clients say, for at most `intakeSliceMs` a turn. When there is more of it than there is time (a room
 * empties, a network comes back, a server has too little of everything), frames wait by the lane of the kind that they
 * are about, and lanes take turns by weight: what is urgent is done first, and what can wait is done at last. The writes
 * and the fan-out have their turns between; while some of it is critical, turns are half as long. Otherwise nothing waits.
 * Messages that come when a turn's share is used up are taken apart in the next turn: to read from thousands of sockets
 * that have something to say at the same moment is work enough for one.
 *
 * Bound: `maxIntakeLength` characters a lane. More is refused with `overloaded`, but for `critical`: there the oldest are
 * carried out at once, however long it takes.
 */
export class Intake {
  readonly #clock: Clock
  readonly #longSliceMs: number
  readonly #drops: Pick<Drops, 'add'>
  readonly #waits: Histogram | undefined
  readonly #onTurn: (() => void) | undefined
  readonly #queue: PriorityMessageQueue<Waiting>
  /** Elapsed time at which this turn's share is used up; undefined before the first frame of a turn. */
  #until: number | undefined
  #untilLook = framesPerLook
  #isOver = false
  readonly #unread = new Fifo<Unread>()
  #unreadLength = 0
  /** What is taken apart waits for its turn, however little it is. */
  #isReading = false
  readonly #maxUnreadLength: number
  /** The newest look at the clock. */
  #now = 0
  #urgentUntil = Number.NEGATIVE_INFINITY

  constructor({ clock, limits, drops, waits, onTurn }: IntakeParts) {
    this.#onTurn = onTurn
    this.#clock = clock
    this.#longSliceMs = limits.intakeSliceMs
    this.#maxUnreadLength = limits.maxIntakeLength
    this.#drops = drops
    this.#waits = waits
    this.#queue = new PriorityMessageQueue({
      order: 'weighted',
      capacity: limits.maxIntakeLength,
      sizeOf: ({ length }) => length,
      now: () => this.#now,
      maxWaitMs,
    })
  }

  /** Frames that wait, by lane. */
  count(lane: Lane): number {
    return this.#queue.count(lane)
  }

  /** Frames and messages that wait. */
  get #waitingCount(): number {
    return this.#queue.length + this.#unread.length
  }

  /** A message has come; it is taken apart now or in the next turn. */
  take(target: IntakeTarget, text: string): void {
    if (!this.#isReading && this.#unreadLength + text.length > this.#maxUnreadLength)
      this.#readUntil(Number.POSITIVE_INFINITY)
    if (this.#isReading || this.#isOver || this.#waitingCount > 0) {
      this.#unread.push({ target, text })
      this.#unreadLength += text.length
      target.waiting += 1
    } else target.read(text)
  }

  /** A frame of `length` characters has come; it is carried out now or a few turns later. */
  receive(target: IntakeTarget, frame: ClientFrame, length: number): void {
    if (this.#isReading || this.#queue.length > 0 || this.#isTurnOver()) this.#wait(target, frame, length)
    else target.handle(frame, length)
  }

  /** A client is gone; its end comes after what it said. */
  end(target: IntakeTarget): void {
    if (target.waiting > 0) target.isEnding = true
    else if (this.#queue.length === 0) target.ended()
    else this.#wait(target, undefined, 0)
  }

  /** Carries out whatever waits. */
  flush(): void {
    while (this.#waitingCount > 0) {
      this.#readUntil(Number.POSITIVE_INFINITY)
      while (this.#carryOut());
    }
  }

  /** Takes messages apart. */
  #readUntil(until: number): void {
    this.#isReading = true
    for (let count = 1; this.#readNext(); count++) if (this.#isLate(count, until)) break
    this.#isReading = false
  }

  #readNext(): boolean {
    const next = this.#unread.shift()
    if (next === undefined) return false
    const { target, text } = next
    this.#unreadLength -= text.length
    target.waiting -= 1
    target.read(text)
    this.#endIfDone(target)
    return true
  }

  #isLate(count: number, until: number): boolean {
    if (count % framesPerLook !== 0) return false
    this.#now = this.#clock.elapsed()
    return this.#now >= until
  }

  get #sliceMs(): number {
    return this.#now < this.#urgentUntil ? this.#longSliceMs / 2 : this.#longSliceMs
  }

  #isTurnOver(): boolean {
    if (this.#until === undefined) {
      this.#now = this.#clock.elapsed()
      this.#until = this.#now + this.#sliceMs
      this.#clock.defer(() => this.#nextTurn())
    }
    this.#untilLook -= 1
    if (this.#untilLook > 0) return this.#isOver
    this.#untilLook = framesPerLook
    this.#now = this.#clock.elapsed()
    this.#isOver = this.#now >= this.#until
    return this.#isOver
  }

  /**
   * What waits has the first half of every turn, and so has what is to be taken apart before; what comes meanwhile waits
   * too.
   */
  #nextTurn(): void {
    this.#until = undefined
    this.#isOver = false
    if (this.#waitingCount === 0) return
    this.#now = this.#clock.elapsed()
    if (this.#unread.length > 0) this.#readUntil(this.#now + this.#sliceMs / 2)
    const until = this.#now + this.#sliceMs / 2
    for (let count = 1; this.#carryOut(); count++) if (this.#isLate(count, until)) break
    if (this.#waitingCount > 0) this.#clock.defer(() => this.#nextTurn())
    this.#onTurn?.()
  }

  #wait(target: IntakeTarget, frame: ClientFrame | undefined, length: number): void {
    const priority = frame === undefined ? 'normal' : target.laneOf(frame)
    if (priority === 'critical') this.#urgentUntil = this.#now + urgentMs
    const waiting = { priority, target, frame, length, since: this.#now }
    while (!this.#queue.enqueue(waiting)) {
      const oldest = priority === 'critical' ? this.#queue.dequeue('critical') : undefined
      if (oldest !== undefined) this.#do(oldest)
      else {
        this.#refuse(waiting)
        return
      }
    }
    target.waiting += 1
  }

  #refuse({ target, frame, priority }: Waiting): void {
    if (frame === undefined) {
      target.ended()
      return
    }
    this.#drops.add({ what: 'request', reason: 'overloaded', lane: priority })
    target.refused(frame)
  }

  /** Answers false when nothing waits. */
  #carryOut(): boolean {
    const next = this.#queue.dequeue()
    if (next === undefined) return false
    this.#do(next)
    return true
  }

  #do({ target, frame, length, priority, since }: Waiting): void {
    target.waiting -= 1
    this.#waits?.observe((this.#now - since) / 1000, { lane: priority })
    if (frame === undefined) target.ended()
    else target.handle(frame, length)
    this.#endIfDone(target)
  }

  #endIfDone(target: IntakeTarget): void {
    if (!target.isEnding || target.waiting > 0) return
    target.isEnding = false
    target.ended()
  }
}
