import type { ChannelEvent, Client } from '@parley/client'
import { Keeper } from '../../views/offline.ts'
import type { Views } from '../../views/views.ts'
import { type Watchable, Watchers } from '../../views/watchers.ts'
import { asChatEvent, type ChatEvent } from '../conversation/apply.ts'
import { inboxFeed } from '../feed/feeds.ts'
import type { UserFeed } from '../feed/user-feed.ts'
import type { ReadState } from '../message.ts'
import { FollowedChannels } from './followed-channels.ts'
import { Marker } from './marker.ts'
import { StreamCount } from './stream-count.ts'
import { placeOf, type UnreadActions, type UnreadSnapshot } from './unread.ts'

export const nothingUnread: UnreadSnapshot = {
  conversations: new Map(),
  threads: new Map(),
  total: 0,
  mentions: 0,
  isKnown: false,
}

/** Before a question to the server that nobody waits for: others may join it. */
const usualRereadMs = 2_000
const maxThreads = 100

/**
 * What waits for the user, everywhere: what the server counted, and what was heard since. Whenever the two may differ,
 * the server is asked again.
 */
export class UnreadView implements Watchable<UnreadSnapshot> {
  readonly #client: Client
  readonly #rereadMs: number
  readonly #inbox: UserFeed
  readonly #followed: FollowedChannels
  readonly #watchers: Watchers
  readonly #keeper: Keeper
  readonly #streams = new Map<string, StreamCount>()
  readonly #markers = new Map<string, Marker>()
  /** Places that the user has marked unread and still looks at. */
  readonly #held = new Set<string>()
  /** Threads that the user follows, as far as they are known. */
  #threads = new Set<string>()
  #unfollow: (() => void) | undefined
  #snapshot: UnreadSnapshot = nothingUnread
  #isKnown = false
  /** The server has answered: not only the cache. */
  #isFresh = false
  #reading = false
  /** Places of which something was heard since the server was asked. */
  readonly #news = new Set<string>()
  #rereadTimer: ReturnType<typeof setTimeout> | undefined
  readonly actions: UnreadActions

  constructor(views: Views, rereadMs = usualRereadMs) {
    const { client } = views
    this.#rereadMs = rereadMs
    this.#client = client
    this.#keeper = new Keeper(views.offline.cache, 'unread', () =>
      this.#isFresh ? [...this.#streams.values()].map(({ state }) => state) : undefined,
    )
    this.#inbox = inboxFeed(views)
    this.#followed = new FollowedChannels({
      client,
      heard: (event) => this.#heard(event),
      lost: () => this.#readSoon(0),
    })
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#close(),
      refresh: () => this.#refresh(),
    })
    this.actions = {
      markRead: (channel, seq, thread) => this.#markRead(channel, seq, thread),
      seen: (channel, seq, thread) => {
        if (!this.#held.has(placeOf(channel, thread))) this.#markRead(channel, seq, thread)
      },
      lookAgain: (channel, thread) => {
        this.#held.delete(placeOf(channel, thread))
      },
      markUnread: (channel, seq, thread) => this.#markUnread(channel, seq, thread),
      markAllRead: () => this.#markAllRead(),
    }
  }

  get snapshot(): UnreadSnapshot {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  #open(): void {
    const kept = this.#isKnown ? undefined : (this.#keeper.kept as readonly ReadState[] | undefined)
    if (kept !== undefined) {
      for (const state of kept) this.#take(state)
      this.#isKnown = true
    }
    this.#unfollow = this.#inbox.follow({
      event: (event) => this.#heardInInbox(event),
      lost: () => this.#readAll(),
    })
  }

  #close(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    clearTimeout(this.#rereadTimer)
    this.#rereadTimer = undefined
    this.#followed.stop()
    for (const marker of this.#markers.values()) marker.stop()
    this.#markers.clear()
  }

  /** Asks the server for everything. */
  #readAll(): void {
    this.#client.chat.threads({ limit: maxThreads }).then(
      ({ threads }) => {
        this.#threads = new Set(threads.map(({ root }) => placeOf(root.channel, root.seq)))
      },
      () => undefined,
    )
    this.#readSoon(0)
  }

  /** Asks the server again: in a while, and once for all that happens until then. */
  #readSoon(afterMs: number): void {
    if (!this.isOpen || (this.#rereadTimer !== undefined && afterMs > 0)) return
    clearTimeout(this.#rereadTimer)
    this.#rereadTimer = setTimeout(() => {
      this.#rereadTimer = undefined
      if (this.#reading) this.#readSoon(this.#rereadMs)
      else void this.#read()
    }, afterMs)
  }

  async #read(): Promise<void> {
    this.#reading = true
    this.#news.clear()
    try {
      const { conversations, threads } = await this.#client.chat.unread({})
      const told = new Set<string>()
      for (const state of [...conversations, ...threads]) {
        told.add(placeOf(state.channel, state.thread))
        this.#take(state)
      }
      // A thread that is not told has nothing unread; a conversation that is not told is not the user's any more.
      for (const place of this.#streams.keys())
        if (!told.has(place) && !this.#news.has(place)) this.#streams.delete(place)
      this.#isKnown = true
      this.#isFresh = true
      const byActivity = [...conversations].sort((one, other) => (other.lastAt ?? 0) - (one.lastAt ?? 0))
      if (this.isOpen) this.#followed.follow(byActivity.map(({ channel }) => channel))
      this.#watchers.changed()
    } catch {
      // The next event or connection asks again.
    } finally {
      this.#reading = false
    }
  }

  #take(state: ReadState): void {
    const place = placeOf(state.channel, state.thread)
    const stream = this.#streams.get(place)
    if (stream === undefined) this.#streams.set(place, new StreamCount(state))
    else stream.take(state)
    this.#watchers.changed()
  }

  #heard(event: ChannelEvent): void {
    const known = asChatEvent(event)
    if (known?.type === 'chat.sent') this.#sent(known)
    else if (known?.type === 'chat.deleted') {
      const { seq, thread } = known.data
      const stream = this.#streams.get(placeOf(known.channel, thread))
      if (stream?.deleted(seq) === false) this.#readSoon(this.#rereadMs)
      this.#watchers.changed()
    }
  }

  #sent(event: Extract<ChatEvent, { type: 'chat.sent' }>): void {
    const { channel, offset: seq, at, by, data } = event
    const { thread, mentions, mentionsAll } = data
    const me = this.#client.connection.user
    const place = placeOf(channel, thread)
    const isMention = mentionsAll !== undefined || (me !== undefined && mentions?.includes(me) === true)
    this.#news.add(place)
    if (thread !== undefined && by === me) this.#threads.add(place)
    if (thread !== undefined && !this.#threads.has(place)) return
    const stream = this.#streams.get(place) ?? this.#startThread(channel, thread, seq)
    if (stream?.heard({ seq, at, isMine: by === me, isMention }) === false) this.#readSoon(this.#rereadMs)
    this.#watchers.changed()
  }

  /** A followed thread in which nothing waited until now. */
  #startThread(channel: string, thread: number | undefined, seq: number): StreamCount | undefined {
    if (thread === undefined) return undefined
    const before = { channel, thread, seq: seq - 1, version: 0, unread: 0, mentions: 0, head: seq - 1 }
    const stream = new StreamCount(before)
    this.#streams.set(placeOf(channel, thread), stream)
    return stream
  }

  #heardInInbox(event: ChannelEvent): void {
    const known = asChatEvent(event)
    switch (known?.type) {
      case 'chat.read':
        return this.#take(known.data)
      case 'chat.mentioned':
        // Where the conversation is listened to, the message itself says so.
        return this.#followed.has(known.data.channel) ? undefined : this.#readSoon(this.#rereadMs)
      case 'chat.thread_followed': {
        const place = placeOf(known.data.channel, known.data.thread)
        if (known.data.on) this.#threads.add(place)
        else this.#threads.delete(place)
        return this.#readSoon(this.#rereadMs)
      }
      case 'chat.added':
      case 'chat.removed':
      case 'chat.hidden':
        return this.#readSoon(known.type === 'chat.hidden' ? this.#rereadMs : 0)
    }
  }

  #markRead(channel: string, seq: number, thread: number | undefined): void {
    const place = placeOf(channel, thread)
    const stream = this.#streams.get(place)
    this.#held.delete(place)
    if (stream === undefined || seq <= stream.state.seq) return
    stream.read(seq)
    this.#watchers.changed()
    this.#marker(place, channel, thread).mark(seq)
  }

  #marker(place: string, channel: string, thread: number | undefined): Marker {
    let marker = this.#markers.get(place)
    if (marker === undefined) {
      marker = new Marker({
        send: (seq) => {
          const version = this.#streams.get(place)?.state.version
          return this.#client.chat.markRead({ ...where(channel, thread), seq, ...(version && { version }) })
        },
        answered: (state) => this.#take(state),
        failed: () => {
          this.#streams.get(place)?.unread()
          this.#readSoon(this.#rereadMs)
        },
      })
      this.#markers.set(place, marker)
    }
    return marker
  }

  async #markUnread(channel: string, seq: number, thread: number | undefined): Promise<void> {
    const place = placeOf(channel, thread)
    this.#held.add(place)
    this.#markers.get(place)?.reset()
    this.#take(await this.#client.chat.markUnread({ ...where(channel, thread), seq }))
  }

  async #markAllRead(): Promise<void> {
    await this.#client.chat.markAllRead({})
    this.#readSoon(0)
  }

  #refresh(): void {
    this.#keeper.changed()
    const conversations = new Map<string, ReadState>()
    const threads = new Map<string, ReadState>()
    let [total, mentions] = [0, 0]
    for (const [place, stream] of this.#streams) {
      const { state } = stream
      total += state.unread
      mentions += state.mentions
      if (state.thread === undefined) conversations.set(place, state)
      else if (state.unread + state.mentions > 0) threads.set(place, state)
    }
    this.#snapshot = { conversations, threads, total, mentions, isKnown: this.#isKnown }
  }
}

function where(channel: string, thread: number | undefined) {
  return thread === undefined ? { channel } : { channel, thread }
}

export function unreadView(views: Views): UnreadView {
  return views.get('unread', () => new UnreadView(views))
}
