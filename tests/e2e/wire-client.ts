import { once } from 'node:events'
import type { ClientFrame, ReplyFrame, ServerFrame } from '@parley/protocol'
import { decodeServerMessage, encodeFrame } from '@parley/protocol'
import { type ClientOptions, WebSocket } from 'ws'

type WithoutId<Frame> = Frame extends { readonly id: number } ? Omit<Frame, 'id'> : never
type Request = WithoutId<ClientFrame>
type Named<Op extends ServerFrame['op']> = Extract<ServerFrame, { op: Op }>

/** A bare client of the wire, for tests that look at single frames. Nothing is answered or repeated by itself. */
export class WireClient {
  readonly socket: WebSocket
  /** Everything that came, in order. */
  readonly frames: ServerFrame[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  #taken = 0
  #nextId = 1
  readonly #waiting: (() => void)[] = []

  constructor(
    url: string,
    subprotocols: readonly string[] = ['parley.v1.json'],
    options: ClientOptions = {},
  ) {
    // What is sent is to be as long on the wire as it is.
    this.socket = new WebSocket(url, [...subprotocols], { perMessageDeflate: false, ...options })
    this.socket.on('message', (message) => {
      this.frames.push(...decodeServerMessage(String(message)))
      for (const wake of this.#waiting.splice(0)) wake()
    })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
  }

  /** Opens a connection, and fails as the handshake fails. */
  static async open(
    url: string,
    subprotocols?: readonly string[],
    options?: ClientOptions,
  ): Promise<WireClient> {
    const client = new WireClient(url, subprotocols, options)
    await once(client.socket, 'open')
    return client
  }

  /** Opens a connection and says who it is. */
  static async connect(url: string, token: string): Promise<WireClient> {
    const client = await WireClient.open(url)
    await client.ask({ op: 'connect', token })
    return client
  }

  /** Sends texts as they are, one message each. */
  sendText(...texts: string[]): void {
    for (const text of texts) this.socket.send(text)
  }

  /** Sends requests in one message, and answers their ids. */
  send(...requests: Request[]): number[] {
    const frames = requests.map(
      (request) => ({ ...request, id: this.#nextId++ }) as ClientFrame & { id: number },
    )
    this.sendText(frames.map(encodeFrame).join('\n'))
    return frames.map(({ id }) => id)
  }

  /** Sends a request, and answers the `ok` of its reply. */
  async ask<Ok = Record<string, unknown>>(request: Request): Promise<Ok> {
    const [id] = this.send(request)
    const { ok, error } = await this.reply(id as number)
    if (error !== undefined) throw new Error(JSON.stringify(error))
    return ok as Ok
  }

  /** Sends a request that must fail, and answers the code of the error. */
  async refused(request: Request): Promise<string | undefined> {
    const [id] = this.send(request)
    return (await this.reply(id as number)).error?.code
  }

  /** The reply to a request, whether it has come already or not. */
  async reply(id: number): Promise<ReplyFrame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.op === 'reply' && frame.id === id)
      if (found !== undefined) return found as ReplyFrame
      await this.#more()
    }
  }

  /** The next frame of a kind that has not been taken by this method before. */
  async next<Op extends ServerFrame['op']>(op: Op): Promise<Named<Op>> {
    for (;;) {
      while (this.#taken < this.frames.length) {
        const frame = this.frames[this.#taken++] as ServerFrame
        if (frame.op === op) return frame as Named<Op>
      }
      await this.#more()
    }
  }

  #more(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) throw new Error('The connection is closed.')
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      void this.closed.then(() => resolve())
    })
  }
}
