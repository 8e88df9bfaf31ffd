/** What of a socket the rooms know. */
export interface Roommate {
  readonly id: string
}

/** A group of sockets that is meant: in any of the rooms (none: all), and in none of the others. */
export interface Selection {
  readonly rooms: readonly string[]
  readonly except: readonly string[]
}

const nobody: ReadonlySet<never> = new Set()

/** Who is in which room on this node. Every socket is in a room of its own besides, named as itself. */
export class Rooms<Member extends Roommate> {
  readonly #sockets: ReadonlyMap<string, Member>
  readonly #byRoom = new Map<string, Set<Member>>()

  constructor(sockets: ReadonlyMap<string, Member>) {
    this.#sockets = sockets
  }

  add(room: string, member: Member): void {
    const members = this.#byRoom.get(room)
    if (members === undefined) this.#byRoom.set(room, new Set([member]))
    else members.add(member)
  }

  remove(room: string, member: Member): void {
    const members = this.#byRoom.get(room)
    members?.delete(member)
    if (members?.size === 0) this.#byRoom.delete(room)
  }

  /** Names of rooms with somebody in them, without those of single sockets. */
  names(): Iterable<string> {
    return this.#byRoom.keys()
  }

  in(room: string): ReadonlySet<Member> {
    const own = this.#sockets.get(room)
    return own === undefined ? (this.#byRoom.get(room) ?? nobody) : new Set([own])
  }

  select({ rooms, except }: Selection): readonly Member[] {
    const chosen = new Set<Member>()
    const without = new Set<Member>(except.flatMap((room) => [...this.in(room)]))
    const groups = rooms.length === 0 ? [this.#sockets.values()] : rooms.map((room) => this.in(room))
    for (const group of groups) for (const member of group) if (!without.has(member)) chosen.add(member)
    return [...chosen]
  }
}
