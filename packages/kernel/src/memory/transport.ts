import { ParleyError } from '@parley/protocol'
import { utf8Length } from '../channels/wire-text.ts'
import type { Clock } from '../ports/clock.ts'
import type {
  Accept,
  Connection,
  ConnectionHandler,
  Handshake,
  OutgoingFrame,
  Transport,
} from '../ports/transport.ts'

export interface MemoryTransportOptions {
  /** With `latencyMs`: how long a message travels; asked once a message, order is kept. Default: a microtask. */
  readonly clock?: Clock
  readonly latencyMs?: () => number
}

/** A transport inside the process. */
export interface MemoryTransport extends Transport {
  /** @throws ParleyError `unavailable` before `start` and after `stop`, and what the node throws to refuse */
  connect(handshake?: Partial<Handshake>): MemoryClient
}

/** The client's end of a connection. Set `onMessage` and `onClose` in the turn of `connect`. */
export interface MemoryClient {
  onMessage: (text: string) => void
  /** Called once. */
  onClose: (code: number, reason: string) => void
  send(text: string): void
  /** Ends the connection in good order: the node hears of it after everything sent before. */
  close(code?: number, reason?: string): void
  /** Breaks the connection: what is under way is lost, and both ends hear 1006. */
  drop(): void
  /** Stops reading; the network still takes `capacity` bytes, the rest waits in the node. */
  stall(capacity?: number): void
  /** Reads so many bytes more while stalled: a slow reader. A frame begun is taken whole, and the rest owed. */
  take(bytes: number): void
  /** Reads everything from now on. The node hears at once that nothing waits any more. */
  resume(): void
}

/** Pairs of ends in one process. A peer's reading can be stalled, slowed down and broken off. */
export function memoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
  let accept: Accept | undefined
  return {
    name: 'memory',
    start(accepting) {
      accept = accepting
    },
    stop() {
      accept = undefined
    },
    connect(handshake = {}) {
      if (accept === undefined) throw new ParleyError('unavailable', 'The server is not ready. Try again.')
      return new Link(options).open(accept, { transport: 'memory', ip: '127.0.0.1', ...handshake })
    },
  }
}

/** Both ends: the node sees a `Connection`, the client a `MemoryClient`. */
class Link implements Connection {
  readonly #toClient: Pipe
  readonly #toNode: Pipe
  #handler: ConnectionHandler | undefined
  #client: MemoryClient
  #waiting: string[] = []
  #waitingBytes = 0
  /** Bytes that the network takes before frames wait. */
  #credit = Number.POSITIVE_INFINITY
  #isCorked = false
  #isOpen = true

  constructor(options: MemoryTransportOptions) {
    this.#toClient = new Pipe(options)
    this.#toNode = new Pipe(options)
    this.#client = {
      onMessage: () => undefined,
      onClose: () => undefined,
      send: (text) => this.#isOpen && this.#toNode.push(() => this.#handler?.receive(text)),
      close: (code = 1000, reason = '') => this.#closeByClient(code, reason),
      drop: () => this.#drop(),
      stall: (capacity = 0) => {
        this.#credit = capacity
      },
      take: (bytes) => this.#allow(this.#credit + bytes),
      resume: () => this.#allow(Number.POSITIVE_INFINITY),
    }
  }

  open(accept: Accept, handshake: Handshake): MemoryClient {
    this.#handler = accept(this, handshake)
    return this.#client
  }

  get bufferedBytes(): number {
    return this.#waitingBytes
  }

  send({ text }: OutgoingFrame): void {
    if (!this.#isOpen) return
    this.#waiting.push(text)
    this.#waitingBytes += utf8Length(text)
    this.#pass()
  }

  cork(): void {
    this.#isCorked = true
  }

  uncork(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    // The node is in the middle of something: it hears of the drain afterwards.
    if (this.#pass())
      queueMicrotask(() => this.#isOpen && this.#waitingBytes === 0 && this.#handler?.drained())
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.uncork()
    this.#end()
    this.#toClient.push(() => this.#client.onClose(code, reason))
    this.#toNode.clear()
    this.#toNode.push(() => this.#handler?.closed(code, reason))
  }

  #closeByClient(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#toNode.push(() => {
      if (!this.#isOpen) return
      this.#end()
      this.#handler?.closed(code, reason)
      this.#toClient.push(() => this.#client.onClose(code, reason))
    })
  }

  #drop(): void {
    if (!this.#isOpen) return
    this.#end()
    for (const pipe of [this.#toClient, this.#toNode]) pipe.clear()
    this.#toClient.push(() => this.#client.onClose(1006, ''))
    this.#toNode.push(() => this.#handler?.closed(1006, ''))
  }

  #end(): void {
    this.#isOpen = false
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #allow(credit: number): void {
    this.#credit = credit
    if (this.#pass()) this.#handler?.drained()
  }

  /** Moves what may go; tells whether nothing waits any more where something did. */
  #pass(): boolean {
    if (this.#isCorked || this.#waiting.length === 0) return false
    let moved = 0
    for (const text of this.#waiting) {
      if (this.#credit <= 0) break
      const bytes = utf8Length(text)
      this.#credit -= bytes
      this.#waitingBytes -= bytes
      moved += 1
      this.#toClient.push(() => this.#client.onMessage(text))
    }
    this.#waiting.splice(0, moved)
    return this.#waiting.length === 0
  }
}

/** One direction: what is pushed arrives later, in order. */
class Pipe {
  readonly #options: MemoryTransportOptions
  #underWay: (() => void)[] = []
  /** Deliveries of before a `clear` that will still be attempted. */
  #stale = 0

  constructor(options: MemoryTransportOptions) {
    this.#options = options
  }

  push(deliver: () => void): void {
    this.#underWay.push(deliver)
    const arrive = () => {
      if (this.#stale > 0) this.#stale -= 1
      else this.#underWay.shift()?.()
    }
    const { clock, latencyMs } = this.#options
    if (clock === undefined || latencyMs === undefined) queueMicrotask(arrive)
    else clock.after(latencyMs(), arrive)
  }

  clear(): void {
    this.#stale += this.#underWay.length
    this.#underWay = []
  }
}
