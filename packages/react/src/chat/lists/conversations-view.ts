import type { ChannelEvent, Client, ParleyError } from '@parley/client'
import { Keeper } from '../../views/offline.ts'
import type { Views } from '../../views/views.ts'
import { type Watchable, Watchers } from '../../views/watchers.ts'
import { asChatEvent } from '../conversation/apply.ts'
import { inboxFeed } from '../feed/feeds.ts'
import type { UserFeed } from '../feed/user-feed.ts'
import type { ConversationInfo } from '../message.ts'
import { type UnreadView, unreadView } from '../reading/unread-view.ts'

export interface Invitation {
  readonly channel: string
  readonly title: string
  readonly by: string
  readonly at: number
}

export interface ConversationsSnapshot {
  /** Newest activity first. Unchanged conversations are the same objects as before. */
  readonly conversations: readonly ConversationInfo[]
  /** Conversations that the user is invited to. */
  readonly invitations: readonly Invitation[]
  readonly status: 'idle' | 'loading' | 'ready' | 'failed'
  readonly error: ParleyError | undefined
  readonly hasMore: boolean
}

export const noConversations: ConversationsSnapshot = {
  conversations: [],
  invitations: [],
  status: 'idle',
  error: undefined,
  hasMore: false,
}

const pageSize = 100

/** The conversations of the user, in the order of their newest message. */
export class ConversationsView implements Watchable<ConversationsSnapshot> {
  readonly #client: Client
  readonly #inbox: UserFeed
  readonly #unread: UnreadView
  readonly #watchers: Watchers
  readonly #keeper: Keeper
  readonly #known = new Map<string, ConversationInfo>()
  #invitations: readonly Invitation[] = []
  #next: string | undefined
  #isLoaded = false
  /** The server has answered: not only the cache. */
  #isFresh = false
  #error: ParleyError | undefined
  #more: Promise<void> | undefined
  /** Pages read from the beginning; when events were missed, as many are read again. */
  #pages = 1
  #stops: readonly (() => void)[] = []
  #snapshot = noConversations

  constructor(views: Views) {
    this.#client = views.client
    this.#inbox = inboxFeed(views)
    this.#unread = unreadView(views)
    this.#keeper = new Keeper(views.offline.cache, 'conversations', () =>
      this.#isFresh ? [...this.#known.values()].slice(0, pageSize) : undefined,
    )
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#close(),
      refresh: () => this.#refresh(),
    })
  }

  get snapshot(): ConversationsSnapshot {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  readonly reload = (): void => {
    void this.#read()
    void this.#readInvitations()
  }

  readonly loadMore = (): Promise<void> => {
    if (this.#next === undefined) return Promise.resolve()
    this.#more ??= this.#readMore(this.#next).finally(() => {
      this.#more = undefined
    })
    return this.#more
  }

  #open(): void {
    const kept = this.#isLoaded ? undefined : (this.#keeper.kept as readonly ConversationInfo[] | undefined)
    if (kept !== undefined) {
      for (const info of kept) this.#keep(info)
      this.#isLoaded = true
    }
    this.#stops = [
      this.#inbox.follow({ event: (event) => this.#heard(event), lost: this.reload }),
      // It knows when something was said last, and listens to the conversations.
      this.#unread.watch(() => this.#watchers.changed()),
      this.#client.on('chat.changed', ({ channel }) => void this.#renew(channel)),
    ]
    this.#watchers.changed()
  }

  #close(): void {
    for (const stop of this.#stops) stop()
    this.#stops = []
  }

  async #read(): Promise<void> {
    try {
      const found: ConversationInfo[] = []
      let after: string | undefined
      for (let page = 0; page < this.#pages; page++) {
        const answer = await this.#client.chat.list({
          limit: pageSize,
          ...(after === undefined ? {} : { after }),
        })
        found.push(...answer.conversations)
        after = answer.next
        if (after === undefined) break
      }
      this.#next = after
      this.#known.clear()
      for (const info of found) this.#keep(info)
      this.#isLoaded = true
      this.#isFresh = true
      this.#error = undefined
    } catch (error) {
      this.#error = error as ParleyError
    }
    this.#watchers.changed()
  }

  async #readMore(after: string): Promise<void> {
    const { conversations, next } = await this.#client.chat.list({ limit: pageSize, after })
    this.#next = next
    this.#pages += 1
    for (const info of conversations) this.#keep(info)
    this.#watchers.changed()
  }

  async #readInvitations(): Promise<void> {
    try {
      this.#invitations = (await this.#client.chat.invitations({})).invitations
      this.#watchers.changed()
    } catch {
      // Asked for again with the next event of this kind.
    }
  }

  /** Reads one conversation again. */
  async #renew(channel: string): Promise<void> {
    try {
      this.#keep(await this.#client.chat.get({ channel }))
    } catch {
      this.#known.delete(channel)
    }
    this.#watchers.changed()
  }

  #keep(info: ConversationInfo): void {
    const before = this.#known.get(info.channel)
    if (before === undefined || JSON.stringify(before) !== JSON.stringify(info))
      this.#known.set(info.channel, info)
  }

  #heard(event: ChannelEvent): void {
    const known = asChatEvent(event)
    switch (known?.type) {
      case 'chat.added':
        void this.#readInvitations()
        return void this.#renew(known.data.channel)
      case 'chat.preferences_changed':
        return void this.#renew(known.data.channel)
      case 'chat.removed':
        this.#known.delete(known.data.channel)
        return this.#watchers.changed()
      case 'chat.invited':
      case 'chat.invitation_ended':
        return void this.#readInvitations()
    }
  }

  #refresh(): void {
    const before = this.#snapshot.conversations
    const states = this.#unread.snapshot.conversations
    const activity = ({ channel, createdAt, mine }: ConversationInfo): number =>
      states.get(channel)?.lastAt ?? mine?.joinedAt ?? createdAt
    const sorted = [...this.#known.values()].sort((one, other) => activity(other) - activity(one))
    const isSame = sorted.length === before.length && sorted.every((info, index) => info === before[index])
    this.#snapshot = {
      conversations: isSame ? before : sorted,
      invitations: this.#invitations,
      status: this.#isLoaded ? 'ready' : this.#error === undefined ? 'loading' : 'failed',
      error: this.#error,
      hasMore: this.#next !== undefined,
    }
    this.#keeper.changed()
  }
}

export function conversationsView(views: Views): ConversationsView {
  return views.get('conversations', () => new ConversationsView(views))
}
