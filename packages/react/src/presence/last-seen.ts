import type { Client } from '@parley/client'
import type { Views } from '../views/views.ts'
import type { Presence } from './presence.ts'

const maxAsked = 500

/** Asks when users were last here: once for all who are asked about in a turn. */
class LastSeen {
  readonly #client: Client
  #asked = new Map<string, (presence: Presence) => void>()
  readonly isOpen = false

  constructor(client: Client) {
    this.#client = client
  }

  of(user: string, take: (presence: Presence) => void): void {
    if (this.#asked.size === 0) queueMicrotask(() => void this.#ask())
    this.#asked.set(user, take)
  }

  async #ask(): Promise<void> {
    const asked = this.#asked
    this.#asked = new Map()
    const users = [...asked.keys()]
    for (let start = 0; start < users.length; start += maxAsked) {
      try {
        const answer = await this.#client.presence.of({ users: users.slice(start, start + maxAsked) })
        for (const presence of answer.users) asked.get(presence.user)?.(presence)
      } catch {
        // They are offline; since when stays unknown.
      }
    }
  }
}

export function lastSeen(views: Views): LastSeen {
  return views.get('last seen', ({ client }) => new LastSeen(client))
}
