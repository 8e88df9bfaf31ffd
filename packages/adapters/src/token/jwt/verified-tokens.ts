import { hash } from 'node:crypto'
import type { Identity } from '@parley/kernel'

/**
 * Identities of tokens that were verified, so that a token that comes again costs a digest. Holds digests, not tokens;
 * the least recently used go first.
 */
export class VerifiedTokens {
  readonly #identities = new Map<string, Identity>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#identities.size
  }

  /** What stands for a token here: to be made once for all that is done with it. */
  digestOf(token: string): string {
    return hash('sha256', token, 'base64')
  }

  get(key: string): Identity | undefined {
    const identity = this.#identities.get(key)
    if (identity === undefined) return undefined
    this.#identities.delete(key)
    this.#identities.set(key, identity)
    return identity
  }

  add(key: string, identity: Identity): void {
    if (this.#capacity === 0) return
    if (this.#identities.size >= this.#capacity)
      this.#identities.delete(this.#identities.keys().next().value as string)
    this.#identities.set(key, identity)
  }

  remove(key: string): void {
    this.#identities.delete(key)
  }
}
