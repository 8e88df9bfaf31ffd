import type { Priority } from '../contract.ts'
import { Fifo } from './fifo.ts'
import { PriorityTurns, priorities, rankOf } from './priorities.ts'

export interface PriorityMessageQueueOptions<Message> {
  /**
   * `strict` (default): always the most urgent message. `weighted`: while all wait, 16:8:4:2:1, so that what is urgent
   * hardly waits and nothing waits for ever.
   */
  readonly order?: 'strict' | 'weighted' | undefined
  /** Messages of one priority that may wait, or their size all together; default 10,000. */
  readonly capacity?: number | undefined
  /** Size of a message; default 1. */
  readonly sizeOf?: ((message: Message) => number) | undefined
  /** At the bound: `refuse` (default) the new message, or `drop_oldest` of its priority. */
  readonly overflow?: 'refuse' | 'drop_oldest' | undefined
  /**
   * A message that has waited for longer is served though others are more urgent: one in eight. Default: none is.
   * Needs `now`.
   */
  readonly maxWaitMs?: number | undefined
  /** Milliseconds from any fixed point; never goes back. */
  readonly now?: (() => number) | undefined
  /** Told of a message that was dropped to make room. */
  readonly onDropped?: ((message: Message) => void) | undefined
}

interface Held<Message> {
  readonly message: Message
  readonly since: number
}

/** Of so many messages one may go before more urgent ones for its age. */
const agedShare = 8

/**
 * Messages by priority, first in first out within each. Every priority has a bound of its own, so that what can wait never
 * takes the room of what cannot.
 */
export class PriorityMessageQueue<Message extends { readonly priority?: Priority | undefined }> {
  readonly #queues = priorities.map(() => new Fifo<Held<Message>>())
  readonly #waiting = [0, 0, 0, 0, 0]
  readonly #sizes = [0, 0, 0, 0, 0]
  readonly #turns: PriorityTurns | undefined
  readonly #capacity: number
  readonly #sizeOf: ((message: Message) => number) | undefined
  readonly #dropsOldest: boolean
  readonly #maxWaitMs: number
  readonly #now: (() => number) | undefined
  readonly #onDropped: ((message: Message) => void) | undefined
  #length = 0
  #untilAged = agedShare

  constructor(options: PriorityMessageQueueOptions<Message> = {}) {
    this.#turns = options.order === 'weighted' ? new PriorityTurns() : undefined
    this.#capacity = options.capacity ?? 10_000
    this.#sizeOf = options.sizeOf
    this.#dropsOldest = options.overflow === 'drop_oldest'
    this.#now = options.now
    this.#maxWaitMs = options.now === undefined ? Infinity : (options.maxWaitMs ?? Infinity)
    this.#onDropped = options.onDropped
  }

  /** Messages that wait. */
  get length(): number {
    return this.#length
  }

  /** Messages of one priority that wait. */
  count(priority: Priority): number {
    return this.#waiting[rankOf(priority)] as number
  }

  /** Puts a message in, under its `priority`; default `normal`. Answers false when it was refused for want of room. */
  enqueue(message: Message): boolean {
    const rank = rankOf(message.priority)
    const size = this.#sizeOf?.(message) ?? 1
    while ((this.#sizes[rank] as number) + size > this.#capacity) {
      if (!this.#dropsOldest || this.#waiting[rank] === 0) return false
      this.#onDropped?.(this.#take(rank))
    }
    this.#queues[rank]?.push({ message, since: this.#now?.() ?? 0 })
    this.#sizes[rank] = (this.#sizes[rank] as number) + size
    this.#waiting[rank] = (this.#waiting[rank] as number) + 1
    this.#length += 1
    return true
  }

  /** Takes the next message out; with a priority, the next of that one. */
  dequeue(priority?: Priority): Message | undefined {
    if (this.#length === 0) return undefined
    const rank = priority === undefined ? this.#next() : rankOf(priority)
    return this.#waiting[rank] === 0 ? undefined : this.#take(rank)
  }

  #next(): number {
    if (this.#maxWaitMs < Infinity) {
      this.#untilAged -= 1
      const aged = this.#untilAged <= 0 ? this.#aged() : -1
      if (aged >= 0) return aged
    }
    if (this.#turns !== undefined) return this.#turns.next(this.#waiting)
    return this.#waiting.findIndex((count) => count > 0)
  }

  /** The rank of the message that has waited longest, if that is too long. */
  #aged(): number {
    this.#untilAged = agedShare
    const latest = (this.#now?.() ?? 0) - this.#maxWaitMs
    let [aged, oldest] = [-1, latest]
    for (const [rank, queue] of this.#queues.entries()) {
      const since = queue.first()?.since ?? Infinity
      if (since < oldest) [aged, oldest] = [rank, since]
    }
    return aged
  }

  #take(rank: number): Message {
    const held = (this.#queues[rank] as Fifo<Held<Message>>).shift()
    const { message } = held as Held<Message>
    this.#sizes[rank] = (this.#sizes[rank] as number) - (this.#sizeOf?.(message) ?? 1)
    this.#waiting[rank] = (this.#waiting[rank] as number) - 1
    this.#length -= 1
    return message
  }
}
