import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store, StoredReceipt } from '../ports/store.ts'

/**
 * Receipts of commands whose effect is not durable: as durable as the effect, so in memory. Bounded; the oldest go.
 */
export class Receipts {
  readonly #clock: Clock
  readonly #store: Store
  readonly #limits: Limits
  readonly #memory = new Map<string, StoredReceipt & { readonly expiresAt: number }>()

  constructor(clock: Clock, store: Store, limits: Limits) {
    this.#clock = clock
    this.#store = store
    this.#limits = limits
  }

  /** The receipt of an earlier run, from memory at once or from the store. */
  find(scope: string): StoredReceipt | Promise<StoredReceipt | undefined> {
    const known = this.#memory.get(scope)
    if (known !== undefined && known.expiresAt > this.#clock.now()) return known
    return this.#store.receipts([scope]).then(([stored]) => stored)
  }

  remember(scope: string, receipt: StoredReceipt): void {
    if (this.#memory.size >= this.#limits.maxMemoryReceipts)
      this.#memory.delete(this.#memory.keys().next().value as string)
    this.#memory.set(scope, { ...receipt, expiresAt: this.#clock.now() + this.#limits.idempotencyTtlMs })
  }
}
