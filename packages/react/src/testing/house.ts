import { type Client, type ClientTransport, createClient, type LinkHandlers } from '@parley/client'

type Fields = Readonly<Record<string, unknown>>

interface Frame extends Fields {
  readonly op: string
  readonly id: number
  readonly channel: string
}

export interface Call {
  readonly command: string
  readonly input: Fields
  readonly user: string
}

interface StoredEvent extends Fields {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly offset: number
}

/** A channel as a server keeps it: ordered events, and keyed state. */
class Channel {
  epoch = 'e1'
  readonly events: StoredEvent[] = []
  readonly state = new Map<string, Fields & { readonly key: string }>()
  version = 0

  get head(): number {
    return this.events.length
  }
}

/** One connected client, seen from the server. */
class Visitor {
  readonly user: string
  readonly #handlers: LinkHandlers
  /** Where each subscription stands. */
  readonly positions = new Map<string, number>()
  isOpen = true

  constructor(user: string, handlers: LinkHandlers) {
    this.user = user
    this.#handlers = handlers
  }

  send(frame: Fields): void {
    if (this.isOpen) this.#handlers.received(JSON.stringify(frame))
  }

  drop(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#handlers.closed(1006, '')
  }
}

/** A refusal, as the wire has it. */
export class Refusal extends Error {
  readonly body: { readonly code: string; readonly message: string; readonly retryable: boolean }

  constructor(code: string, message: string = code) {
    super(message)
    this.body = { code, message, retryable: false }
  }
}

/**
 * A server in memory that keeps channels and speaks the protocol as far as the views need it. Frames arrive in order
 * and in turns of their own. Commands are those that it is given.
 */
export class House {
  readonly #channels = new Map<string, Channel>()
  readonly #visitors = new Set<Visitor>()
  readonly #commands: Readonly<Record<string, (input: never, user: string) => unknown>>
  readonly #held = new Map<string, (() => void)[]>()
  readonly #refused = new Map<string, Refusal>()
  readonly calls: Call[] = []
  /** The network of everybody: while it is down, no link comes to be. */
  isDown = false
  now = 1_767_225_600_000

  constructor(commands: (house: House) => Readonly<Record<string, (input: never, user: string) => unknown>>) {
    this.#commands = commands(this)
  }

  /** A client of a user; not connected yet. */
  client(user: string): Client {
    let ids = 0
    const client = createClient({
      url: 'wss://example.org/ws',
      token: user,
      reconnect: { baseMs: 1, capMs: 2 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      transport: this.#transport(user),
    })
    // Ids that a reader of the test can tell apart.
    Object.assign(client, {
      newId: () => {
        ids += 1
        return `${user}-${ids}`
      },
    })
    return client
  }

  channel(name: string): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = new Channel()
      this.#channels.set(name, channel)
    }
    return channel
  }

  /** Appends an event and tells it to all who listen; answers its offset. */
  append(name: string, type: string, data: unknown, by?: string): number {
    const channel = this.channel(name)
    const offset = channel.head + 1
    this.now += 1
    const event = { id: `${name}#${offset}`, type, data, offset, at: this.now, ...(by && { by }) }
    channel.events.push(event)
    for (const visitor of this.#visitors) this.#wait('events', () => this.#deliver(visitor, name))
    return offset
  }

  setState(name: string, user: string, entry: string, value: unknown): void {
    const channel = this.channel(name)
    const key = `${user}|${entry}`
    const prev = channel.version
    channel.version += 1
    // An entry without a user is about all of them.
    const set = value === null ? [] : [{ key, name: entry, ...(user === '' ? {} : { user }), value }]
    if (value === null) channel.state.delete(key)
    else channel.state.set(key, set[0] as Fields & { key: string })
    const removed = value === null ? [key] : []
    const frame = { op: 'state', channel: name, instance: 'i', prev, version: channel.version, set, removed }
    for (const visitor of this.#visitors) if (visitor.positions.has(name)) visitor.send(frame)
  }

  /** What was missed is gone: whoever comes back has to load anew. */
  forget(name: string): void {
    this.channel(name).epoch += '!'
  }

  /** Commands of this name wait until they are let go; `subscribe` and `events` wait as well. */
  hold(command: string): () => void {
    this.#held.set(command, [])
    return () => {
      const waiting = this.#held.get(command) ?? []
      this.#held.delete(command)
      for (const go of waiting) go()
    }
  }

  /** The next command of this name is refused. */
  refuse(command: string, code: string, message?: string): void {
    this.#refused.set(command, new Refusal(code, message))
  }

  /** Ends a user's subscription, as a kick does. */
  unsubscribe(user: string, channel: string): void {
    for (const visitor of this.#visitors) {
      if (visitor.user !== user || !visitor.positions.delete(channel)) continue
      visitor.send({ op: 'unsubscribed', channel, code: 'removed', message: 'Gone.', resubscribe: false })
    }
  }

  /** Breaks the connections of a user, or of everybody. */
  drop(user?: string): void {
    for (const visitor of [...this.#visitors])
      if (user === undefined || visitor.user === user) {
        this.#visitors.delete(visitor)
        visitor.drop()
      }
  }

  /** Who listens to a channel. */
  listeners(channel: string): readonly string[] {
    return [...this.#visitors].filter(({ positions }) => positions.has(channel)).map(({ user }) => user)
  }

  #transport(user: string): ClientTransport {
    return {
      name: 'house',
      open: (_url, handlers) => {
        const visitor = new Visitor(user, handlers)
        setTimeout(() => {
          if (this.isDown) return visitor.drop()
          this.#visitors.add(visitor)
          handlers.opened()
        })
        return {
          bufferedBytes: 0,
          send: (text) => {
            for (const line of text.split('\n'))
              queueMicrotask(() => this.#take(visitor, JSON.parse(line) as Frame))
          },
          close: () => {
            visitor.isOpen = false
            this.#visitors.delete(visitor)
          },
        }
      },
    }
  }

  #take(visitor: Visitor, frame: Frame): void {
    const ok = (value: unknown): void => visitor.send({ op: 'reply', id: frame.id, ok: value })
    switch (frame.op) {
      case 'connect':
        return ok({ ...welcome, user: visitor.user, time: this.now })
      case 'subscribe':
        return this.#wait('subscribe', () => this.#subscribe(visitor, frame, ok))
      case 'unsubscribe':
        visitor.positions.delete(frame.channel)
        return ok({})
      case 'call':
        return this.#call(visitor, frame, ok)
      case 'ping':
        return visitor.send({ op: 'pong' })
    }
  }

  #subscribe(visitor: Visitor, frame: Frame, ok: (value: unknown) => void): void {
    const channel = this.channel(frame.channel)
    const from = frame.from as { readonly epoch: string; readonly offset: number } | undefined
    const recovered = from?.epoch === channel.epoch
    const offset = recovered ? from.offset : channel.head
    const state = { instance: 'i', version: channel.version, total: channel.state.size }
    visitor.positions.set(frame.channel, offset)
    ok({
      position: { epoch: channel.epoch, offset },
      head: channel.head,
      ...(from === undefined ? {} : { recovered, ...(recovered ? {} : { reason: 'epoch_changed' }) }),
      ...(frame.state === true ? { state: { ...state, entries: [...channel.state.values()] } } : {}),
    })
    this.#wait('events', () => this.#deliver(visitor, frame.channel))
  }

  #call(visitor: Visitor, frame: Frame, ok: (value: unknown) => void): void {
    const command = frame.command as string
    const input = frame.input as Fields
    const { user } = visitor
    this.calls.push({ command, input, user })
    const answer = (): void => {
      try {
        const refusal = this.#refused.get(command)
        this.#refused.delete(command)
        if (refusal !== undefined) throw refusal
        const run = this.#commands[command]
        if (run === undefined) throw new Refusal('not_found', `There is no ${command} here.`)
        ok(run(input as never, user) ?? {})
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        visitor.send({ op: 'reply', id: frame.id, error: error.body })
      }
    }
    this.#wait(command, answer)
  }

  #wait(what: string, run: () => void): void {
    const held = this.#held.get(what)
    if (held === undefined) run()
    else held.push(run)
  }

  #deliver(visitor: Visitor, name: string): void {
    const prev = visitor.positions.get(name)
    const { events, head, epoch } = this.channel(name)
    if (prev === undefined || prev >= head) return
    visitor.positions.set(name, head)
    visitor.send({
      op: 'events',
      channel: name,
      epoch,
      prev,
      position: head,
      at: this.now,
      events: events.slice(prev),
    })
  }
}

const welcome = {
  version: 1,
  session: 's1',
  secret: 'x1',
  node: 'n1',
  resumed: false,
  app: 'default',
  pingIntervalMs: 30_000,
  pingTimeoutMs: 5_000,
  maxFrameBytes: 1_000_000,
}

/** Lets everything happen that is under way. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise<void>((resolve) => setTimeout(resolve, 1))
}
