import { Buffer } from 'node:buffer'
import { textFrame } from '../websocket/server-frame.ts'
import { frameOf, type Message, type Outgoing, separator } from './outgoing.ts'
import type { LineListener, WebSocketLine } from './web-socket-line.ts'

/** What is known of a client from the request that opened its session. */
export interface OpeningRequest {
  readonly url: string
  /** As Node gives them: names and values in turn. */
  readonly rawHeaders: readonly string[]
  readonly address: string
  readonly isSecure: boolean
  readonly at: number
}

/** Why a session ended, in the words of Socket.IO. */
export type EngineEnd =
  | 'transport close'
  | 'transport error'
  | 'ping timeout'
  | 'parse error'
  | 'forced close'
  | 'server shutting down'

/** Who is told what comes in a session. */
export interface EngineListener {
  message(message: Message): void
  /** The client has shown that it reads. */
  heard(): void
  drained(): void
  /** Called once. */
  closed(reason: EngineEnd): void
}

/** What all sessions share. */
export interface EngineHome {
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly maxPayloadBytes: number
  now(): number
  gone(session: EngineSession): void
}

/** A request that waits for packets. */
export interface WaitingPoll {
  answer(payload: string): void
}

const ping = '2'
const pong = '3'
const upgraded = '5'
const noop = '6'
const probe = 'probe'

/**
 * A client's session of Engine.IO (protocol 4): it begins by polling or by WebSocket, and may go from the first to the
 * second. Packets that no transport takes now wait, in order; who sends looks at `bufferedBytes` first.
 */
export class EngineSession implements LineListener {
  readonly id: string
  readonly request: OpeningRequest
  readonly #home: EngineHome
  #listener: EngineListener | undefined
  #line: WebSocketLine | undefined
  /** A WebSocket that the client tries out. */
  #candidate: WebSocketLine | undefined
  #poll: WaitingPoll | undefined
  #isClosed = false
  #isPosting = false
  /** The answer to a ping is due. */
  #isPinged = false
  #beatAt: number
  #queue: string[] = []
  #queuedLength = 0
  #corks = 0

  constructor(home: EngineHome, id: string, request: OpeningRequest) {
    this.#home = home
    this.id = id
    this.request = request
    this.#beatAt = home.now() + home.pingIntervalMs
  }

  set listener(listener: EngineListener) {
    this.#listener = listener
  }

  get transport(): 'polling' | 'websocket' {
    return this.#line === undefined ? 'polling' : 'websocket'
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Something that is sent now leaves at once. */
  get isWritable(): boolean {
    return this.#line === undefined ? this.#poll !== undefined : this.#line.isWritable
  }

  get bufferedBytes(): number {
    return this.#line === undefined ? this.#queuedLength : this.#line.bufferedBytes
  }

  send(outgoing: Outgoing): void {
    if (this.#isClosed) return
    if (this.#line === undefined) this.#enqueue(outgoing.packets)
    else this.#line.write(outgoing.frames)
  }

  cork(): void {
    this.#corks += 1
    this.#line?.cork()
  }

  uncork(): void {
    this.#corks -= 1
    if (this.#line === undefined) this.#flushPoll()
    else this.#line.uncork()
  }

  #control(packet: string): void {
    if (this.#line === undefined) this.#enqueue(packet)
    else this.#line.write(textFrame(packet))
  }

  #enqueue(packets: string): void {
    this.#queue.push(packets)
    this.#queuedLength += packets.length + 1
    if (this.#corks === 0) this.#flushPoll()
  }

  /** Answers the request that waits with as much as a client takes at once. */
  #flushPoll(): void {
    const poll = this.#poll
    if (poll === undefined || this.#queue.length === 0) return
    this.#poll = undefined
    poll.answer(this.#take())
    if (this.#queue.length === 0) this.#listener?.drained()
  }

  #take(): string {
    let length = 0
    let count = 0
    while (count < this.#queue.length) {
      length += (this.#queue[count] as string).length + 1
      if (count > 0 && length > this.#home.maxPayloadBytes) break
      count += 1
    }
    const taken = this.#queue.splice(0, count)
    const payload = taken.join(separator)
    this.#queuedLength = this.#queue.length === 0 ? 0 : this.#queuedLength - payload.length - 1
    return payload
  }

  // ——— polling

  /** Answers false when this session is not polled: another request waits already, or it has gone on to WebSocket. */
  polled(poll: WaitingPoll): boolean {
    if (this.#isClosed || this.#line !== undefined) return false
    if (this.#poll !== undefined) {
      this.#poll.answer(noop)
      this.#poll = undefined
      this.close('transport error')
      return false
    }
    this.#poll = poll
    // A client that tries out a WebSocket pauses: its last request is answered at once.
    if (this.#candidate !== undefined && this.#queue.length === 0) this.#queue.push(noop)
    this.#flushPoll()
    return true
  }

  /** The client has given up a request. */
  pollEnded(poll: WaitingPoll): void {
    if (this.#poll !== poll) return
    this.#poll = undefined
    this.close('transport close')
  }

  /** Takes a payload. Answers false when it may not: one comes at a time. */
  posted(payload: string): boolean {
    if (this.#isClosed || this.#isPosting || this.#line !== undefined) return false
    this.#isPosting = true
    for (const packet of payload.split(separator)) {
      if (this.#isClosed) break
      if (packet.startsWith('b')) this.#packet(Buffer.from(packet.slice(1), 'base64'))
      else this.#packet(packet)
    }
    this.#isPosting = false
    return true
  }

  // ——— WebSocket

  /** The session begins with a WebSocket. */
  begin(line: WebSocketLine): void {
    this.#line = line
  }

  /** A WebSocket that the client may go on with. Answers false when there is one already. */
  tried(line: WebSocketLine): boolean {
    if (this.#isClosed || this.#line !== undefined || this.#candidate !== undefined) return false
    this.#candidate = line
    return true
  }

  packet(line: WebSocketLine, packet: string | Uint8Array): void {
    if (line === this.#line) this.#packet(packet)
    else if (packet === ping + probe) this.#probed(line)
    else if (packet === upgraded && line === this.#candidate) this.#upgrade(line)
    else line.close()
  }

  #probed(line: WebSocketLine): void {
    line.write(textFrame(pong + probe))
    if (this.#poll === undefined) return
    this.#enqueue(noop)
  }

  #upgrade(line: WebSocketLine): void {
    this.#candidate = undefined
    this.#line = line
    this.#poll?.answer(noop)
    this.#poll = undefined
    const waiting = this.#queue.splice(0).flatMap((packets) => packets.split(separator))
    this.#queuedLength = 0
    line.cork()
    for (const packet of waiting) if (packet !== noop) line.write(frameOf(packet))
    line.uncork()
    for (let count = 0; count < this.#corks; count++) line.cork()
    if (line.bufferedBytes === 0) this.#listener?.drained()
  }

  drained(line: WebSocketLine): void {
    if (line === this.#line && !this.#isClosed) this.#listener?.drained()
  }

  closed(line: WebSocketLine): void {
    if (line === this.#line) this.close('transport close')
    else if (line === this.#candidate) this.#candidate = undefined
  }

  // ——— both

  #packet(packet: string | Uint8Array): void {
    if (typeof packet !== 'string') {
      this.#message(packet)
      return
    }
    switch (packet.charAt(0)) {
      case '4':
        this.#message(packet.slice(1))
        break
      case pong:
        this.#isPinged = false
        this.#beatAt = this.#home.now() + this.#home.pingIntervalMs
        this.#listener?.heard()
        break
      case '1':
        this.close('transport close')
        break
      case noop:
        break
      default:
        this.close('parse error')
    }
  }

  #message(message: Message): void {
    this.#listener?.heard()
    this.#listener?.message(message)
  }

  /** Looks whether a ping is due, or the answer to one. */
  beat(now: number): void {
    if (this.#isClosed || now < this.#beatAt) return
    if (this.#isPinged) {
      this.close('ping timeout')
      return
    }
    this.#isPinged = true
    this.#beatAt = now + this.#home.pingTimeoutMs
    this.#control(ping)
  }

  /** Ends the session; what waits is sent if a transport takes it now. */
  close(reason: EngineEnd): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#queue.length > 0 && this.#poll !== undefined) this.#poll.answer(this.#take())
    else this.#poll?.answer('1')
    this.#poll = undefined
    this.#candidate?.close()
    this.#line?.close(reason === 'server shutting down' ? 1001 : 1000)
    this.#home.gone(this)
    this.#listener?.closed(reason)
  }
}
