import type { DisconnectReason, SocketListener, WireSocket } from '@parley/adapters/transport/socket-io'
import { withTimeout } from './acks.ts'
import { type Listener, Listeners, splitAck } from './events.ts'
import { type Handshake, handshakeOf } from './handshake.ts'
import { type LocalSocket, type NamespaceCore, ownNode } from './namespace-core.ts'

/** An event that came, or is about to go: its name, then its arguments. */
export type EventPacket = [event: string, ...args: unknown[]]
export type PacketMiddleware = (event: EventPacket, next: (error?: Error) => void) => void
export type AnyListener = (event: string, ...args: unknown[]) => void

/** How an event is sent to one socket. */
export interface SendFlags {
  readonly isVolatile: boolean
  readonly timeoutMs: number | undefined
}

export const plainly: SendFlags = { isVolatile: false, timeoutMs: undefined }

/** What is kept for a socket while it is away. */
interface Kept {
  readonly data: unknown
  readonly rooms: readonly string[]
}

/** What a socket is and does, behind the names that applications know. */
export class SocketCore implements SocketListener, LocalSocket {
  readonly wire: WireSocket
  readonly namespace: NamespaceCore
  readonly listeners = new Listeners()
  data: unknown
  connected = false
  middleware: PacketMiddleware[] | undefined
  anyListeners: AnyListener[] | undefined
  outgoingListeners: AnyListener[] | undefined
  /** `this` of listeners. */
  self: unknown
  readonly #entered: () => void
  #isOver = false
  #joined: Set<string> | undefined
  /** By room: whether it was in, as of the events that are still on their way. */
  #changes: Map<string, { isIn: boolean; pending: number }> | undefined
  #acks: Map<number, Listener> | undefined
  #ackCount = 0
  #handshake: Handshake | undefined

  constructor(namespace: NamespaceCore, wire: WireSocket, entered: (core: SocketCore) => void) {
    this.namespace = namespace
    this.wire = wire
    this.#entered = () => entered(this)
    const kept = wire.isRecovered ? (wire.recoveredData as Partial<Kept> | undefined) : undefined
    this.data = kept?.data ?? {}
    for (const room of kept?.rooms ?? []) this.#enter(room)
  }

  get id(): string {
    return this.wire.id
  }

  get handshake(): Handshake {
    this.#handshake ??= handshakeOf(this.wire.engine.request, this.wire.auth)
    return this.#handshake
  }

  get rooms(): Set<string> {
    return new Set(this.#isOver ? [] : [this.id, ...(this.#joined ?? [])])
  }

  isIn(room: string): boolean {
    return room === this.id || this.#joined?.has(room) === true
  }

  join(rooms: readonly string[]): Promise<void> {
    const news = rooms.filter((room) => !this.isIn(room))
    if (news.length === 0 || this.#isOver) return Promise.resolve()
    for (const room of news) this.#enter(room)
    const { channels, server } = this.namespace
    const joined = server.gate.hold(() =>
      Promise.all(news.map((room) => this.wire.subscribe(channels.of(room)))),
    )
    this.#changing(news, true)
    return joined.then(
      () => this.wire.keep(),
      // It is gone, or about to be: whoever waits for it has nothing to do any more.
      () => undefined,
    )
  }

  /** Events that were sent before a change reach those who were meant then. */
  #changing(rooms: readonly string[], isIn: boolean): void {
    this.#changes ??= new Map()
    const changes = this.#changes
    for (const room of rooms) {
      const change = changes.get(room) ?? { isIn: !isIn, pending: 0 }
      change.pending += 1
      changes.set(room, change)
      const apply = () => {
        change.isIn = isIn
        change.pending -= 1
        if (change.pending === 0) changes.delete(room)
      }
      this.namespace.server.gate.run(() => this.wire.inTurn(apply))
    }
  }

  #enter(room: string): void {
    this.#joined ??= new Set()
    this.#joined.add(room)
    this.namespace.rooms.add(room, this)
  }

  leave(room: string): Promise<void> {
    if (this.#joined?.delete(room) !== true) return Promise.resolve()
    const { channels, rooms, server } = this.namespace
    rooms.remove(room, this)
    const left = server.gate.hold(async () => {
      await this.#told()
      await this.wire.unsubscribe(channels.of(room))
    })
    this.#changing([room], false)
    return left.then(
      () => this.wire.keep(),
      () => undefined,
    )
  }

  send(given: readonly unknown[], { isVolatile, timeoutMs }: SendFlags): void {
    const { rest, ack } = splitAck(given)
    for (const listener of this.outgoingListeners ?? []) listener(rest[0] as string, ...rest.slice(1))
    const id = ack === undefined ? undefined : this.#expect(ack, timeoutMs)
    this.namespace.sendTo(this.wire, rest, { id, isVolatile })
  }

  /** The answer of the client; rejected when its time is up. */
  ask(args: readonly unknown[], flags: SendFlags): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const plain = (answer: unknown) => resolve(answer)
      const timed = (error: unknown, answer: unknown) => (error === null ? resolve(answer) : reject(error))
      this.send([...args, flags.timeoutMs === undefined ? plain : timed], flags)
    })
  }

  tell(args: readonly unknown[], { isVolatile }: Pick<SendFlags, 'isVolatile'>, ack?: Listener): void {
    this.send(ack === undefined ? args : [...args, ack], { ...plainly, isVolatile })
  }

  #expect(ack: Listener, timeoutMs: number | undefined): number {
    const id = this.#ackCount++
    const listener = timeoutMs === undefined ? ack : withTimeout(ack, timeoutMs, () => this.#acks?.delete(id))
    this.#acks ??= new Map()
    this.#acks.set(id, listener)
    return id
  }

  /** Fulfilled when what was sent before has been written. */
  async #told(): Promise<void> {
    await this.namespace.server.published()
    await new Promise<void>((resolve) => this.wire.inTurn(resolve))
  }

  disconnect(close: boolean): void {
    const { gate } = this.namespace.server
    void gate.hold(async () => {
      await this.#told()
      if (close) this.wire.throwOut()
      else this.wire.disconnect()
    })
  }

  // ——— told by the wire

  opened(): void {
    this.connected = true
    this.namespace.sockets.set(this.id, this)
    this.#entered()
  }

  event(args: readonly unknown[], answer: ((args: readonly unknown[]) => void) | undefined): void {
    const packet = [...args] as EventPacket
    if (answer !== undefined)
      packet.push((...given: unknown[]) => this.namespace.server.gate.run(() => answer(given)))
    if (this.middleware === undefined) this.#dispatch(packet)
    else this.#pass(packet, this.middleware, 0)
  }

  #pass(packet: EventPacket, middleware: readonly PacketMiddleware[], index: number): void {
    const look = middleware[index]
    if (look === undefined) {
      this.#dispatch(packet)
      return
    }
    look(packet, (error) => {
      if (error === undefined || error === null) this.#pass(packet, middleware, index + 1)
      else this.listeners.tell('error', [error], this.self)
    })
  }

  #dispatch(packet: EventPacket): void {
    if (!this.connected) return
    for (const listener of this.anyListeners ?? []) listener(...packet)
    const [event, ...args] = packet
    this.listeners.tell(String(event), args, this.self)
  }

  acked(id: number, args: readonly unknown[]): void {
    const ack = this.#acks?.get(id)
    if (ack === undefined) return
    this.#acks?.delete(id)
    ack(...args)
  }

  expectAck({ node, id }: { readonly node: string; readonly id: number }): number {
    if (node !== ownNode)
      return this.#expect((answer) => this.namespace.answered(node, id, answer), undefined)
    // One that was asked for before the socket went away has nobody to take it any more.
    return this.#acks?.has(id) === true ? id : this.#expect(() => undefined, undefined)
  }

  isMeant(to: readonly string[] | undefined, except: readonly string[] | undefined): boolean {
    const wasIn = (room: string) => this.#changes?.get(room)?.isIn ?? this.isIn(room)
    if (except?.some(wasIn) === true) return false
    return to === undefined || to.some(wasIn)
  }

  /** A room in which it fell too far behind is gone for it: it comes back, and is told that it missed something. */
  frame({ op }: { readonly op: string }): void {
    if (op === 'unsubscribed' || op === 'dropped') this.wire.engine.close('transport error')
  }

  keptData(): unknown {
    const kept: Kept = { data: this.data, rooms: [...(this.#joined ?? [])] }
    return kept
  }

  closed(reason: DisconnectReason): void {
    if (this.#isOver) return
    const wasConnected = this.connected
    if (wasConnected) this.listeners.tell('disconnecting', [reason], this.self)
    this.connected = false
    this.#isOver = true
    for (const room of this.#joined ?? []) this.namespace.rooms.remove(room, this)
    // Another connection may be in its place by now.
    if (this.namespace.sockets.get(this.id) === this) this.namespace.sockets.delete(this.id)
    if (wasConnected) this.listeners.tell('disconnect', [reason], this.self)
  }
}
