import {
  ChunkAssembly,
  type ClientFrame,
  type ConnectResult,
  decodeClientMessage,
  type ErrorBody,
  type EventsFrame,
  encodeFrame,
  ParleyError,
  type ServerFrame,
  type SubscribeResult,
} from '@parley/protocol'
import { type Client, createClient } from '../client.ts'
import type { ClientOptions } from '../client-options.ts'
import type { Network, NetworkHint } from '../platform.ts'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'
import { ManualClock, settle } from './manual-clock.ts'

type FrameOf<Op extends ClientFrame['op']> = Extract<ClientFrame, { op: Op }>

/** The server's end of one link: what the client sent waits here until the test takes it. */
export class ServerEnd {
  readonly frames: ClientFrame[] = []
  /** Messages as they came, each with one frame or several. */
  readonly messages: string[] = []
  readonly #handlers: LinkHandlers
  readonly #assembly = new ChunkAssembly(10_000_000)
  isOpen = false
  closedByClient: { readonly code: number; readonly reason: string } | undefined

  constructor(handlers: LinkHandlers) {
    this.#handlers = handlers
  }

  take(text: string): void {
    this.messages.push(text)
    for (const decoded of decodeClientMessage(text)) {
      if ('failure' in decoded)
        throw new Error(`The client sent a bad frame: ${decoded.failure.problem} ${text}`)
      const { frame } = decoded
      const assembly = frame.op === 'chunk' ? this.#assembly.add(frame) : undefined
      if (assembly === undefined) this.frames.push(frame)
      else if (assembly.status === 'whole') this.frames.push(JSON.parse(assembly.text) as ClientFrame)
    }
  }

  /** The next frame of this kind, taken out of the queue. */
  next<Op extends ClientFrame['op']>(op: Op): FrameOf<Op> {
    const index = this.frames.findIndex((frame) => frame.op === op)
    const found = this.frames[index]
    if (found === undefined)
      throw new Error(`No \`${op}\` frame; there are: ${this.frames.map((frame) => frame.op).join(', ')}`)
    this.frames.splice(index, 1)
    return found as FrameOf<Op>
  }

  all<Op extends ClientFrame['op']>(op: Op): FrameOf<Op>[] {
    return this.frames.filter((frame): frame is FrameOf<Op> => frame.op === op)
  }

  async open(): Promise<void> {
    this.isOpen = true
    this.#handlers.opened()
    await settle()
  }

  /** Sends frames in one message. */
  async send(...frames: ServerFrame[]): Promise<void> {
    this.sendText(frames.map(encodeFrame).join('\n'))
    await settle()
  }

  sendText(text: string): void {
    this.#handlers.received(text)
  }

  ok(id: number, ok: unknown): Promise<void> {
    return this.send({ op: 'reply', id, ok })
  }

  refuse(id: number, error: ParleyError | ErrorBody, fence?: number): Promise<void> {
    const body = error instanceof ParleyError ? error.toBody() : error
    return this.send({ op: 'reply', id, error: body, ...(fence === undefined ? {} : { fence }) })
  }

  async close(code = 1006, reason = ''): Promise<void> {
    this.isOpen = false
    this.#handlers.closed(code, reason)
    await settle()
  }

  /** Opens the link and accepts the client. */
  async accept(result: Partial<ConnectResult> = {}): Promise<FrameOf<'connect'>> {
    if (!this.isOpen) await this.open()
    const connect = this.next('connect')
    await this.ok(connect.id, { ...welcome, ...result })
    return connect
  }

  /** Answers the next subscribe frame. */
  async admit(result: Partial<SubscribeResult> = {}): Promise<FrameOf<'subscribe'>> {
    const frame = this.next('subscribe')
    const position = result.position ?? frame.from ?? { epoch: 'e1', offset: 0 }
    const recovered = frame.from === undefined ? {} : { recovered: true }
    await this.ok(frame.id, { position, head: position.offset, ...recovered, ...result })
    return frame
  }

  /** Sends the events after `prev`, numbered on. */
  events(channel: string, prev: number, ...data: unknown[]): Promise<void> {
    return this.send(eventsFrame(channel, prev, ...data))
  }
}

export const welcome: ConnectResult = {
  version: 1,
  session: 's1',
  secret: 'x1',
  node: 'n1',
  resumed: false,
  app: 'default',
  user: 'ada',
  pingIntervalMs: 30_000,
  pingTimeoutMs: 5_000,
  maxFrameBytes: 65_536,
  time: 1_767_225_600_000,
}

export function eventsFrame(channel: string, prev: number, ...data: unknown[]): EventsFrame {
  return {
    op: 'events',
    channel,
    prev,
    position: prev + data.length,
    at: 5,
    events: data.map((item) => ({ type: 'message', data: item })),
  }
}

/** A transport whose far end is the test. */
export class ScriptedServer implements ClientTransport {
  readonly name = 'scripted'
  readonly ends: ServerEnd[] = []
  readonly urls: string[] = []

  /** The far end of the newest link. */
  get last(): ServerEnd {
    const end = this.ends.at(-1)
    if (end === undefined) throw new Error('The client has opened no link.')
    return end
  }

  open(url: string, handlers: LinkHandlers): Link {
    const end = new ServerEnd(handlers)
    this.urls.push(url)
    this.ends.push(end)
    return {
      bufferedBytes: 0,
      send: (text) => {
        if (end.isOpen) end.take(text)
      },
      close: (code, reason) => {
        end.isOpen = false
        end.closedByClient = { code, reason }
      },
    }
  }
}

/** A network whose hints the test gives. */
export class ScriptedNetwork implements Network {
  readonly #watchers = new Set<(hint: NetworkHint) => void>()
  isOnline = true
  isHidden = false

  get watchers(): number {
    return this.#watchers.size
  }

  online(): boolean {
    return this.isOnline
  }

  hidden(): boolean {
    return this.isHidden
  }

  watch(notice: (hint: NetworkHint) => void): () => void {
    this.#watchers.add(notice)
    return () => this.#watchers.delete(notice)
  }

  async hint(hint: NetworkHint): Promise<void> {
    if (hint === 'online' || hint === 'offline') this.isOnline = hint === 'online'
    if (hint === 'visible' || hint === 'hidden') this.isHidden = hint === 'hidden'
    for (const notice of [...this.#watchers]) notice(hint)
    await settle()
  }
}

/** A client whose server, clock and network are in the hands of a test. */
export interface Stage {
  readonly client: Client
  readonly server: ScriptedServer
  readonly clock: ManualClock
  readonly network: ScriptedNetwork
}

export function stage(options: Partial<ClientOptions> = {}): Stage {
  const server = new ScriptedServer()
  const clock = new ManualClock()
  const network = new ScriptedNetwork()
  const client = createClient({
    url: 'wss://example.org/ws',
    token: 't0',
    transport: server,
    clock,
    network,
    ...options,
  })
  return { client, server, clock, network }
}

/** A stage whose client is connected. */
export async function connected(
  options: Partial<ClientOptions> = {},
  result: Partial<ConnectResult> = {},
): Promise<Stage> {
  const made = stage(options)
  void made.client.connect()
  await settle()
  await made.server.last.accept(result)
  return made
}
