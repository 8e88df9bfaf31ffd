import type { ChannelEvent, ParleyError } from '@parley/client'
import type { Views } from '../../views/views.ts'
import { type Watchable, Watchers } from '../../views/watchers.ts'
import { asChatEvent } from '../conversation/apply.ts'
import type { ChannelFeed } from '../feed/channel-feed.ts'
import { channelFeed } from '../feed/feeds.ts'
import type { Membership } from '../message.ts'

export interface MembersSnapshot {
  /** Those that were loaded, by name. */
  readonly members: readonly Membership[]
  readonly status: 'idle' | 'loading' | 'ready' | 'failed'
  readonly error: ParleyError | undefined
  readonly hasMore: boolean
}

export const noMembers: MembersSnapshot = { members: [], status: 'idle', error: undefined, hasMore: false }

const pageSize = 100

/** Members of a conversation: pages that were asked for, followed live. */
export class MembersView implements Watchable<MembersSnapshot> {
  readonly #views: Views
  readonly #channel: string
  readonly #feed: ChannelFeed
  readonly #watchers: Watchers
  readonly #members = new Map<string, Membership>()
  #next: string | undefined
  #isLoaded = false
  #error: ParleyError | undefined
  #reading: Promise<void> | undefined
  #stop: () => void = () => undefined
  #snapshot = noMembers

  constructor(views: Views, channel: string) {
    this.#views = views
    this.#channel = channel
    this.#feed = channelFeed(views, channel)
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#stop(),
      refresh: () => this.#refresh(),
    })
  }

  get snapshot(): MembersSnapshot {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  readonly loadMore = (): Promise<void> => {
    if (this.#isLoaded && this.#next === undefined) return Promise.resolve()
    return this.#read(this.#next)
  }

  #open(): void {
    this.#stop = this.#feed.follow({
      event: (event) => this.#heard(event),
      began: () => void this.#read(undefined),
      live: () => undefined,
      ended: () => undefined,
    })
    void this.#read(undefined)
    this.#watchers.changed()
  }

  #read(after: string | undefined): Promise<void> {
    this.#reading ??= this.#readPage(after).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readPage(after: string | undefined): Promise<void> {
    const { chat } = this.#views.client
    try {
      const input = { channel: this.#channel, limit: pageSize, ...(after === undefined ? {} : { after }) }
      const { members, next } = await chat.members(input)
      if (after === undefined) this.#members.clear()
      for (const member of members) this.#members.set(member.user, member)
      this.#next = next
      this.#isLoaded = true
      this.#error = undefined
    } catch (error) {
      this.#error = error as ParleyError
    }
    this.#watchers.changed()
  }

  #heard(event: ChannelEvent): void {
    const known = asChatEvent(event)
    if (known === undefined) return
    switch (known.type) {
      case 'chat.member_joined': {
        const { user, role = 'member' } = known.data
        // Behind the last page that was read, they come with the pages to come.
        if (this.#next === undefined) this.#members.set(user, { user, role, joinedAt: event.at })
        break
      }
      case 'chat.member_left':
        this.#members.delete(known.data.user)
        break
      case 'chat.role_changed': {
        const { user, role } = known.data
        const member = this.#members.get(user)
        if (member !== undefined && role !== undefined) this.#members.set(user, { ...member, role })
        break
      }
      default:
        return
    }
    this.#watchers.changed()
  }

  #refresh(): void {
    const members = [...this.#members.values()].sort((one, other) => (one.user < other.user ? -1 : 1))
    const before = this.#snapshot.members
    const isSame =
      members.length === before.length && members.every((member, index) => member === before[index])
    this.#snapshot = {
      members: isSame ? before : members,
      status: this.#isLoaded ? 'ready' : this.#error === undefined ? 'loading' : 'failed',
      error: this.#error,
      hasMore: this.#next !== undefined,
    }
  }
}

export function membersView(views: Views, channel: string): MembersView {
  return views.get(`members ${channel}`, () => new MembersView(views, channel))
}
