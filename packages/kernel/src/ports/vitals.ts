/** How long things took, in ms. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** What the process is doing, since it was last read. */
export interface ProcessFigures {
  /** Share of one core that the process used: 1 is a core, more is several. */
  readonly cpu: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** What the process may still take, as far as the system tells. */
  readonly availableBytes: number
  /** How late the event loop was, in ms. */
  readonly eventLoop: Percentiles
}

/** Collects durations in a histogram of high dynamic range: percentiles are right to within 0.1 % whatever they are. */
export interface DurationHistogram {
  record(ms: number): void
  /** What was recorded since the last reading. */
  read(): Percentiles
}

export interface VitalsWatch {
  read(): ProcessFigures
  durations(): DurationHistogram
  stop(): void
}

/** Measures the process under the node, while somebody wants to know: until `watch` is called it costs nothing. */
export interface Vitals {
  watch(): VitalsWatch
}
