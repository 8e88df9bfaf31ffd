import { encodeMessage } from '../messages.ts'
import { userChannelOf } from '../names.ts'
import type { Observers } from './observers.ts'

/** Somebody who wants to know who of some users is there. */
export interface Watcher {
  tell(text: string): void
}

interface Watched {
  readonly watchers: Set<Watcher>
  /** Those who watch it, or are about to. */
  uses: number
  readonly ready: Promise<void>
  isOnline: boolean
  stop: (() => void) | undefined
}

/** Which users are there, signed in on any node, for those who watch them. */
export class Watchlists {
  readonly #observers: Observers
  readonly #watched = new Map<string, Watched>()

  constructor(observers: Observers) {
    this.#observers = observers
  }

  /** Watches users until what it answers is called; the first word is who of them is there now. */
  async watch(users: readonly string[], watcher: Watcher): Promise<() => void> {
    const watched = users.map((user) => this.#watch(user))
    for (const one of watched) one.uses += 1
    await Promise.all(watched.map(({ ready }) => ready))
    const online = users.filter((_, index) => watched[index]?.isOnline === true)
    if (online.length > 0) watcher.tell(eventsText('online', online))
    for (const one of watched) one.watchers.add(watcher)
    return () => {
      for (const [index, one] of watched.entries()) {
        one.watchers.delete(watcher)
        this.#release(users[index] as string, one)
      }
    }
  }

  #watch(user: string): Watched {
    const known = this.#watched.get(user)
    if (known !== undefined) return known
    const tell = (isOnline: boolean) => {
      if (watched.isOnline === isOnline) return
      watched.isOnline = isOnline
      const text = eventsText(isOnline ? 'online' : 'offline', [user])
      for (const watcher of watched.watchers) watcher.tell(text)
    }
    const begun = this.#observers
      .watch(userChannelOf(user), 'occupancy', {
        began: ({ occupancy = 0 }) => tell(occupancy > 0),
        changed: (frame) => {
          if (frame.op === 'occupancy') tell(frame.sessions > 0)
        },
      })
      .then((stop) => {
        watched.stop = stop
        if (this.#watched.get(user) !== watched) stop()
      })
    const watched: Watched = { watchers: new Set(), uses: 0, isOnline: false, stop: undefined, ready: begun }
    this.#watched.set(user, watched)
    return watched
  }

  #release(user: string, watched: Watched): void {
    watched.uses -= 1
    if (watched.uses > 0 || this.#watched.get(user) !== watched) return
    this.#watched.delete(user)
    watched.stop?.()
  }

  stop(): void {
    this.#watched.clear()
  }
}

function eventsText(name: 'online' | 'offline', users: readonly string[]): string {
  return encodeMessage('pusher_internal:watchlist_events', { events: [{ name, user_ids: users }] })
}
