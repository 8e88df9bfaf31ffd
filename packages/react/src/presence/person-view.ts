import type { Client, Subscription } from '@parley/client'
import type { Views } from '../views/views.ts'
import { type Watchable, Watchers } from '../views/watchers.ts'
import { lastSeen } from './last-seen.ts'
import { offline, type Presence } from './presence.ts'

/** How one user is, followed while somebody looks. */
export class PersonView implements Watchable<Presence> {
  readonly #views: Views
  readonly #client: Client
  readonly #user: string
  readonly #watchers: Watchers
  #subscription: Subscription | undefined
  /** They are offline, and when they were here was asked. */
  #isAsked = false
  #snapshot: Presence

  constructor(views: Views, user: string) {
    this.#views = views
    this.#client = views.client
    this.#user = user
    this.#snapshot = offline(user)
    this.#watchers = new Watchers({
      open: () => this.#open(),
      close: () => this.#close(),
      refresh: () => undefined,
    })
  }

  get snapshot(): Presence {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  #open(): void {
    this.#isAsked = false
    this.#subscription = this.#client.subscribe(`presence:${this.#user}`, {
      state: true,
      silent: true,
      onState: () => this.#read(),
      // Whom one may not see is offline.
      onError: () => this.#show(offline(this.#user)),
    })
    this.#subscription.ready.then(
      () => this.#read(),
      () => undefined,
    )
  }

  #close(): void {
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
  }

  #read(): void {
    for (const { name, value } of this.#subscription?.state.values() ?? []) {
      if (name !== 'presence') continue
      this.#isAsked = false
      return this.#show({ ...(value as Presence), user: this.#user })
    }
    if (this.#isAsked) return
    this.#isAsked = true
    this.#show(offline(this.#user))
    // There is no entry of who is offline; when they were here last, they may let be known.
    lastSeen(this.#views).of(this.#user, (seen) => {
      if (this.#snapshot.availability === 'offline' && this.isOpen) this.#show(seen)
    })
  }

  #show(presence: Presence): void {
    if (JSON.stringify(presence) === JSON.stringify(this.#snapshot)) return
    this.#snapshot = presence
    this.#watchers.changed()
  }
}

export function personView(views: Views, user: string): PersonView {
  return views.get(`person ${user}`, () => new PersonView(views, user))
}
