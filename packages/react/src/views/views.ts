import type { ChannelEvent, Client } from '@parley/client'
import type { Offline } from './offline.ts'

interface Kept {
  /** Somebody reads it. */
  readonly isOpen: boolean
}

const maxIdle = 200

/**
 * What the components below one provider share: one view for each thing that is looked at, whoever asks for it. Views
 * that nobody reads stay for a while, so that going back to a page shows at once what was there; the oldest go first.
 */
export class Views {
  readonly client: Client
  readonly offline: Offline
  readonly #views = new Map<string, Kept>()

  constructor(client: Client, offline: Offline = {}) {
    this.client = client
    this.offline = offline
  }

  /** Who is signed in. */
  get me(): string | undefined {
    return this.client.connection.user ?? this.offline.user
  }

  /** Keeps the cache from words that were erased where nobody looks; returns the function that ends it. */
  watchErasure(): () => void {
    const { cache } = this.offline
    const forget = ({ channel }: ChannelEvent): void => {
      cache?.delete(messagesKey(channel))
      cache?.delete(eventsKey(channel))
    }
    const stops = ['chat.deleted', 'channels.redacted'].map((type) => this.client.on<string>(type, forget))
    return () => {
      for (const stop of stops) stop()
    }
  }

  /**
   * The view of this name; made when there is none. Making one has no effect on the outside. Two calls may answer
   * different ones when nobody reads the first: whoever goes on with a view keeps it.
   */
  get<View extends Kept>(name: string, make: (views: Views) => View): View {
    let view = this.#views.get(name) as View | undefined
    if (view === undefined) {
      view = make(this)
      this.#dropIdle()
    } else this.#views.delete(name)
    this.#views.set(name, view)
    return view
  }

  #dropIdle(): void {
    const idle = [...this.#views].filter(([, view]) => !view.isOpen)
    for (const [name] of idle.slice(0, Math.max(0, idle.length - maxIdle))) this.#views.delete(name)
  }
}

/** Names of what is kept of a channel. */
export const messagesKey = (channel: string): string => `messages ${channel}`
export const eventsKey = (channel: string): string => `events ${channel}`
