import type { Position } from '@parley/protocol'
import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store, StoredReceipt } from '../ports/store.ts'
import { nowhere } from './publisher.ts'
import type { CollectedEvent } from './unit-context.ts'

/** A receipt's output as text: what the command answered, and in a mixed unit which of its events are durable. */
interface ReceiptText {
  readonly output: unknown
  readonly events?: number
  readonly durable?: readonly number[]
}

/** A receipt, with the places of all events (`isWhole`), or of those that the store knows. */
export type KnownReceipt = StoredReceipt & { readonly isWhole?: true }

/**
 * Receipts of commands whose effect is not durable: as durable as the effect, so in memory. Bounded; the oldest go.
 */
export class Receipts {
  readonly #clock: Clock
  readonly #store: Store
  readonly #limits: Limits
  readonly #memory = new Map<string, KnownReceipt & { readonly expiresAt: number }>()

  constructor(clock: Clock, store: Store, limits: Limits) {
    this.#clock = clock
    this.#store = store
    this.#limits = limits
  }

  /** The receipt of an earlier run, from memory at once or from the store. */
  find(scope: string): KnownReceipt | Promise<KnownReceipt | undefined> {
    const known = this.#memory.get(scope)
    if (known !== undefined && known.expiresAt > this.#clock.now()) return known
    return this.#store.receipts([scope]).then(([stored]) => stored)
  }

  remember(scope: string, receipt: StoredReceipt): void {
    if (this.#memory.size >= this.#limits.maxMemoryReceipts)
      this.#memory.delete(this.#memory.keys().next().value as string)
    this.#memory.set(scope, {
      ...receipt,
      isWhole: true,
      expiresAt: this.#clock.now() + this.#limits.idempotencyTtlMs,
    })
  }
}

/**
 * The text of a receipt for an output. A store knows the places of durable events only, and of what the kernel has added
 * to them: such a unit says which are its own.
 */
export function receiptText(output: unknown, events: readonly CollectedEvent[], hasMore = false): string {
  const durable = events.flatMap(({ kind }, index) => (kind.durability === 'durable' ? [index] : []))
  // Also where no event is durable: the writes of the unit are.
  const isMixed = hasMore || durable.length < events.length
  const text: ReceiptText = { output: output ?? null, ...(isMixed ? { events: events.length, durable } : {}) }
  return JSON.stringify(text)
}

/**
 * What a receipt holds: the output, and a position for each event of the unit. Events that were not durable are
 * nowhere in a receipt that comes from the store.
 */
export function readReceipt(receipt: KnownReceipt): {
  readonly output: unknown
  readonly positions: readonly Position[]
} {
  const { output, events, durable } = JSON.parse(receipt.output) as ReceiptText
  if (events === undefined || durable === undefined || receipt.isWhole === true)
    return { output, positions: receipt.positions }
  const positions = Array.from({ length: events }, () => nowhere)
  for (const [index, place] of durable.entries()) positions[place] = receipt.positions[index] ?? nowhere
  return { output, positions }
}
