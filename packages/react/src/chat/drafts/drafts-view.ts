import type { ChannelEvent, Client, ParleyError } from '@parley/client'
import type { Views } from '../../views/views.ts'
import { type Watchable, Watchers } from '../../views/watchers.ts'
import { asChatEvent } from '../conversation/apply.ts'
import { draftsFeed } from '../feed/feeds.ts'
import type { UserFeed } from '../feed/user-feed.ts'
import { placeOf } from '../reading/unread.ts'
import { DraftText } from './draft-text.ts'

export interface DraftSnapshot {
  readonly text: string
  /** What is shown is on the server. */
  readonly isSaved: boolean
  /** Why it was not saved last. */
  readonly error: ParleyError | undefined
}

export interface DraftsSnapshot {
  /** By channel, or `channel/seq` of a thread's root. Unchanged drafts are the same objects as before. */
  readonly drafts: ReadonlyMap<string, DraftSnapshot>
  /** Where something is written and not sent. */
  readonly places: ReadonlySet<string>
}

export const noDraft: DraftSnapshot = { text: '', isSaved: true, error: undefined }
export const noDrafts: DraftsSnapshot = { drafts: new Map(), places: new Set() }

/** What the user is writing, everywhere, on all their devices. */
export class DraftsView implements Watchable<DraftsSnapshot> {
  readonly #client: Client
  readonly #feed: UserFeed
  readonly #watchers: Watchers
  readonly #texts = new Map<string, DraftText>()
  #unfollow: (() => void) | undefined
  #snapshot: DraftsSnapshot = noDrafts

  constructor(views: Views) {
    this.#client = views.client
    this.#feed = draftsFeed(views)
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#close(),
      refresh: () => this.#refresh(),
    })
  }

  get snapshot(): DraftsSnapshot {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  /** The draft of a conversation or thread. */
  draft(channel: string, thread: number | undefined): DraftText {
    const place = placeOf(channel, thread)
    let text = this.#texts.get(place)
    if (text === undefined) {
      const where = thread === undefined ? { channel } : { channel, thread }
      text = new DraftText({
        save: (words) => this.#client.chat.saveDraft({ ...where, text: words }),
        changed: () => this.#watchers.changed(),
      })
      this.#texts.set(place, text)
    }
    return text
  }

  /** Saves everything that is not saved: the page may be left. */
  save(): void {
    for (const text of this.#texts.values()) text.save()
  }

  #open(): void {
    const unfollow = this.#feed.follow({
      event: (event) => this.#heard(event),
      lost: () => void this.#read(),
    })
    const save = (): void => this.save()
    const { window } = globalThis as { window?: Window }
    window?.addEventListener('pagehide', save)
    this.#unfollow = () => {
      unfollow()
      window?.removeEventListener('pagehide', save)
    }
  }

  #close(): void {
    this.save()
    this.#unfollow?.()
    this.#unfollow = undefined
  }

  async #read(): Promise<void> {
    try {
      const { drafts } = await this.#client.chat.drafts({})
      const told = new Set(drafts.map(({ channel, thread }) => placeOf(channel, thread)))
      for (const { channel, thread, text, at } of drafts) this.draft(channel, thread).heard(text, at)
      for (const [place, text] of this.#texts)
        if (!told.has(place) && text.isSaved) text.heard('', Date.now())
    } catch {
      // The next connection asks again.
    }
  }

  #heard(event: ChannelEvent): void {
    const known = asChatEvent(event)
    if (known?.type !== 'chat.draft_saved' && known?.type !== 'chat.draft_dropped') return
    const { channel, thread, at } = known.data
    this.draft(channel, thread).heard(known.type === 'chat.draft_saved' ? known.data.text : '', at)
  }

  #refresh(): void {
    const before = this.#snapshot
    const drafts = new Map<string, DraftSnapshot>()
    for (const [place, { text, isSaved, error }] of this.#texts) {
      const old = before.drafts.get(place)
      const isSame = old?.text === text && old.isSaved === isSaved && old.error === error
      drafts.set(place, isSame ? old : { text, isSaved, error })
    }
    const places = [...drafts].filter(([, { text }]) => text.trim() !== '').map(([place]) => place)
    const isSame = places.length === before.places.size && places.every((place) => before.places.has(place))
    this.#snapshot = { drafts, places: isSame ? before.places : new Set(places) }
  }
}

export function draftsView(views: Views): DraftsView {
  return views.get('drafts', () => new DraftsView(views))
}
