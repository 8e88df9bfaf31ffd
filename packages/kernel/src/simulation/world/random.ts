/** Random numbers that follow from a seed. Sources made for different names know nothing of each other. */
export class Random {
  readonly #seed: number
  #state: number

  constructor(seed: number) {
    this.#seed = seed | 0
    this.#state = seed | 0
  }

  /** Another source, that follows from the same seed and from the name. */
  fork(name: string): Random {
    let hash = this.#seed ^ 0x811c9dc5
    for (let index = 0; index < name.length; index++)
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
    return new Random(hash ^ (hash >>> 15))
  }

  /** In [0, 1). Mulberry32: enough for simulations, and the same everywhere. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** Looks like a secret of so many bits. */
  secret(bits: number): string {
    let text = ''
    for (let left = bits; left > 0; left -= 6) text += base64url[this.below(64)]
    return text
  }
}

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
