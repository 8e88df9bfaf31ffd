import type { ChannelEvent, ServerFrame, SubscribedFrame, UnsubscribedFrame } from '@parley/protocol'
import { ChannelStream, type StreamOptions } from './channel-stream.ts'
import { Handle, type SubscribeOptions } from './subscription.ts'

export interface ChannelsOptions extends Omit<StreamOptions, 'empty'> {
  /** An event of any channel, told once. */
  readonly heard: (event: ChannelEvent) => void
  readonly emit: (name: string, ...args: unknown[]) => void
  /** Told what a handler of the application threw. */
  readonly failed: (error: unknown) => void
}

/** The channels that this client listens to. */
export class Channels {
  readonly #options: ChannelsOptions
  readonly #streams = new Map<string, ChannelStream>()

  constructor(options: ChannelsOptions) {
    this.#options = options
  }

  /** @throws ParleyError `bad_request` for a filter that is none */
  subscribe(channel: string, options: SubscribeOptions): Handle {
    const stream = this.#stream(channel)
    const handle = new Handle(channel, options, stream, this.#options.failed)
    this.#streams.set(channel, stream)
    stream.attach(handle)
    return handle
  }

  find(channel: string): ChannelStream | undefined {
    return this.#streams.get(channel)
  }

  /** Asks for every channel from the place where it stands. */
  restore(): void {
    for (const stream of this.#streams.values()) stream.subscribe()
  }

  lost(): void {
    for (const stream of this.#streams.values()) stream.lost()
  }

  take(frame: ServerFrame): void {
    switch (frame.op) {
      case 'events':
        return this.find(frame.channel)?.events(frame)
      case 'state':
        return this.find(frame.channel)?.state(frame)
      case 'occupancy':
        return this.find(frame.channel)?.counted(frame)
      case 'dropped':
        return this.find(frame.channel)?.dropped(frame)
      case 'subscribed':
        return this.#subscribed(frame)
      case 'unsubscribed':
        return this.#unsubscribed(frame)
    }
  }

  #stream(channel: string): ChannelStream {
    return (
      this.#streams.get(channel) ??
      new ChannelStream(channel, {
        ...this.#options,
        empty: (name) => this.#streams.delete(name),
      })
    )
  }

  /** The server subscribed this client: a subscription without handlers keeps the channel until the server ends it. */
  #subscribed(frame: SubscribedFrame): void {
    const { channel, position } = frame
    this.subscribe(channel, { state: frame.state !== undefined })
    this.find(channel)?.subscribed(frame)
    this.#options.emit('subscribed', { channel, position })
  }

  #unsubscribed(frame: UnsubscribedFrame): void {
    const { channel, code, message, resubscribe } = frame
    this.find(channel)?.unsubscribed(code, message, resubscribe)
    if (!resubscribe) this.#options.emit('unsubscribed', { channel, code, message })
  }
}
