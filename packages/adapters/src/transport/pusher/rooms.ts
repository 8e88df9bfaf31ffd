import type { OutgoingFrame } from '@parley/kernel'
import type { ChannelName } from './names.ts'

/** Somebody who is in a channel. */
export interface Occupant {
  readonly socketId: string
  /** Who it is, in a channel with members. */
  readonly memberId: string | undefined
  send(frame: OutgoingFrame): void
}

/** A channel that clients of this node are in. */
export interface Room {
  readonly name: ChannelName
  readonly occupants: Set<Occupant>
  /** Occupants by member. */
  readonly members: Map<string, number>
}

/** What changed for the node as a whole. */
export interface RoomsListener {
  /** The first client came, or the last one left. */
  occupied(name: ChannelName, isThere: boolean): void
  /** The first connection of a user came, or the last one left. */
  member(name: ChannelName, user: string, isThere: boolean): void
}

/** The clients of this node in one app, by the channels that they are in. */
export class Rooms {
  readonly #rooms = new Map<string, Room>()
  readonly #listener: RoomsListener

  constructor(listener: RoomsListener) {
    this.#listener = listener
  }

  enter(name: ChannelName, occupant: Occupant): void {
    const room = this.#rooms.get(name.channel) ?? { name, occupants: new Set(), members: new Map() }
    this.#rooms.set(name.channel, room)
    room.occupants.add(occupant)
    if (room.occupants.size === 1) this.#listener.occupied(name, true)
    const { memberId } = occupant
    if (memberId === undefined) return
    const count = (room.members.get(memberId) ?? 0) + 1
    room.members.set(memberId, count)
    if (count === 1) this.#listener.member(name, memberId, true)
  }

  leave(name: ChannelName, occupant: Occupant): void {
    const room = this.#rooms.get(name.channel)
    if (room?.occupants.delete(occupant) !== true) return
    const { memberId } = occupant
    if (memberId !== undefined) {
      const rest = (room.members.get(memberId) ?? 1) - 1
      if (rest > 0) room.members.set(memberId, rest)
      else {
        room.members.delete(memberId)
        this.#listener.member(name, memberId, false)
      }
    }
    if (room.occupants.size > 0) return
    this.#rooms.delete(name.channel)
    this.#listener.occupied(name, false)
  }

  find(channel: string): Room | undefined {
    return this.#rooms.get(channel)
  }

  /** Names and numbers of clients, of channels whose names begin so. */
  counts(prefix: string): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { name, occupants } of this.#rooms.values())
      if (name.name.startsWith(prefix)) counts[name.name] = occupants.size
    return counts
  }
}
