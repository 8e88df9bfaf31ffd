import type { SharedText } from './polling/shared-text.ts'

/** Lines with which a poll is answered. */
export interface PollLines {
  /** For this client alone. */
  readonly own: string
  /** What comes behind them, and goes to others too. */
  readonly shared?: SharedText | undefined
}

/** A request that is held until there is something to answer. */
export interface Poll {
  /** `sent` is called when the lines have left. */
  respond(lines: PollLines, sent?: () => void): void
}
