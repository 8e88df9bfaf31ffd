import { pingFrame } from './server-frame.ts'

/** Bytes between two probes: of a connection that may be slow, and most of one that is known to be quick. */
export const probeSpacing = { least: 32_768, most: 1_048_576 } as const

/** Milliseconds in which a quick client answers. */
const quickMs = 250

/**
 * Pings between the frames that are sent, whose answers tell how far the other side has read. The operating system
 * takes megabytes for a connection and says nothing until much of it is gone: by its word alone, a client that reads
 * slowly looks as dead as one that does not read at all. Quick clients are asked seldom, so that it costs them nothing.
 */
export class Probes {
  /** Number of the newest probe, and how many up to it have no answer. */
  #newest = 0
  #unanswered = 0
  #sentAt = 0
  #spacing: number = probeSpacing.least

  /** How many bytes may be sent before the next probe. */
  get spacing(): number {
    return this.#spacing
  }

  /** The next probe, to be sent at `now` (elapsed time in ms). */
  next(now: number): Uint8Array {
    if (this.#unanswered > 0) this.#spacing = probeSpacing.least
    this.#newest = (this.#newest + 1) % 256
    this.#unanswered = Math.min(this.#unanswered + 1, 255)
    this.#sentAt = now
    return pingFrame(Uint8Array.of(this.#newest))
  }

  /** Takes the payload of a pong; false when it answers no probe that waits for an answer. */
  answered(payload: Uint8Array, now: number): boolean {
    const [number] = payload
    if (payload.length !== 1 || number === undefined) return false
    // The answer to a probe is one to all before it.
    const left = (this.#newest - number + 256) % 256
    if (left >= this.#unanswered) return false
    this.#unanswered = left
    if (left === 0 && now - this.#sentAt < quickMs)
      this.#spacing = Math.min(this.#spacing * 2, probeSpacing.most)
    return true
  }
}
