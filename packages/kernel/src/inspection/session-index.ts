import type { Session } from '../sessions/session.ts'

/** Holes are closed when there are more of them than sessions, and more than this. */
const minHoles = 1_024

/**
 * The sessions of a node in the order in which they began. A page is read from any place in it without looking at what
 * lies before; adding costs nothing, removing a binary search.
 */
export class SessionIndex {
  #sequences: number[] = []
  #sessions: (Session | undefined)[] = []
  #next = 1
  #holes = 0

  get size(): number {
    return this.#sessions.length - this.#holes
  }

  /** Answers the place of the session, a number that rises. */
  add(session: Session): number {
    const sequence = this.#next++
    this.#sequences.push(sequence)
    this.#sessions.push(session)
    return sequence
  }

  remove(sequence: number): void {
    const index = this.#indexAfter(sequence) - 1
    if (this.#sequences[index] !== sequence || this.#sessions[index] === undefined) return
    this.#sessions[index] = undefined
    this.#holes += 1
    if (this.#holes > minHoles && this.#holes > this.size) this.#close()
  }

  /** Sessions that began before a place, newest first; without a place all. */
  *before(sequence = Number.POSITIVE_INFINITY): Generator<Session> {
    for (let index = this.#indexAfter(sequence - 1) - 1; index >= 0; index--) {
      const session = this.#sessions[index]
      if (session !== undefined) yield session
    }
  }

  /** Sessions that began after a place, oldest first. */
  *after(sequence = 0): Generator<Session> {
    for (let index = this.#indexAfter(sequence); index < this.#sessions.length; index++) {
      const session = this.#sessions[index]
      if (session !== undefined) yield session
    }
  }

  /** Index of the first place above a sequence. */
  #indexAfter(sequence: number): number {
    let [low, high] = [0, this.#sequences.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sequences[middle] as number) <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #close(): void {
    const kept = this.#sessions.flatMap((session, index) =>
      session === undefined ? [] : [[this.#sequences[index] as number, session] as const],
    )
    this.#sequences = kept.map(([sequence]) => sequence)
    this.#sessions = kept.map(([, session]) => session)
    this.#holes = 0
  }
}
