import type { StateEntry, StateSnapshot } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'

interface Slot {
  readonly entry: StateEntry
  readonly text: string
  readonly version: number
}

export interface StateLimits {
  readonly maxStateEntries: number
  readonly maxStateBytes: number
  /** Default: as many as the channel holds. */
  readonly maxStateEntriesPerSession?: number
}

/** Changes from `prev` to `version`, as a frame would carry them. */
export interface StateDiff {
  readonly prev: number
  readonly version: number
  readonly set: readonly StateEntry[]
  readonly removed: readonly string[]
}

/** Changes remembered for those who fell behind; who is further back needs a new snapshot. */
const maxChanges = 8_192
const pageSize = 1_000

/**
 * The one primitive under presence, typing, cursors and status: a map from (user, session, name) to a small JSON value.
 * Every change gets the next version; a reader at any recent version gets the difference, in which each key appears
 * once (latest per key). What has no reader costs no more than its map.
 */
export class KeyedState {
  /** Identity of this map: another one means that versions mean something else. */
  readonly instance: string
  #version = 0
  /** In order of version: a changed key moves to the end. */
  readonly #slots = new Map<string, Slot>()
  /** Names of the entries of each session. */
  readonly #names = new Map<string, Set<string>>()
  /** Keys changed, in order: `#changes[i]` belongs to version `#base + i + 1`. */
  #changes: string[] = []
  #base = 0
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #maxPerSession: number

  constructor(instance: string, limits: StateLimits) {
    this.instance = instance
    this.#maxEntries = limits.maxStateEntries
    this.#maxBytes = limits.maxStateBytes
    this.#maxPerSession = limits.maxStateEntriesPerSession ?? limits.maxStateEntries
  }

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#slots.size
  }

  /**
   * Sets an entry. Answers false when it had the same value already.
   *
   * @throws ParleyError `payload_too_large`, `limit_exceeded`
   */
  set(
    owner: { readonly user: string | undefined; readonly session: string },
    name: string,
    value: unknown,
  ): boolean {
    const key = stateKey(owner.session, name)
    const text = JSON.stringify(value)
    const old = this.#slots.get(key)
    if (old?.text === text) return false
    if (text.length > this.#maxBytes)
      throw new ParleyError(
        'payload_too_large',
        `A state value has at most ${this.#maxBytes} characters of JSON.`,
      )
    const { user, session } = owner
    if (old === undefined) this.#checkRoom(session)
    this.#namesOf(session).add(name)
    this.#changed(key)
    this.#slots.delete(key)
    this.#slots.set(key, {
      entry: { key, name, ...(user === undefined ? {} : { user }), session, value },
      text,
      version: this.#version,
    })
    return true
  }

  #checkRoom(session: string): void {
    const own = this.#names.get(session)?.size ?? 0
    if (own >= this.#maxPerSession)
      throw new ParleyError(
        'limit_exceeded',
        `This session holds ${own} state entries in the channel, which is its limit.`,
        { details: { limit: 'maxStateEntriesPerSession', value: this.#maxPerSession } },
      )
    if (this.#slots.size >= this.#maxEntries)
      throw new ParleyError(
        'limit_exceeded',
        `The channel holds ${this.#maxEntries} state entries, which is its limit.`,
        { details: { limit: 'maxStateEntries', value: this.#maxEntries } },
      )
  }

  remove(session: string, name: string): boolean {
    const key = stateKey(session, name)
    if (!this.#slots.delete(key)) return false
    const names = this.#namesOf(session)
    names.delete(name)
    if (names.size === 0) this.#names.delete(session)
    this.#changed(key)
    return true
  }

  #namesOf(session: string): Set<string> {
    let names = this.#names.get(session)
    if (names === undefined) {
      names = new Set()
      this.#names.set(session, names)
    }
    return names
  }

  /** Removes all that a session has set. */
  removeSession(session: string): boolean {
    const names = this.#names.get(session)
    for (const name of [...(names ?? [])]) this.remove(session, name)
    return names !== undefined
  }

  /** The changes after `from`, or undefined when they are no longer known: the reader needs a new snapshot. */
  diff(from: number): StateDiff | undefined {
    if (from < this.#base || from > this.#version) return undefined
    const set: StateEntry[] = []
    const removed: string[] = []
    for (const key of new Set(this.#changes.slice(from - this.#base))) {
      const slot = this.#slots.get(key)
      if (slot === undefined) removed.push(key)
      else set.push(slot.entry)
    }
    return { prev: from, version: this.#version, set, removed }
  }

  /** A page of the map, oldest change first. What changes between two pages comes with the diffs. */
  snapshot(after?: string): StateSnapshot {
    const from = after === undefined ? 0 : Number(after)
    const entries: StateEntry[] = []
    let last = 0
    let more = false
    for (const slot of this.#slots.values()) {
      if (!(slot.version > from)) continue
      if (entries.length === pageSize) {
        more = true
        break
      }
      entries.push(slot.entry)
      last = slot.version
    }
    return {
      instance: this.instance,
      version: this.#version,
      entries,
      total: this.#slots.size,
      ...(more ? { next: String(last) } : {}),
    }
  }

  /** Sessions and users that have an entry of this name. */
  count(name: string): { readonly sessions: number; readonly users: number } {
    const users = new Set<string>()
    let sessions = 0
    for (const { entry } of this.#slots.values()) {
      if (entry.name !== name) continue
      sessions += 1
      users.add(entry.user ?? `session ${entry.session}`)
    }
    return { sessions, users: users.size }
  }

  #changed(key: string): void {
    this.#version += 1
    this.#changes.push(key)
    if (this.#changes.length <= 2 * maxChanges) return
    this.#base += this.#changes.length - maxChanges
    this.#changes = this.#changes.slice(-maxChanges)
  }
}

function stateKey(session: string, name: string): string {
  return `${session}|${name}`
}
