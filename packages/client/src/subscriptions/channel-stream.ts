/**
 * One channel on the wire, shared by every subscription of this client to it. Each subscription keeps a place of its
 * own; the stream asks for events from the lowest, and every subscription takes those that lie behind its place.
 *
 *   off ──ask──► asked ──reply──► live          off: nothing was asked on this connection
 *    ▲             │               │            asked: events are not for us until the reply has come
 *    └──── lost, refused for now ──┘            live: events follow each other without a gap, or we ask again
 */
import {
  type ChannelEvent,
  type DroppedFrame,
  type EventsFrame,
  encodeFrame,
  expandEvents,
  type Filter,
  type Occupancy,
  type OccupancyFrame,
  ParleyError,
  type Position,
  type StateEntry,
  type StateFrame,
  type StateSnapshot,
  type SubscribeResult,
} from '@parley/protocol'
import { type Backoff, backoffMs } from '../connection/backoff.ts'
import type { Clock, Timer } from '../platform.ts'
import type { Answer, Request } from '../requests.ts'
import { KeyedState, type StateChange, type StateStep } from './keyed-state.ts'
import { OwnState } from './own-state.ts'
import { StateEvents, type StateRule } from './state-events.ts'
import type { Handle, Stream } from './subscription.ts'

export interface StreamOptions {
  readonly clock: Clock
  readonly backoff: Backoff
  readonly request: Request
  /** An event is told to the whole client once, however many subscriptions took it. */
  readonly heard: (event: ChannelEvent) => void
  readonly renewToken: () => void
  /** By the name of entries. */
  readonly states: Readonly<Record<string, StateRule>>
  /** Nobody is interested any more. */
  readonly empty: (channel: string) => void
}

interface Wants {
  readonly filter: Filter | undefined
  readonly state: true | undefined
  readonly occupancy: true | undefined
  readonly silent: true | undefined
}

export class ChannelStream implements Stream {
  readonly channel: string
  readonly #options: StreamOptions
  readonly #handles = new Set<Handle>()
  readonly #keyed = new KeyedState()
  readonly #stateEvents: StateEvents
  readonly #own: OwnState
  #status: 'off' | 'asked' | 'live' = 'off'
  #ask = 0
  #asked: { readonly frame: string; readonly wants: string } = { frame: '', wants: '' }
  #epoch = ''
  /** The last offset gone through, by whichever subscription. */
  #at = -1
  #head = 0
  /** False once the server has said that it keeps nothing of this channel. */
  #isKept = true
  #occupancy: Occupancy | undefined
  /** Its place lies behind what the server knew when it was asked for another: it is asked for by itself. */
  #doubted: Handle | undefined
  /** Attempts since something went well. */
  #tries = 0
  #retry: Timer | undefined

  constructor(channel: string, options: StreamOptions) {
    this.channel = channel
    this.#options = options
    this.#stateEvents = new StateEvents(channel, options)
    this.#own = new OwnState(channel, options.request)
  }

  get entries(): ReadonlyMap<string, StateEntry> {
    return this.#keyed.entries
  }

  /** As last heard; after an interruption the best guess until the next answer. */
  get occupancy(): Occupancy | undefined {
    return this.#occupancy
  }

  setState(name: string, value: unknown): Promise<void> {
    return this.#own.set(name, value, this.#status === 'live')
  }

  attach(handle: Handle): void {
    this.#handles.add(handle)
    if (this.#retry !== undefined) return
    const wants = JSON.stringify(this.#wants())
    const needsPast = handle.position !== undefined || (handle.options.recent ?? 0) > 0
    const position = { epoch: this.#epoch, offset: this.#at }
    const isServed = this.#status === 'live' && wants === this.#asked.wants
    if (isServed && !needsPast) handle.join(position, this.#head)
    // To ask again would bring nothing, and interrupt the others.
    else if (isServed && !this.#isKept)
      handle.admit({ position, head: this.#head, recovered: false, reason: 'not_stored' }, handle.position)
    else if (this.#status !== 'asked' || this.#frame(0) !== this.#asked.frame) this.subscribe()
  }

  detach(handle: Handle): void {
    this.#handles.delete(handle)
    if (this.#handles.size > 0) return
    this.#retry?.cancel()
    this.#own.rejectAll(new ParleyError('not_subscribed'))
    if (this.#status !== 'off') this.#sendUnsubscribe()
    this.#status = 'off'
    this.#ask += 1
    this.#options.empty(this.channel)
  }

  /** Asks for the channel, from the lowest place held. Does nothing without a connection. */
  subscribe(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    if (this.#status !== 'off') this.#sendUnsubscribe()
    const asked = this.#lowest()
    this.#ask += 1
    const ask = this.#ask
    this.#asked = { frame: this.#frame(0), wants: JSON.stringify(this.#wants()) }
    const isSent = this.#options.request(
      (id) => this.#frame(id),
      (answer) => {
        if (ask === this.#ask) this.#answered(answer, asked)
      },
    )
    this.#status = isSent ? 'asked' : 'off'
    for (const handle of this.#handles) handle.show('subscribing')
  }

  /** The connection is gone. */
  lost(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    this.#ask += 1
    this.#status = 'off'
    this.#doubted = undefined
    this.#keyed.expectSnapshot()
    const gone = this.#keyed.forget((name) => this.#options.states[name]?.fleeting === true)
    if (gone.removed.length > 0) this.#stateChanged(gone)
    for (const handle of this.#handles) handle.show('subscribing')
  }

  /** The server subscribed this client by itself. */
  subscribed(result: SubscribeResult): void {
    if (this.#status === 'live') return
    this.#ask += 1
    this.#admit(result, undefined)
  }

  unsubscribed(code: string, message: string, resubscribe: boolean): void {
    this.#ask += 1
    this.#status = 'off'
    this.#keyed.expectSnapshot()
    if (resubscribe) return this.#again(0)
    this.#end((handle) => handle.end(code, message))
  }

  events(frame: EventsFrame): void {
    if (this.#status !== 'live') return
    if (!Number.isSafeInteger(frame.prev) || !Number.isSafeInteger(frame.position))
      throw new TypeError('An `events` frame lacks its positions.')
    if (frame.epoch !== undefined && frame.epoch !== this.#epoch) return this.#mendGap()
    const events = expandEvents(frame, this.#epoch)
    // Ephemeral channels may have no positions: then every event is new.
    const isPositioned = frame.position > frame.prev || events.length === 0
    const isBehind = (handle: Handle): boolean => isPositioned && handle.offset < frame.prev
    const behind = new Set([...this.#handles].filter(isBehind))
    for (const event of events) this.#hand(event, behind, isPositioned)
    for (const handle of this.#handles)
      if (!behind.has(handle) && handle.offset < frame.position) handle.offset = frame.position
    this.#at = Math.max(this.#at, frame.position)
    this.#head = Math.max(this.#head, frame.position)
    if (behind.size > 0) this.#mendGap()
    else this.#tries = 0
  }

  dropped(frame: DroppedFrame): void {
    if (this.#status !== 'live') return
    const { from, to, reason } = frame
    for (const handle of this.#handles) {
      if (handle.offset < to) handle.offset = to
      handle.run(handle.options.onDropped, { from, to, reason })
    }
    this.#at = Math.max(this.#at, to)
  }

  state(frame: StateFrame): void {
    if (this.#status === 'live') this.#follow(this.#keyed.apply(frame))
  }

  counted({ sessions, users }: OccupancyFrame): void {
    if (this.#status === 'live') this.#count({ sessions, users })
  }

  #count(occupancy: Occupancy): void {
    this.#occupancy = occupancy
    for (const handle of this.#handles)
      if (handle.options.occupancy === true) handle.run(handle.options.onOccupancy, occupancy)
  }

  #hand(event: ChannelEvent, behind: ReadonlySet<Handle>, isPositioned: boolean): void {
    const isNews = !isPositioned || event.offset > this.#at
    if (isPositioned && isNews) this.#at = event.offset
    let isTaken = false
    for (const handle of this.#handles) {
      if (behind.has(handle) || (isPositioned && event.offset <= handle.offset)) continue
      if (handle.wants(event)) {
        isTaken = true
        handle.run(handle.options.onEvent, event)
      }
      if (isPositioned) handle.offset = event.offset
    }
    if (isTaken && isNews) this.#options.heard(event)
  }

  #answered(answer: Answer, asked: Position | undefined): void {
    if (answer.status === 'ok') return this.#admit(answer.value as SubscribeResult, asked)
    this.#status = 'off'
    if (answer.status === 'lost') return
    const { error } = answer
    if (error.code === 'already_subscribed') {
      // Left over from before: it is ended, then asked for again.
      this.#status = 'live'
      return this.#mendGap()
    }
    if (error.retry === 'refresh') this.#options.renewToken()
    if (error.retryable) return this.#again(error.retryAfterMs ?? 0)
    this.#end((handle) => handle.fail(error))
  }

  #admit(result: SubscribeResult, asked: Position | undefined): void {
    const { position } = result
    if (typeof position?.epoch !== 'string' || !Number.isSafeInteger(position.offset))
      throw new TypeError('The result of `subscribe` lacks its position.')
    this.#status = 'live'
    if (result.reason === 'not_stored') this.#isKept = false
    this.#head = result.head
    if (this.#epoch !== position.epoch) this.#at = position.offset
    this.#epoch = position.epoch
    this.#at = Math.max(this.#at, position.offset)
    if (result.state !== undefined) this.#follow(this.#keyed.begin(result.state))
    if (result.occupancy !== undefined) this.#count(result.occupancy)
    this.#doubted = undefined
    let isComplete = true
    for (const handle of [...this.#handles]) {
      const admission = handle.isOpen ? handle.admit(result, asked) : 'admitted'
      if (admission === 'ahead') this.#doubted = handle
      if (admission !== 'admitted') isComplete = false
    }
    this.#own.sendAll()
    this.#tries = Math.min(this.#tries, 1)
    if (!isComplete) this.#mendGap()
  }

  /** Asks again from the places held: at once the first time, then with growing pauses while it does not help. */
  #mendGap(): void {
    if (this.#tries > 0) return this.#again(0)
    this.#tries = 1
    this.subscribe()
  }

  #again(minMs: number): void {
    const { clock, backoff } = this.#options
    if (this.#status === 'live') this.#sendUnsubscribe()
    this.#status = 'off'
    this.#ask += 1
    for (const handle of this.#handles) handle.show('subscribing')
    const delayMs = minMs + backoffMs(this.#tries, backoff, clock.random())
    this.#tries += 1
    this.#retry?.cancel()
    this.#retry = clock.after(delayMs, () => this.subscribe())
  }

  #end(close: (handle: Handle) => void): void {
    this.#retry?.cancel()
    const handles = [...this.#handles]
    this.#handles.clear()
    this.#own.rejectAll(new ParleyError('not_subscribed'))
    this.#options.empty(this.channel)
    for (const handle of handles) close(handle)
  }

  #sendUnsubscribe(): void {
    const encode = (id: number): string => encodeFrame({ op: 'unsubscribe', id, channel: this.channel })
    this.#options.request(encode, () => undefined)
  }

  #follow(step: StateStep): void {
    if (step.need === 'snapshot') this.#readState(undefined)
    else if (step.need === 'page') this.#readState(step.after)
    const change = step.need === 'snapshot' ? undefined : step.change
    if (change !== undefined) this.#stateChanged(change)
  }

  #stateChanged(change: StateChange): void {
    for (const handle of this.#handles)
      if (handle.options.state === true) handle.run(handle.options.onState, change)
    this.#stateEvents.follow(change)
  }

  #readState(after: string | undefined): void {
    const ask = this.#ask
    const encode = (id: number): string => encodeFrame({ op: 'state', id, channel: this.channel, after })
    this.#options.request(encode, (answer) => {
      // Another subscription has begun meanwhile and brings its own snapshot.
      if (answer.status === 'lost' || ask !== this.#ask || this.#status !== 'live') return
      if (answer.status === 'error') return this.#mendGap()
      const page = answer.value as StateSnapshot
      this.#follow(after === undefined ? this.#keyed.begin(page) : this.#keyed.continue(page))
    })
  }

  #lowest(): Position | undefined {
    if (this.#doubted?.isOpen === true) return this.#doubted.position
    let lowest: Position | undefined
    for (const handle of this.#handles) {
      const { position } = handle
      if (position === undefined) {
        // Somebody wants to begin with the newest events: the others mend their gap afterwards, if there is one.
        if ((handle.options.recent ?? 0) > 0) return undefined
        continue
      }
      if (lowest === undefined || position.offset < lowest.offset) lowest = position
    }
    return lowest
  }

  #wants(): Wants {
    const options = [...this.#handles].map((handle) => handle.options)
    const filters = new Set(options.map(({ filter }) => JSON.stringify(filter)))
    // What is false is left out.
    return {
      filter: filters.size === 1 ? options[0]?.filter : undefined,
      state: options.some(({ state }) => state) || undefined,
      occupancy: options.some(({ occupancy }) => occupancy) || undefined,
      silent: options.every(({ silent }) => silent) || undefined,
    }
  }

  #frame(id: number): string {
    const from = this.#lowest()
    let recent = 0
    for (const handle of this.#handles)
      if (handle.position === undefined) recent = Math.max(recent, handle.options.recent ?? 0)
    return encodeFrame({
      op: 'subscribe',
      id,
      channel: this.channel,
      from,
      recent: recent || undefined,
      ...this.#wants(),
    })
  }
}
