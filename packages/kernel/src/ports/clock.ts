/** A timer that has been set. `cancel` after it fired, or twice, does nothing. */
export interface Timer {
  cancel(): void
}

/**
 * Time, scheduling and randomness. Kernel, modules and client engine take all three from here, so that the simulation
 * can drive them.
 */
export interface Clock {
  /** Wall-clock time in ms since 1970. May jump. */
  now(): number
  /** Milliseconds (with fractions) from a fixed point; never goes back. For durations. */
  elapsed(): number
  /** Calls `run` once, not before `delayMs` have passed. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Calls `run` once, after all input that is ready now has been read (Node: `setImmediate`). In order of the calls. */
  defer(run: () => void): void
  /** A random number in [0, 1). */
  random(): number
  /** Unguessable text of `bits` random bits in base64url. */
  secret(bits: number): string
}
