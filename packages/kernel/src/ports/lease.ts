/**
 * Leases on names, for work that one node of a cluster does at a time. A lease ends by itself, so that nobody waits for
 * a node that has died. A holder that was stopped for a while may not know that its lease is over: what it writes
 * carries the lease's number, and whoever takes it in refuses numbers below the highest that it has seen.
 */
export interface Lease {
  /**
   * Takes a name for `ttlMs`, or prolongs it. Answers its fencing number: the same for as long as the holder has not
   * lost it, and higher than every one before after that. Undefined while another holder has it.
   *
   * @throws ParleyError `unavailable` when it cannot be known
   */
  take(name: string, holder: string, ttlMs: number): Promise<number | undefined>
  /** Gives a name back. Does nothing when the holder does not have it (any more). */
  release(name: string, holder: string): Promise<void>
}
