import type { ClosedConnection } from './inspection.ts'

const maxKept = 1_000

/** The last connections that were closed, and why: a ring, so that it costs the same however many come and go. */
export class ClosedConnections {
  readonly #kept: ClosedConnection[] = []
  #next = 0

  add(closed: ClosedConnection): void {
    this.#kept[this.#next] = closed
    this.#next = (this.#next + 1) % maxKept
  }

  /** Newest first. */
  *list(): Generator<ClosedConnection> {
    for (let back = 1; back <= this.#kept.length; back++)
      yield this.#kept[(this.#next - back + maxKept) % maxKept] as ClosedConnection
  }
}
