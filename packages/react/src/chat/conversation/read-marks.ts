import type { StateEntry } from '@parley/client'

/**
 * How far the others have read, as the channel's keyed state says. An entry that is gone has told only that nobody
 * renews it: what was seen stays seen.
 */
export class ReadMarks {
  readonly #thread: number | undefined
  #seen: ReadonlyMap<string, number> = new Map()
  #upTo = 0

  constructor(thread: number | undefined) {
    this.#thread = thread
  }

  /** A new map on each change. */
  get seen(): ReadonlyMap<string, number> {
    return this.#seen
  }

  /** Somebody has read up to here. */
  get upTo(): number {
    return this.#upTo
  }

  /** Somebody has read this far, as the server says otherwise. */
  reached(seq: number): void {
    this.#upTo = Math.max(this.#upTo, seq)
  }

  take(entries: ReadonlyMap<string, StateEntry>, me: string | undefined): void {
    const seen = new Map(this.#seen)
    for (const { name, user, value } of entries.values()) {
      if (name !== 'read' || user === undefined || user === me) continue
      const { seq, thread } = (value ?? {}) as { readonly seq?: unknown; readonly thread?: unknown }
      if (typeof seq !== 'number' || thread !== this.#thread) continue
      seen.set(user, Math.max(seq, seen.get(user) ?? 0))
    }
    for (const seq of seen.values()) this.reached(seq)
    if (seen.size !== this.#seen.size || [...seen].some(([user, seq]) => this.#seen.get(user) !== seq))
      this.#seen = seen
  }
}
