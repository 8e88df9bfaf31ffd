import { ParleyError } from '@parley/protocol'
import type { OutboxItem } from './outbox.ts'
import type { OutboxRecord, OutboxStore, StoredRecord } from './outbox-store.ts'

interface Waiter {
  readonly promise: Promise<unknown>
  readonly resolve: (output: unknown) => void
  readonly reject: (error: ParleyError) => void
}

/** Places from here on are those of records that the store would not take. */
const firstInMemory = 2 ** 52

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
  #lastInMemory = firstInMemory
  /** The last place in the store before something was held in memory: what is up to there was sent before it. */
  #heldBehind = 0
  /** One write of a new record after the other: nothing overtakes what the store would not take. */
  #adding: Promise<void> = Promise.resolve()
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
    // A crash came between the two writes of a retry. (One that is on its way into the store may be there already.)
    const last = new Map(kept.map(({ id, seq }) => [id, seq]))
    const doubled = kept.filter(({ id, seq }) => last.get(id) !== seq)
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

  /**
   * What is held in memory and has its turn: nothing that was kept before it waits any more. No other page can send it.
   */
  get unstored(): readonly StoredRecord[] {
    const held = this.records.filter(({ id }) => this.#inMemory.has(id))
    const isBehind = ({ refusal, seq }: StoredRecord): boolean =>
      refusal === undefined && seq > 0 && seq <= this.#heldBehind
    return held.length > 0 && this.records.some(isBehind) ? [] : held
  }

  /** Shown at once; resolves when it is kept, or held in memory. */
  add(record: OutboxRecord): Promise<void> {
    this.#changes += 1
    this.#records.delete(record.id)
    this.#inMemory.delete(record.id)
    this.#records.set(record.id, { ...record, seq: 0 })
    this.#changed()
    this.#adding = this.#adding.then(() => this.#keep(record.id))
    return this.#adding
  }

  /** What could not be stored goes before it: now there may be room. */
  async #keep(id: string): Promise<void> {
    for (const held of [...this.#inMemory]) if ((await this.#write(held)) !== undefined) return this.#hold(id)
    const error = await this.#write(id)
    if (error === undefined) return
    this.#failed(error)
    this.#hold(id)
  }

  /** Answers what the store has against it. */
  async #write(id: string): Promise<unknown> {
    const record = this.#records.get(id)
    // Discarded meanwhile.
    if (record === undefined) return undefined
    const { seq: _none, ...text } = record
    let seq: number
    try {
      seq = await this.#store.add(text)
    } catch (error) {
      return error ?? new Error('The store failed.')
    }
    this.#changes += 1
    this.#inMemory.delete(id)
    const now = this.#records.get(id)
    if (now === undefined) await this.#ask(() => this.#store.remove([seq]))
    else {
      this.#records.set(id, { ...now, seq })
      if (now !== record) await this.#ask(() => this.#store.update([{ ...now, seq }]))
    }
    this.#changed()
    return undefined
  }

  #hold(id: string): void {
    const record = this.#records.get(id)
    if (record === undefined) return
    this.#changes += 1
    if (this.#inMemory.size === 0)
      this.#heldBehind = Math.max(
        0,
        ...this.records.map(({ seq }) => seq).filter((seq) => seq < firstInMemory),
      )
    this.#inMemory.add(id)
    this.#lastInMemory += 1
    this.#records.set(id, { ...record, seq: this.#lastInMemory })
    this.#changed()
  }

  async update(records: readonly StoredRecord[]): Promise<void> {
    if (records.length === 0) return
    this.#changes += 1
    for (const record of records) if (this.#records.has(record.id)) this.#records.set(record.id, record)
    this.#changed()
    const stored = records.filter(({ seq }) => seq < firstInMemory)
    if (stored.length > 0) await this.#ask(() => this.#store.update(stored))
  }

  async remove(seqs: readonly number[]): Promise<void> {
    this.#changes += 1
    for (const [id, { seq }] of this.#records)
      if (seqs.includes(seq)) {
        this.#records.delete(id)
        this.#inMemory.delete(id)
      }
    this.#changed()
    const stored = seqs.filter((seq) => seq < firstInMemory)
    if (stored.length > 0) await this.#ask(() => this.#store.remove(stored))
    this.#changes += 1
  }

  async clear(): Promise<void> {
    this.#changes += 1
    this.#records.clear()
    this.#inMemory.clear()
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
      const isKept = record.seq > 0 && record.seq < firstInMemory
      shown = { item: itemOf(record, isKept), length: JSON.stringify(record.input ?? null).length }
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
