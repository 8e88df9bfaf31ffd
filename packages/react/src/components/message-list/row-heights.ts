const usualHeight = 56

/** How high rows are, and so where each stands: measured where they were shown, guessed where not. */
export class RowHeights {
  readonly #heights = new Map<string, number>()
  #keys: readonly string[] = []
  #offsets: readonly number[] = [0]
  #guess = usualHeight

  /** Height of all rows. */
  get total(): number {
    return this.#offsets.at(-1) ?? 0
  }

  /** The rows as they are now, in order. */
  arrange(keys: readonly string[]): void {
    if (keys !== this.#keys) {
      const present = new Set(keys)
      for (const key of this.#heights.keys()) if (!present.has(key)) this.#heights.delete(key)
    }
    this.#keys = keys
    let offset = 0
    this.#offsets = [0, ...keys.map((key) => (offset += this.#heights.get(key) ?? this.#guess))]
  }

  /** Takes measured heights. Returns whether anything stands elsewhere now. */
  measured(heights: Iterable<readonly [key: string, height: number]>): boolean {
    let isChanged = false
    for (const [key, height] of heights) {
      if (Math.abs((this.#heights.get(key) ?? -1) - height) < 0.5) continue
      this.#heights.set(key, height)
      isChanged = true
    }
    if (!isChanged) return false
    let sum = 0
    for (const height of this.#heights.values()) sum += height
    this.#guess = sum / this.#heights.size
    this.arrange(this.#keys)
    return true
  }

  /** Where a row begins. */
  offsetOf(index: number): number {
    return this.#offsets[Math.min(index, this.#keys.length)] ?? 0
  }

  /** Index of the row at a height, or of the nearest one. */
  indexAt(y: number): number {
    let [low, high] = [0, Math.max(0, this.#keys.length - 1)]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#offsets[middle] ?? 0) <= y) low = middle
      else high = middle - 1
    }
    return low
  }
}
