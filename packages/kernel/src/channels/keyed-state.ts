import type { Occupancy, StateEntry, StateSnapshot } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import { Headcount, presenceName, type UserInChannel } from './occupancy.ts'
import { utf8Length } from './wire-text.ts'

interface Slot {
  readonly entry: StateEntry
  /** The entry as JSON, made once. */
  readonly text: string
  readonly version: number
  /** Another one is in its place, or none. */
  isGone: boolean
}

export interface StateLimits {
  readonly maxStateEntries: number
  readonly maxStateBytes: number
  /** Default: as many as the channel holds. */
  readonly maxStateEntriesPerSession?: number
}

/** One key that changed, with its entry as JSON unless it is gone. */
export interface StateStep {
  readonly version: number
  readonly key: string
  readonly text: string | undefined
}

/** An entry that the server keeps for a user, or, without one, for the channel. */
export interface KeptEntry {
  readonly owner: string | undefined
  readonly name: string
  readonly value: unknown
  /** Elapsed time at which it goes. */
  readonly until?: number | undefined
}

interface Page {
  readonly slots: readonly Slot[]
  /** Version of the last one, when there are more. */
  readonly next?: string
}

interface PageText {
  readonly text: string
  readonly next: string | undefined
}

/** Changes remembered for those who fell behind; who is further back needs a new snapshot. */
const maxChanges = 8_192
const pageEntries = 1_000
/** Bytes of a page: with what stands around it, a reply goes out in one message. */
const pageBytes = 49_152
/** Places of entries that are gone, up to which the order is left as it is. */
const slack = 64

/**
 * The one primitive under presence, typing, cursors and status: a map from (user, session, name) to a small JSON value.
 * Every change gets the next version; a reader at any recent version gets the difference, in which each key appears
 * once (latest per key). What has no reader costs no more than its map.
 */
export class KeyedState {
  /** Identity of this map: another one means that versions mean something else. */
  readonly instance: string
  #version = 0
  readonly #slots = new Map<string, Slot>()
  /** In order of version: a changed key has its place at the end. */
  #order: Slot[] = []
  readonly #headcount = new Headcount()
  /** Names of the entries of each session. */
  readonly #names = new Map<string, Set<string>>()
  /** Of entries that go by themselves: when. */
  readonly #until = new Map<string, number>()
  /** Keys changed, in order: `#changes[i]` belongs to version `#base + i + 1`. */
  #changes: string[] = []
  #base = 0
  #firstPage: PageText | undefined
  readonly #limits: StateLimits

  constructor(instance: string, limits: StateLimits) {
    this.instance = instance
    this.#limits = limits
  }

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#slots.size
  }

  /** Sessions and users that have an entry `presence`. */
  get occupancy(): Occupancy {
    return this.#headcount.counts
  }

  /** Users that have an entry `presence`, by name. */
  members(after: string | undefined, limit: number): readonly UserInChannel[] {
    return this.#headcount.page(after, limit)
  }

  /** There are entries that sessions have set. */
  get hasSessions(): boolean {
    return this.#names.size > 0
  }

  /**
   * Sets an entry of a session. Answers false when it had the same value already.
   *
   * @throws ParleyError `payload_too_large`, `limit_exceeded`
   */
  set(
    owner: { readonly user: string | undefined; readonly session: string },
    name: string,
    value: unknown,
  ): boolean {
    const { user, session } = owner
    const key = sessionKey(session, name)
    const text = this.#checkedText(value)
    if (!this.#slots.has(key)) this.#checkRoom(session)
    this.#namesOf(session).add(name)
    return this.#put({ key, name, ...(user === undefined ? {} : { user }), session, value }, text)
  }

  /**
   * Sets an entry that the server keeps. Answers false when it had the same value already; its time counts anew.
   *
   * @throws ParleyError `payload_too_large`, `limit_exceeded`
   */
  keep({ owner, name, value, until }: KeptEntry): boolean {
    const key = keptKey(owner, name)
    const text = this.#checkedText(value)
    if (!this.#slots.has(key)) this.#checkRoom(undefined)
    if (until === undefined) this.#until.delete(key)
    else this.#until.set(key, until)
    return this.#put({ key, name, ...(owner === undefined ? {} : { user: owner }), value }, text)
  }

  #checkedText(value: unknown): string {
    const text = JSON.stringify(value)
    const { maxStateBytes } = this.#limits
    if (text.length > maxStateBytes)
      throw new ParleyError(
        'payload_too_large',
        `A state value has at most ${maxStateBytes} characters of JSON.`,
      )
    return text
  }

  #checkRoom(session: string | undefined): void {
    const { maxStateEntries, maxStateEntriesPerSession = maxStateEntries } = this.#limits
    const own = session === undefined ? 0 : (this.#names.get(session)?.size ?? 0)
    if (own >= maxStateEntriesPerSession)
      throw new ParleyError(
        'limit_exceeded',
        `This session holds ${own} state entries in the channel, which is its limit.`,
        { details: { limit: 'maxStateEntriesPerSession', value: maxStateEntriesPerSession } },
      )
    if (this.#slots.size >= maxStateEntries)
      throw new ParleyError(
        'limit_exceeded',
        `The channel holds ${maxStateEntries} state entries, which is its limit.`,
        { details: { limit: 'maxStateEntries', value: maxStateEntries } },
      )
  }

  #put(entry: StateEntry, valueText: string): boolean {
    const { value: _value, ...rest } = entry
    const text = `${JSON.stringify(rest).slice(0, -1)},"value":${valueText}}`
    const old = this.#slots.get(entry.key)
    if (old?.text === text) return false
    if (old !== undefined) this.#discard(old)
    else if (entry.name === presenceName) this.#headcount.entered(entry.user)
    this.#changed(entry.key)
    const slot: Slot = { entry, text, version: this.#version, isGone: false }
    if (this.#firstPage?.next === undefined) this.#firstPage = undefined
    this.#slots.set(entry.key, slot)
    this.#order.push(slot)
    this.#tidy()
    return true
  }

  remove(session: string, name: string): boolean {
    if (!this.#drop(sessionKey(session, name))) return false
    const names = this.#namesOf(session)
    names.delete(name)
    if (names.size === 0) this.#names.delete(session)
    return true
  }

  /** Removes an entry that the server keeps. */
  dismiss(owner: string | undefined, name: string): boolean {
    const key = keptKey(owner, name)
    this.#until.delete(key)
    return this.#drop(key)
  }

  #drop(key: string): boolean {
    const slot = this.#slots.get(key)
    if (slot === undefined) return false
    this.#slots.delete(key)
    if (slot.entry.name === presenceName) this.#headcount.left(slot.entry.user)
    this.#discard(slot)
    this.#changed(key)
    this.#tidy()
    return true
  }

  #discard(slot: Slot): void {
    slot.isGone = true
    const isOnLaterPage = slot.version > Number(this.#firstPage?.next)
    if (!isOnLaterPage) this.#firstPage = undefined
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

  /** Removes what has had its time. Answers when it has to be looked at again; undefined: never. */
  expire(now: number): number | undefined {
    let next = Number.POSITIVE_INFINITY
    for (const [key, until] of this.#until) {
      if (until > now) {
        next = Math.min(next, until)
        continue
      }
      this.#until.delete(key)
      this.#drop(key)
    }
    return next < Number.POSITIVE_INFINITY ? next : undefined
  }

  /**
   * What changed after `from` up to `to`, in order of versions; each key once, and not at all when it changed again
   * after `to`. Undefined when that is no longer known: the reader needs a new snapshot.
   */
  changes(from: number, to: number): StateStep[] | undefined {
    if (from < this.#base || from > this.#version) return undefined
    const gone = new Set<string>()
    const steps: StateStep[] = []
    for (let version = from + 1; version <= to; version++) {
      const key = this.#changes[version - this.#base - 1] as string
      const slot = this.#slots.get(key)
      if (slot === undefined ? gone.has(key) : slot.version !== version) continue
      if (slot === undefined) gone.add(key)
      steps.push({ version, key, text: slot?.text })
    }
    return steps
  }

  /** Nobody reads the map: what has changed so far need not be told. */
  forgetChanges(): void {
    this.#base = this.#version
    this.#changes = []
  }

  /**
   * A page of the map, oldest change first. What changes between two pages comes with the differences, which follow
   * `version`; what is newer than that comes with them once more.
   */
  snapshot(after?: string, version: number = this.#version): StateSnapshot {
    const { slots, next } = this.#page(after)
    return {
      instance: this.instance,
      version,
      entries: slots.map(({ entry }) => entry),
      total: this.#slots.size,
      ...(next === undefined ? {} : { next }),
    }
  }

  /** The same as JSON. */
  snapshotText(after: string | undefined, version: number): string {
    const { text, next } = after === undefined ? this.#firstPageText() : textOf(this.#page(after))
    const head = JSON.stringify({ instance: this.instance, version, total: this.#slots.size, next })
    return `${head.slice(0, -1)},"entries":${text}}`
  }

  /** Where many join, most of them are given the same first page. */
  #firstPageText(): PageText {
    this.#firstPage ??= textOf(this.#page(undefined))
    return this.#firstPage
  }

  #page(after: string | undefined): Page {
    const slots: Slot[] = []
    let bytes = 0
    for (let index = this.#indexAfter(after === undefined ? 0 : Number(after)); ; index++) {
      const slot = this.#order[index]
      if (slot === undefined) return { slots }
      if (slot.isGone) continue
      bytes += utf8Length(slot.text) + 1
      const isFull = slots.length === pageEntries || (bytes > pageBytes && slots.length > 0)
      if (isFull) return { slots, next: String(slots.at(-1)?.version) }
      slots.push(slot)
    }
  }

  /** Of the first entry that is newer; binary search. */
  #indexAfter(version: number): number {
    if (Number.isNaN(version)) return this.#order.length
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#order[middle] as Slot).version > version) high = middle
      else low = middle + 1
    }
    return low
  }

  #tidy(): void {
    if (this.#order.length <= 2 * this.#slots.size + slack) return
    this.#order = this.#order.filter((slot) => !slot.isGone)
  }

  #changed(key: string): void {
    this.#version += 1
    this.#changes.push(key)
    if (this.#changes.length <= 2 * maxChanges) return
    this.#base += this.#changes.length - maxChanges
    this.#changes = this.#changes.slice(-maxChanges)
  }
}

function textOf({ slots, next }: Page): PageText {
  return { text: `[${slots.map(({ text }) => text).join(',')}]`, next }
}

/** Ids of sessions begin otherwise than keys of entries that the server keeps. */
function sessionKey(session: string, name: string): string {
  return `${session}|${name}`
}

/** Names declared by modules have no `|`, so that no owner can be taken for another one with a name. */
function keptKey(owner: string | undefined, name: string): string {
  return owner === undefined ? `~|${name}` : `~${owner}|${name}`
}
