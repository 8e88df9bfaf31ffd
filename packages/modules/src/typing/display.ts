import type { StateKey, StateSetting } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { Room } from './room.ts'

/** Sets and removes entries of keyed state in one channel. */
export interface Entries {
  set(entry: Pick<StateSetting, 'owner' | 'value'>): void
  remove(entry: Pick<StateKey, 'owner'>): void
}

/** The entries that show who is typing in one channel: one for each user, or one with their number. */
export class Display {
  readonly #entries: Entries
  readonly #users = new Set<string>()
  #isCounting = false

  constructor(entries: Entries) {
    this.#entries = entries
  }

  get isCounting(): boolean {
    return this.#isCounting
  }

  get isEmpty(): boolean {
    return this.#users.size === 0 && !this.#isCounting
  }

  /** Shows the number of those who are typing, and nobody by name. */
  count(room: Room): void {
    for (const user of this.#users) this.#remove(user)
    this.#isCounting = this.#set(undefined, { count: room.size })
  }

  /** Shows everybody by name. */
  list(room: Room): void {
    if (this.#isCounting) this.#entries.remove({})
    this.#isCounting = false
    for (const user of this.#users) if (room.shown(user) === undefined) this.#remove(user)
    for (const user of room.users()) this.one(room, user)
  }

  /** Shows one user as they are now. */
  one(room: Room, user: string): void {
    const shown = room.shown(user)
    if (shown === undefined) this.#remove(user)
    else if (this.#set(user, shown)) this.#users.add(user)
  }

  #remove(user: string): void {
    if (this.#users.delete(user)) this.#entries.remove({ owner: user })
  }

  #set(owner: string | undefined, value: object): boolean {
    try {
      this.#entries.set({ owner, value })
      return true
    } catch (error) {
      // The channel is full of other entries: who is typing is the first to be left out.
      if (error instanceof ParleyError) return false
      throw error
    }
  }
}
