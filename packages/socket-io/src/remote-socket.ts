import { type Broadcast, type BroadcastHome, BroadcastOperator, type RoomName, toAll } from './broadcast.ts'
import type { SocketDetails } from './cluster-calls.ts'
import type { ArgumentsOf, DefaultEvents, EventNames } from './events.ts'
import type { Handshake } from './handshake.ts'

/** A socket of any node, as it was when it was asked for. */
export class RemoteSocket<Emit extends object = DefaultEvents, Data = unknown> {
  readonly id: string
  readonly handshake: Handshake
  readonly rooms: ReadonlySet<string>
  readonly data: Data
  readonly #home: BroadcastHome
  readonly #own: Broadcast

  constructor(home: BroadcastHome, { id, handshake, rooms, data }: SocketDetails) {
    this.id = id
    this.handshake = handshake as Handshake
    this.rooms = new Set(rooms)
    this.data = data as Data
    this.#home = home
    this.#own = { ...toAll, rooms: [id] }
  }

  get #operator(): BroadcastOperator<Emit> {
    return new BroadcastOperator(this.#home, this.#own)
  }

  emit<Event extends EventNames<Emit>>(event: Event, ...args: ArgumentsOf<Emit, Event>): boolean {
    return this.#operator.emit(event, ...args)
  }

  /** Acks are waited for so long, in ms. */
  timeout(timeoutMs: number): BroadcastOperator<Emit> {
    return this.#operator.timeout(timeoutMs)
  }

  join(room: RoomName): void {
    this.#operator.socketsJoin(room)
  }

  leave(room: string): void {
    this.#operator.socketsLeave(room)
  }

  disconnect(close = false): this {
    this.#operator.disconnectSockets(close)
    return this
  }
}
