import { type Clock, systemClock, type Timer } from '../platform.ts'
import { openDatabase } from './indexed-db.ts'

/** What a page shows before the network answers. Nothing in it is the truth: whatever is read is asked for again. */
export interface LocalCache {
  get(key: string): unknown
  /** Kept in memory at once and on disk a moment later. What cannot be written as JSON, or is too long, is not kept. */
  set(key: string, value: unknown): void
  delete(key: string): void
  /** Resolves when everything is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
  /** Removes everything: at sign-out. */
  wipe(): Promise<void>
}

export interface CacheOptions {
  /** Of the database, one for each user of each application: `parley-cache:ada`. */
  readonly name: string
  /** Entries of another version are forgotten: raise it when their form changes. */
  readonly version?: string | undefined
  /** Characters of JSON together; beyond that, what was set longest ago goes. Default 4 Mi. */
  readonly maxLength?: number | undefined
  /** Default: IndexedDB. */
  readonly store?: CacheStore | undefined
  /** Told when the store fails: the cache then lasts as long as the page. */
  readonly onProblem?: ((error: unknown) => void) | undefined
  readonly clock?: Clock | undefined
}

export interface CacheEntry {
  readonly key: string
  readonly version: string
  readonly text: string
  /** Wall-clock time at which it was set. */
  readonly at: number
}

/** Where the entries of a cache are kept. */
export interface CacheStore {
  load(): Promise<readonly CacheEntry[]>
  write(entries: readonly CacheEntry[], gone: readonly string[]): Promise<void>
  clear(): Promise<void>
  close(): Promise<void>
}

const defaultMaxLength = 4 * 1024 * 1024
const writeAfterMs = 300

/** Opens a cache and reads what is kept, so that all of it can be had at once. Never rejects. */
export async function openCache(options: CacheOptions): Promise<LocalCache> {
  const store = options.store ?? indexedDbCacheStore(options.name)
  const kept = await store.load().catch((error: unknown) => {
    options.onProblem?.(error)
    return []
  })
  return new Cache(options, store, kept)
}

class Cache implements LocalCache {
  readonly #options: CacheOptions
  readonly #store: CacheStore
  readonly #clock: Clock
  readonly #version: string
  readonly #maxLength: number
  /** The one set longest ago comes first. */
  readonly #entries = new Map<string, CacheEntry>()
  readonly #values = new Map<string, unknown>()
  #changed = new Set<string>()
  #length = 0
  #timer: Timer | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(options: CacheOptions, store: CacheStore, kept: readonly CacheEntry[]) {
    this.#options = options
    this.#store = store
    this.#clock = options.clock ?? systemClock
    this.#version = options.version ?? ''
    this.#maxLength = options.maxLength ?? defaultMaxLength
    for (const entry of kept.toSorted((one, other) => one.at - other.at))
      if (entry.version === this.#version) this.#put(entry)
      else this.#note(entry.key)
    this.#makeRoom()
  }

  get(key: string): unknown {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (!this.#values.has(key)) this.#values.set(key, JSON.parse(entry.text))
    return this.#values.get(key)
  }

  set(key: string, value: unknown): void {
    const text = write(value)
    if (text === undefined || text.length > this.#maxLength / 4) return this.delete(key)
    if (this.#entries.get(key)?.text === text) return
    this.#drop(key)
    this.#put({ key, version: this.#version, text, at: this.#clock.now() })
    this.#note(key)
    this.#makeRoom()
  }

  delete(key: string): void {
    if (!this.#entries.has(key)) return
    this.#drop(key)
    this.#note(key)
  }

  async flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const changed = [...this.#changed]
    this.#changed = new Set()
    const entries = changed.flatMap((key) => this.#entries.get(key) ?? [])
    const gone = changed.filter((key) => !this.#entries.has(key))
    if (changed.length > 0) this.#ask(() => this.#store.write(entries, gone))
    await this.#work
  }

  async close(): Promise<void> {
    await this.flush()
    this.#ask(() => this.#store.close())
    await this.#work
  }

  async wipe(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#changed.clear()
    for (const key of [...this.#entries.keys()]) this.#drop(key)
    this.#ask(() => this.#store.clear())
    await this.close()
  }

  #put(entry: CacheEntry): void {
    this.#entries.set(entry.key, entry)
    this.#length += entry.text.length
  }

  #drop(key: string): void {
    this.#length -= this.#entries.get(key)?.text.length ?? 0
    this.#entries.delete(key)
    this.#values.delete(key)
  }

  #makeRoom(): void {
    for (const key of this.#entries.keys()) {
      if (this.#length <= this.#maxLength) return
      this.#drop(key)
      this.#note(key)
    }
  }

  #note(key: string): void {
    this.#changed.add(key)
    this.#timer ??= this.#clock.after(writeAfterMs, () => void this.flush())
  }

  /** One thing after the other; a store that fails is told of. */
  #ask(run: () => Promise<void>): void {
    this.#work = this.#work.then(run).catch((error: unknown) => this.#options.onProblem?.(error))
  }
}

function write(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

const table = 'entries'

/** Keeps entries in the browser. */
function indexedDbCacheStore(name: string): CacheStore {
  const database = openDatabase(name, table, { keyPath: 'key' })
  return {
    load: () => database.read<CacheEntry[]>(table, (entries) => entries.getAll()),
    write: (changed, gone) =>
      database.change(table, (entries) => {
        for (const entry of changed) entries.put(entry)
        for (const key of gone) entries.delete(key)
      }),
    clear: () => database.change(table, (entries) => void entries.clear()),
    close: () => database.close(),
  }
}
