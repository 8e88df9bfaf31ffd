import type { StateEntry } from '@parley/protocol'

/** An entry as a node has set it. */
export interface MadeEntry {
  readonly entry: StateEntry
  /** The entry as JSON. */
  readonly text: string
  /** When, in ms since 1970; 0 for the entries of sessions, which no two nodes have. */
  readonly at: number
}

/** Some of the entries that a node has set, and the version of the last one when there are more. */
export interface OwnPage {
  readonly entries: readonly MadeEntry[]
  readonly next?: number
}

/**
 * What the values become that several nodes keep under one name, oldest first. Undefined for a name: the newest counts.
 */
export type MergeState = (name: string) => ((values: readonly unknown[]) => unknown) | undefined

const newestCounts: MergeState = () => undefined

/**
 * Entries of other nodes in the keyed state of a channel, by the node that they are of. Nodes that have the same entries
 * show the same, in whatever order they came.
 */
export class ForeignEntries {
  readonly #merge: MergeState
  readonly #byKey = new Map<string, Map<string, MadeEntry>>()
  readonly #keysOf = new Map<string, Set<string>>()
  /** Own entries under keys that other nodes have too. */
  readonly #own = new Map<string, MadeEntry>()

  constructor(merge: MergeState = newestCounts) {
    this.#merge = merge
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  own(key: string): MadeEntry | undefined {
    return this.#own.get(key)
  }

  setOwn(made: MadeEntry): void {
    this.#own.set(made.entry.key, made)
  }

  dropOwn(key: string): boolean {
    return this.#own.delete(key)
  }

  keysOf(node: string): readonly string[] {
    return [...(this.#keysOf.get(node) ?? [])]
  }

  set(node: string, made: MadeEntry): void {
    const { key } = made.entry
    entryOf(this.#byKey, key, () => new Map<string, MadeEntry>()).set(node, made)
    entryOf(this.#keysOf, node, () => new Set<string>()).add(key)
  }

  drop(node: string, key: string): boolean {
    const made = this.#byKey.get(key)
    if (made?.delete(node) !== true) return false
    if (made.size === 0) this.#byKey.delete(key)
    const keys = this.#keysOf.get(node)
    keys?.delete(key)
    if (keys?.size === 0) this.#keysOf.delete(node)
    return true
  }

  /** What is shown under a key, of all who have it; undefined when nobody does. */
  shown(key: string): MadeEntry | undefined {
    const own = this.#own.get(key)
    const all = [...(this.#byKey.get(key)?.values() ?? []), ...(own === undefined ? [] : [own])]
    const newest = all.sort(byAge).at(-1)
    if (newest === undefined || all.length === 1) return newest
    const merge = this.#merge(newest.entry.name)
    if (merge === undefined) return newest
    const entry = { ...newest.entry, value: merge(all.map((made) => made.entry.value)) }
    return { entry, text: JSON.stringify(entry), at: newest.at }
  }
}

function byAge(a: MadeEntry, b: MadeEntry): number {
  if (a.at !== b.at) return a.at - b.at
  return a.text < b.text ? -1 : 1
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
