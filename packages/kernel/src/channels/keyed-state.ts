import type { Occupancy, StateEntry, StateSnapshot } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import { Headcount, presenceName, type UserInChannel } from './occupancy.ts'
import { ChangeLog } from './state/change-log.ts'
import { keptKey, sessionKey } from './state/entry-keys.ts'
import { ForeignEntries, type MadeEntry, type MergeState, type OwnPage } from './state/foreign-entries.ts'
import { utf8Length } from './wire-text.ts'

interface Slot extends MadeEntry {
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
  /** When it was set, in ms since 1970: of what several nodes keep, the newest counts. */
  readonly at?: number
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
  readonly #changes = new ChangeLog()
  readonly #slots = new Map<string, Slot>()
  /** In order of version: a changed key has its place at the end. */
  #order: Slot[] = []
  readonly #headcount = new Headcount()
  /** Names of the entries of each session. */
  readonly #names = new Map<string, Set<string>>()
  /** Of entries that go by themselves: when. */
  readonly #until = new Map<string, number>()
  #firstPage: PageText | undefined
  /** Called with the key of every own entry that is set or goes, while other nodes want to know. */
  watcher: ((key: string) => void) | undefined
  #foreign: ForeignEntries | undefined
  readonly #limits: StateLimits
  readonly #merge: MergeState | undefined

  constructor(instance: string, limits: StateLimits, merge?: MergeState) {
    this.instance = instance
    this.#limits = limits
    this.#merge = merge
  }

  get version(): number {
    return this.#changes.version
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
  keep({ owner, name, value, until, at = 0 }: KeptEntry): boolean {
    const key = keptKey(owner, name)
    const text = this.#checkedText(value)
    if (!this.#slots.has(key)) this.#checkRoom(undefined)
    if (until === undefined) this.#until.delete(key)
    else this.#until.set(key, until)
    return this.#put({ key, name, ...(owner === undefined ? {} : { user: owner }), value }, text, at)
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

  #put(entry: StateEntry, valueText: string, at = 0): boolean {
    const { value: _value, ...rest } = entry
    const made = { entry, text: `${JSON.stringify(rest).slice(0, -1)},"value":${valueText}}`, at }
    if (this.own(entry.key)?.text === made.text) return false
    if (this.#foreign?.has(entry.key)) {
      this.#foreign.setOwn(made)
      this.#showForeign(entry.key)
    } else this.#place(made)
    this.watcher?.(entry.key)
    return true
  }

  /** Shows an entry under its key. */
  #place({ entry, text, at }: MadeEntry): boolean {
    const old = this.#slots.get(entry.key)
    if (old?.text === text) return false
    if (old !== undefined) this.#discard(old)
    else if (entry.name === presenceName) this.#headcount.entered(entry.user)
    this.#changes.add(entry.key)
    const slot: Slot = { entry, text, at, version: this.version, isGone: false }
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
    const isForeign = this.#foreign?.has(key) === true
    if (!(isForeign ? this.#foreign?.dropOwn(key) : this.#clear(key))) return false
    if (isForeign) this.#showForeign(key)
    this.watcher?.(key)
    return true
  }

  /** Shows nothing under a key. */
  #clear(key: string): boolean {
    const slot = this.#slots.get(key)
    if (slot === undefined) return false
    this.#slots.delete(key)
    if (slot.entry.name === presenceName) this.#headcount.left(slot.entry.user)
    this.#discard(slot)
    this.#changes.add(key)
    this.#tidy()
    return true
  }

  #discard(slot: Slot): void {
    slot.isGone = true
    const isOnLaterPage = slot.version > Number(this.#firstPage?.next)
    if (!isOnLaterPage) this.#firstPage = undefined
  }

  #namesOf(session: string): Set<string> {
    const names = this.#names.get(session) ?? new Set()
    this.#names.set(session, names)
    return names
  }

  /** Removes all that a session has set. */
  removeSession(session: string): boolean {
    const names = this.#names.get(session)
    for (const name of [...(names ?? [])]) this.remove(session, name)
    return names !== undefined
  }

  /** The entry that this node has under a key, whatever others have there. */
  own(key: string): MadeEntry | undefined {
    return this.#foreign?.has(key) ? this.#foreign.own(key) : this.#slots.get(key)
  }

  /** Own entries newer than a version, oldest change first, and the version of the last one when there are more. */
  ownAfter(version: number, maxBytes: number): OwnPage {
    const entries: MadeEntry[] = []
    let bytes = 0
    for (let index = this.#indexAfter(version); index < this.#order.length; index++) {
      const slot = this.#order[index] as Slot
      const own = slot.isGone ? undefined : this.own(slot.entry.key)
      if (own === undefined) continue
      entries.push(own)
      bytes += own.text.length
      if (bytes >= maxBytes) return { entries, next: slot.version }
    }
    return { entries }
  }

  /** Takes in an entry of another node. Answers whether anything else is shown now. Limits are the other node's. */
  adopt(node: string, made: MadeEntry): boolean {
    const { key } = made.entry
    this.#foreign ??= new ForeignEntries(this.#merge)
    const own = this.#foreign.has(key) ? undefined : this.#slots.get(key)
    if (own !== undefined) this.#foreign.setOwn(own)
    this.#foreign.set(node, made)
    return this.#showForeign(key)
  }

  /** Takes an entry of another node away. Answers whether anything else is shown now. */
  abandon(node: string, key: string): boolean {
    if (this.#foreign?.drop(node, key) !== true) return false
    const isChanged = this.#showForeign(key)
    if (!this.#foreign.has(key)) this.#foreign.dropOwn(key)
    return isChanged
  }

  /** Keys of the entries of another node. */
  keysOf(node: string): readonly string[] {
    return this.#foreign?.keysOf(node) ?? []
  }

  #showForeign(key: string): boolean {
    const shown = this.#foreign?.shown(key)
    return shown === undefined ? this.#clear(key) : this.#place(shown)
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
    if (!this.#changes.reaches(from)) return undefined
    const gone = new Set<string>()
    const steps: StateStep[] = []
    for (let version = from + 1; version <= to; version++) {
      const key = this.#changes.at(version)
      const slot = this.#slots.get(key)
      if (slot === undefined ? gone.has(key) : slot.version !== version) continue
      if (slot === undefined) gone.add(key)
      steps.push({ version, key, text: slot?.text })
    }
    return steps
  }

  /** Nobody reads the map: what has changed so far need not be told. */
  forgetChanges(): void {
    this.#changes.forget()
  }

  /**
   * A page of the map, oldest change first. What changes between two pages comes with the differences, which follow
   * `version`; what is newer than that comes with them once more.
   */
  snapshot(after?: string, version: number = this.version): StateSnapshot {
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
}

function textOf({ slots, next }: Page): PageText {
  return { text: `[${slots.map(({ text }) => text).join(',')}]`, next }
}
