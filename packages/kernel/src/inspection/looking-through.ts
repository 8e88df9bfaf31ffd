import type { Clock } from '../ports/clock.ts'

/** Items looked at before other work goes first. */
const slice = 2_000

/** Goes through many items in slices of a turn each, until `look` answers false. Answers how many were looked at. */
export async function lookThrough<T>(
  items: Iterable<T>,
  clock: Clock,
  look: (item: T) => boolean | undefined,
): Promise<number> {
  let looked = 0
  for (const item of items) {
    looked += 1
    if (look(item) === false) return looked
    if (looked % slice === 0) await new Promise<void>((resolve) => clock.defer(resolve))
  }
  return looked
}

/** Keeps the first few of many by an order, without sorting the rest. */
export class Foremost<T> {
  readonly #limit: number
  readonly #compare: (a: T, b: T) => number
  readonly #kept: T[] = []

  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  add(item: T): void {
    const last = this.#kept.at(-1)
    const isFull = this.#kept.length >= this.#limit
    if (isFull && last !== undefined && this.#compare(item, last) >= 0) return
    let [low, high] = [0, this.#kept.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#kept[middle] as T, item) <= 0) low = middle + 1
      else high = middle
    }
    this.#kept.splice(low, 0, item)
    if (isFull) this.#kept.pop()
  }

  list(): readonly T[] {
    return this.#kept
  }
}
