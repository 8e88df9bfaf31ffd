import type { ArgumentsOf, DefaultEvents, EventNames, Listener } from './events.ts'
import { sendable, splitAck } from './events.ts'
import type { RemoteSocket } from './remote-socket.ts'
import type { Selection } from './rooms/rooms.ts'

/** What a broadcast asks of its namespace. */
export interface BroadcastHome {
  send(broadcast: Broadcast, args: readonly unknown[], ack: Listener | undefined): void
  fetch(selection: Selection): Promise<readonly RemoteSocket[]>
  joinAll(selection: Selection, rooms: readonly string[]): void
  leaveAll(selection: Selection, rooms: readonly string[]): void
  disconnectAll(selection: Selection, close: boolean): void
}

/** Who is meant by a broadcast, and how it is sent. */
export interface Broadcast extends Selection {
  readonly isVolatile: boolean
  readonly isLocal: boolean
  readonly timeoutMs: number | undefined
}

export const toAll: Broadcast = {
  ...{ rooms: [], except: [], isVolatile: false, isLocal: false, timeoutMs: undefined },
}

export type RoomName = string | readonly string[]

const listOf = (rooms: RoomName): readonly string[] => (typeof rooms === 'string' ? [rooms] : rooms)

/** An event on its way to many sockets, or those sockets themselves. Each step answers another operator. */
export class BroadcastOperator<Emit extends object = DefaultEvents, Data = unknown> {
  readonly #home: BroadcastHome
  readonly #broadcast: Broadcast

  constructor(home: BroadcastHome, broadcast: Broadcast) {
    this.#home = home
    this.#broadcast = broadcast
  }

  #with(change: Partial<Broadcast>): BroadcastOperator<Emit, Data> {
    return new BroadcastOperator(this.#home, { ...this.#broadcast, ...change })
  }

  /** Also those in a room; whoever is in several gets an event once. */
  to(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.#with({ rooms: [...new Set([...this.#broadcast.rooms, ...listOf(room)])] })
  }

  in(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.to(room)
  }

  /** Not those in a room. */
  except(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.#with({ except: [...new Set([...this.#broadcast.except, ...listOf(room)])] })
  }

  /** Connections that take nothing now are passed over, and nothing is kept for those who are away. */
  get volatile(): BroadcastOperator<Emit, Data> {
    return this.#with({ isVolatile: true })
  }

  /** Only sockets of this node. */
  get local(): BroadcastOperator<Emit, Data> {
    return this.#with({ isLocal: true })
  }

  /** Nothing is compressed: there for those who call it. */
  compress(_isWanted: boolean): BroadcastOperator<Emit, Data> {
    return this
  }

  /** Acks are waited for so long, in ms. */
  timeout(timeoutMs: number): BroadcastOperator<Emit, Data> {
    return this.#with({ timeoutMs })
  }

  emit<Event extends EventNames<Emit>>(event: Event, ...args: ArgumentsOf<Emit, Event>): boolean {
    const { rest, ack } = splitAck(args as readonly unknown[])
    this.#home.send(this.#broadcast, [sendable(event), ...rest], ack)
    return true
  }

  /** The answers of all; rejected when one is missing, with those that came as `responses`. */
  emitWithAck<Event extends EventNames<Emit>>(event: Event, ...args: unknown[]): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const ack = (error: unknown, responses: unknown) => {
        if (error instanceof Error) reject(Object.assign(error, { responses }))
        else resolve(responses as unknown[])
      }
      this.#home.send(this.#broadcast, [sendable(event), ...args], ack)
    })
  }

  /** The sockets that are meant, on all nodes. */
  async fetchSockets(): Promise<RemoteSocket<Emit, Data>[]> {
    return [...(await this.#home.fetch(this.#broadcast))] as unknown as RemoteSocket<Emit, Data>[]
  }

  socketsJoin(room: RoomName): void {
    this.#home.joinAll(this.#broadcast, listOf(room))
  }

  socketsLeave(room: RoomName): void {
    this.#home.leaveAll(this.#broadcast, listOf(room))
  }

  disconnectSockets(close = false): void {
    this.#home.disconnectAll(this.#broadcast, close)
  }
}
