import type { Client, ParleyError } from '@parley/client'
import { Keeper } from '../../views/offline.ts'
import type { Views } from '../../views/views.ts'
import { type Watchable, Watchers } from '../../views/watchers.ts'
import type { ChannelFeed } from '../feed/channel-feed.ts'
import { channelFeed, inboxFeed } from '../feed/feeds.ts'
import type { UserFeed } from '../feed/user-feed.ts'
import type { ConversationInfo } from '../message.ts'

export interface ConversationState {
  readonly conversation: ConversationInfo | undefined
  readonly error: ParleyError | undefined
}

export const noConversation: ConversationState = { conversation: undefined, error: undefined }

/** Events of the channel after which the conversation is another one. */
const telling = new Set(['chat.changed', 'chat.member_joined', 'chat.member_left', 'chat.role_changed'])
/** Those of the inbox. */
const tellingUser = new Set(['chat.added', 'chat.removed', 'chat.preferences_changed'])
const pauseMs = 250

/** One conversation as the server describes it, read again when something of it changes. */
export class ConversationInfoView implements Watchable<ConversationState> {
  readonly #client: Client
  readonly #channel: string
  readonly #feed: ChannelFeed
  readonly #inbox: UserFeed
  readonly #watchers: Watchers
  readonly #keeper: Keeper
  #stops: readonly (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #snapshot = noConversation

  constructor(views: Views, channel: string) {
    this.#client = views.client
    this.#channel = channel
    this.#feed = channelFeed(views, channel)
    this.#inbox = inboxFeed(views)
    this.#keeper = new Keeper(
      views.offline.cache,
      `conversation ${channel}`,
      () => this.#snapshot.conversation,
    )
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#close(),
      refresh: () => undefined,
    })
  }

  get snapshot(): ConversationState {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  #open(): void {
    const soon = (): void => this.#readSoon()
    this.#stops = [
      this.#feed.follow({
        event: ({ type }) => telling.has(type) && soon(),
        began: soon,
        live: () => undefined,
        ended: soon,
      }),
      this.#inbox.follow({
        event: ({ type, data }) => {
          const { channel } = (data ?? {}) as { readonly channel?: string }
          if (tellingUser.has(type) && channel === this.#channel) soon()
        },
        lost: () => undefined,
      }),
    ]
    const kept = this.#keeper.kept as ConversationInfo | undefined
    if (this.#snapshot === noConversation && kept !== undefined) {
      this.#snapshot = { conversation: kept, error: undefined }
      this.#watchers.changed()
    }
    void this.#read()
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const stop of this.#stops) stop()
    this.#stops = []
  }

  /** Many may come and go at once: read once for all of them. */
  #readSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#read()
    }, pauseMs)
  }

  async #read(): Promise<void> {
    try {
      const conversation = await this.#client.chat.get({ channel: this.#channel })
      this.#snapshot = { conversation, error: undefined }
      this.#keeper.changed()
    } catch (error) {
      const { code } = error as ParleyError
      // What was known stays, unless the user may not know it any more.
      const isGone = code === 'forbidden' || code === 'not_found'
      if (isGone) this.#keeper.forget()
      this.#snapshot = {
        conversation: isGone ? undefined : this.#snapshot.conversation,
        error: error as ParleyError,
      }
    }
    this.#watchers.changed()
  }
}

export function conversationInfoView(views: Views, channel: string): ConversationInfoView {
  return views.get(`conversation ${channel}`, () => new ConversationInfoView(views, channel))
}
