/** Something that components read: a snapshot, and word of each new one. */
export interface Watchable<Snapshot> {
  /** A new object when something of it has changed. */
  readonly snapshot: Snapshot
  /** Returns the function that stops watching. */
  readonly watch: (listener: () => void) => () => void
}

export interface WatchersOptions {
  /** The first watcher has come. */
  readonly open: () => void
  /** The last watcher has left and nobody came in the same turn. */
  readonly close: () => void
  /** Makes the new snapshot. */
  readonly refresh: () => void
}

/**
 * Those who watch a view. Changes of one turn are told once. Strict Mode and moving between pages leave and come back
 * within a turn: that closes nothing.
 */
export class Watchers {
  readonly #options: WatchersOptions
  readonly #listeners = new Set<() => void>()
  #isOpen = false
  #isChanged = false

  constructor(options: WatchersOptions) {
    this.#options = options
  }

  /** Between the first watcher and the last. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  readonly watch = (listener: () => void): (() => void) => {
    // A wrapper of its own, so that the same function can be added twice and removed once.
    const entry = (): void => listener()
    this.#listeners.add(entry)
    if (!this.#isOpen) {
      this.#isOpen = true
      this.#options.open()
    }
    return () => {
      this.#listeners.delete(entry)
      queueMicrotask(() => this.#closeIfEmpty())
    }
  }

  /** Something is different: tells it at the end of the turn. */
  changed(): void {
    if (this.#isChanged) return
    this.#isChanged = true
    queueMicrotask(() => {
      this.#isChanged = false
      this.#options.refresh()
      for (const listener of [...this.#listeners]) listener()
    })
  }

  #closeIfEmpty(): void {
    if (this.#listeners.size > 0 || !this.#isOpen) return
    this.#isOpen = false
    this.#options.close()
  }
}
