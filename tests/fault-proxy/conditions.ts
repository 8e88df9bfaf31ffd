/** What becomes of bytes on their way in one direction. */
export interface Way {
  /** How long they take. */
  readonly delayMs: number
  /** How much longer they may take, at random; they stay in order. */
  readonly jitterMs: number
  /** How many may pass. 0: they wait, first here, then in the socket of who sends them. */
  readonly bytesPerSecond: number
  /** They arrive in pieces of at most so many, a moment apart. */
  readonly pieceBytes: number
  /** They are taken in and never arrive. A link that has swallowed any can only be ended. */
  readonly swallows: boolean
}

/** Both directions of a link. What is left out is as good as it can be. */
export interface Conditions {
  readonly toServer?: Partial<Way>
  readonly toClient?: Partial<Way>
}

const best: Way = {
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  pieceBytes: Number.POSITIVE_INFINITY,
  swallows: false,
}

/** A direction of which only what is bad was said. */
export function wayOf(bad: Partial<Way> = {}): Way {
  return { ...best, ...bad }
}
