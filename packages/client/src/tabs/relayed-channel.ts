import {
  type ChannelEvent,
  type ErrorCode,
  ParleyError,
  type Position,
  type ServerFrame,
  type StateSnapshot,
  type SubscribeFrame,
  type SubscribeResult,
  type WireEvent,
} from '@parley/protocol'
import type { Channels } from '../subscriptions/channels.ts'
import type { StateChange } from '../subscriptions/keyed-state.ts'
import type { Dropped, Handle, Subscribed } from '../subscriptions/subscription.ts'

export interface RelayedChannelOptions {
  readonly channels: Channels
  readonly send: (frame: ServerFrame) => void
  /** It was refused, or is over, unless the tab ended it. */
  readonly ended: () => void
  /** Names the keyed state that is told: another subscription tells another. */
  readonly instance: string
}

/** A tab's subscription to a channel: a place of its own in the stream that all tabs share, told as a server tells it. */
export class RelayedChannel {
  readonly #options: RelayedChannelOptions
  readonly #frame: Omit<SubscribeFrame, 'op' | 'id'>
  readonly #handle: Handle
  readonly #answer: (answer: SubscribeResult | ParleyError) => void
  /** Undefined until the tab has its answer: what comes earlier waits. */
  #told: Position | undefined
  #events: ChannelEvent[] = []
  /** What was dropped before the tab had its answer. */
  #early: Dropped[] = []
  #version = 0
  #isOver = false

  /** @param answer called once with the answer to the tab's frame */
  constructor(
    frame: Omit<SubscribeFrame, 'op' | 'id'>,
    options: RelayedChannelOptions,
    answer: (answer: SubscribeResult | ParleyError) => void,
  ) {
    this.#options = options
    this.#frame = frame
    this.#answer = answer
    const { channel, from, recent, filter, state, occupancy, silent } = frame
    this.#handle = options.channels.subscribe(channel, {
      ...{ from, recent, filter, state, occupancy, silent },
      onEvent: (event) => this.#take(event),
      onUnrecovered: () => this.#broke(),
      onState: (change) => this.#stateChanged(change),
      onOccupancy: (counts) => {
        if (this.#told !== undefined) options.send({ op: 'occupancy', channel, ...counts })
      },
      onDropped: (dropped) => this.#dropped(dropped),
      // Told by the answer.
      onError: () => undefined,
      onUnsubscribed: ({ code, message }) => this.#unsubscribed(code, message),
    })
    this.#handle.ready.then(
      (subscribed) => {
        if (this.#isOver) return
        answer(this.#result(subscribed))
        this.#told = subscribed.position
        for (const dropped of this.#early.splice(0)) this.#dropped(dropped)
        this.flush()
      },
      (error: ParleyError) => this.#refuse(error),
    )
  }

  /** The keyed state, as an answer. */
  snapshot(): StateSnapshot {
    const entries = [...this.#handle.state.values()]
    return { instance: this.#options.instance, version: this.#version, entries, total: entries.length }
  }

  /** Tells what has come, and how far everything was gone through where nothing was for the tab. */
  flush(): void {
    const { position } = this.#handle
    if (this.#isOver || this.#told === undefined || position === undefined) return
    const events = this.#events
    this.#events = []
    if (events.length === 0 && position.offset === this.#told.offset) return
    const prev = this.#told.offset
    this.#told = position
    this.#options.send({
      ...{ op: 'events', channel: this.#frame.channel, epoch: position.epoch },
      ...{ prev, position: position.offset, at: events[0]?.at ?? 0, events: events.map(wireEvent) },
    })
  }

  /** The tab does not listen any more. */
  end(): void {
    this.#isOver = true
    this.#handle.unsubscribe()
  }

  #take(event: ChannelEvent): void {
    this.#events.push(event)
    if (this.#events.length === 1) queueMicrotask(() => this.flush())
  }

  /** What was missed is gone. Unless the answer says so, the tab asks again from its place, and is told. */
  #broke(): void {
    if (this.#told === undefined) return
    // Nothing of what comes is for the tab where it stands, not even the place.
    this.#events = []
    this.#leave('not_subscribed', 'The shared connection has lost its place.', true)
  }

  #dropped(dropped: Dropped): void {
    const { from, to, reason } = dropped
    if (this.#told === undefined) {
      this.#early.push(dropped)
      return
    }
    this.flush()
    this.#told = { ...this.#told, offset: Math.max(this.#told.offset, to) }
    this.#options.send({ op: 'dropped', channel: this.#frame.channel, from, to, reason })
  }

  #stateChanged({ set, removed }: StateChange): void {
    // Before that, the answer holds everything.
    if (this.#told === undefined || this.#isOver) return
    const prev = this.#version
    this.#version += 1
    this.#options.send({
      ...{ op: 'state', channel: this.#frame.channel, instance: this.#options.instance },
      ...{ prev, version: this.#version, set, removed },
    })
  }

  #unsubscribed(code: string, message: string): void {
    if (this.#isOver) return
    // Over before the tab has heard that it began: the answer says why, and not only that there is no subscription.
    if (this.#told === undefined) return this.#refuse(new ParleyError(code as ErrorCode, message))
    this.flush()
    this.#leave(code, message, false)
  }

  #refuse(error: ParleyError): void {
    if (this.#isOver) return
    this.end()
    this.#answer(error)
    this.#options.ended()
  }

  #leave(code: string, message: string, resubscribe: boolean): void {
    this.end()
    this.#options.send({ op: 'unsubscribed', channel: this.#frame.channel, code, message, resubscribe })
    this.#options.ended()
  }

  #result({ position, head, recovered, reason, retention }: Subscribed): SubscribeResult {
    const { occupancy } = this.#handle
    return {
      ...{ position, head },
      ...(recovered === undefined ? {} : { recovered }),
      ...(reason === undefined ? {} : { reason }),
      ...(retention === undefined ? {} : { retention }),
      ...(this.#frame.state === true ? { state: this.snapshot() } : {}),
      ...(occupancy === undefined ? {} : { occupancy }),
    }
  }
}

function wireEvent({ channel: _same, redacted, ...event }: ChannelEvent): WireEvent {
  return redacted === true ? { ...event, redacted } : event
}
