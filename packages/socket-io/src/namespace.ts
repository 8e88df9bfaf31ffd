import type { Entry, SocketListener, WireSocket } from '@parley/adapters/transport/socket-io'
import { BroadcastOperator, type RoomName, toAll } from './broadcast.ts'
import {
  type ArgumentsOf,
  type DefaultEvents,
  type EventNames,
  type Listener,
  type ListenerOf,
  Listeners,
  splitAck,
} from './events.ts'
import { NamespaceCore } from './namespace-core.ts'
import type { NamespaceFamily } from './namespace-family.ts'
import type { RemoteSocket } from './remote-socket.ts'
import { type AdapterView, adapterView } from './rooms/rooms-view.ts'
import type { ServerCore } from './server-core.ts'
import { Socket } from './socket.ts'
import { SocketCore } from './socket-core.ts'

/** Looks at a socket at the door; an error that is given to `next` is told to the client, with its `data`. */
export type Middleware<S> = (socket: S, next: (error?: Error & { data?: unknown }) => void) => void

/** Events of a namespace that the library tells by itself. */
export interface NamespaceReservedEvents<S> {
  connection(socket: S): void
  connect(socket: S): void
}

export type NamespaceEvents<ServerSide> = EventNames<ServerSide> | 'connection' | 'connect'
export type NamespaceListenerOf<ServerSide, S, Event> = Event extends keyof NamespaceReservedEvents<S>
  ? NamespaceReservedEvents<S>[Event]
  : Event extends EventNames<ServerSide>
    ? ListenerOf<ServerSide, Event>
    : never

/** A part of the clients that an application keeps apart: its sockets, its rooms, its middleware. */
export class Namespace<
  Listen extends object = DefaultEvents,
  Emit extends object = DefaultEvents,
  ServerSide extends object = DefaultEvents,
  Data = Record<string, unknown>,
> {
  readonly #core: NamespaceCore
  readonly #listeners = new Listeners()
  readonly #middleware: Middleware<Socket<Listen, Emit, Data>>[] = []
  readonly #family: NamespaceFamily | undefined

  /** @internal `family`: it stands for all namespaces that inherit from it. */
  constructor(server: ServerCore, name: string, family?: NamespaceFamily) {
    this.#core = new NamespaceCore(server, name)
    this.#family = family
  }

  get name(): string {
    return this.#core.name
  }

  /** Sockets of this node, by id. */
  get sockets(): ReadonlyMap<string, Socket<Listen, Emit, Data>> {
    const sockets = new Map<string, Socket<Listen, Emit, Data>>()
    for (const [id, core] of this.#core.sockets) sockets.set(id, core.self as Socket<Listen, Emit, Data>)
    return sockets
  }

  /** Who is in which room on this node. */
  get adapter(): AdapterView {
    return adapterView(this.#core.sockets, this.#core.rooms)
  }

  use(middleware: Middleware<Socket<Listen, Emit, Data>>): this {
    this.#middleware.push(middleware)
    return this
  }

  // ——— listening

  on<Event extends NamespaceEvents<ServerSide>>(
    event: Event,
    listener: NamespaceListenerOf<ServerSide, Socket<Listen, Emit, Data>, Event>,
  ): this {
    this.#listeners.add(event, listener as unknown as Listener)
    return this
  }

  once<Event extends NamespaceEvents<ServerSide>>(
    event: Event,
    listener: NamespaceListenerOf<ServerSide, Socket<Listen, Emit, Data>, Event>,
  ): this {
    this.#listeners.add(event, listener as unknown as Listener, true)
    return this
  }

  off<Event extends NamespaceEvents<ServerSide>>(
    event: Event,
    listener?: NamespaceListenerOf<ServerSide, Socket<Listen, Emit, Data>, Event>,
  ): this {
    this.#listeners.remove(event, listener as unknown as Listener | undefined)
    return this
  }

  removeAllListeners(event?: NamespaceEvents<ServerSide>): this {
    this.#listeners.remove(event)
    return this
  }

  // ——— sending

  get #operator(): BroadcastOperator<Emit, Data> {
    return new BroadcastOperator(this.#family ?? this.#core, toAll)
  }

  to(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.#operator.to(room)
  }

  in(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.#operator.to(room)
  }

  except(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.#operator.except(room)
  }

  get volatile(): BroadcastOperator<Emit, Data> {
    return this.#operator.volatile
  }

  get local(): BroadcastOperator<Emit, Data> {
    return this.#operator.local
  }

  compress(_isWanted: boolean): BroadcastOperator<Emit, Data> {
    return this.#operator
  }

  timeout(timeoutMs: number): BroadcastOperator<Emit, Data> {
    return this.#operator.timeout(timeoutMs)
  }

  emit<Event extends EventNames<Emit>>(event: Event, ...args: ArgumentsOf<Emit, Event>): boolean {
    return this.#operator.emit(event, ...args)
  }

  emitWithAck<Event extends EventNames<Emit>>(event: Event, ...args: unknown[]): Promise<unknown[]> {
    return this.#operator.emitWithAck(event, ...args)
  }

  send(...args: unknown[]): this {
    ;(this.#family ?? this.#core).send(toAll, ['message', ...args], undefined)
    return this
  }

  write(...args: unknown[]): this {
    return this.send(...args)
  }

  fetchSockets(): Promise<RemoteSocket<Emit, Data>[]> {
    return this.#operator.fetchSockets()
  }

  socketsJoin(room: RoomName): void {
    this.#operator.socketsJoin(room)
  }

  socketsLeave(room: RoomName): void {
    this.#operator.socketsLeave(room)
  }

  disconnectSockets(close = false): void {
    this.#operator.disconnectSockets(close)
  }

  /** Tells the same namespace of the other nodes. With an ack at the end, which gets `(error, answers)`. */
  serverSideEmit<Event extends EventNames<ServerSide>>(event: Event, ...given: unknown[]): boolean {
    const { rest, ack } = splitAck(given)
    if (event === 'connect' || event === 'connection') throw new Error(`"${event}" is a reserved event name`)
    void this.#tellOthers([event, ...rest], ack)
    return true
  }

  async #tellOthers(args: readonly unknown[], ack: Listener | undefined): Promise<void> {
    const { calls } = this.#core.server
    const expected = calls.others.length
    const wantsAnswer = ack !== undefined
    const answers = await calls.askAll<{ readonly answer?: unknown }>({
      ...{ op: 'event', namespace: this.name, args, wantsAnswer },
    })
    const missing = expected - answers.length
    const error = missing > 0 ? new Error(`${missing} nodes did not answer in time`) : null
    ack?.(
      error,
      answers.map(({ answer }) => answer),
    )
  }

  /** The answers of the other nodes; rejected when one is missing, with those that came as `responses`. */
  serverSideEmitWithAck<Event extends EventNames<ServerSide>>(
    event: Event,
    ...args: unknown[]
  ): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const ack = (error: unknown, responses: unknown) =>
        error instanceof Error ? reject(Object.assign(error, { responses })) : resolve(responses as unknown[])
      this.serverSideEmit(event, ...args, ack)
    })
  }

  // ——— told by the server

  /** @internal */
  get core(): NamespaceCore {
    return this.#core
  }

  /** @internal What a family of namespaces has, each of its members gets. */
  inherit(family: Namespace<Listen, Emit, ServerSide, Data>): void {
    family.#listeners.copyTo(this.#listeners)
    this.#middleware.push(...family.#middleware)
    family.#family?.add(this.#core)
  }

  /** @internal */
  entry(): Entry {
    const core = this.#core
    return {
      token: core.server.token,
      dress: core.dress,
      channels: (socket) => core.channelsOf(socket),
      admit: (wire) => this.#admit(wire),
    }
  }

  async #admit(wire: WireSocket): Promise<SocketListener> {
    const core = new SocketCore(this.#core, wire, (entered) => this.#entered(entered))
    const socket = new Socket<Listen, Emit, Data>(
      core,
      this as unknown as Namespace<Listen, Emit, DefaultEvents, Data>,
    )
    try {
      const isAsked = !wire.isRecovered || this.#core.server.asksOnReturn
      if (isAsked) for (const middleware of this.#middleware) await passing(middleware, socket)
      return core
    } catch (error) {
      core.closed('server namespace disconnect')
      throw error
    }
  }

  #entered({ self }: SocketCore): void {
    this.#listeners.tell('connect', [self], this)
    this.#listeners.tell('connection', [self], this)
  }

  /** @internal Another node tells of something. */
  toldByOther(args: readonly unknown[], wantsAnswer: boolean): Promise<{ readonly answer?: unknown }> {
    const [event, ...rest] = args
    return new Promise((resolve) => {
      const ack = (answer: unknown) => resolve({ answer })
      const wasHeard = this.#listeners.tell(String(event), wantsAnswer ? [...rest, ack] : rest, this)
      // Where nobody listens nobody answers, and whoever asked finds out when its time is up.
      if (!wantsAnswer || !wasHeard) resolve({})
    })
  }
}

function passing<S>(middleware: Middleware<S>, socket: S): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (error?: Error) => (error === undefined || error === null ? resolve() : reject(error))
    // What an async middleware throws would be told to nobody else.
    void Promise.resolve(middleware(socket, next) as unknown).catch(reject)
  })
}
