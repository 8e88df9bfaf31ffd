import type { OutgoingFrame } from '@parley/kernel'
import type { Position, SubscribeResult } from '@parley/protocol'
import { type EventBatch, type EventMessage, joinFrames } from './event-batch.ts'
import { encodeMessage } from './messages.ts'
import type { ChannelName } from './names.ts'
import type { Occupant } from './rooms.ts'

/** What a subscription writes to. */
export interface SubscriptionLine {
  readonly socketId: string
  write(frame: OutgoingFrame): void
}

/** One client in one channel. */
export class Subscription implements Occupant {
  readonly name: ChannelName
  readonly memberId: string | undefined
  readonly #line: SubscriptionLine
  /** What came before the client was told that it is subscribed. */
  #held: (EventBatch | OutgoingFrame)[] | undefined = []
  /** Of clients that count: where the client stands, by what it was told. */
  #counted: number | undefined
  #epoch = ''
  heldBytes = 0

  constructor(name: ChannelName, line: SubscriptionLine, memberId: string | undefined) {
    this.name = name
    this.#line = line
    this.memberId = memberId
  }

  get socketId(): string {
    return this.#line.socketId
  }

  /** The node has taken the client in. */
  joined({ position }: SubscribeResult, isCounting: boolean): void {
    this.#epoch = position.epoch
    if (isCounting) this.#counted = position.offset
  }

  /** Tells the client that it is subscribed, what is at hand for it, then what came meanwhile. */
  open(data: object, atHand: readonly OutgoingFrame[] = []): void {
    const text = encodeMessage('pusher_internal:subscription_succeeded', data, { channel: this.name.name })
    this.#line.write({ text })
    for (const frame of atHand) this.#line.write(frame)
    // A client that counts has counted those, and they are none of what follows.
    if (this.#counted !== undefined && atHand.length > 0) this.#line.write(this.#positionFrame(this.#counted))
    const held = this.#held ?? []
    this.#held = undefined
    this.heldBytes = 0
    for (const one of held) {
      if ('events' in one) this.deliver(one, 0)
      else this.#line.write(one)
    }
  }

  deliver(batch: EventBatch, length: number): void {
    if (this.#held !== undefined) {
      this.#held.push(batch)
      this.heldBytes += length
    } else if (this.#counted !== undefined) this.#deliverCounted(batch)
    else if (batch.isWholeFor(this.socketId)) {
      if (batch.events.length > 0) this.#line.write(batch.joined)
    } else for (const { frame } of batch.events.filter(this.#isMeant)) this.#line.write(frame)
  }

  /** A client that counts events is told where it stands whenever counting would lead it astray. */
  #deliverCounted(batch: EventBatch): void {
    const frames: OutgoingFrame[] = []
    for (const { offset, frame } of batch.events.filter(this.#isMeant)) {
      if (offset !== (this.#counted as number) + 1) frames.push(this.#positionFrame(offset - 1))
      frames.push(frame)
      this.#counted = offset
    }
    if (batch.position !== this.#counted) {
      frames.push(this.#positionFrame(batch.position))
      this.#counted = batch.position
    }
    if (frames.length > 0) this.#line.write(joinFrames(frames))
  }

  #positionFrame(offset: number): OutgoingFrame {
    const position = textOfPosition({ epoch: this.#epoch, offset })
    return { text: encodeMessage('parley:position', { position }, { channel: this.name.name }) }
  }

  readonly #isMeant = ({ except }: EventMessage): boolean => except !== this.socketId

  /** Something about the channel that is no event of it. */
  send(frame: OutgoingFrame): void {
    if (this.#held === undefined) this.#line.write(frame)
    else this.#held.push(frame)
  }
}

/** A position as clients carry it. */
export function textOfPosition({ epoch, offset }: Position): string {
  return `${epoch}.${offset}`
}

/** Undefined for a text that is none: the client begins at the head then. */
export function positionOf(text: unknown): Position | undefined {
  if (typeof text !== 'string' || text.length > 100) return undefined
  const dot = text.lastIndexOf('.')
  const offset = Number(text.slice(dot + 1))
  if (dot < 1 || !/^\d{1,16}$/.test(text.slice(dot + 1)) || !Number.isSafeInteger(offset)) return undefined
  return { epoch: text.slice(0, dot), offset }
}
