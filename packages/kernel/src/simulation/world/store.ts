import type { VirtualClock } from '../../testing/virtual-clock.ts'
import type { Publication } from '../oracle/publication.ts'
import type { SimulatedProcess } from './process.ts'
import type { Random } from './random.ts'

/** What an outbox asks a store to keep. */
export interface KeptRecord {
  readonly id: string
}

/** A store as a page has it; what the client calls an outbox store. */
export interface PageStore {
  load(): Promise<readonly object[]>
  add(record: KeptRecord): Promise<number>
  update(records: readonly (KeptRecord & { readonly seq: number })[]): Promise<void>
  remove(seqs: readonly number[]): Promise<void>
  clear(): Promise<void>
  close(): Promise<void>
}

/** Something that was asked for and is not done yet. */
interface Request {
  readonly process: SimulatedProcess
  /** A crash may come before it. */
  readonly isWrite: boolean
  readonly run: () => void
}

export interface SimulatedStoreOptions {
  readonly clock: VirtualClock
  readonly random: Random
  /** A page was gone before a write of it was done, a write was refused, or took longer than usual. */
  readonly struck: (fault: 'outbox_lost' | 'outbox_full' | 'outbox_slow') => void
}

/**
 * What a browser keeps on its disk for the pages of a user. Requests are done one after the other, each in its time; a
 * page that is closed or crashes loses the last of those that are not done.
 */
export class SimulatedStore {
  /** Times that a request takes as long as usual. */
  slowness = 1
  /** Set: nothing can be added or changed. */
  isFull = false
  readonly #options: SimulatedStoreOptions
  readonly #records = new Map<number, string>()
  readonly #expected = new Map<string, readonly Publication[]>()
  #last = 0
  #requests: Request[] = []
  #isBusy = false

  constructor(options: SimulatedStoreOptions) {
    this.#options = options
  }

  /** Records that are on the disk. */
  get size(): number {
    return this.#records.size
  }

  /** What a record with this id stands for. */
  expect(id: string, publications: readonly Publication[]): void {
    this.#expected.set(id, publications)
  }

  /** From now on all goes well. */
  mend(): void {
    this.slowness = 1
    this.isFull = false
  }

  /** The store, as a page sees it. */
  open(process: SimulatedProcess): PageStore {
    const write = <T>(change: () => T) => this.#ask(process, true, change)
    return {
      load: () =>
        this.#ask(process, false, () => [...this.#records.values()].map((text) => JSON.parse(text))),
      add: (record) => write(() => this.#add(record)),
      update: (records) => write(() => this.#update(records)),
      remove: (seqs) =>
        write(() => {
          for (const seq of seqs) this.#records.delete(seq)
        }),
      clear: () => write(() => this.#records.clear()),
      close: () => Promise.resolve(),
    }
  }

  /** A page is gone: of what it had asked for last, some is never done. */
  leave(process: SimulatedProcess): void {
    const writes = this.#requests.filter((one) => one.process === process && one.isWrite)
    const lost = new Set(writes.slice(this.#options.random.below(writes.length + 1)))
    this.#requests = this.#requests.filter((one) => !lost.has(one))
    for (const _write of lost) this.#options.struck('outbox_lost')
  }

  #add(record: KeptRecord): number {
    this.#checkSpace()
    this.#last += 1
    this.#records.set(this.#last, JSON.stringify({ ...record, seq: this.#last }))
    for (const publication of this.#expected.get(record.id) ?? []) publication.isKept = true
    return this.#last
  }

  #update(records: readonly (KeptRecord & { readonly seq: number })[]): void {
    this.#checkSpace()
    for (const record of records)
      if (this.#records.has(record.seq)) this.#records.set(record.seq, JSON.stringify(record))
  }

  #checkSpace(): void {
    if (!this.isFull) return
    this.#options.struck('outbox_full')
    throw new Error('There is no space left.')
  }

  /** A page that is gone asks for nothing, and is answered nothing. */
  #ask<T>(process: SimulatedProcess, isWrite: boolean, act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (process.isDead) return
      const run = (): void => {
        try {
          const result = act()
          process.enter(() => resolve(result))
        } catch (error) {
          process.enter(() => reject(error))
        }
      }
      this.#requests.push({ process, isWrite, run })
      this.#next()
    })
  }

  #next(): void {
    if (this.#isBusy || this.#requests.length === 0) return
    this.#isBusy = true
    const { clock, random, struck } = this.#options
    if (this.slowness > 1) struck('outbox_slow')
    clock.after((1 + random.below(4)) * this.slowness, () => {
      this.#isBusy = false
      this.#requests.shift()?.run()
      this.#next()
    })
  }
}
