import type { Kept } from '@parley/look'

const maxNames = 500
const key = 'parley.names'

/** What people are called, remembered after they have left: events carry user ids only. */
export class Names {
  readonly #kept: Kept
  readonly #listeners = new Set<() => void>()
  #names: ReadonlyMap<string, string>

  constructor(kept: Kept) {
    this.#kept = kept
    const before = kept.read(key)
    this.#names = new Map(Array.isArray(before) ? before.filter(isName).slice(-maxNames) : [])
  }

  /** A new map whenever a name changed. */
  readonly all = (): ReadonlyMap<string, string> => this.#names

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  learn(people: Iterable<{ readonly id: string; readonly name: string }>): void {
    const names = new Map(this.#names)
    for (const { id, name } of people) if (name !== id) names.set(id, name)
    this.#set(names)
  }

  /** Remembers people of whom only the id is known; their name is empty. */
  meet(ids: Iterable<string>): void {
    const names = new Map(this.#names)
    for (const id of ids) if (!names.has(id)) names.set(id, '')
    this.#set(names)
  }

  #set(names: ReadonlyMap<string, string>): void {
    if (names.size === this.#names.size && [...names].every(([id, name]) => this.#names.get(id) === name))
      return
    this.#names = new Map([...names].slice(-maxNames))
    this.#kept.write(key, [...this.#names])
    for (const listener of [...this.#listeners]) listener()
  }
}

function isName(entry: unknown): entry is [id: string, name: string] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'string'
}
