import {
  type CallOptions,
  type ChannelEvent,
  type Client,
  ParleyError,
  type Position,
  type StateEntry,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionStatus,
} from '@parley/client'
import { type ChannelStart, EventList } from './event-list.ts'
import { Outgoing, type OutgoingEvent } from './outgoing.ts'
import { Keeper, type OfflineCache } from './views/offline.ts'
import { eventsKey } from './views/views.ts'

export interface ChannelOptions extends Pick<SubscribeOptions, 'filter' | 'silent'> {
  /** The newest N events at first; default 50. */
  readonly recent?: number | undefined
  /** Events kept; older ones are dropped. Default 1,000. */
  readonly limit?: number | undefined
  /** Keyed state, and with it presence; default true. */
  readonly state?: boolean | undefined
}

export interface PublishOptions extends CallOptions {
  /** Default `message`. */
  readonly type?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** What a component sees of a channel; a new object when something of it changed. */
export interface ChannelSnapshot {
  /** Oldest first. */
  readonly events: readonly ChannelEvent[]
  /** Published here and not yet come back. */
  readonly outgoing: readonly OutgoingEvent[]
  readonly state: ReadonlyMap<string, StateEntry>
  /** The entries of `state` named `presence`. */
  readonly presence: readonly StateEntry[]
  readonly status: SubscriptionStatus
  readonly error: ParleyError | undefined
  readonly hasOlder: boolean
  readonly isLoadingOlder: boolean
}

const nobody: ReadonlyMap<string, StateEntry> = new Map()

/** What is seen of no channel, of a channel before it is subscribed, and on a server. */
const emptySnapshot: ChannelSnapshot = {
  events: [],
  outgoing: [],
  state: nobody,
  presence: [],
  status: 'unsubscribed',
  error: undefined,
  hasOlder: false,
  isLoadingOlder: false,
}

const pageSize = 50
const holdMs = 10_000
/** After so long it is less work to begin anew than to be told everything since. */
const freshMs = 60 * 60_000

/** What is there of a channel before the server has answered. */
export interface ChannelBefore {
  /** What a server has rendered: the subscription goes on behind it. */
  readonly start?: ChannelStart | undefined
  /** Where the tail of the channel is kept over lives of the page. */
  readonly cache?: OfflineCache | undefined
}

/** What is kept of a channel. */
interface Tail {
  readonly events: readonly ChannelEvent[]
  readonly position: Position
  readonly hasOlder: boolean
  readonly at: number
}

/**
 * A channel for components: subscribed while somebody watches, its events in a bounded list. Changes of one turn are
 * told once. Making one has no effect: the first watcher subscribes, the last one leaving ends it.
 */
export class ChannelView {
  readonly #client: Client
  readonly #channel: string
  readonly #options: ChannelOptions
  readonly #listeners = new Set<() => void>()
  readonly #list: EventList
  readonly #outgoing: Outgoing
  readonly #keeper: Keeper
  #subscription: Subscription | undefined
  #state = nobody
  #status: SubscriptionStatus = 'unsubscribed'
  #error: ParleyError | undefined
  #loading: Promise<boolean> | undefined
  /** Counts the times that the list began anew: a page asked for before does not belong to it. */
  #era = 0
  #isChanged = false
  #isStateChanged = false
  #snapshot: ChannelSnapshot
  #held: Promise<void> | undefined
  /** Of the channel, when it was subscribed. */
  #head: number | undefined
  /** What is seen before anything is subscribed: of a server, and while a page of a server is taken over. */
  readonly first: ChannelSnapshot
  readonly #hearers = new Set<(event: ChannelEvent) => void>()

  constructor(client: Client, channel: string, options: ChannelOptions, before: ChannelBefore = {}) {
    const { start, cache } = before
    this.#client = client
    this.#channel = channel
    this.#options = options
    this.#list = new EventList(options.limit ?? 1_000, start)
    const { events, hasOlder } = this.#list
    this.first = start === undefined ? emptySnapshot : { ...emptySnapshot, events, hasOlder }
    this.#snapshot = this.first
    this.#outgoing = new Outgoing(client, channel, () => this.#changed())
    // Where only some events are shown, that is not what the channel holds.
    this.#keeper = new Keeper(options.filter === undefined ? cache : undefined, eventsKey(channel), () =>
      this.#tail(),
    )
  }

  /** Tells each event to `hearer`, until the returned function is called. */
  hear(hearer: (event: ChannelEvent) => void): () => void {
    // A wrapper of its own, so that the same function can be added twice and removed once.
    const entry = (event: ChannelEvent): void => hearer(event)
    this.#hearers.add(entry)
    return () => this.#hearers.delete(entry)
  }

  get snapshot(): ChannelSnapshot {
    return this.#snapshot
  }

  /** Somebody watches, or is about to. */
  get isOpen(): boolean {
    return this.#subscription !== undefined
  }

  /**
   * Subscribes for somebody who will watch once there is something to see. Undefined where there was from the start; else
   * always the same promise, as React wants it, fulfilled when there is. It never rejects: what went wrong is in the
   * snapshot. After `holdMs` what there is has to do, and who has not come is not waited for.
   */
  whenFilled(): Promise<void> | undefined {
    if (this.#held !== undefined || this.#snapshot !== emptySnapshot) return this.#held
    const filled = Promise.withResolvers<void>()
    this.#held = filled.promise
    const leave = this.watch(() => {
      if (this.#isFilled()) filled.resolve()
    })
    setTimeout(() => {
      filled.resolve()
      leave()
    }, holdMs)
    return this.#held
  }

  #isFilled(): boolean {
    if (this.#snapshot.error !== undefined) return true
    const offset = this.#subscription?.position?.offset
    return this.#head !== undefined && offset !== undefined && offset >= this.#head
  }

  /** Returns the function that stops watching. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (this.#subscription === undefined) this.#open()
    return () => {
      this.#listeners.delete(listener)
      // Strict Mode and moving between pages leave and come back within the same turn.
      queueMicrotask(() => {
        if (this.#listeners.size === 0) this.#close()
      })
    }
  }

  publish(data: unknown, options: PublishOptions = {}): Promise<void> {
    return this.#outgoing.publish(data, options)
  }

  retry(id: string): Promise<void> {
    return this.#outgoing.retry(id)
  }

  discard(id: string): void {
    this.#outgoing.discard(id)
  }

  setState(name: string, value: unknown): Promise<void> {
    return this.#subscription?.setState(name, value) ?? Promise.reject(new ParleyError('not_subscribed'))
  }

  /**
   * Reads a page of history before the first event. Resolves with whether there is more. Calls that overlap share one
   * page; what goes wrong is in the snapshot too, so the promise may be ignored.
   */
  loadOlder(limit = pageSize): Promise<boolean> {
    if (this.#loading !== undefined) return this.#loading
    const loading = this.#load(limit)
    this.#loading = loading
    this.#changed()
    const done = (error?: unknown): void => {
      if (this.#loading !== loading) return
      this.#loading = undefined
      if (error !== undefined) this.#error = error as ParleyError
      this.#changed()
    }
    loading.then(() => done(), done)
    return loading
  }

  async #load(limit: number): Promise<boolean> {
    const era = this.#era
    const { cursor } = this.#list
    const before = cursor ?? (this.#subscription?.position?.offset ?? 0) + 1
    const { filter } = this.#options
    const input = { channel: this.#channel, before, limit, ...(filter === undefined ? {} : { filter }) }
    const page = before > 1 ? await this.#client.call<string>('channels.history', input) : { events: [] }
    const { events, next } = page as { readonly events: readonly ChannelEvent[]; readonly next?: number }
    if (era === this.#era) this.#list.prepend(events, cursor, next)
    return this.#list.hasOlder
  }

  /** The newest events, and where they end: the next life goes on from there. */
  #tail(): Tail | undefined {
    const position = this.#subscription?.position ?? this.#list.position
    if (position === undefined || this.#status !== 'subscribed') return undefined
    const events = this.#list.events.slice(-pageSize)
    const hasOlder = this.#list.hasOlder || events.length < this.#list.events.length
    return { events, position, hasOlder, at: Date.now() }
  }

  #restore(): void {
    const kept = this.#keeper.kept as Tail | undefined
    if (this.#list.position !== undefined || kept === undefined) return
    if (Date.now() - kept.at < freshMs) this.#list.restore(kept.events, kept.position, kept.hasOlder)
  }

  #open(): void {
    const { recent = pageSize, filter, silent, state = true } = this.#options
    this.#restore()
    const from = this.#list.position
    this.#error = undefined
    try {
      this.#subscription = this.#client.subscribe(this.#channel, {
        ...(from === undefined ? { recent } : { from }),
        filter,
        silent,
        state,
        onEvent: (event) => this.#take(event),
        onUnrecovered: ({ reason }) => {
          if (reason !== 'not_stored') this.#startOver()
        },
        onState: ({ entries }) => {
          this.#state = entries
          this.#isStateChanged = true
          this.#changed()
        },
        onStatus: (status) => this.#show(status),
        onError: (error) => this.#fail(error),
        onUnsubscribed: ({ message }) => this.#fail(new ParleyError('not_subscribed', message)),
      })
    } catch (error) {
      // A filter that is none.
      this.#fail(error as ParleyError)
      return
    }
    const subscription = this.#subscription
    subscription.ready.then(
      ({ position, head, retention }) => {
        if (subscription === this.#subscription) {
          this.#head = head
          this.#list.begin(position, (retention?.first ?? 1) <= position.offset)
        }
        this.#changed()
      },
      () => undefined,
    )
    this.#show(subscription.status)
  }

  #close(): void {
    this.#keeper.write()
    const position = this.#subscription?.position
    if (position !== undefined) this.#list.position = position
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
  }

  #take(event: ChannelEvent): void {
    if (event.type === 'channels.redacted') this.#list.redact(event.data)
    else this.#list.append(event)
    this.#outgoing.cameBack(event)
    this.#changed()
    this.#heard(event)
  }

  /** What one throws is reported by the client, once the others have heard. */
  #heard(event: ChannelEvent): void {
    const failures: unknown[] = []
    for (const hear of [...this.#hearers])
      try {
        hear(event)
      } catch (error) {
        failures.push(error)
      }
    if (failures.length > 0) throw failures[0]
  }

  /** What was missed is gone: what is shown begins anew, with the newest page. */
  #startOver(): void {
    this.#list.clear()
    this.#era += 1
    this.#loading = undefined
    void this.loadOlder(this.#options.recent ?? pageSize)
  }

  #show(status: SubscriptionStatus): void {
    // Only what is live is kept: what came just before the connection went would be forgotten.
    if (this.#status === 'subscribed' && status !== 'subscribed' && this.isOpen) this.#keeper.write()
    this.#status = status
    this.#changed()
  }

  #fail(error: ParleyError): void {
    this.#close()
    if (!error.retryable) this.#keeper.forget()
    this.#error = error
    this.#show('unsubscribed')
  }

  #changed(): void {
    if (this.#isChanged) return
    this.#isChanged = true
    queueMicrotask(() => this.#tell())
  }

  #tell(): void {
    const before = this.#snapshot
    const position = this.#subscription?.position
    if (position !== undefined) this.#outgoing.passed(position)
    this.#isChanged = false
    const state = this.#isStateChanged ? new Map(this.#state) : before.state
    this.#snapshot = {
      events: this.#list.events,
      outgoing: this.#outgoing.events,
      state,
      presence: this.#isStateChanged
        ? [...state.values()].filter(({ name }) => name === 'presence')
        : before.presence,
      status: this.#status,
      error: this.#error,
      hasOlder: this.#list.hasOlder,
      isLoadingOlder: this.#loading !== undefined,
    }
    this.#isStateChanged = false
    this.#keeper.changed()
    for (const listener of [...this.#listeners]) listener()
  }
}
