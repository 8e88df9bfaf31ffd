import type { Clock } from '../ports/clock.ts'

/** What a link shows of its health while it does its work: some counts, and times of pings. */
export class LinkHealth {
  pings = 0
  /** Pings that were not answered in time. */
  missed = 0
  /** Smoothed round trip and its deviation (RFC 6298 §2), in ms; undefined until one was measured. */
  roundTripMs: number | undefined
  jitterMs = 0
  frames = 0
  /** Frames that were refused. */
  refused = 0
  /** Elapsed time of a ping that waits for its answer. */
  #pingedAt: number | undefined

  took(): void {
    this.frames += 1
  }

  refuse(): void {
    this.refused += 1
  }

  pinged(now: number): void {
    this.pings += 1
    this.#pingedAt = now
  }

  /** Something came: whoever is heard has got the ping. */
  heard(clock: Pick<Clock, 'elapsed'>): void {
    if (this.#pingedAt === undefined) return
    const ms = clock.elapsed() - this.#pingedAt
    this.#pingedAt = undefined
    if (this.roundTripMs === undefined) {
      this.roundTripMs = ms
      return
    }
    this.jitterMs += (Math.abs(ms - this.roundTripMs) - this.jitterMs) / 4
    this.roundTripMs += (ms - this.roundTripMs) / 8
  }

  /** The time for an answer is over. */
  timedOut(): void {
    if (this.#pingedAt !== undefined) this.missed += 1
    this.#pingedAt = undefined
  }

  /** How long a ping waits for its answer, in ms; 0: none does. */
  waitingMs(now: number): number {
    return this.#pingedAt === undefined ? 0 : now - this.#pingedAt
  }
}
