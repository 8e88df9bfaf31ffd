import type { ChannelEvent, Client, Subscription } from '@parley/client'

export interface UserFollower {
  event(event: ChannelEvent): void
  /** Events may have been missed: what is known of the server has to be asked for again. Also told at the beginning. */
  lost(): void
}

/**
 * The user's own channel of a kind (`inbox`, `drafts`), in which they hear what concerns them on any device. Whose it is
 * is known when the client has connected.
 */
export class UserFeed {
  readonly #client: Client
  readonly #kind: string
  readonly #followers = new Set<UserFollower>()
  #subscription: Subscription | undefined
  #stopWaiting: (() => void) | undefined

  constructor(client: Client, kind: string) {
    this.#client = client
    this.#kind = kind
  }

  get isOpen(): boolean {
    return this.#followers.size > 0
  }

  /** Returns the function that stops following. */
  follow(follower: UserFollower): () => void {
    this.#followers.add(follower)
    if (this.#stopWaiting === undefined) {
      this.#stopWaiting = this.#client.on('status', () => this.#subscribe())
      this.#subscribe()
    } else if (this.#subscription?.status === 'subscribed') follower.lost()
    return () => {
      this.#followers.delete(follower)
      queueMicrotask(() => {
        if (this.#followers.size === 0) this.#close()
      })
    }
  }

  #subscribe(): void {
    const { user } = this.#client.connection
    const channel = `${this.#kind}:${user}`
    if (user === undefined || this.#subscription?.channel === channel) return
    this.#subscription?.unsubscribe()
    const subscription = this.#client.subscribe(channel, {
      onEvent: (event) => {
        for (const follower of [...this.#followers]) follower.event(event)
      },
      onUnrecovered: () => this.#lost(),
      // Without it other devices are not heard; everything else works.
      onError: () => undefined,
    })
    this.#subscription = subscription
    subscription.ready.then(
      () => this.#lost(),
      () => undefined,
    )
  }

  #lost(): void {
    for (const follower of [...this.#followers]) follower.lost()
  }

  #close(): void {
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
  }
}
