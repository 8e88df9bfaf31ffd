/** Label values must come from a bounded set: never a user, channel or session. */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  add(value?: number, labels?: Labels): void
}
export interface Histogram {
  /** Seconds or bytes, as the name says. */
  observe(value: number, labels?: Labels): void
}

/** A value under labels. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** Where measurements go. Names follow Prometheus conventions (`parley_events_published_total`). */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): Histogram
  /** Read when somebody looks; costs nothing otherwise. */
  gauge(name: string, help: string, read: () => number): void
  /** A counter that is kept elsewhere and only grows; read when somebody looks. All samples have these labels. */
  total(name: string, help: string, labelNames: readonly string[], read: () => readonly Sample[]): void
}
