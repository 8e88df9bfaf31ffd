import type { ChannelFeed } from '../chat/feed/channel-feed.ts'
import { channelFeed } from '../chat/feed/feeds.ts'
import type { Views } from '../views/views.ts'
import { type Watchable, Watchers } from '../views/watchers.ts'
import type { Presence } from './presence.ts'

export interface ChannelPresence {
  readonly people: readonly Presence[]
  readonly count: number
}

export const nobodyHere: ChannelPresence = { people: [], count: 0 }

const maxListed = 500

/** Who is in a channel: its keyed state says it, with one entry for each session. */
export class ChannelPresenceView implements Watchable<ChannelPresence> {
  readonly #feed: ChannelFeed
  readonly #watchers: Watchers
  #stop: () => void = () => undefined
  #snapshot = nobodyHere

  constructor(views: Views, channel: string) {
    this.#feed = channelFeed(views, channel)
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#stop(),
      refresh: () => this.#refresh(),
    })
  }

  get snapshot(): ChannelPresence {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  #open(): void {
    const changed = (): void => this.#watchers.changed()
    const nothing = (): void => undefined
    this.#stop = this.#feed.follow({
      event: nothing,
      began: nothing,
      live: changed,
      state: changed,
      ended: changed,
    })
    changed()
  }

  #refresh(): void {
    const { state } = this.#feed
    const users = new Set<string>()
    for (const { name, user } of state.values())
      if (name === 'presence' && user !== undefined) users.add(user)
    const before = new Map(this.#snapshot.people.map((presence) => [presence.user, presence]))
    const people = [...users]
      .slice(0, maxListed)
      .map((user) => before.get(user) ?? { user, availability: 'online' as const })
    const isSame =
      people.length === before.size &&
      people.every((person, index) => person === this.#snapshot.people[index])
    if (!isSame || users.size !== this.#snapshot.count)
      this.#snapshot = { people: isSame ? this.#snapshot.people : people, count: users.size }
  }
}

export function channelPresenceView(views: Views, channel: string): ChannelPresenceView {
  return views.get(`presence ${channel}`, () => new ChannelPresenceView(views, channel))
}
