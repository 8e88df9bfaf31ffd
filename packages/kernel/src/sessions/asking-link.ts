import {
  ChunkAssembly,
  type ChunkFrame,
  type ConnectResult,
  closeCodes,
  decodeServerMessage,
  type ErrorBody,
  ParleyError,
  type ReplyFrame,
  type ServerFrame,
} from '@parley/protocol'
import type { Accept, Connection, ConnectionHandler, Handshake, OutgoingFrame } from '../ports/transport.ts'

/** What carries the words of a client of another protocol. */
export interface Carrier {
  /** Bytes accepted but not yet given to the operating system. */
  readonly bufferedBytes: number
  cork(): void
  uncork(): void
}

/** Who is told what the node says. */
export interface AskingListener {
  /** Bytes that wait here, and not on the connection. */
  readonly heldBytes: number
  /** An `events` frame, as text. */
  events(text: string): void
  /** Any other frame that is no answer. */
  frame(frame: ServerFrame): void
  /** The node has closed it. */
  closedByNode(code: number, reason: string): void
}

/** Largest answer that is put together from chunks, in characters. */
const maxAssembled = 16 * 1024 * 1024
const eventsHead = '{"op":"events"'

interface Waiting {
  readonly resolve: (ok: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The way of a client of another protocol into the node: a transport asks for it in the frames of `parley.v1.json`, as any
 * client does.
 */
export class AskingLink implements Connection {
  readonly #carrier: Carrier
  readonly #listener: AskingListener
  readonly #handler: ConnectionHandler
  readonly #waiting = new Map<number, Waiting>()
  #count = 0
  #isOpen = true
  #assembly: ChunkAssembly | undefined

  /** @throws ParleyError when the node takes no connections */
  constructor(
    { accept, handshake }: { readonly accept: Accept; readonly handshake: Handshake },
    carrier: Carrier,
    listener: AskingListener,
  ) {
    this.#carrier = carrier
    this.#listener = listener
    this.#handler = accept(this, handshake)
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.#carrier.bufferedBytes + this.#listener.heldBytes : 0
  }

  async connect(token: string | undefined): Promise<ConnectResult> {
    return (await this.request({ op: 'connect', ...(token === undefined ? {} : { token }) })) as ConnectResult
  }

  /** @throws ParleyError what the node answers, `disconnected` when the link ends before */
  request(frame: { readonly op: string; readonly [field: string]: unknown }): Promise<unknown> {
    if (!this.#isOpen) return Promise.reject(new ParleyError('disconnected'))
    this.#count += 1
    const id = this.#count
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#handler.receive(JSON.stringify({ ...frame, id }))
    })
  }

  send({ text }: OutgoingFrame): void {
    if (!this.#isOpen) return
    if (text.startsWith(eventsHead)) this.#listener.events(text)
    else for (const frame of decodeServerMessage(text)) this.#take(frame)
  }

  #take(frame: ServerFrame): void {
    if (frame.op === 'reply') this.#settle(frame)
    else if (frame.op === 'ping') this.#handler.receive('{"op":"pong"}')
    else if (frame.op === 'chunk') this.#assemble(frame)
    else if (frame.op !== 'pong') this.#listener.frame(frame)
  }

  #settle({ id, ok, error }: ReplyFrame): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(ok)
    else waiting?.reject(errorOf(error))
  }

  #assemble(chunk: ChunkFrame): void {
    this.#assembly ??= new ChunkAssembly(maxAssembled)
    const assembly = this.#assembly.add(chunk)
    if (assembly.status === 'whole') this.send({ text: assembly.text })
  }

  cork(): void {
    this.#carrier.cork()
  }

  uncork(): void {
    this.#carrier.uncork()
  }

  /** The node closes the connection. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#end()
    // The node is told that it is gone, as of any connection, when it has done its part.
    queueMicrotask(() => this.#handler.closed(code, reason))
    this.#listener.closedByNode(code, reason)
  }

  /** The client is gone; `hasLeft`: it said so. */
  lost(hasLeft: boolean): void {
    if (!this.#isOpen) return
    this.#end()
    this.#handler.closed(hasLeft ? 1000 : 1006, '')
  }

  drained(): void {
    if (this.#isOpen) this.#handler.drained()
  }

  /** Runs when what was published before has been written. */
  inTurn(run: () => void): void {
    if (this.#handler.inTurn === undefined) run()
    else this.#handler.inTurn(run)
  }

  heard(): void {
    if (this.#isOpen) this.#handler.heard?.()
  }

  #end(): void {
    this.#isOpen = false
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(new ParleyError('disconnected'))
  }
}

function errorOf({ code, message, details, retryAfterMs }: ErrorBody): ParleyError {
  return new ParleyError(code, message, {
    ...(details === undefined ? {} : { details }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Whether a client that is closed with this code has nothing to come back for. */
export function isFinalClose(code: number): boolean {
  return code >= 4_000 && code < 4_200 && code !== closeCodes.frame_too_large
}
