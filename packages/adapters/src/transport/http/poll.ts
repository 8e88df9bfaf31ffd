/** A request that is held until there is something to answer. */
export interface Poll {
  /** Answers it with lines. `sent` is called when they have left. */
  respond(text: string, sent?: () => void): void
}
