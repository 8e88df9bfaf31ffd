import { type ChunkFrame, type Decoded, ParleyError } from '@parley/protocol'
import { TokenBucket } from '../access/token-bucket.ts'
import type { Rate } from '../limits.ts'

/** A chunk from this length on pays by its bytes, and is not counted as a frame. */
const largeChunk = 4_096
/** Frames refused in a row for their rate, after which it is a flood. */
const floodFrames = 5_000

/** The rate of frames on one connection. */
export class FrameRate {
  readonly #rate: Rate
  readonly #bucket: TokenBucket
  #refused = 0

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#bucket = new TokenBucket(rate, now)
  }

  /** So many were refused in a row that nobody is listening. */
  get isFlood(): boolean {
    return this.#refused > floodFrames
  }

  /** Milliseconds to wait before such a frame is let through; 0 when it is now. */
  take(decoded: Decoded, now: number): number {
    // What large pieces become is counted, and its size is bounded. Many small ones are a flood like any other.
    if ('frame' in decoded && decoded.frame.op === 'chunk' && isFree(decoded.frame)) return 0
    const waitMs = this.#bucket.take(this.#rate, now)
    this.#refused = waitMs === 0 ? 0 : this.#refused + 1
    return waitMs
  }
}

/** The last piece is small as it happens: without it the others were for nothing, and nobody would be answered. */
function isFree({ data, index, of }: ChunkFrame): boolean {
  return data.length >= largeChunk || (index > 0 && index === of - 1)
}

export function tooManyFrames(waitMs: number): ParleyError {
  return new ParleyError('rate_limited', `Too many frames on this connection. Wait ${waitMs} ms.`, {
    retryAfterMs: waitMs,
  })
}
