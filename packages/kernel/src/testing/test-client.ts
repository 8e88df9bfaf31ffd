import {
  type ChannelEvent,
  ChunkAssembly,
  decodeServerMessage,
  expandEvents,
  type Position,
  type ReplyFrame,
  type ServerFrame,
  type StateEntry,
  type StateFrame,
  type StateSnapshot,
  type SubscribeFrame,
  type SubscribeResult,
} from '@parley/protocol'
import type { MemoryClient } from '../memory/transport.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A reply, with `ok` or `error`. */
export type Reply = Pick<ReplyFrame, 'ok' | 'error' | 'fence'>

/** What a client knows of a channel's keyed state. */
export interface StateView {
  readonly instance: string
  version: number
  readonly entries: Map<string, StateEntry>
  /** Differences that did not follow: the client would ask for a snapshot. */
  gaps: number
}

/**
 * A client that speaks the protocol frame by frame and checks the server's side of it: positions follow one another,
 * nothing comes twice, nothing comes for a channel that it is not subscribed to.
 */
export class TestClient {
  readonly wire: MemoryClient
  readonly frames: ServerFrame[] = []
  readonly events: ChannelEvent[] = []
  readonly positions = new Map<string, Position>()
  /** The keyed state of channels, kept by the rules of the protocol. */
  readonly states = new Map<string, StateView>()
  /** What the server did against the protocol. */
  readonly faults: string[] = []
  session: { readonly session: string; readonly secret: string } | undefined
  closeCode: number | undefined
  readonly #clock: VirtualClock
  readonly #replies = new Map<number, Reply>()
  readonly #subscribing = new Map<number, string>()
  /** Requests for a new snapshot of keyed state. */
  readonly #asking = new Map<number, string>()
  readonly #assembly = new ChunkAssembly(10_000_000)
  #nextId = 1

  constructor(clock: VirtualClock, wire: MemoryClient) {
    this.#clock = clock
    this.wire = wire
    wire.onMessage = (text) => this.#receive(text)
    wire.onClose = (code) => {
      this.closeCode = code
    }
  }

  async connect(
    token: string,
    resume?: { readonly session: string; readonly secret: string },
  ): Promise<Reply> {
    const reply = await this.ask({ op: 'connect', token, ...(resume === undefined ? {} : { resume }) })
    this.session = reply.ok as typeof this.session
    return reply
  }

  /** Subscribes; from the position held if there is one. */
  async subscribe(
    channel: string,
    options: Omit<Partial<SubscribeFrame>, 'op' | 'id' | 'channel'> = {},
  ): Promise<Reply & { readonly ok?: SubscribeResult }> {
    const from = options.from ?? this.positions.get(channel)
    return (await this.ask({
      op: 'subscribe',
      channel,
      ...(from === undefined ? {} : { from }),
      ...options,
    })) as Reply & { readonly ok?: SubscribeResult }
  }

  call(command: string, input: unknown, key?: string): Promise<Reply> {
    return this.ask({ op: 'call', command, input, ...(key === undefined ? {} : { key }) })
  }

  publish(channel: string, data: unknown, key?: string): Promise<Reply> {
    return this.call('test.publish', { channel, data }, key)
  }

  /** Sends a frame and runs the world until its answer is there. */
  async ask(frame: Readonly<Record<string, unknown>>): Promise<Reply> {
    const id = this.post(frame)
    await this.#clock.settle()
    return this.reply(id)
  }

  /** Sends a frame and goes on; see {@link reply}. */
  post(frame: Readonly<Record<string, unknown>>): number {
    const id = this.#nextId++
    if (frame.op === 'subscribe') this.#subscribing.set(id, String(frame.channel))
    if (frame.op === 'state' && frame.after === undefined) this.#asking.set(id, String(frame.channel))
    this.wire.send(JSON.stringify({ ...frame, id }))
    return id
  }

  /** The answer to a frame. Fails when there is none yet. */
  reply(id: number): Reply {
    const reply = this.#replies.get(id)
    if (reply === undefined) throw new Error(`There is no reply to frame ${id} (closed: ${this.closeCode}).`)
    return reply
  }

  hasReply(id: number): boolean {
    return this.#replies.has(id)
  }

  /** Values of the keyed state of a channel that have a name, by user. */
  state(channel: string, name = 'presence'): Readonly<Record<string, unknown>> {
    const found = [...(this.states.get(channel)?.entries.values() ?? [])].filter(
      (entry) => entry.name === name,
    )
    return Object.fromEntries(found.map(({ user, session, value }) => [user ?? session ?? '', value]))
  }

  /** Frames of one sort. */
  all<Op extends ServerFrame['op']>(op: Op): readonly Extract<ServerFrame, { readonly op: Op }>[] {
    return this.frames.filter((frame) => frame.op === op) as Extract<ServerFrame, { readonly op: Op }>[]
  }

  of(channel: string): readonly ChannelEvent[] {
    return this.events.filter((event) => event.channel === channel)
  }

  #receive(text: string): void {
    for (const frame of decodeServerMessage(text)) {
      if (frame.op === 'chunk') {
        const assembly = this.#assembly.add(frame)
        if (assembly.status === 'whole') this.#receive(assembly.text)
        else if (assembly.status === 'refused') this.faults.push(assembly.problem)
        continue
      }
      this.frames.push(frame)
      this.#take(frame)
    }
  }

  #take(frame: ServerFrame): void {
    if (frame.op === 'reply') this.#takeReply(frame)
    else if (frame.op === 'ping') this.wire.send('{"op":"pong"}')
    else if (frame.op === 'subscribed') {
      this.positions.set(frame.channel, frame.position)
      this.#takeSnapshot(frame.channel, frame)
    } else if (frame.op === 'state') this.#takeState(frame)
    else if (frame.op === 'unsubscribed') this.#ended.add(frame.channel)
    else if (frame.op === 'dropped') this.#advance(frame.channel, frame.from, frame.to)
    else if (frame.op === 'events') {
      const position = this.positions.get(frame.channel)
      this.#advance(frame.channel, frame.prev, frame.position)
      this.events.push(...expandEvents(frame, position?.epoch ?? ''))
    }
  }

  readonly #ended = new Set<string>()

  #takeState(frame: StateFrame): void {
    const view = this.states.get(frame.channel)
    if (view === undefined || frame.version <= view.version) return
    if (view.instance !== frame.instance || view.version !== frame.prev) {
      view.gaps += 1
      return
    }
    for (const key of frame.removed) view.entries.delete(key)
    for (const entry of frame.set) view.entries.set(entry.key, entry)
    view.version = frame.version
  }

  #takeSnapshot(channel: string, { state }: { readonly state?: StateSnapshot | undefined }): void {
    if (state === undefined) return
    const { instance, version, entries } = state
    this.states.set(channel, {
      instance,
      version,
      entries: new Map(entries.map((entry) => [entry.key, entry])),
      gaps: 0,
    })
  }

  #takeReply(frame: ReplyFrame): void {
    if (this.#replies.has(frame.id)) this.faults.push(`two replies to frame ${frame.id}`)
    this.#replies.set(frame.id, frame)
    const asked = this.#asking.get(frame.id)
    if (asked !== undefined && frame.error === undefined)
      this.#takeSnapshot(asked, { state: frame.ok as StateSnapshot })
    const channel = this.#subscribing.get(frame.id)
    if (channel === undefined || frame.error !== undefined) return
    this.#ended.delete(channel)
    const result = frame.ok as SubscribeResult
    this.positions.set(channel, result.position)
    this.#takeSnapshot(channel, result)
  }

  #advance(channel: string, prev: number, to: number): void {
    const position = this.positions.get(channel)
    if (position === undefined || this.#ended.has(channel))
      this.faults.push(`a frame for ${channel}, which is not subscribed`)
    else if (position.offset !== prev)
      this.faults.push(`a gap in ${channel}: at ${position.offset}, frame from ${prev} to ${to}`)
    else if (to < prev) this.faults.push(`a frame of ${channel} goes back from ${prev} to ${to}`)
    this.positions.set(channel, { epoch: position?.epoch ?? '', offset: to })
  }
}
