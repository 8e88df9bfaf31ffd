import type { BuiltIn, InputOfCommand } from '@parley/client'
import type { ChannelFeed } from '../chat/feed/channel-feed.ts'
import { channelFeed } from '../chat/feed/feeds.ts'
import type { Views } from '../views/views.ts'
import { type Watchable, Watchers } from '../views/watchers.ts'

/** What somebody is doing in a conversation. */
export type TypingActivity = NonNullable<InputOfCommand<BuiltIn, 'typing.start'>['activity']>

export interface TypingPerson {
  readonly user: string
  readonly activity: TypingActivity
}

export interface TypingSnapshot {
  /** Others who are writing; empty where there are only counts. */
  readonly people: readonly TypingPerson[]
  readonly count: number
}

export const nobodyTypes: TypingSnapshot = { people: [], count: 0 }

/**
 * Who is writing in a conversation or thread, as the channel's keyed state says. The server ends what nobody renews, so
 * an entry counts as long as the connection stands, and not a moment longer.
 */
export class TypingView implements Watchable<TypingSnapshot> {
  readonly #views: Views
  readonly #thread: number | undefined
  readonly #feed: ChannelFeed
  readonly #watchers: Watchers
  #stop: () => void = () => undefined
  #snapshot = nobodyTypes

  constructor(views: Views, channel: string, thread: number | undefined) {
    this.#views = views
    this.#feed = channelFeed(views, channel)
    this.#thread = thread
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#stop(),
      refresh: () => this.#refresh(),
    })
  }

  get snapshot(): TypingSnapshot {
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
    const { people, count } = this.#read()
    const before = this.#snapshot.people
    const isSame =
      people.length === before.length &&
      people.every(({ user, activity }, at) => user === before[at]?.user && activity === before[at].activity)
    if (!isSame || count !== this.#snapshot.count)
      this.#snapshot = { people: isSame ? before : people, count }
  }

  #read(): TypingSnapshot {
    const me = this.#views.client.connection.user
    const people: TypingPerson[] = []
    let uncounted = 0
    for (const { name, user, value } of this.#feed.isLive ? this.#feed.state.values() : []) {
      if (name !== 'typing') continue
      const { activity = 'typing', thread, count = 0 } = (value ?? {}) as TypingValue
      if (user === undefined) uncounted += count
      else if (user !== me && thread === this.#thread) people.push({ user, activity })
    }
    return { people, count: people.length + uncounted }
  }
}

interface TypingValue {
  readonly activity?: TypingActivity
  readonly thread?: number
  readonly count?: number
}

export function typingView(views: Views, channel: string, thread: number | undefined): TypingView {
  return views.get(`typing ${channel} ${thread ?? ''}`, () => new TypingView(views, channel, thread))
}
