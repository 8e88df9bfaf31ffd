import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ClientFrame, decodeClientMessage, type ServerFrame } from '@parley/protocol'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a scripted server does with a client: frames in, frames out, in the order of the script. */
export class Visit {
  readonly #socket: WebSocket
  readonly #frames: ClientFrame[] = []
  #wake: () => void = () => undefined
  /** The client answered a WebSocket ping. */
  readonly ponged: Promise<unknown>

  constructor(socket: WebSocket) {
    this.#socket = socket
    this.ponged = once(socket, 'pong')
    socket.on('message', (message) => {
      for (const decoded of decodeClientMessage(String(message))) {
        if ('failure' in decoded) throw new Error(`The client sent a bad frame: ${decoded.failure.problem}`)
        this.#frames.push(decoded.frame)
      }
      this.#wake()
    })
  }

  /** The next frame from the client, which must be of this kind. */
  async expect<Op extends ClientFrame['op']>(op: Op): Promise<Extract<ClientFrame, { op: Op }>> {
    while (this.#frames.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    const frame = this.#frames.shift() as ClientFrame
    if (frame.op !== op) throw new Error(`Expected ${op}, got ${JSON.stringify(frame)}`)
    return frame as Extract<ClientFrame, { op: Op }>
  }

  send(...frames: ServerFrame[]): void {
    this.#socket.send(frames.map((frame) => JSON.stringify(frame)).join('\n'))
  }

  /** A message in pieces, as a WebSocket peer may send it. */
  sendInFragments(frame: ServerFrame): void {
    for (const [index, piece] of [...JSON.stringify(frame)].entries())
      this.#socket.send(piece, { fin: false, ...(index === 0 ? {} : { binary: false }) })
    this.#socket.send('', { fin: true })
  }

  ping(): void {
    this.#socket.ping('are you there')
  }

  close(code: number): void {
    this.#socket.close(code, 'scripted')
  }

  /** Ends the connection without a close frame. */
  breakOff(): void {
    this.#socket.terminate()
  }

  /** Answers the connect frame. */
  async welcome(): Promise<void> {
    const { id } = await this.expect('connect')
    const times = { pingIntervalMs: 30_000, pingTimeoutMs: 5_000, time: 0 }
    const session = { session: 's', secret: 'x', node: 'n', resumed: false, app: 'default', user: 'py' }
    this.send({ op: 'reply', id, ok: { version: 1, ...session, ...times, maxFrameBytes: 65_536 } })
  }

  /** Answers the subscribe frame, and gives it back. */
  async admit(ok: object): Promise<Extract<ClientFrame, { op: 'subscribe' }>> {
    const frame = await this.expect('subscribe')
    this.send({ op: 'reply', id: frame.id, ok })
    return frame
  }
}

/** A server whose every connection is handled by the next visit that the test asks for. */
export class ScriptedServer {
  readonly #server: WebSocketServer
  readonly #waiting: Visit[] = []
  #wake: () => void = () => undefined

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#waiting.push(new Visit(socket))
      this.#wake()
    })
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      handleProtocols: () => 'parley.v1.json',
    })
    await once(server, 'listening')
    return new ScriptedServer(server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/realtime`
  }

  /** The next connection that a client makes. */
  async visit(): Promise<Visit> {
    while (this.#waiting.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#waiting.shift() as Visit
  }

  stop(): void {
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
  }
}
