import type { EmitOptions, WireSocket } from '@parley/adapters/transport/socket-io'
import { prefixOf } from '@parley/adapters/transport/socket-io'
import type { Broadcast, BroadcastHome } from './broadcast.ts'
import type { ClusterCall, SocketDetails } from './cluster-calls.ts'
import { type Emission, eventOf, type Places } from './emission.ts'
import type { Listener } from './events.ts'
import { RemoteSocket } from './remote-socket.ts'
import { RoomChannels } from './rooms/room-channels.ts'
import { Rooms, type Selection } from './rooms/rooms.ts'
import type { ServerCore } from './server-core.ts'

/** A socket of this node, as its namespace sees it. */
export interface LocalSocket {
  readonly id: string
  readonly wire: WireSocket
  /** What applications hold in their hands. */
  readonly self: unknown
  readonly handshake: object
  readonly rooms: ReadonlySet<string>
  readonly data: unknown
  join(rooms: readonly string[]): Promise<void>
  leave(room: string): Promise<void>
  disconnect(close: boolean): unknown
  /** Sends it an event beside its rooms, with an ack if one is wanted. */
  tell(args: readonly unknown[], flags: { readonly isVolatile: boolean }, ack?: Listener): void
}

/** Ids of sockets end so; see `WireSocket.id`. */
const socketId = /^[\w-]{20}-s$/

/** Delivers what is sent within a namespace, on this node and on others. */
export class NamespaceCore implements BroadcastHome {
  readonly name: string
  readonly server: ServerCore
  readonly channels: RoomChannels
  readonly dress: { readonly prefix: string; readonly hasOrigin: false }
  /** Sockets of this node, by id. */
  readonly sockets = new Map<string, LocalSocket>()
  readonly rooms: Rooms<LocalSocket> = new Rooms(this.sockets)

  constructor(server: ServerCore, name: string) {
    this.name = name
    this.server = server
    this.channels = new RoomChannels(name)
    this.dress = { prefix: prefixOf(name), hasOrigin: false }
  }

  /** Channels that a socket is in from the start. */
  channelsOf(socket: string): readonly string[] {
    return this.server.hasRecovery ? [this.channels.all, this.channels.own(socket)] : [this.channels.all]
  }

  /** Sends an event to one socket; with recovery it is kept for when the socket is away, unless it is volatile. */
  sendTo(wire: WireSocket, args: readonly unknown[], options: EmitOptions): void {
    const { gate, hasRecovery } = this.server
    if (!hasRecovery || options.isVolatile === true) gate.run(() => wire.emit(args, options))
    else gate.run(() => this.#publish(toOne(wire.id, args), options.id))
  }

  // ——— as the home of broadcasts

  send(broadcast: Broadcast, args: readonly unknown[], ack: Listener | undefined): void {
    const { rooms, except, isVolatile, isLocal, timeoutMs } = broadcast
    const [event, ...rest] = args
    const emission: Emission = { rooms, except, isVolatile, isLocal, event: String(event), args: rest }
    this.server.gate.run(() => {
      if (ack !== undefined) void this.#sendForAcks(emission, ack, timeoutMs)
      else if (isVolatile || isLocal) this.#sendDirectly(emission)
      else this.#publish(emission)
    })
  }

  #publish(emission: Emission, ownAck?: number): void {
    if (this.#reachesOne(emission)) return
    const ack = ownAck === undefined ? undefined : { node: ownNode, id: ownAck }
    this.server.publish(eventOf(emission, this.#places, ack))
  }

  /** Where a socket has no channel of its own, what is meant for it alone is given to it. */
  #reachesOne({ rooms, except, event, args }: Emission): boolean {
    const [room = ''] = rooms
    if (this.server.hasRecovery || rooms.length !== 1 || except.includes(room)) return false
    const socket = this.sockets.get(room)
    socket?.wire.emit([event, ...args])
    return socket !== undefined
  }

  get #places(): Places {
    const { channels, server } = this
    return {
      all: channels.all,
      of: (room) => {
        if (!socketId.test(room)) return channels.of(room)
        return server.hasRecovery ? channels.own(room) : undefined
      },
    }
  }

  /** To the sockets that are connected, past the channels: nothing is kept. */
  #sendDirectly(emission: Emission): void {
    const { isLocal, isVolatile } = emission
    for (const { wire } of this.rooms.select(emission))
      wire.emit([emission.event, ...emission.args], { isVolatile })
    if (!isLocal) void this.server.calls.askAll({ op: 'volatile', namespace: this.name, emission })
  }

  async #sendForAcks(emission: Emission, ack: Listener, timeoutMs: number | undefined): Promise<void> {
    const { acks, calls } = this.server
    const chosen = this.rooms.select(emission)
    const isOnlyHere = emission.isLocal || calls.others.length === 0
    const counts = isOnlyHere
      ? []
      : await calls.askAll<number>({ op: 'count', namespace: this.name, selection: emission })
    const expected = counts.reduce((sum, count) => sum + count, chosen.length)
    const id = acks.wait(expected, timeoutMs, (error, answers) =>
      // Without a time limit nobody expects an error.
      timeoutMs === undefined ? ack(null, answers) : ack(error, answers),
    )
    if (emission.isLocal || emission.isVolatile) {
      for (const socket of chosen)
        socket.tell([emission.event, ...emission.args], emission, (answer) => acks.take(id, answer))
      return
    }
    this.server.publish(eventOf(emission, this.#places, { node: calls.node, id }))
  }

  /** A socket of this node has answered a broadcast, perhaps one of another node. */
  answered(node: string, id: number, answer: unknown): void {
    const { acks, calls } = this.server
    if (node === calls.node) acks.take(id, answer)
    else void calls.ask(node, { op: 'acked', namespace: this.name, id, answer }).catch(() => undefined)
  }

  async fetch(selection: Selection & { readonly isLocal?: boolean }): Promise<readonly RemoteSocket[]> {
    const here = this.#details(selection)
    const there =
      selection.isLocal === true
        ? []
        : await this.server.calls.askAll<readonly SocketDetails[]>({
            ...{ op: 'fetch', namespace: this.name, selection: plain(selection) },
          })
    return [...here, ...there.flat()].map((details) => new RemoteSocket(this, details))
  }

  #details(selection: Selection): readonly SocketDetails[] {
    return this.rooms
      .select(selection)
      .map(({ id, handshake, rooms, data }) => ({ id, handshake, rooms: [...rooms], data }))
  }

  joinAll(selection: Selection & { readonly isLocal?: boolean }, rooms: readonly string[]): void {
    for (const socket of this.rooms.select(selection)) void socket.join(rooms)
    this.#others(selection, { op: 'join', namespace: this.name, selection: plain(selection), rooms })
  }

  leaveAll(selection: Selection & { readonly isLocal?: boolean }, rooms: readonly string[]): void {
    for (const socket of this.rooms.select(selection)) for (const room of rooms) void socket.leave(room)
    this.#others(selection, { op: 'leave', namespace: this.name, selection: plain(selection), rooms })
  }

  disconnectAll(selection: Selection & { readonly isLocal?: boolean }, close: boolean): void {
    for (const socket of this.rooms.select(selection)) socket.disconnect(close)
    this.#others(selection, { op: 'disconnect', namespace: this.name, selection: plain(selection), close })
  }

  #others({ isLocal }: { readonly isLocal?: boolean }, call: ClusterCall): void {
    if (isLocal !== true) void this.server.calls.askAll(call)
  }

  /** Does what another node asks. */
  async asked(call: Exclude<ClusterCall, { readonly op: 'event' }>): Promise<unknown> {
    switch (call.op) {
      case 'fetch':
        return this.#details(call.selection)
      case 'count':
        return this.rooms.select(call.selection).length
      case 'join':
        await Promise.all(this.rooms.select(call.selection).map((socket) => socket.join(call.rooms)))
        return true
      case 'leave':
        for (const socket of this.rooms.select(call.selection))
          for (const room of call.rooms) await socket.leave(room)
        return true
      case 'disconnect':
        for (const socket of this.rooms.select(call.selection)) socket.disconnect(call.close)
        return true
      case 'volatile':
        this.#sendDirectly({ ...call.emission, isLocal: true })
        return true
      case 'acked':
        this.server.acks.take(call.id, call.answer)
        return true
    }
  }
}

/** Stands for the socket itself where an ack is meant for one that it asked for by itself. */
export const ownNode = 'socket'

function toOne(socket: string, [event, ...args]: readonly unknown[]): Emission {
  return { rooms: [socket], except: [], isVolatile: false, isLocal: false, event: String(event), args }
}

function plain({ rooms, except }: Selection): Selection {
  return { rooms, except }
}
