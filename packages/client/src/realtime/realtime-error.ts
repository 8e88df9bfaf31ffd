import { ParleyError } from '@parley/protocol'

/**
 * Why something did not work. `NETWORK_ERROR`: the server cannot be reached, or the connection broke · `TIMEOUT`: no
 * answer in time · `AUTH_ERROR`: the token is missing, refused, expired or revoked · `SERVER_ERROR`: the server failed ·
 * others: the server's own code in capitals, as `FORBIDDEN`, `RATE_LIMITED`, `PAYLOAD_TOO_LARGE`.
 */
export type RealtimeErrorCode = 'NETWORK_ERROR' | 'TIMEOUT' | 'AUTH_ERROR' | 'SERVER_ERROR' | (string & {})

const codes: Readonly<Record<string, RealtimeErrorCode>> = {
  disconnected: 'NETWORK_ERROR',
  unavailable: 'NETWORK_ERROR',
  connection_failed: 'NETWORK_ERROR',
  unauthenticated: 'AUTH_ERROR',
  token_expired: 'AUTH_ERROR',
  token_revoked: 'AUTH_ERROR',
  internal: 'SERVER_ERROR',
}

/** What `RealtimeClient` rejects with and tells by `error`; the message can be shown to people. */
export class RealtimeError extends Error {
  override readonly name = 'RealtimeError'
  readonly code: RealtimeErrorCode
  /** Whether the same may go better later. */
  readonly retryable: boolean
  /** How long to wait before that, in ms, when the server said so. */
  readonly retryAfterMs: number | undefined

  constructor(code: RealtimeErrorCode, cause: ParleyError) {
    super(cause.message, { cause })
    this.code = code
    this.retryable = cause.retryable || code === 'NETWORK_ERROR'
    this.retryAfterMs = cause.retryAfterMs
  }

  /** The error that any failure of a client is. */
  static from(cause: unknown): RealtimeError {
    if (cause instanceof RealtimeError) return cause
    const error =
      cause instanceof ParleyError
        ? cause
        : new ParleyError('internal', cause instanceof Error ? cause.message : String(cause), { cause })
    // That it was given up is told by an event; the reason is the last failure.
    if (error.code === 'connection_failed' && error.cause !== undefined)
      return RealtimeError.from(error.cause)
    return new RealtimeError(codes[error.code] ?? error.code.toUpperCase().replace(/\W/g, '_'), error)
  }
}
