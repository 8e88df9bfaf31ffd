import { createHash } from 'node:crypto'
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

  get(token: string): Identity | undefined {
    const key = digest(token)
    const identity = this.#identities.get(key)
    if (identity === undefined) return undefined
    this.#identities.delete(key)
    this.#identities.set(key, identity)
    return identity
  }

  add(token: string, identity: Identity): void {
    if (this.#capacity === 0) return
    if (this.#identities.size >= this.#capacity)
      this.#identities.delete(this.#identities.keys().next().value as string)
    this.#identities.set(digest(token), identity)
  }

  remove(token: string): void {
    this.#identities.delete(digest(token))
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
