import { type ChannelEvent, type Client, ParleyError, type Position, type StateEntry } from '@parley/client'
import { Keeper } from '../../views/offline.ts'
import { messagesKey, type Views } from '../../views/views.ts'
import { type Watchable, Watchers } from '../../views/watchers.ts'
import type { ChannelFeed, Follower } from '../feed/channel-feed.ts'
import { channelFeed, inboxFeed } from '../feed/feeds.ts'
import type { UserFeed } from '../feed/user-feed.ts'
import type { NewMessage } from '../message.ts'
import type { MessagesActions, Place, ThreadSnapshot } from '../messages.ts'
import { Changes } from './changes.ts'
import { LiveWindow } from './live-window.ts'
import type { Page } from './message-window.ts'
import { Pages } from './pages.ts'
import { ReadMarks } from './read-marks.ts'
import { Sending } from './sending.ts'
import { idIn, ShownMessages } from './shown-messages.ts'
import { UserChanges } from './user-changes.ts'

export const emptyMessages: ThreadSnapshot = {
  messages: [],
  status: 'idle',
  error: undefined,
  isLive: false,
  hasOlder: false,
  hasNewer: false,
  isLoadingOlder: false,
  isLoadingNewer: false,
  missed: 0,
  newest: 0,
  seen: new Map(),
  root: undefined,
}

const pageSize = 50
/** A page that does not fit the events heard is read again so often. */
const maxRereads = 3

/** A conversation, or a thread of it, as components see it. Open while somebody watches. */
export class ConversationView implements Watchable<ThreadSnapshot> {
  readonly #client: Client
  readonly #views: Views
  readonly #keeper: Keeper
  readonly #channel: string
  readonly #thread: number | undefined
  readonly #feed: ChannelFeed
  readonly #inbox: UserFeed
  readonly #live: LiveWindow
  readonly #pages: Pages
  readonly #rootPages: Pages
  readonly #sending: Sending
  readonly #changes: Changes
  readonly #userChanges: UserChanges
  readonly #marks: ReadMarks
  readonly #shown = new ShownMessages()
  readonly #shownRoot = new ShownMessages()
  readonly #watchers: Watchers
  #begin: Place | undefined
  #unfollow: (() => void) | undefined
  /** Where the feed stood when the last watcher left. */
  #left: Position | undefined
  #rereads = 0
  #isLive = false
  #isSeenAsked = false
  #ended: ParleyError | undefined
  #snapshot: ThreadSnapshot = emptyMessages
  readonly actions: MessagesActions

  constructor(views: Views, channel: string, thread?: number) {
    const { client } = views
    const changed = (): void => this.#watchers.changed()
    this.#client = client
    this.#views = views
    // Threads are read when they are opened.
    const cache = thread === undefined ? views.offline.cache : undefined
    this.#keeper = new Keeper(cache, messagesKey(channel), () => this.#newest())
    this.#channel = channel
    this.#thread = thread
    this.#feed = channelFeed(views, channel)
    this.#inbox = inboxFeed(views)
    this.#marks = new ReadMarks(thread)
    this.#changes = new Changes(changed)
    this.#live = new LiveWindow({
      thread,
      me: () => views.me,
      cameBack: (id) => this.#sending.cameBack(id),
    })
    this.#userChanges = new UserChanges({ client, channel, live: this.#live, changes: this.#changes })
    const stored = this.#live.stored.bind(this.#live)
    const { outbox } = views.offline
    const me = (): string | undefined => views.me
    this.#sending = new Sending({ client, channel, thread, me, outbox, changed, stored })
    const place = { client, channel, changed }
    this.#pages = new Pages({
      ...place,
      thread,
      size: pageSize,
      window: this.#live.window,
      loaded: (page, part) => this.#loaded(page, part),
    })
    // Around the root, so that its position is known; the neighbours are not kept.
    this.#rootPages = new Pages({
      ...place,
      thread: undefined,
      size: 3,
      window: this.#live.root,
      loaded: (page) => this.#rootLoaded(page),
    })
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#close(),
      refresh: () => this.#refresh(),
    })
    this.actions = this.#actions()
  }

  get snapshot(): ThreadSnapshot {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  /** Where to begin: counts for the first page; later it is a jump. */
  beginAt(place: Place): void {
    if (this.isOpen) void this.#jumpTo(place)
    else this.#begin = place
  }

  #open(): void {
    const { asOf } = this.#live
    const missed = this.#left && this.#feed.since(this.#left)
    if (asOf === undefined) this.#showKept()
    const stops = [
      this.#feed.follow(this.#follower),
      this.#inbox.follow({ event: this.#heard, lost() {} }),
      this.#sending.open(),
    ]
    this.#unfollow = () => {
      for (const stop of stops) stop()
    }
    if (asOf === undefined || missed === undefined) this.#reload()
    else {
      for (const event of missed) this.#live.take(event, true)
      if (this.#begin !== undefined) void this.#jumpTo(this.#begin)
      this.#begin = undefined
    }
    this.#watchers.changed()
  }

  /** What was here when the page was closed, until the server answers. */
  #showKept(): void {
    const page = this.#keeper.kept as Page | undefined
    if (page === undefined || this.#begin !== undefined) return
    this.#live.window.reset(page)
    this.#live.loaded(page, 'whole')
  }

  /** The newest page, brought up to what was heard. */
  #newest(): Page | undefined {
    const { asOf, window } = this.#live
    if (asOf === undefined || window.hasNewer || !this.#isLive) return undefined
    const messages = window.messages.slice(-pageSize)
    const hasBefore = window.hasOlder || messages.length < window.size
    return { messages, hasBefore, hasAfter: false, position: this.#feed.position ?? asOf }
  }

  #close(): void {
    this.#keeper.write()
    this.#left = this.#feed.position
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#pages.forget()
    this.#live.rest()
    this.#begin = undefined
    this.#isLive = false
    this.#refresh()
  }

  readonly #follower: Follower = {
    event: (event) => {
      this.#live.take(event, true)
      this.#watchers.changed()
    },
    began: (position, reason) => {
      const { asOf } = this.#live
      if (asOf === undefined) return
      const isWhole = asOf.epoch === position.epoch && position.offset <= asOf.offset
      if (reason !== undefined || !isWhole) this.#reload()
    },
    live: (isLive) => {
      // Only what is live is kept: what came just before the connection went would be forgotten.
      if (!isLive) this.#keeper.write()
      this.#isLive = isLive
      this.#watchers.changed()
    },
    state: (entries) => this.#readState(entries),
    ended: (error) => {
      this.#ended = error
      this.#isLive = false
      this.#pages.forget()
      this.#live.clear()
      this.#keeper.forget()
      this.#watchers.changed()
    },
  }

  /** Something happened to the user on some device. */
  readonly #heard = (event: ChannelEvent): void => {
    const { channel, seq } = (event.data ?? {}) as { readonly channel?: string; readonly seq?: number }
    if (channel !== this.#channel) return
    if (event.type === 'chat.hidden' && seq !== undefined) this.#live.window.remove(seq)
    else if (event.type === 'chat.added' && this.#ended !== undefined) this.#startOver()
    this.#watchers.changed()
  }

  #readState(entries: ReadonlyMap<string, StateEntry>): void {
    this.#marks.take(entries, this.#views.me)
    this.#watchers.changed()
  }

  /** Reads what is shown anew: the newest page, or the part that the reader is in. */
  #reload(): void {
    const { window } = this.#live
    const middle = window.messages[window.size >> 1]?.seq
    const place = window.hasNewer && middle !== undefined ? { seq: middle } : this.#begin
    this.#begin = undefined
    void this.#pages.show(place)
    if (this.#thread !== undefined) void this.#rootPages.show({ seq: this.#thread })
  }

  /** Asks for everything again, after the server has refused it. */
  #startOver(): void {
    this.#ended = undefined
    this.#left = undefined
    this.#unfollow?.()
    if (this.isOpen) this.#open()
  }

  #loaded(page: Page, part: 'whole' | 'older' | 'newer'): void {
    this.#live.loaded(page, part)
    this.#readState(this.#feed.state)
    this.#catchUp(page)
    this.#askWhoHasSeen()
  }

  /** Takes in what was heard after the page was read. */
  #catchUp({ position }: Page): void {
    const heard = this.#feed.since(position)
    if (heard !== undefined) {
      this.#rereads = 0
      for (const event of heard) this.#live.take(event, false)
    } else if (this.#feed.position !== undefined && this.#rereads < maxRereads) {
      this.#rereads += 1
      this.#reload()
    }
  }

  #rootLoaded(page: Page): void {
    const { root } = this.#live
    for (const { seq } of page.messages) if (seq !== this.#thread) root.remove(seq)
    this.#catchUp(page)
  }

  /** Marks are told live from now on; what was read before is asked for once, of the newest own message. */
  #askWhoHasSeen(): void {
    const { me } = this.#views
    const own = this.#live.window.messages.findLast(({ author, deleted }) => author === me && !deleted)
    if (this.#isSeenAsked || own === undefined || own.seq <= this.#marks.upTo) return
    this.#isSeenAsked = true
    this.#client.chat.seenBy({ channel: this.#channel, seq: own.seq, limit: 1 }).then(
      ({ count }) => {
        if (count > 0) this.#marks.reached(own.seq)
        this.#watchers.changed()
      },
      // Receipts are off, most likely: then nobody learns who has read.
      () => undefined,
    )
  }

  async #jumpTo(place: Place): Promise<number | undefined> {
    const { window } = this.#live
    if ('at' in place || window.find(place.seq) === undefined) await this.#pages.show(place)
    const isThere = (message: { seq: number; at: number }): boolean =>
      'at' in place ? message.at >= place.at : message.seq >= place.seq
    return window.messages.find(isThere)?.seq ?? window.last
  }

  async #toNewest(): Promise<void> {
    this.#live.drops = 'oldest'
    if (this.#live.window.hasNewer) await this.#pages.show(undefined)
  }

  #send(message: NewMessage | string): Promise<number> {
    void this.#toNewest()
    return this.#sending.send(typeof message === 'string' ? { text: message } : message, this.#live.newest)
  }

  #actions(): MessagesActions {
    return {
      send: (message) => this.#send(message),
      retry: (key) => this.#sending.retry(idIn(key)),
      discard: (key) => this.#sending.discard(idIn(key)),
      edit: (seq, text) => this.#userChanges.edit(seq, text),
      remove: (seq, scope = 'all') => this.#userChanges.remove(seq, scope),
      react: (seq, emoji, on) => this.#userChanges.react(seq, emoji, on),
      pin: (seq, on) => this.#userChanges.pin(seq, on),
      dismiss: (seq) => this.#changes.dismiss(seq),
      loadOlder: () => {
        this.#live.drops = 'newest'
        return this.#pages.older()
      },
      loadNewer: () => {
        this.#live.drops = 'oldest'
        return this.#pages.newer()
      },
      jumpTo: (place) => this.#jumpTo(place),
      jumpToNewest: () => this.#toNewest(),
      reload: () => (this.#ended === undefined ? this.#reload() : this.#startOver()),
    }
  }

  #refresh(): void {
    const { window, root, asOf, missed, newest } = this.#live
    const options = {
      me: this.#views.me,
      changes: this.#changes,
      seenUpTo: this.#marks.upTo,
    }
    const rootMessage = root.messages[0]
    const error = this.#ended ?? this.#pages.error
    this.#snapshot = {
      messages: this.#shown.list(window.messages, window.hasNewer ? [] : this.#sending.outgoing, options),
      root: rootMessage && this.#shownRoot.one(rootMessage, options),
      status: asOf !== undefined ? 'ready' : error === undefined ? 'loading' : 'failed',
      error,
      isLive: this.#isLive,
      hasOlder: window.hasOlder,
      hasNewer: window.hasNewer,
      isLoadingOlder: this.#pages.isLoadingOlder,
      isLoadingNewer: this.#pages.isLoadingNewer,
      missed,
      newest,
      seen: this.#marks.seen,
    }
    this.#keeper.changed()
  }
}

/** The view of a conversation, or of a thread in it, that all components share. */
export function conversationView(views: Views, channel: string, thread?: number): ConversationView {
  const name = thread === undefined ? channel : `${channel} ${thread}`
  return views.get(`messages ${name}`, () => new ConversationView(views, channel, thread))
}

export const noSuchPlace = (): ParleyError =>
  new ParleyError('bad_request', 'No conversation is shown. Give the hook a channel.')

/** What can be done where there is no conversation. */
export const idleActions: MessagesActions = {
  send: () => Promise.reject(noSuchPlace()),
  retry: () => Promise.reject(noSuchPlace()),
  discard: () => undefined,
  edit: () => Promise.reject(noSuchPlace()),
  remove: () => Promise.reject(noSuchPlace()),
  react: () => Promise.reject(noSuchPlace()),
  pin: () => Promise.reject(noSuchPlace()),
  dismiss: () => undefined,
  loadOlder: () => Promise.resolve(false),
  loadNewer: () => Promise.resolve(false),
  jumpTo: () => Promise.resolve(undefined),
  jumpToNewest: () => Promise.resolve(),
  reload: () => undefined,
}
