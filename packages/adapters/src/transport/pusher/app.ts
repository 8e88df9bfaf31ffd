import type { Accept, Identity, OutgoingFrame } from '@parley/kernel'
import type { PusherHub } from './hub.ts'
import { encodeMessage } from './messages.ts'
import { kindNames } from './names.ts'
import type { MemberChange } from './people/members.ts'
import { Observers } from './people/observers.ts'
import { Rosters } from './people/roster.ts'
import { Watchlists } from './people/watchlists.ts'
import { Rooms } from './rooms.ts'

export interface PusherAppParts {
  readonly name: string
  readonly accept: Accept
  readonly hub: PusherHub
  readonly random: () => number
}

/** What the clients of one app on this node have in common. */
export class PusherApp {
  readonly name: string
  readonly rooms: Rooms
  readonly rosters: Rosters
  readonly watchlists: Watchlists
  /** What a client may do by itself: the transport looks at signatures before it asks the node for anything. */
  readonly identity: Identity
  readonly accept: Accept
  readonly #observers: Observers

  constructor({ name, accept, hub, random }: PusherAppParts) {
    this.name = name
    this.accept = accept
    this.identity = {
      app: name,
      role: 'user',
      grants: Object.values(kindNames).map((kind) => ({
        pattern: `${kind}:*`,
        actions: ['read', 'presence'],
      })),
    }
    this.#observers = new Observers({ accept, identity: this.identity, random })
    this.rosters = new Rosters(this.#observers, (channel, changes) => this.#tellMembers(channel, changes))
    this.watchlists = new Watchlists(this.#observers)
    this.rooms = new Rooms({
      occupied: (of, isThere) => hub.note(name, { type: 'occupancy', channel: of.name, isThere }),
      member: (of, user, isThere) => hub.note(name, { type: 'member', channel: of.name, user, isThere }),
    })
  }

  #tellMembers(channel: string, changes: readonly MemberChange[]): void {
    const room = this.rooms.find(channel)
    if (room === undefined) return
    for (const { type, member } of changes) {
      const { id: user_id, info: user_info } = member
      const data = type === 'added' ? { user_id, user_info } : { user_id }
      const frame: OutgoingFrame = {
        text: encodeMessage(`pusher_internal:member_${type}`, data, { channel: room.name.name }),
      }
      // Nobody is told of itself.
      for (const occupant of room.occupants) if (occupant.memberId !== user_id) occupant.send(frame)
    }
  }

  stop(): void {
    this.#observers.stop()
    this.watchlists.stop()
  }
}
