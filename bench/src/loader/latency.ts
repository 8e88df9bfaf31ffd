/** The loader's clock in µs: 16 digits, never goes back. */
export function stampMicros(): number {
  return 1e15 + Math.round(performance.now() * 1_000)
}

/** Times in ms, kept whole: a run has at most some hundred thousand. */
export class Latencies {
  #values: number[] = []

  add(millis: number): void {
    this.#values.push(millis)
  }

  clear(): void {
    this.#values = []
  }

  get count(): number {
    return this.#values.length
  }

  /** The value that a share of all is at or below; 0 when there are none. */
  percentile(share: number): number {
    const sorted = Float64Array.from(this.#values).sort()
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  }
}
