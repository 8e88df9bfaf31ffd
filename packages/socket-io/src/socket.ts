import type { DisconnectReason } from '@parley/adapters/transport/socket-io'
import { type Broadcast, BroadcastOperator, type RoomName, toAll } from './broadcast.ts'
import {
  type ArgumentsOf,
  type DefaultEvents,
  type EventNames,
  type Listener,
  type ListenerOf,
  sendable,
} from './events.ts'
import type { Handshake } from './handshake.ts'
import type { Namespace } from './namespace.ts'
import {
  type AnyListener,
  type PacketMiddleware,
  plainly,
  type SendFlags,
  type SocketCore,
} from './socket-core.ts'

/** Events of a socket that the library tells by itself. */
export interface SocketReservedEvents {
  disconnect(reason: DisconnectReason, description?: unknown): void
  disconnecting(reason: DisconnectReason, description?: unknown): void
  error(error: Error): void
}

export type SocketEvents<Listen> = EventNames<Listen> | keyof SocketReservedEvents
export type SocketListenerOf<Listen, Event> = Event extends keyof SocketReservedEvents
  ? SocketReservedEvents[Event]
  : Event extends EventNames<Listen>
    ? ListenerOf<Listen, Event>
    : never

/** What may follow on a socket after `volatile` or `timeout`. */
export interface SocketOperator<Emit extends object, Data = unknown> {
  emit<Event extends EventNames<Emit>>(event: Event, ...args: ArgumentsOf<Emit, Event>): boolean
  emitWithAck<Event extends EventNames<Emit>>(event: Event, ...args: unknown[]): Promise<unknown>
  timeout(timeoutMs: number): SocketOperator<Emit, Data>
  to(room: RoomName): BroadcastOperator<Emit, Data>
  in(room: RoomName): BroadcastOperator<Emit, Data>
  except(room: RoomName): BroadcastOperator<Emit, Data>
  readonly broadcast: BroadcastOperator<Emit, Data>
}

/** A client in a namespace, as the server sees it. */
export class Socket<
  Listen extends object = DefaultEvents,
  Emit extends object = DefaultEvents,
  Data = Record<string, unknown>,
> {
  /** The namespace that it is in. */
  readonly nsp: Namespace<Listen, Emit, DefaultEvents, Data>
  readonly #core: SocketCore

  /** @internal */
  constructor(core: SocketCore, nsp: Namespace<Listen, Emit, DefaultEvents, Data>) {
    this.nsp = nsp
    this.#core = core
    core.self = this
  }

  get id(): string {
    return this.#core.id
  }

  /** Anything that is to stay with the socket; with recovery it is kept while the client is away, as JSON. */
  get data(): Data {
    return this.#core.data as Data
  }

  set data(data: Data) {
    this.#core.data = data
  }

  get connected(): boolean {
    return this.#core.connected
  }

  get disconnected(): boolean {
    return !this.connected
  }

  /** It was away, came back as it was, and gets what it missed. */
  get recovered(): boolean {
    return this.#core.wire.isRecovered
  }

  get handshake(): Handshake {
    return this.#core.handshake
  }

  /** The request that the client came with. */
  get request(): { readonly url: string; readonly headers: Handshake['headers'] } {
    const { url, headers } = this.handshake
    return { url, headers }
  }

  /** The connection below, which several namespaces may share. */
  get conn(): {
    readonly id: string
    readonly transport: { readonly name: string }
    readonly remoteAddress: string
  } {
    const { id, transport, request } = this.#core.wire.engine
    return { id, transport: { name: transport }, remoteAddress: request.address }
  }

  /** Its own room, and those that it has joined. */
  get rooms(): Set<string> {
    return this.#core.rooms
  }

  // ——— rooms

  /** Fulfilled when it has joined; with recovery, when that is remembered through a crash too. */
  join(rooms: RoomName): Promise<void> {
    return this.#core.join(typeof rooms === 'string' ? [rooms] : rooms)
  }

  leave(room: string): Promise<void> {
    return this.#core.leave(room)
  }

  // ——— to this client

  emit<Event extends EventNames<Emit>>(event: Event, ...args: ArgumentsOf<Emit, Event>): boolean {
    this.#core.send([sendable(event), ...(args as readonly unknown[])], plainly)
    return true
  }

  send(...args: unknown[]): this {
    this.#core.send(['message', ...args], plainly)
    return this
  }

  write(...args: unknown[]): this {
    return this.send(...args)
  }

  async emitWithAck<Event extends EventNames<Emit>>(event: Event, ...args: unknown[]): Promise<unknown> {
    return this.#core.ask([sendable(event), ...args], plainly)
  }

  /** What follows is dropped where the connection takes nothing now. */
  get volatile(): SocketOperator<Emit, Data> {
    return this.#operator({ ...plainly, isVolatile: true })
  }

  /** Acks of what follows are waited for so long, in ms, and called with an error first. */
  timeout(timeoutMs: number): SocketOperator<Emit, Data> {
    return this.#operator({ ...plainly, timeoutMs })
  }

  /** Nothing is compressed: there for those who call it. */
  compress(_isWanted: boolean): this {
    return this
  }

  #operator(flags: SendFlags): SocketOperator<Emit, Data> {
    const core = this.#core
    const broadcast = new BroadcastOperator<Emit, Data>(core.namespace, { ...this.#others, ...flags })
    return {
      emit: (event, ...args) => {
        core.send([sendable(event), ...(args as readonly unknown[])], flags)
        return true
      },
      emitWithAck: async (event, ...args) => core.ask([sendable(event), ...args], flags),
      timeout: (timeoutMs) => this.#operator({ ...flags, timeoutMs }),
      to: (room) => broadcast.to(room),
      in: (room) => broadcast.to(room),
      except: (room) => broadcast.except(room),
      broadcast,
    }
  }

  // ——— to others

  get #others(): Broadcast {
    return { ...toAll, except: [this.id] }
  }

  get broadcast(): BroadcastOperator<Emit, Data> {
    return new BroadcastOperator(this.#core.namespace, this.#others)
  }

  get local(): BroadcastOperator<Emit, Data> {
    return this.broadcast.local
  }

  to(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.broadcast.to(room)
  }

  in(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.broadcast.to(room)
  }

  except(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.broadcast.except(room)
  }

  /** Throws the client out of the namespace; `close`: out of all, by closing its connection. */
  disconnect(close = false): this {
    this.#core.disconnect(close)
    return this
  }

  // ——— listening

  on<Event extends SocketEvents<Listen>>(event: Event, listener: SocketListenerOf<Listen, Event>): this {
    this.#core.listeners.add(event, listener as unknown as Listener)
    return this
  }

  addListener<Event extends SocketEvents<Listen>>(
    event: Event,
    listener: SocketListenerOf<Listen, Event>,
  ): this {
    return this.on(event, listener)
  }

  once<Event extends SocketEvents<Listen>>(event: Event, listener: SocketListenerOf<Listen, Event>): this {
    this.#core.listeners.add(event, listener as unknown as Listener, true)
    return this
  }

  off<Event extends SocketEvents<Listen>>(event: Event, listener?: SocketListenerOf<Listen, Event>): this {
    this.#core.listeners.remove(event, listener as unknown as Listener | undefined)
    return this
  }

  removeListener<Event extends SocketEvents<Listen>>(
    event: Event,
    listener: SocketListenerOf<Listen, Event>,
  ): this {
    return this.off(event, listener)
  }

  removeAllListeners(event?: SocketEvents<Listen>): this {
    this.#core.listeners.remove(event)
    return this
  }

  listeners(event: SocketEvents<Listen>): readonly Listener[] {
    return this.#core.listeners.of(event)
  }

  eventNames(): readonly string[] {
    return this.#core.listeners.events()
  }

  /** Called for every event that comes, before its own listeners. */
  onAny(listener: AnyListener): this {
    this.#core.anyListeners = [...(this.#core.anyListeners ?? []), listener]
    return this
  }

  prependAny(listener: AnyListener): this {
    this.#core.anyListeners = [listener, ...(this.#core.anyListeners ?? [])]
    return this
  }

  offAny(listener?: AnyListener): this {
    this.#core.anyListeners = without(this.#core.anyListeners, listener)
    return this
  }

  listenersAny(): readonly AnyListener[] {
    return this.#core.anyListeners ?? []
  }

  /** Called for every event that is sent to this client alone. */
  onAnyOutgoing(listener: AnyListener): this {
    this.#core.outgoingListeners = [...(this.#core.outgoingListeners ?? []), listener]
    return this
  }

  prependAnyOutgoing(listener: AnyListener): this {
    this.#core.outgoingListeners = [listener, ...(this.#core.outgoingListeners ?? [])]
    return this
  }

  listenersAnyOutgoing(): readonly AnyListener[] {
    return this.#core.outgoingListeners ?? []
  }

  offAnyOutgoing(listener?: AnyListener): this {
    this.#core.outgoingListeners = without(this.#core.outgoingListeners, listener)
    return this
  }

  /** Looks at every event before its listeners; an error that is given to `next` comes as the event `error`. */
  use(middleware: PacketMiddleware): this {
    this.#core.middleware = [...(this.#core.middleware ?? []), middleware]
    return this
  }
}

function without(
  listeners: AnyListener[] | undefined,
  listener: AnyListener | undefined,
): AnyListener[] | undefined {
  return listener === undefined ? undefined : listeners?.filter((one) => one !== listener)
}
