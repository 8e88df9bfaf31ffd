import type { TabsPlatform } from './tabs-platform.ts'

/**
 * One of several tabs leads: the one that has the lock. It passes on when the leader is closed or crashes, when its page
 * is left (a page that waits to be gone back to holds no lock), and when another seizes it.
 */
export class Leadership {
  readonly #platform: TabsPlatform
  readonly #name: string
  readonly #listeners = new Set<() => void>()
  readonly #unwatch: () => void
  #isLeader = false
  #isClosed = false
  /** The request that waits, or the lock that is held. */
  #turn: { readonly end: AbortController; release?: () => void } | undefined

  /** @param name of the lock: what has the same name has one leader */
  constructor(platform: TabsPlatform, name: string) {
    this.#platform = platform
    this.#name = name
    this.#unwatch = platform.watchPage((page) => (page === 'left' ? this.#resign() : this.#request(false)))
    this.#request(false)
  }

  get isLeader(): boolean {
    return this.#isLeader
  }

  /** Calls `listener` with each change, until the returned function is called. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes the lead from a leader that does not answer. */
  seize(): void {
    if (this.#isLeader || this.#isClosed) return
    this.#turn?.end.abort()
    this.#request(true)
  }

  /** Leaves the lead to others, for good. */
  close(): void {
    this.#isClosed = true
    this.#unwatch()
    this.#resign()
    this.#listeners.clear()
  }

  #request(steal: boolean): void {
    if (this.#isClosed) return
    const turn: { readonly end: AbortController; release?: () => void } = { end: new AbortController() }
    this.#turn = turn
    const held = (): Promise<void> => {
      if (this.#turn !== turn) return Promise.resolve()
      this.#lead(true)
      return new Promise((release) => {
        turn.release = release
      })
    }
    this.#platform.locks
      .request(this.#name, steal ? { steal } : { signal: turn.end.signal }, held)
      .catch(() => {
        // Somebody has taken it, thinking that we are gone.
        if (this.#turn !== turn || turn.release === undefined) return
        this.#lead(false)
        this.#request(false)
      })
  }

  #resign(): void {
    const turn = this.#turn
    this.#turn = undefined
    // First, as whoever is told may still tell others.
    this.#lead(false)
    turn?.end.abort()
    turn?.release?.()
  }

  #lead(isLeader: boolean): void {
    if (this.#isLeader === isLeader) return
    this.#isLeader = isLeader
    for (const listener of [...this.#listeners]) listener()
  }
}
