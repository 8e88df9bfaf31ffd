/** Who has been behind for so long has more to write than time. */
const saturatedMs = 250
/** Part of a slice that it has then. */
const saturatedShare = 0.4

/**
 * How long the fan-out may write at a time. When it stays behind, a node is out of time as a whole: with shorter slices
 * channels come round less often, each batch holds more, and the same events take fewer writes. They arrive later, and
 * more of them get through.
 */
export class Pace {
  readonly #sliceMs: number
  /** Elapsed time since which something has waited at the end of every turn. */
  #behindSince: number | undefined

  /** @param sliceMs how long it writes while it keeps up */
  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs
  }

  isSaturated(now: number): boolean {
    return this.#behindSince !== undefined && now - this.#behindSince >= saturatedMs
  }

  /** Elapsed time until which a turn that begins now may write. */
  until(now: number): number {
    return now + (this.isSaturated(now) ? this.#sliceMs * saturatedShare : this.#sliceMs)
  }

  /** A turn that began at `now` has ended, and left something to write or not. */
  ended(now: number, isBehind: boolean): void {
    this.#behindSince = isBehind ? (this.#behindSince ?? now) : undefined
  }
}
