import type { ChannelEvent, Client, Subscription } from '@parley/client'

export interface FollowedOptions {
  readonly client: Client
  readonly heard: (event: ChannelEvent) => void
  /** Something may have been missed in the channel, or it is followed from now on. */
  readonly lost: () => void
}

const maxFollowed = 200
const types = ['chat.sent', 'chat.deleted', 'chat.changed']

/** Listens to conversations that are not open: nobody sees the user there, and only what counts is sent. */
export class FollowedChannels {
  readonly #options: FollowedOptions
  readonly #subscriptions = new Map<string, Subscription>()

  constructor(options: FollowedOptions) {
    this.#options = options
  }

  has(channel: string): boolean {
    return this.#subscriptions.get(channel)?.status === 'subscribed'
  }

  /** Follows these channels and no others; of more than 200, the first. */
  follow(channels: readonly string[]): void {
    const wanted = new Set(channels.slice(0, maxFollowed))
    for (const [channel, subscription] of this.#subscriptions) {
      if (wanted.has(channel)) continue
      subscription.unsubscribe()
      this.#subscriptions.delete(channel)
    }
    for (const channel of wanted) if (!this.#subscriptions.has(channel)) this.#join(channel)
  }

  stop(): void {
    this.follow([])
  }

  #join(channel: string): void {
    const { client, heard, lost } = this.#options
    const leave = (): void => {
      this.#subscriptions.delete(channel)
    }
    const subscription = client.subscribe(channel, {
      silent: true,
      filter: { field: 'type', in: types },
      onEvent: heard,
      onUnrecovered: lost,
      // The inbox says whether the user has left; opening the conversation says what is wrong.
      onError: leave,
      onUnsubscribed: leave,
    })
    this.#subscriptions.set(channel, subscription)
    subscription.ready.then(lost, () => undefined)
  }
}
