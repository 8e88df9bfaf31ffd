import {
  type ChannelEvent,
  type Client,
  ParleyError,
  type Position,
  type StateEntry,
  type Subscription,
  type UnrecoveredReason,
} from '@parley/client'
import { Journal } from './journal.ts'

/** Somebody who follows a channel through its feed. */
export interface Follower {
  /** Each event once and in order. */
  event(event: ChannelEvent): void
  /** Where the stream stands: at first, and after something was missed that is gone. */
  began(position: Position, reason: UnrecoveredReason | undefined): void
  /** Events come, or do not for now. */
  live(isLive: boolean): void
  /** The channel's keyed state has changed. */
  state?(entries: ReadonlyMap<string, StateEntry>): void
  /** The server refused the subscription, or ended it. */
  ended(error: ParleyError): void
}

const nothing: ReadonlyMap<string, StateEntry> = new Map()

/**
 * One subscription to a channel for all who look at it: the conversation, its threads, who has read it. It is open while
 * somebody follows, and goes on from where it was left.
 */
export class ChannelFeed {
  readonly #client: Client
  readonly #channel: string
  readonly #followers = new Set<Follower>()
  readonly #journal = new Journal()
  #subscription: Subscription | undefined
  #position: Position | undefined
  /** The journal holds what came since the stream began. */
  #isBegun = false

  constructor(client: Client, channel: string) {
    this.#client = client
    this.#channel = channel
  }

  get isOpen(): boolean {
    return this.#followers.size > 0
  }

  get isLive(): boolean {
    return this.#subscription?.status === 'subscribed'
  }

  /** Where the stream stands; undefined before the server has said. */
  get position(): Position | undefined {
    return this.#subscription?.position ?? this.#position
  }

  get state(): ReadonlyMap<string, StateEntry> {
    return this.#subscription?.state ?? nothing
  }

  /** Events after an offset that were heard already; undefined when some of them may be missing. */
  since({ epoch, offset }: Position): readonly ChannelEvent[] | undefined {
    if (this.position?.epoch !== epoch) return undefined
    return this.#journal.since(offset)
  }

  /** Returns the function that stops following. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    if (this.#subscription === undefined) this.#open()
    else if (this.#subscription.status === 'subscribed') follower.live(true)
    return () => {
      this.#followers.delete(follower)
      queueMicrotask(() => {
        if (this.#followers.size === 0) this.#close()
      })
    }
  }

  #open(): void {
    const from = this.#position
    this.#subscription = this.#client.subscribe(this.#channel, {
      ...(from === undefined ? {} : { from }),
      state: true,
      onEvent: (event) => this.#take(event),
      onUnrecovered: ({ reason, position }) => this.#begin(position, reason),
      onState: ({ entries }) => {
        for (const follower of this.#followers) follower.state?.(entries)
      },
      onStatus: (status) => {
        if (status === 'subscribed') this.#started()
        for (const follower of [...this.#followers]) follower.live(status === 'subscribed')
      },
      onError: (error) => this.#end(error),
      onUnsubscribed: ({ code, message }) =>
        this.#end(new ParleyError('not_subscribed', message, { details: { code } })),
    })
    if (this.#subscription.status === 'subscribed') this.#started()
  }

  #started(): void {
    const position = this.#subscription?.position
    if (position !== undefined && !this.#isBegun) this.#begin(position, undefined)
  }

  #close(): void {
    this.#position = this.position
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
  }

  #begin(position: Position, reason: UnrecoveredReason | undefined): void {
    this.#isBegun = true
    this.#journal.begin(position.offset)
    for (const follower of [...this.#followers]) follower.began(position, reason)
  }

  #take(event: ChannelEvent): void {
    this.#journal.add(event)
    if (event.type === 'chat.deleted' || event.type === 'channels.redacted')
      this.#journal.erase(seqOf(event.data))
    for (const follower of [...this.#followers]) follower.event(event)
  }

  #end(error: ParleyError): void {
    this.#isBegun = false
    this.#position = undefined
    this.#subscription = undefined
    for (const follower of [...this.#followers]) follower.ended(error)
  }
}

function seqOf(data: unknown): number {
  const { seq, offset } = (data ?? {}) as { readonly seq?: number; readonly offset?: number }
  return seq ?? offset ?? 0
}
