import type { Accept, Connection, ConnectionHandler, Handshake, Transport } from '../../ports/transport.ts'

/** What a client under test hears. */
export interface TransportListener {
  message(text: string): void
  closed(code: number, reason: string): void
}

/** The client's end, as the transport's own clients have it. */
export interface TransportClient {
  send(text: string): void
  close(code: number, reason: string): void
  /** Breaks the connection without a farewell. */
  drop(): void
  /** Stops reading from the network, so that the server's buffers fill. */
  stall(): void
  resume(): void
}

/** A transport under test. */
export interface TransportSubject {
  readonly transport: Transport
  /** Connects a client; rejects when the server refuses. */
  readonly connect: (listener: TransportListener) => Promise<TransportClient>
  /** Stops the transport and frees everything. */
  readonly close: () => Promise<void>
}

/** Waits for conditions over things that others change; whoever changes them says so. */
class Changes {
  #waiting: (() => void)[] = []

  announce(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** The node's side of a connection, recorded. */
export interface Peer {
  readonly connection: Connection
  readonly handshake: Handshake
  readonly received: string[]
  /** `bufferedBytes` at each call of `drained`. */
  readonly drains: number[]
  readonly closed: { readonly code: number; readonly reason: string }[]
}

/** The client's side, recorded. */
export interface Caller extends TransportClient {
  readonly received: string[]
  readonly closed: { readonly code: number; readonly reason: string }[]
}

/** A node that records what a transport tells it. */
export class Recorder {
  readonly peers: Peer[] = []
  readonly #changes = new Changes()
  readonly #subject: TransportSubject

  constructor(subject: TransportSubject) {
    this.#subject = subject
  }

  readonly accept: Accept = (connection, handshake): ConnectionHandler => {
    const peer: Peer = { connection, handshake, received: [], drains: [], closed: [] }
    const record = (change: () => void) => {
      change()
      this.#changes.announce()
    }
    record(() => this.peers.push(peer))
    return {
      receive: (text) => record(() => peer.received.push(text)),
      drained: () => record(() => peer.drains.push(connection.bufferedBytes)),
      closed: (code, reason) => record(() => peer.closed.push({ code, reason })),
    }
  }

  /** Connects a client and gives both ends. */
  async pair(): Promise<{ readonly peer: Peer; readonly caller: Caller }> {
    const count = this.peers.length
    const received: string[] = []
    const closed: { code: number; reason: string }[] = []
    const client = await this.#subject.connect({
      message: (text) => {
        received.push(...text.split('\n'))
        this.#changes.announce()
      },
      closed: (code, reason) => {
        closed.push({ code, reason })
        this.#changes.announce()
      },
    })
    await this.until(() => this.peers.length > count)
    return { peer: this.peers[count] as Peer, caller: Object.assign(client, { received, closed }) }
  }

  /** Waits until it holds; checked whenever something is recorded. */
  until(condition: () => boolean): Promise<void> {
    return this.#changes.until(condition)
  }
}
