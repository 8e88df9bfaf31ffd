import { randomBytes } from 'node:crypto'
import { ParleyError } from '@parley/protocol'

/** What a ticket stands for. */
export interface Deposit {
  /** What the client says first; empty for one that only listens. */
  readonly message: string
  /** From the header `Authorization`. */
  readonly token?: string
}

export const ticketTtlMs = 30_000
const maxTickets = 10_000

/**
 * One-time tickets: an `EventSource` can send neither headers nor a body, and what is in a URL ends in logs. A ticket is
 * worth nothing once it was used.
 */
export class Tickets {
  readonly #deposits = new Map<string, Deposit & { readonly endsAt: number }>()

  /** @throws ParleyError `overloaded` when too many wait to be used */
  issue(node: string, deposit: Deposit): string {
    this.#sweep()
    if (this.#deposits.size >= maxTickets)
      throw new ParleyError('overloaded', 'Too many tickets wait to be used. Try again.', {
        retryAfterMs: 1_000,
      })
    const ticket = `${node}.${randomBytes(24).toString('base64url')}`
    this.#deposits.set(ticket, { ...deposit, endsAt: performance.now() + ticketTtlMs })
    return ticket
  }

  /** What the ticket stands for, once. */
  redeem(ticket: string): Deposit | undefined {
    this.#sweep()
    const found = this.#deposits.get(ticket)
    this.#deposits.delete(ticket)
    return found
  }

  /** They were issued in the order in which they end. */
  #sweep(): void {
    const now = performance.now()
    for (const [ticket, { endsAt }] of this.#deposits) {
      if (endsAt > now) return
      this.#deposits.delete(ticket)
    }
  }
}
