import type { ParleyError } from '@parley/client'

/** What outlives the page, for the components below a provider. */
export interface Offline {
  /** Who is signed in, known before the server says so. */
  readonly user?: string | undefined
  /** What is shown before the network answers: that of `@parley/client/cache`. */
  readonly cache?: OfflineCache | undefined
  /** Where messages wait that are sent through it: that of `@parley/client/outbox`. */
  readonly outbox?: OfflineOutbox | undefined
}

export interface OfflineCache {
  get(key: string): unknown
  set(key: string, value: unknown): void
  delete(key: string): void
}

export interface OfflineOutbox {
  readonly items: readonly OfflineItem[]
  watch(listener: () => void): () => void
  answerTo(id: string): Promise<unknown>
  retry(id: string): Promise<unknown>
  discard(id: string): Promise<void>
}

export interface OfflineItem {
  readonly id: string
  readonly command: string
  readonly input: unknown
  readonly addedAt: number
  readonly error?: ParleyError
}

const writeAfterMs = 500

/** Writes what a view shows into the cache: a while after a change, once for all changes until then. */
export class Keeper {
  readonly #cache: OfflineCache | undefined
  readonly #key: string
  readonly #read: () => unknown
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param read what to keep; undefined: nothing for now */
  constructor(cache: OfflineCache | undefined, key: string, read: () => unknown) {
    this.#cache = cache
    this.#key = key
    this.#read = read
  }

  get kept(): unknown {
    return this.#cache?.get(this.#key)
  }

  changed(): void {
    if (this.#cache === undefined) return
    this.#timer ??= setTimeout(() => this.write(), writeAfterMs)
  }

  write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const value = this.#read()
    if (value !== undefined) this.#cache?.set(this.#key, value)
  }

  forget(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#cache?.delete(this.#key)
  }
}
