import type { OutgoingFrame } from '@parley/kernel'
import {
  type EventsFrame,
  encodeFrame,
  expandEvents,
  ParleyError,
  type Position,
  type ReplyFrame,
  type ServerFrame,
} from '@parley/protocol'
import { dataLines } from './encoding.ts'
import type { Exchange } from './exchange.ts'
import type { Downlink, HttpLink } from './link.ts'
import { eventIdOf, type Positions } from './positions.ts'
import { streamDownlink } from './stream/stream-downlink.ts'
import { eventText, restText, type Translation } from './translation.ts'

/** What somebody wants to hear who cannot say anything. */
export interface Wish {
  readonly channels: readonly string[]
  /** Where they stand, from an earlier event id. */
  readonly from: Positions
  /** For channels without a position: begin so many events before the head. */
  readonly recent: number
}

export interface ListeningParts {
  readonly exchange: Exchange
  readonly link: HttpLink
  readonly wish: Wish
  readonly translation: Translation
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>
}

const connectId = 1
/** A stream that ends is opened again after so long, and a random part of it. */
const retryMs = 1_000

/**
 * A downlink for those who only listen: an `EventSource`, curl. It speaks for them to the node (subscribes, answers
 * pings) and tells them events, each with an id that holds their positions in all channels: with it as `Last-Event-ID`
 * they go on where they were, at any node.
 */
export class Listening implements Downlink {
  readonly #exchange: Exchange
  readonly #link: HttpLink
  readonly #wish: Wish
  readonly #headers: Readonly<Record<string, string>>
  readonly #positions: Positions
  readonly #translation: Translation
  /** Channels whose subscription is not answered yet, by the id of the request. */
  readonly #asked = new Map<number, string>()
  #nextId = connectId + 1
  #stream: Downlink | undefined
  #refusal: ParleyError | undefined
  /** Lines that were said before the head of the response could be written. */
  #early = ''

  constructor({ exchange, headers, link, translation, wish }: ListeningParts) {
    this.#exchange = exchange
    this.#link = link
    this.#wish = wish
    this.#headers = headers
    this.#translation = translation
    this.#positions = new Map([...wish.from].filter(([channel]) => wish.channels.includes(channel)))
  }

  /** What the listener would say first. */
  firstMessage(): string {
    const connect = { op: 'connect', id: connectId, client: { name: 'listener' } } as const
    return [encodeFrame(connect), ...this.#wish.channels.map((channel) => this.#subscribe(channel))].join(
      '\n',
    )
  }

  #subscribe(channel: string): string {
    const id = this.#nextId++
    this.#asked.set(id, channel)
    const from = this.#positions.get(channel)
    const { recent } = this.#wish
    const start = from === undefined ? (recent > 0 ? { recent } : {}) : { from }
    return encodeFrame({ op: 'subscribe', id, channel, silent: true, ...start })
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? 0
  }

  send(message: OutgoingFrame): void {
    const frames = this.#translation.framesOf(message)
    const [only] = frames
    if (frames.length === 1 && only?.op === 'events' && this.#passOn(message, only)) return
    for (const frame of frames) this.#take(frame)
  }

  /** A batch that follows where the listener of a single channel stands is the same text for all of them. */
  #passOn(message: OutgoingFrame, frame: EventsFrame): boolean {
    const position = this.#positions.get(frame.channel)
    if (this.#positions.size !== 1 || position?.offset !== frame.prev || this.#stream === undefined)
      return false
    this.#stream.send(this.#translation.eventsOf(message, frame, position.epoch))
    this.#advance(frame.channel, frame.position)
    return true
  }

  cork(): void {
    this.#stream?.cork()
  }

  uncork(): void {
    this.#stream?.uncork()
  }

  #take(frame: ServerFrame): void {
    switch (frame.op) {
      case 'reply':
        return this.#answered(frame)
      case 'events':
        return this.#events(frame)
      case 'dropped':
        this.#advance(frame.channel, frame.to)
        return this.#say('dropped', frame)
      case 'unsubscribed':
        if (frame.resubscribe) return this.#speak(this.#subscribe(frame.channel))
        this.#positions.delete(frame.channel)
        this.#say('unsubscribed', frame)
        if (this.#positions.size === 0)
          queueMicrotask(() => this.#link.close(1000, 'Nothing is left to hear.'))
        return
      case 'error':
        this.#refusal ??= ParleyError.from(frame.error)
        return
      case 'ping':
        // Whoever takes what is written is there; the network says so, as nothing else can.
        this.#write(':\n\n')
        if (this.bufferedBytes === 0) this.#speak('{"op":"pong"}')
        return
      case 'goaway':
        // They come back at once by themselves, with their positions.
        setTimeout(
          () => this.#link.close(1001, 'goaway'),
          frame.retryAfterMs + Math.random() * frame.spreadMs,
        ).unref()
        return
      default:
    }
  }

  /** To the node, in the listener's name; never while the node is speaking. */
  #speak(message: string): void {
    queueMicrotask(() => this.#link.receive(message))
  }

  #answered({ id, ok, error }: ReplyFrame): void {
    if (id === connectId) {
      if (error !== undefined) this.#refusal = ParleyError.from(error)
      return
    }
    const channel = this.#asked.get(id)
    if (channel === undefined) return
    this.#asked.delete(id)
    if (error === undefined) this.#joined(channel, ok as Joined)
    else {
      this.#refusal ??= ParleyError.from(error)
      this.#positions.delete(channel)
      this.#say('unsubscribed', { channel, code: error.code, message: error.message })
    }
    if (this.#asked.size === 0 && this.#stream === undefined) this.#begin()
  }

  #joined(channel: string, { position, recovered, reason }: Joined): void {
    this.#positions.set(channel, position)
    this.#say('subscribed', { channel, position, ...(recovered === undefined ? {} : { recovered, reason }) })
  }

  #events(frame: EventsFrame): void {
    const position = this.#positions.get(frame.channel)
    if (position === undefined || frame.position <= position.offset) return
    const events = expandEvents(frame, position.epoch).filter(({ offset }) => offset > position.offset)
    let text = ''
    for (const event of events) {
      this.#advance(frame.channel, event.offset)
      text += eventText(event, this.#positions)
    }
    this.#advance(frame.channel, frame.position)
    this.#write(text + restText(frame, events, this.#positions))
  }

  #advance(channel: string, offset: number): void {
    const position = this.#positions.get(channel)
    if (position !== undefined && offset > position.offset)
      this.#positions.set(channel, { ...position, offset })
  }

  /** An event of the connection itself, by name. */
  #say(name: string, said: object): void {
    this.#write(this.#named(name, said))
  }

  #named(name: string, said: object): string {
    const { op: _, ...data } = said as Readonly<Record<string, unknown>>
    return `event: ${name}\nid: ${eventIdOf(this.#positions)}\n${dataLines(JSON.stringify(data))}\n`
  }

  #write(text: string): void {
    if (this.#stream === undefined) this.#early += text
    else this.#stream.send({ text })
  }

  /** All subscriptions are answered: what failed as a whole is an error, everything else a stream. */
  #begin(): void {
    if (this.#positions.size === 0) {
      this.#refuse()
      return
    }
    this.#exchange.begin(this.#translation.encoding.contentType, this.#headers)
    this.#stream = streamDownlink(this.#exchange.response, this.#translation.encoding, {
      drained: () => this.#link.drained(),
      over: () => this.#link.over(),
      farewell: (code, reason) => this.#named('close', { code, reason }),
    })
    this.#stream.send({ text: `retry: ${retryMs + Math.round(Math.random() * retryMs)}\n${this.#early}` })
    this.#early = ''
  }

  #refuse(): void {
    this.#exchange.refuse(this.#refusal ?? new ParleyError('unavailable'))
    queueMicrotask(() => this.#link.over())
  }

  end(code: number, reason: string): void {
    if (this.#stream === undefined) this.#refuse()
    else this.#stream.end(code, reason)
  }

  destroy(): void {
    if (this.#stream === undefined) this.#exchange.refuse(this.#refusal ?? new ParleyError('unavailable'))
    else this.#stream.destroy()
  }
}

interface Joined {
  readonly position: Position
  readonly recovered?: boolean
  readonly reason?: string
}
