import type { StateEntry, StateFrame, StateSnapshot } from '@parley/protocol'

/** What changed in a channel's keyed state. */
export interface StateChange {
  /** The whole map as it is now; it goes on changing. */
  readonly entries: ReadonlyMap<string, StateEntry>
  readonly set: readonly StateEntry[]
  /** Keys that are gone. */
  readonly removed: readonly string[]
  /** The map was read anew: `set` is all of it, or a page of it. */
  readonly whole: boolean
}

/** What the owner of a map has to do after it was given something. */
export type StateStep =
  | { readonly need: 'nothing'; readonly change?: StateChange }
  /** Ask for the page after the cursor. */
  | { readonly need: 'page'; readonly after: string; readonly change: StateChange }
  /** Ask for a whole new snapshot: something was missed. */
  | { readonly need: 'snapshot' }

/**
 * A channel's keyed state as this client knows it: a snapshot, read in pages, and the changes since, each of which names
 * its predecessor. A change that does not follow from what is known makes a new snapshot necessary.
 */
export class KeyedState {
  readonly #entries = new Map<string, StateEntry>()
  #instance: string | undefined
  #version = 0
  /** Keys that changed since the first page: pages read later never overwrite them. */
  #changed: Set<string> | undefined

  get entries(): ReadonlyMap<string, StateEntry> {
    return this.#entries
  }

  /** Nothing is known any more until the next snapshot; entries stay, as they are the best guess. */
  expectSnapshot(): void {
    this.#instance = undefined
    this.#changed = undefined
  }

  /** Nothing is heard for now: removes entries that mean nothing then. */
  forget(isFleeting: (name: string) => boolean): StateChange {
    const removed: string[] = []
    for (const [key, { name }] of this.#entries) if (isFleeting(name)) removed.push(key)
    for (const key of removed) this.#entries.delete(key)
    return this.#change([], removed, false)
  }

  /** The first page, in a subscribe reply or asked for. */
  begin(snapshot: StateSnapshot): StateStep {
    const keys = new Set(snapshot.entries.map((entry) => entry.key))
    const removed = [...this.#entries.keys()].filter((key) => !keys.has(key))
    for (const key of removed) this.#entries.delete(key)
    this.#instance = snapshot.instance
    this.#version = snapshot.version
    this.#changed = new Set()
    return this.#add(snapshot, removed)
  }

  /** A later page. */
  continue(page: StateSnapshot): StateStep {
    if (page.instance !== this.#instance) return this.#startOver()
    return this.#add(page, [])
  }

  apply(frame: StateFrame): StateStep {
    // A snapshot is on its way and will contain this, or the next change will show that it does not.
    if (this.#instance === undefined) return { need: 'nothing' }
    if (frame.instance === this.#instance && frame.version <= this.#version) return { need: 'nothing' }
    if (frame.instance !== this.#instance || frame.prev !== this.#version) return this.#startOver()
    this.#version = frame.version
    for (const key of frame.removed) {
      this.#entries.delete(key)
      this.#changed?.add(key)
    }
    for (const entry of frame.set) {
      this.#entries.set(entry.key, entry)
      this.#changed?.add(entry.key)
    }
    return { need: 'nothing', change: this.#change(frame.set, frame.removed, false) }
  }

  #startOver(): StateStep {
    this.expectSnapshot()
    return { need: 'snapshot' }
  }

  #add(page: StateSnapshot, removed: readonly string[]): StateStep {
    const set = page.entries.filter((entry) => this.#changed?.has(entry.key) !== true)
    for (const entry of set) this.#entries.set(entry.key, entry)
    const change = this.#change(set, removed, true)
    if (page.next !== undefined) return { need: 'page', after: page.next, change }
    this.#changed = undefined
    return { need: 'nothing', change }
  }

  #change(set: readonly StateEntry[], removed: readonly string[], whole: boolean): StateChange {
    return { entries: this.#entries, set, removed, whole }
  }
}
