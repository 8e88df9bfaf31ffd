import type { Rate } from '../limits.ts'

/**
 * A token bucket (RFC 2697's idea, with one rate): holds `burst` tokens, refilled at `perSecond`.
 */
export class TokenBucket {
  #tokens: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#tokens = rate.burst
    this.#at = now
  }

  /**
   * Takes a token.
   *
   * @param now elapsed time in ms
   * @returns 0 when there was one, else the milliseconds until there is
   */
  take(rate: Rate, now: number): number {
    this.#tokens = Math.min(rate.burst, this.#tokens + ((now - this.#at) * rate.perSecond) / 1000)
    this.#at = now
    if (this.#tokens >= 1) {
      this.#tokens -= 1
      return 0
    }
    return Math.ceil(((1 - this.#tokens) * 1000) / rate.perSecond)
  }

  isFull(rate: Rate, now: number): boolean {
    return this.#tokens + ((now - this.#at) * rate.perSecond) / 1000 >= rate.burst
  }
}

/** Buckets by key (user, address, app). Full buckets are forgotten, so that the map holds only who was active lately. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #byKey = new Map<string, TokenBucket>()
  readonly #maxKeys: number

  constructor(rate: Rate, maxKeys = 100_000) {
    this.#rate = rate
    this.#maxKeys = maxKeys
  }

  /** Like {@link TokenBucket.take}; always 0 when the rate is 0. */
  take(key: string, now: number): number {
    if (this.#rate.perSecond === 0) return 0
    let bucket = this.#byKey.get(key)
    if (bucket === undefined) {
      // Full of the active, as the others are swept out: the oldest is forgotten, which errs in its favour.
      if (this.#byKey.size >= this.#maxKeys) this.#byKey.delete(this.#byKey.keys().next().value as string)
      bucket = new TokenBucket(this.#rate, now)
      this.#byKey.set(key, bucket)
    }
    return bucket.take(this.#rate, now)
  }

  sweep(now: number): void {
    for (const [key, bucket] of this.#byKey) if (bucket.isFull(this.#rate, now)) this.#byKey.delete(key)
  }
}
