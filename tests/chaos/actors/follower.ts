import type { Client, Position, Subscription } from '@parley/client'
import type { Oracle, ReaderTruth } from '@parley/kernel/simulation'

const evenOnly = { field: 'tags.half', eq: 'even' } as const

export interface Following {
  readonly who: string
  readonly channel: string
  readonly isFiltered?: boolean
}

/** Follows a channel over all the lives of its application, goes on from where it stood, and tells the oracle. */
export class Follower {
  readonly #following: Following
  readonly #oracle: Oracle
  readonly #truth: ReaderTruth
  #subscription: Subscription | undefined
  #position: Position | undefined

  constructor(oracle: Oracle, following: Following) {
    const { who, channel, isFiltered = false } = following
    this.#following = following
    this.#oracle = oracle
    const truth = oracle.channel('default', channel)
    this.#truth = oracle.reader({ who, app: 'default', user: who, truth, isFiltered })
  }

  get isQuiet(): boolean {
    if (this.#subscription?.status !== 'subscribed') return false
    this.#reach()
    return this.#truth.isAtHead
  }

  get standing(): string {
    return `${this.#following.channel}: ${this.#subscription?.status} at ${this.#truth.position?.offset}`
  }

  open(client: Client): void {
    const { channel, isFiltered } = this.#following
    this.#truth.resumes()
    let subscription: Subscription | undefined
    subscription = client.subscribe(channel, {
      ...(this.#position === undefined ? {} : { from: this.#position }),
      ...(isFiltered === true ? { filter: evenOnly } : {}),
      onEvent: (event) => this.#truth.event(event),
      onRecovered: ({ position, head }) => {
        this.#reach()
        this.#truth.recovered(position, head)
      },
      onUnrecovered: ({ position, reason }) => this.#truth.broke(position, reason),
      onDropped: ({ from, to }) => this.#truth.dropped(from, to),
      onStatus: (status) => this.#status(status, subscription),
      onError: ({ code }) => this.#ended(`was refused: ${code}`),
      onUnsubscribed: ({ code }) => this.#ended(`was put out: ${code}`),
    })
    this.#truth.asks()
    this.#subscription = subscription
    if (subscription.status === 'subscribed') this.#status('subscribed', subscription)
  }

  /** Stops reading, and remembers where it stands. */
  suspend(): void {
    this.#reach()
    const subscription = this.#subscription
    this.#subscription = undefined
    this.#position = this.#truth.position
    this.#truth.suspends()
    subscription?.unsubscribe()
  }

  #status(status: string, subscription: Subscription | undefined): void {
    if (status === 'subscribing') this.#truth.asks()
    const position = subscription?.position
    if (status === 'subscribed' && position !== undefined) this.#truth.stands(position)
  }

  /** Takes over how far the client has gone where nothing was for it. */
  #reach(): void {
    const position = this.#subscription?.position
    if (position !== undefined) this.#truth.reached(position)
  }

  #ended(how: string): void {
    const { who, channel } = this.#following
    this.#oracle.verdict.fault('answered', `${who} in ${channel} ${how}`, { channel, who })
  }
}
