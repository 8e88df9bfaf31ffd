import { Buffer } from 'node:buffer'
import type { Accept, Clock, Connection, ConnectionHandler, OutgoingFrame } from '@parley/kernel'
import {
  ChunkAssembly,
  closeCodes,
  decodeServerMessage,
  type ErrorBody,
  type EventsFrame,
  ParleyError,
  type ServerFrame,
  type SubscribeResult,
} from '@parley/protocol'
import { Batches } from './batches.ts'
import { type AnyConnection, type Carrier, type CarrierListener, carrierOf } from './carrier.ts'
import { channels, type FrameMessages, ownMessage, parsedMessage, type RealtimeMessage } from './message.ts'
import type { ManagerSettings } from './options.ts'

/** What all connections of a manager share. */
export interface ManagedHome {
  readonly settings: ManagerSettings
  readonly clock: Clock
  readonly messages: FrameMessages
  /** By which the node knows that a connection is the manager's. */
  readonly token: string
  received(connection: ManagedConnection, message: RealtimeMessage): void
  sent(count: number): void
  failed(): void
  gone(connection: ManagedConnection, code: number, reason: string): void
}

interface Waiting {
  readonly resolve: (ok: unknown) => void
  readonly reject: (error: ParleyError) => void
}

const eventsHead = '{"op":"events"'

/**
 * A connection of an application as a client of the node: it asks in frames of `parley.v1.json` for what the manager wants
 * it to have, and what comes goes out as messages. So it falls behind, catches up and is cut off as every other client.
 */
export class ManagedConnection implements Connection, CarrierListener {
  readonly id: string
  readonly #home: ManagedHome
  readonly #carrier: Carrier
  readonly #batches: Batches
  readonly #waiting = new Map<number, Waiting>()
  readonly #epochs = new Map<string, string>()
  readonly #assembly: ChunkAssembly
  #handler: ConnectionHandler | undefined
  #requests = 0
  #isOpen = true
  #tokens: number
  #refilledAt: number

  /** @throws ParleyError `bad_request` */
  constructor(id: string, connection: AnyConnection, home: ManagedHome) {
    this.id = id
    this.#home = home
    this.#carrier = carrierOf(connection, this)
    this.#batches = new Batches(this.#carrier, home.settings, home.clock)
    // The frame around a message, and characters that JSON escapes.
    this.#assembly = new ChunkAssembly(2 * home.settings.maxMessageSize + 65_536)
    this.#tokens = home.settings.rateLimitPerSecond
    this.#refilledAt = home.clock.elapsed()
  }

  /** Enters the node, and hears what is for it and for all. */
  async begin(accept: Accept, transport: string): Promise<void> {
    if (!this.#isOpen) return
    const { settings, token } = this.#home
    this.#handler = accept(this, { transport, ip: '127.0.0.1' })
    await this.#request({ op: 'connect', token })
    await Promise.all([this.join(channels.everyone), this.join(channels.connection(this.id))])
    const { maxReconnectAttempts, reconnectDelay, heartbeatInterval, maxMessageSize } = settings
    const advice = { maxReconnectAttempts, reconnectDelay, heartbeatInterval, maxMessageSize }
    this.#carrier.send(ownMessage('connected', { connectionId: this.id, ...advice }).text, false)
  }

  async join(channel: string): Promise<void> {
    const { position } = (await this.#request({ op: 'subscribe', channel })) as SubscribeResult
    this.#epochs.set(channel, position.epoch)
  }

  async leave(channel: string): Promise<void> {
    await this.#request({ op: 'unsubscribe', channel })
    this.#epochs.delete(channel)
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.#carrier.bufferedBytes + this.#batches.heldBytes : 0
  }

  send({ text }: OutgoingFrame): void {
    if (!this.#isOpen) return
    if (text.startsWith(eventsHead)) this.#events(text)
    else for (const frame of decodeServerMessage(text)) this.#take(frame)
  }

  cork(): void {
    // A message is written as it comes.
  }

  uncork(): void {
    // Nothing was held back.
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#batches.flush()
    this.#carrier.close(code, reason)
    this.#end(code, reason)
  }

  message(text: string): void {
    if (!this.#isOpen) return
    const { maxMessageSize } = this.#home.settings
    if (Buffer.byteLength(text) > maxMessageSize) {
      this.#home.failed()
      this.close(closeCodes.frame_too_large, `A message has at most ${maxMessageSize} bytes.`)
      return
    }
    try {
      this.#checkRate()
      const message = parsedMessage(text)
      if (message.type !== 'pong') this.#home.received(this, message)
    } catch (error) {
      this.#home.failed()
      const { code, message, retryAfterMs } =
        error instanceof ParleyError ? error : new ParleyError('internal')
      this.#carrier.send(ownMessage('error', { code, message, retryAfterMs }).text, false)
    }
  }

  alive(): void {
    if (this.#isOpen) this.#handler?.receive('{"op":"pong"}')
  }

  drained(): void {
    if (this.#isOpen && this.bufferedBytes === 0) this.#handler?.drained()
  }

  gone(code: number, reason: string): void {
    if (this.#isOpen) this.#end(code, reason)
  }

  #events(text: string): void {
    const frame = () => JSON.parse(text) as EventsFrame
    const channel = /^\{"op":"events","channel":("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? '""'
    const epoch = this.#epochs.get(JSON.parse(channel) as string) ?? ''
    const messages = this.#home.messages.of(text, frame, epoch)
    for (const message of messages) this.#batches.send(message)
    this.#home.sent(messages.length)
  }

  #take(frame: ServerFrame): void {
    if (frame.op === 'reply') this.#settle(frame.id, frame.ok, frame.error)
    else if (frame.op === 'ping') {
      if (!this.#carrier.ping()) this.#carrier.send(ownMessage('ping', null).text, false)
    } else if (frame.op === 'chunk') {
      const assembly = this.#assembly.add(frame)
      if (assembly.status === 'whole') this.send({ text: assembly.text })
    } else if (frame.op === 'error') {
      const { code, message } = frame.error
      this.#carrier.send(ownMessage('error', { code, message }).text, false)
    }
  }

  #settle(id: number, ok: unknown, error: ErrorBody | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(ok)
    else waiting?.reject(new ParleyError(error.code, error.message))
  }

  #request(frame: { readonly op: string; readonly [field: string]: unknown }): Promise<unknown> {
    const handler = this.#handler
    if (!this.#isOpen || handler === undefined) return Promise.reject(new ParleyError('disconnected'))
    this.#requests += 1
    const id = this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      handler.receive(JSON.stringify({ ...frame, id }))
    })
  }

  #checkRate(): void {
    const { rateLimitPerSecond } = this.#home.settings
    const now = this.#home.clock.elapsed()
    const refill = ((now - this.#refilledAt) * rateLimitPerSecond) / 1_000
    this.#tokens = Math.min(rateLimitPerSecond, this.#tokens + refill)
    this.#refilledAt = now
    if (this.#tokens < 1) {
      const retryAfterMs = Math.ceil(((1 - this.#tokens) * 1_000) / rateLimitPerSecond)
      const limit = `A connection sends at most ${rateLimitPerSecond} messages a second. Wait ${retryAfterMs} ms.`
      throw new ParleyError('rate_limited', limit, { retryAfterMs })
    }
    this.#tokens -= 1
  }

  #end(code: number, reason: string): void {
    this.#isOpen = false
    this.#batches.end()
    for (const { reject } of this.#waiting.values()) reject(new ParleyError('disconnected'))
    this.#waiting.clear()
    // The node is told when it has done its part.
    queueMicrotask(() => this.#handler?.closed(code, reason))
    this.#home.gone(this, code, reason)
  }
}
