import {
  type ChannelEvent,
  type Filter,
  filterTest,
  type Occupancy,
  ParleyError,
  type Position,
  type StateEntry,
  type SubscribeResult,
  type UnrecoveredReason,
} from '@parley/protocol'
import type { StateChange } from './keyed-state.ts'
import { onAbort } from './on-abort.ts'

export type SubscriptionStatus = 'subscribing' | 'subscribed' | 'unsubscribed'

/** Where a subscription stands after the server answered. */
export interface Subscribed {
  readonly position: Position
  /** Head of the channel at that time. */
  readonly head: number
  /** In answer to a position: whether nothing is missing. */
  readonly recovered?: boolean | undefined
  readonly reason?: UnrecoveredReason | undefined
  /** What can still be read from the channel's log. */
  readonly retention?: { readonly first: number } | undefined
}

/** What was missed is gone: load a snapshot; events go on from `position`. */
export interface Unrecovered {
  readonly reason: UnrecoveredReason
  readonly position: Position
  readonly head: number
}

export interface SubscribeOptions<Event extends ChannelEvent = ChannelEvent> {
  /** The position held, from an earlier subscription or from a snapshot. */
  readonly from?: Position | undefined
  /** The newest N events before going live; ignored with `from`. */
  readonly recent?: number | undefined
  readonly filter?: Filter | undefined
  /** Ask for keyed state: presence and the like. */
  readonly state?: boolean | undefined
  /** Ask how many are here. Takes less than `state` where many come and go. */
  readonly occupancy?: boolean | undefined
  /** Leave no trace in the channel's presence. */
  readonly silent?: boolean | undefined
  /** Aborting it unsubscribes. */
  readonly signal?: AbortSignal | undefined
  /** Called for every event once and in order. What it throws is reported and does not stop the stream. */
  readonly onEvent?: ((event: Event) => void) | undefined
  /** After an interruption: nothing was lost, what was missed follows. */
  readonly onRecovered?: ((subscribed: Subscribed) => void) | undefined
  readonly onUnrecovered?: ((unrecovered: Unrecovered) => void) | undefined
  readonly onState?: ((change: StateChange) => void) | undefined
  /** Told with the first answer and after changes, at most about twice a second. */
  readonly onOccupancy?: ((occupancy: Occupancy) => void) | undefined
  /** The server shed events of an ephemeral channel between two offsets. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined
  readonly onStatus?: ((status: SubscriptionStatus) => void) | undefined
  /** The subscription was refused for good; its status is `unsubscribed`. */
  readonly onError?: ((error: ParleyError) => void) | undefined
  /** The server ended the subscription for good. */
  readonly onUnsubscribed?: ((end: { readonly code: string; readonly message: string }) => void) | undefined
}

export interface Dropped {
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** One application's interest in a channel. */
export interface Subscription {
  readonly channel: string
  readonly status: SubscriptionStatus
  /** The last event handed over, or where the stream stands after it. Store it to resume later. */
  readonly position: Position | undefined
  /** Keyed state, when asked for; a live view. */
  readonly state: ReadonlyMap<string, StateEntry>
  /** How many are here, when asked for and once known. */
  readonly occupancy: Occupancy | undefined
  /** Settles with the first answer of the server. */
  readonly ready: Promise<Subscribed>
  /** Sets this session's entry; `null` removes it. */
  setState(name: string, value: unknown): Promise<void>
  /** No handler is called afterwards. */
  unsubscribe(): void
}

/** What a subscription needs of the stream that it shares with others. */
export interface Stream {
  readonly entries: ReadonlyMap<string, StateEntry>
  readonly occupancy: Occupancy | undefined
  setState(name: string, value: unknown): Promise<void>
  detach(handle: Handle): void
}

/** `behind`: others asked, for a later place · `ahead`: others asked, and the server had not heard of this place yet. */
export type Admission = 'admitted' | 'behind' | 'ahead'

const nothing: ReadonlyMap<string, StateEntry> = new Map()

/** A subscription from the inside: a place in the stream and the handlers of the application. */
export class Handle implements Subscription {
  readonly channel: string
  readonly options: SubscribeOptions
  readonly ready: Promise<Subscribed>
  readonly #stream: Stream
  readonly #failed: (error: unknown) => void
  readonly #matches: (event: ChannelEvent) => boolean
  readonly #removeAbort: () => void
  #settle: { resolve(subscribed: Subscribed): void; reject(error: ParleyError): void } | undefined
  #epoch: string | undefined
  #status: SubscriptionStatus = 'subscribing'
  /** Last offset handed over; -1: nowhere yet. */
  offset = -1

  /** @param failed told what a handler of the application threw */
  constructor(channel: string, options: SubscribeOptions, stream: Stream, failed: (error: unknown) => void) {
    this.channel = channel
    this.options = options
    this.#stream = stream
    this.#failed = failed
    this.#matches = matcher(options.filter)
    if (options.from !== undefined) this.moveTo(options.from)
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever does not wait for it learns the reason from `onError`.
    this.ready.catch(() => undefined)
    this.#removeAbort = onAbort(options.signal, () => this.unsubscribe())
  }

  get status(): SubscriptionStatus {
    return this.#status
  }

  get position(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.offset }
  }

  get epoch(): string | undefined {
    return this.#epoch
  }

  get isOpen(): boolean {
    return this.#status !== 'unsubscribed'
  }

  get state(): ReadonlyMap<string, StateEntry> {
    return this.options.state === true ? this.#stream.entries : nothing
  }

  get occupancy(): Occupancy | undefined {
    return this.options.occupancy === true ? this.#stream.occupancy : undefined
  }

  setState(name: string, value: unknown): Promise<void> {
    if (!this.isOpen) return Promise.reject(new ParleyError('not_subscribed'))
    return this.#stream.setState(name, value)
  }

  unsubscribe(): void {
    if (!this.isOpen) return
    this.#close()
    this.#settle?.reject(new ParleyError('cancelled', 'Unsubscribed meanwhile.'))
    this.#stream.detach(this)
  }

  /** The wire subscription works, or does not for now. */
  show(status: 'subscribing' | 'subscribed'): void {
    if (!this.isOpen || status === this.#status) return
    this.#status = status
    this.run(this.options.onStatus, status)
  }

  moveTo(position: Position): void {
    this.#epoch = position.epoch
    this.offset = position.offset
  }

  /** Takes the answer of the server in, unless this subscription has to be asked for from its own place. */
  admit(result: SubscribeResult, asked: Position | undefined): Admission {
    const { position, head } = result
    const verdict = this.#verdict(result, asked)
    if (verdict === 'behind' || verdict === 'ahead') return verdict
    if (verdict !== undefined && verdict !== 'new') {
      this.moveTo(position)
      this.run(this.options.onUnrecovered, { reason: verdict, position, head })
    } else if (verdict === 'new') this.moveTo(position)
    // Another subscription may have asked for an earlier place.
    const own = { ...result, position: this.position ?? position }
    if (verdict === undefined) this.run(this.options.onRecovered, outcome(own, true))
    this.#settle?.resolve(verdict === 'new' ? outcome(own) : outcome(own, verdict === undefined, verdict))
    this.#settle = undefined
    this.show('subscribed')
    return 'admitted'
  }

  /** Joins a stream that is live: what comes next is for this subscription too. */
  join(position: Position, head: number): void {
    this.moveTo(position)
    this.#settle?.resolve({ position, head })
    this.#settle = undefined
    this.show('subscribed')
  }

  wants(event: ChannelEvent): boolean {
    return this.#matches(event)
  }

  /** Ends the subscription because the server does not allow it. */
  fail(error: ParleyError): void {
    if (!this.isOpen) return
    this.#close()
    this.#settle?.reject(error)
    if (this.options.onError === undefined) this.#failed(error)
    else this.run(this.options.onError, error)
  }

  end(code: string, message: string): void {
    if (!this.isOpen) return
    this.#close()
    this.#settle?.reject(new ParleyError('not_subscribed', message, { details: { code } }))
    this.run(this.options.onUnsubscribed, { code, message })
  }

  /** Calls a handler of the application; what it throws is reported. */
  run<T>(handler: ((value: T) => void) | undefined, value: T): void {
    if (handler === undefined) return
    try {
      handler(value)
    } catch (error) {
      this.#failed(error)
    }
  }

  #close(): void {
    this.#status = 'unsubscribed'
    this.#removeAbort()
    this.run(this.options.onStatus, 'unsubscribed')
  }

  /** `new`: no place was held · undefined: nothing is missing. */
  #verdict(
    result: SubscribeResult,
    asked: Position | undefined,
  ): UnrecoveredReason | 'new' | 'behind' | 'ahead' | undefined {
    const { position, head } = result
    const reason = result.reason ?? 'continuity_unverifiable'
    if (this.#epoch === undefined) return 'new'
    const isMine = asked?.epoch === this.#epoch && asked.offset === this.offset
    // What is not stored is gone for everybody, whoever asked.
    if ((isMine && result.recovered !== true) || result.reason === 'not_stored') return reason
    if (this.#epoch !== position.epoch) return 'epoch_changed'
    // A node looks further only for the place that it is asked about: it may not have heard yet of what another sent.
    if (this.offset > Math.max(head, position.offset)) return 'ahead'
    return this.offset < position.offset ? 'behind' : undefined
  }
}

function outcome(
  { position, head, retention }: SubscribeResult,
  recovered?: boolean,
  reason?: UnrecoveredReason,
): Subscribed {
  return { position, head, recovered, reason, retention }
}

function matcher(filter: Filter | undefined): (event: ChannelEvent) => boolean {
  if (filter === undefined) return () => true
  const test = filterTest(filter)
  if (typeof test === 'string') throw new ParleyError('bad_request', test)
  return test
}
