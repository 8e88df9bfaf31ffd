import type { Lane } from '../kind.ts'
import type { Counter, Metrics } from '../ports/metrics.ts'

/**
 * What a node has dropped. `frame`: events of a kind without a log, on their way to one reader. `request`: something a
 * client asked for, refused before it was looked at. `subscription`: ended, to be made anew. `dead_letter`: forgotten.
 */
export type DropSubject = 'frame' | 'request' | 'subscription' | 'dead_letter'

export type DropReason =
  /** The reader takes less than there is. */
  | 'slow_reader'
  /** Whether the reader may go on reading was being asked. */
  | 'access_check'
  | 'overloaded'
  | 'rate_limited'
  | 'position_expired'
  | 'epoch_changed'
  /** There were more than are kept. */
  | 'limit'

export interface Drop {
  readonly what: DropSubject
  readonly reason: DropReason
  readonly lane?: Lane | undefined
}

/** Counts everything that a node drops, by what it was and why; the labels come from the sets above. */
export class Drops {
  readonly #counter: Counter
  readonly #counts = new Map<string, { readonly drop: Drop; count: number }>()

  constructor(metrics: Metrics) {
    this.#counter = metrics.counter(
      'parley_dropped_total',
      'What was dropped or refused for want of room, by what it was, why, and lane.',
      ['what', 'reason', 'lane'],
    )
  }

  add(drop: Drop, count = 1): void {
    const { what, reason, lane } = drop
    this.#counter.add(count, { what, reason, lane: lane ?? '' })
    const key = `${what} ${reason} ${lane}`
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { drop, count })
    else known.count += count
  }

  /** Since the start, the most frequent first. */
  list(): readonly (Drop & { readonly count: number })[] {
    return [...this.#counts.values()]
      .map(({ drop, count }) => ({ ...drop, count }))
      .sort((one, other) => other.count - one.count)
  }
}
