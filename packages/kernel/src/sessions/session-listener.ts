import type { DeviceInfo } from '@parley/protocol'

/** A client's session, as modules see it: the same object from its first connection to its end. */
export interface SessionFacts {
  readonly app: string
  /** Absent for sessions of back ends. */
  readonly user: string | undefined
  readonly session: string
  /** What the client says of the device that it runs on: true as far as the client is. */
  readonly device: DeviceInfo | undefined
  readonly transport: string
  /** Time of the first connection, in ms since 1970. */
  readonly since: number
  /**
   * Elapsed time (see `Clock`) of the last frame that was more than a sign of life, known to within a ping interval.
   */
  readonly activeAt: number
}

/**
 * Why a session ended. `left`: the client said that it will not come back. `expired`: it did not come back in time.
 * `disconnected`, `revoked`: the server ended it. `reconnect`: the server ended it and the client is to come back.
 */
export type SessionEnd = 'left' | 'expired' | 'disconnected' | 'revoked' | 'reconnect'

/**
 * Told of the sessions of this node, once per fact and in order: `connected`, then `disconnected` and `resumed` in
 * turn, then `ended` (after `disconnected`). Called in the middle of the kernel's own work: it must be quick, and what
 * it throws is logged and changes nothing. A node that stops tells `disconnected` and no `ended`.
 */
export interface SessionListener {
  connected?(session: SessionFacts): void
  /** The transport is gone; the session waits for its client. */
  disconnected?(session: SessionFacts): void
  resumed?(session: SessionFacts): void
  ended?(session: SessionFacts, reason: SessionEnd): void
}
