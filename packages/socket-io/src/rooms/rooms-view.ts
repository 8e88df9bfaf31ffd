import type { Roommate, Rooms } from './rooms.ts'

/** Rooms and sockets of one node, as applications look them up. */
export interface AdapterView {
  /** By room: the ids of its sockets. */
  readonly rooms: ReadonlyMap<string, ReadonlySet<string>>
  /** By id of a socket: its rooms. */
  readonly sids: ReadonlyMap<string, ReadonlySet<string>>
}

/** As things are when it is made. */
export function adapterView<Member extends Roommate & { readonly rooms: ReadonlySet<string> }>(
  sockets: ReadonlyMap<string, Member>,
  rooms: Rooms<Member>,
): AdapterView {
  return {
    get rooms() {
      const view = new Map<string, ReadonlySet<string>>()
      for (const id of sockets.keys()) view.set(id, new Set([id]))
      for (const room of rooms.names()) view.set(room, new Set([...rooms.in(room)].map(({ id }) => id)))
      return view
    },
    get sids() {
      return new Map([...sockets].map(([id, socket]) => [id, socket.rooms]))
    },
  }
}
