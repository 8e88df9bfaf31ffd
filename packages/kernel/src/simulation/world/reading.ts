import type { ParleyError, Position } from '@parley/protocol'
import type { ReaderTruth } from '../oracle/reader.ts'
import type { Stream } from '../oracle/stream.ts'
import type { SimulatedClient, SimulatedSubscription } from './client.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

const evenOnly = { field: 'tags.half', eq: 'even' } as const

/** A channel that a tab follows, over all its lives: it notes where it stands, and goes on from there. */
export class Reading {
  readonly channel: string
  readonly isFiltered: boolean
  readonly #world: World
  readonly #tab: Tab
  readonly #truth: ReaderTruth
  #subscription: SimulatedSubscription | undefined
  #position: Position | undefined
  /** It is not a member: it tries again when it is let in. */
  isRefused = false

  constructor(world: World, tab: Tab, what: { readonly channel: string; readonly isFiltered: boolean }) {
    this.#world = world
    this.#tab = tab
    this.channel = what.channel
    this.isFiltered = what.isFiltered
    this.#truth = world.oracle.reader({
      who: what.isFiltered ? `${tab.name} (filtered)` : tab.name,
      ...{ app: tab.app, user: tab.user },
      truth: world.oracle.channel(tab.app, what.channel),
      isFiltered: what.isFiltered,
    })
  }

  get isOpen(): boolean {
    return this.#subscription !== undefined
  }

  /** Entries of keyed state that it sees. */
  get entries() {
    return [...(this.#subscription?.state.values() ?? [])]
  }

  get isQuiet(): boolean {
    const subscription = this.#subscription
    if (subscription === undefined) return true
    if (subscription.status !== 'subscribed') return false
    this.#reach()
    return this.#truth.isAtHead
  }

  /** What is wrong, when it has not reached heads known for long although it could. */
  isBehind(heads: ReadonlyMap<Stream, number>, sinceMs: number): string | undefined {
    if (this.#subscription?.status !== 'subscribed') return undefined
    this.#reach()
    return this.#truth.isBehind(heads, sinceMs)
  }

  get standing(): string {
    return `${this.channel} ${this.#subscription?.status} at ${this.#truth.position?.offset}`
  }

  open(client: SimulatedClient): void {
    if (this.#subscription !== undefined) return
    this.isRefused = false
    this.#truth.resumes()
    // The status may change, and events may come, before the subscription is in hand.
    let isCurrent = true
    const ended = () => {
      isCurrent = false
      this.suspend()
      this.isRefused = true
      this.#tab.forgetMood(this.channel)
    }
    const unlessOver =
      <T>(handle: (value: T) => void) =>
      (value: T) => {
        if (isCurrent) handle(value)
      }
    let subscription: SimulatedSubscription | undefined
    subscription = client.subscribe(this.channel, {
      ...(this.#position === undefined ? {} : { from: this.#position }),
      ...(this.isFiltered ? { filter: evenOnly } : {}),
      state: true,
      onEvent: (event) => {
        this.#world.note(
          `${this.#truth.facts.who} got ${event.offset}: ${event.id}`,
          this.channel,
          this.#tab.name,
        )
        this.#world.trace(`${this.#tab.name} ${this.channel} ${event.offset} ${event.id}`)
        this.#truth.event(event)
      },
      onRecovered: ({ position, head }) => {
        this.#note(`recovered at ${position.offset} (head ${head})`)
        this.#reach()
        this.#truth.recovered(position, head)
      },
      onUnrecovered: ({ position, reason }) => {
        this.#note(`not recovered: ${reason}, now at ${position.offset}`)
        this.#truth.broke(position, reason)
      },
      onDropped: ({ from, to }) => this.#truth.dropped(from, to),
      onStatus: unlessOver((status: string) => this.#status(status, subscription)),
      onError: unlessOver((error: ParleyError) => {
        this.#note(`was refused: ${error.code}`)
        this.#checkEnd(error.code)
        ended()
      }),
      onUnsubscribed: unlessOver(({ code }) => {
        this.#note(`was put out: ${code}`)
        this.#checkEnd(code)
        ended()
      }),
    })
    this.#truth.asks()
    if (!isCurrent) return
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

  /** Stops reading for good. */
  end(): void {
    this.#reach()
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#truth.ended()
  }

  setState(name: string, value: unknown): void {
    this.#subscription?.setState(name, value).catch(() => undefined)
  }

  #status(status: string, subscription: SimulatedSubscription | undefined): void {
    if (status === 'subscribing') this.#truth.asks()
    const position = subscription?.position
    if (status !== 'subscribed' || position === undefined) return
    this.#note(`stands at ${position.offset} of ${position.epoch}`)
    this.#truth.stands(position)
  }

  /** Takes over how far the client has gone where nothing was for it. */
  #reach(): void {
    const position = this.#subscription?.position
    if (position !== undefined) this.#truth.reached(position)
  }

  #checkEnd(code: string): void {
    const isForMembers = this.channel.startsWith('club:')
    if (code !== 'forbidden' || !isForMembers)
      this.#world.oracle.verdict.fault(
        'answered',
        `${this.#tab.name} was put out of ${this.channel}: ${code}`,
        {
          ...{ channel: this.channel, who: this.#tab.name },
        },
      )
  }

  #note(text: string): void {
    this.#world.note(`${this.#truth.facts.who} ${text}`, this.channel, this.#tab.name)
    this.#world.trace(`${this.#tab.name} ${this.channel} ${text}`)
  }
}
