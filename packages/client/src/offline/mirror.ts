import { ParleyError } from '@parley/protocol'
import type { OutboxItem } from './outbox.ts'
import type { OutboxRecord, OutboxStore, StoredRecord } from './outbox-store.ts'

interface Waiter {
  readonly promise: Promise<unknown>
  readonly resolve: (output: unknown) => void
  readonly reject: (error: ParleyError) => void
}

/**
 * The records of a store in memory, with those who wait for their answers. A store that fails is told of once, and what
 * it would not take is held in memory.
 */
export class Mirror {
  readonly #store: OutboxStore
  readonly #failed: (error: unknown) => void
  readonly #listeners = new Set<() => void>()
  readonly #waiters = new Map<string, Waiter>()
  /** By id. Places above 0 are the store's; what is on its way into it, or could not be stored, has none yet. */
  #records = new Map<string, StoredRecord>()
  /** Ids of what the store would not take. */
  readonly #inMemory = new Set<string>()
  #items: readonly OutboxItem[] = []
  #loading: Promise<void> | undefined
  #isStale = false
  #changes = 0
  /** A place that no store gives: behind all. */
  #lastInMemory = 2 ** 52
  readonly #shown = new WeakMap<StoredRecord, Shown>()
  loaded: Promise<void> = Promise.resolve()
  /** Characters of all inputs. */
  length = 0

  constructor(store: OutboxStore, failed: (error: unknown) => void) {
    this.#store = store
    this.#failed = failed
  }

  get items(): readonly OutboxItem[] {
    return this.#items
  }

  get records(): readonly StoredRecord[] {
    return [...this.#records.values()]
  }

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  find(id: string): StoredRecord | undefined {
    return this.#records.get(id)
  }

  /** Reads the store, again when it was changed by others meanwhile. */
  load(): Promise<void> {
    this.#isStale = true
    this.#loading ??= this.#read()
    this.loaded = this.#loading
    return this.#loading
  }

  async #read(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      const changes = this.#changes
      const kept = await this.#store.load().catch((error: unknown) => {
        this.#failed(error)
        return undefined
      })
      if (kept === undefined) break
      // We have changed something ourselves while the store answered: the answer may be from before.
      if (changes === this.#changes) this.#take(kept)
      else this.#isStale = true
    }
    // In the same turn as the last look at `#isStale`: whoever asks from now on is read for again.
    this.#loading = undefined
  }

  #take(kept: readonly StoredRecord[]): void {
    const unstored = this.records.filter(({ id, seq }) => seq <= 0 || this.#inMemory.has(id))
    this.#records = new Map([...kept, ...unstored].map((record) => [record.id, record]))
    // A crash came between the two writes of a retry.
    const doubled = kept.filter((record) => this.#records.get(record.id)?.seq !== record.seq)
    if (doubled.length > 0) void this.#ask(() => this.#store.remove(doubled.map(({ seq }) => seq)))
    for (const id of [...this.#waiters.keys()]) {
      const refusal = this.#records.get(id)?.refusal
      if (refusal !== undefined) this.fail(id, ParleyError.from(refusal))
    }
    this.#changed()
  }

  /** Resolves with the answer; those who wait for the same share it. */
  answer(id: string): Promise<unknown> {
    const known = this.#waiters.get(id)
    if (known !== undefined) return known.promise
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    promise.catch(() => undefined)
    this.#waiters.set(id, { promise, resolve, reject })
    return promise
  }

  settle(id: string, output: unknown): void {
    this.#waiters.get(id)?.resolve(output)
    this.#waiters.delete(id)
  }

  fail(id: string, error: ParleyError): void {
    this.#waiters.get(id)?.reject(error)
    this.#waiters.delete(id)
  }

  failAll(error: ParleyError): void {
    for (const id of [...this.#waiters.keys()]) this.fail(id, error)
  }

  /** Shown at once; resolves when it is kept, or held in memory. */
  async add(record: OutboxRecord): Promise<void> {
    const { id } = record
    this.#changes += 1
    this.#records.delete(id)
    this.#records.set(id, { ...record, seq: 0 })
    this.#changed()
    let seq: number
    try {
      seq = await this.#store.add(record)
    } catch (error) {
      this.#failed(error)
      this.#inMemory.add(id)
      this.#lastInMemory += 1
      seq = this.#lastInMemory
    }
    this.#changes += 1
    // Discarded meanwhile.
    if (!this.#records.has(id)) return void (await this.#ask(() => this.#store.remove([seq])))
    this.#records.set(id, { ...record, seq })
    this.#changed()
  }

  async update(records: readonly StoredRecord[]): Promise<void> {
    if (records.length === 0) return
    this.#changes += 1
    for (const record of records) if (this.#records.has(record.id)) this.#records.set(record.id, record)
    this.#changed()
    await this.#ask(() => this.#store.update(records))
  }

  async remove(seqs: readonly number[]): Promise<void> {
    this.#changes += 1
    for (const [id, { seq }] of this.#records)
      if (seqs.includes(seq)) {
        this.#records.delete(id)
        this.#inMemory.delete(id)
      }
    this.#changed()
    await this.#ask(() => this.#store.remove(seqs))
    this.#changes += 1
  }

  async clear(): Promise<void> {
    this.#changes += 1
    this.#records.clear()
    this.#changed()
    await this.#ask(() => this.#store.clear())
  }

  async close(): Promise<void> {
    await this.#ask(() => this.#store.close())
  }

  /** Unchanged records are the same items as before. */
  #show(record: StoredRecord): Shown {
    let shown = this.#shown.get(record)
    if (shown === undefined) {
      const item = itemOf(record, !this.#inMemory.has(record.id))
      shown = { item, length: JSON.stringify(record.input ?? null).length }
      this.#shown.set(record, shown)
    }
    return shown
  }

  async #ask(run: () => Promise<unknown>): Promise<void> {
    await run().catch((error: unknown) => this.#failed(error))
  }

  #changed(): void {
    const shown = this.records.map((record) => this.#show(record))
    this.#items = shown.map(({ item }) => item)
    this.length = shown.reduce((sum, { length }) => sum + length, 0)
    for (const listener of [...this.#listeners]) listener()
  }
}

/** An item, and the characters of its input. */
interface Shown {
  readonly item: OutboxItem
  readonly length: number
}

function itemOf(record: StoredRecord, durable: boolean): OutboxItem {
  const { id, command, input, note, addedAt, refusal } = record
  return {
    ...{ id, command, input, addedAt, durable },
    ...(note === undefined ? {} : { note }),
    ...(refusal === undefined
      ? { state: 'waiting' as const }
      : { state: 'parked' as const, error: ParleyError.from(refusal) }),
  }
}
