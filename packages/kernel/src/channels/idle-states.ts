import type { KeyedState } from './keyed-state.ts'

/**
 * The keyed state of channels that nobody listens to: entries that modules keep. When there are more than `maxEntries`
 * of them, the channels whose state was left alone longest lose theirs.
 */
export class IdleStates {
  readonly #maxEntries: number
  readonly #onLost: (key: string) => void
  readonly #states = new Map<string, { readonly state: KeyedState; entries: number }>()
  #entries = 0

  /** @param onLost told of the channels whose state there was no room for */
  constructor(maxEntries: number, onLost: (key: string) => void) {
    this.#maxEntries = maxEntries
    this.#onLost = onLost
  }

  get(key: string): KeyedState | undefined {
    return this.#states.get(key)?.state
  }

  /** The state of a channel that somebody listens to from now on, if there is one. */
  take(key: string): KeyedState | undefined {
    const held = this.#states.get(key)
    if (held === undefined) return undefined
    this.#states.delete(key)
    this.#entries -= held.entries
    return held.state
  }

  /** Puts a state here, or takes note that it has changed. */
  put(key: string, state: KeyedState): void {
    this.take(key)
    if (state.size === 0) return
    state.forgetChanges()
    this.#states.set(key, { state, entries: state.size })
    this.#entries += state.size
    for (const oldest of this.#states.keys()) {
      if (this.#entries <= this.#maxEntries) break
      this.take(oldest)
      this.#onLost(oldest)
    }
  }
}
