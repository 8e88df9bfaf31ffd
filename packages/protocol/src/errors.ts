/**
 * What a client should do after an error.
 *
 * - `never`: the same request will fail again; change it first.
 * - `later`: wait (`retryAfterMs`, else backoff with jitter), then send the same request again.
 * - `same_key`: the outcome is unknown; send the same request with the *same* idempotency key.
 * - `refresh`: get a new token, then try again.
 */
export type RetryVerdict = 'never' | 'later' | 'same_key' | 'refresh'

interface ErrorEntry {
  readonly retry: RetryVerdict
  /** One sentence: what happened and what to do. */
  readonly summary: string
}

/**
 * The registry of generic error codes. A code is API: it is never renamed and never reused for another meaning.
 * Modules add codes of their own in their contracts (`chat.message_locked`); those default to `never`.
 */
export const errorRegistry = {
  bad_request: {
    retry: 'never',
    summary: 'The input does not fit the schema. `details` names each field.',
  },
  bad_frame: {
    retry: 'never',
    summary: 'The frame is no valid JSON, or no frame of this protocol.',
  },
  unsupported_version: {
    retry: 'never',
    summary: 'Client and server share no protocol version. Update the older one.',
  },
  unauthenticated: {
    retry: 'never',
    summary: 'No valid credentials. Sign in, or send a token or an app key.',
  },
  token_expired: {
    retry: 'refresh',
    summary: 'The token has expired. Get a new one and refresh or reconnect.',
  },
  token_revoked: { retry: 'never', summary: 'The token was revoked. Sign in again.' },
  forbidden: {
    retry: 'never',
    summary: 'The identity may not do this. Ask for the capability named in `details`.',
  },
  not_found: {
    retry: 'never',
    summary: 'The thing named does not exist, or this identity may not see it.',
  },
  unknown_command: {
    retry: 'never',
    summary: 'No module offers this command. Check the name and the server version.',
  },
  unknown_kind: {
    retry: 'never',
    summary: 'No kind of this name is configured. Channels are named `kind:id`.',
  },
  not_subscribed: {
    retry: 'never',
    summary: 'The session is not subscribed to this channel. Subscribe first.',
  },
  already_subscribed: {
    retry: 'never',
    summary: 'The session is subscribed to this channel already. Unsubscribe first.',
  },
  conflict: {
    retry: 'later',
    summary: 'The state changed while the command ran. Read it again and repeat.',
  },
  idempotency_mismatch: {
    retry: 'never',
    summary: 'This idempotency key was used with another input. Use a new key.',
  },
  disabled: { retry: 'never', summary: 'The feature is switched off. Turn its feature flag on.' },
  payload_too_large: {
    retry: 'never',
    summary: 'The message is larger than the limit. Split it, or raise the limit of the kind.',
  },
  limit_exceeded: {
    retry: 'never',
    summary: 'A fixed limit is reached. `details` names the limit and its value.',
  },
  rate_limited: { retry: 'later', summary: 'Too many requests. Wait `retryAfterMs`.' },
  overloaded: {
    retry: 'later',
    summary: 'A queue of the server is full; nothing was stored. Wait `retryAfterMs`.',
  },
  unavailable: {
    retry: 'later',
    summary: 'A part that this needs is not ready; nothing was stored. Try again.',
  },
  store_full: {
    retry: 'later',
    summary: 'The disk is full; nothing was stored. Free space on the server.',
  },
  outcome_unknown: {
    retry: 'same_key',
    summary: 'The write may or may not have happened. Repeat it with the same idempotency key.',
  },
  timeout: {
    retry: 'same_key',
    summary: 'No answer in time. Repeat it with the same idempotency key.',
  },
  cancelled: { retry: 'never', summary: 'The caller gave up before the answer came.' },
  disconnected: {
    retry: 'same_key',
    summary: 'The connection ended before the answer came. The client repeats it.',
  },
  connection_failed: {
    retry: 'same_key',
    summary: 'The server could not be reached. `connect()` begins anew.',
  },
  internal: {
    retry: 'later',
    summary: 'The server failed. The log has the cause under the request id.',
  },
} as const satisfies Record<string, ErrorEntry>

/** A code of the registry. */
export type GenericErrorCode = keyof typeof errorRegistry
/** A generic code, or a module's own: `module.noun`. */
export type ErrorCode = GenericErrorCode | `${string}.${string}`

/** The form of an error on every wire. */
export interface ErrorBody {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable: boolean
  readonly retryAfterMs?: number
  readonly details?: unknown
}

/** Looks an error code up; module codes count as a conflict that repeating does not mend. */
export function errorEntry(code: string): ErrorEntry {
  return isGeneric(code) ? errorRegistry[code] : moduleEntry
}

const moduleEntry: ErrorEntry = {
  retry: 'never',
  summary: 'The module refused the command. See its reference page.',
}

function isGeneric(code: string): code is GenericErrorCode {
  return Object.hasOwn(errorRegistry, code)
}

/** Path of the page that says what causes an error and what mends it; every server has it. */
export function errorPage(code: string): string {
  return `/docs/errors/${code}/`
}

/** What an error may carry beside code and message. */
export interface ParleyErrorOptions {
  /** Verdict of a code that is not in the registry; default `never`. */
  readonly retry?: RetryVerdict
  readonly retryAfterMs?: number | undefined
  readonly details?: unknown
  readonly cause?: unknown
}

/** An error with a stable code, thrown by server and client alike; `toBody()` is what crosses the wire. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly details: unknown
  /** What to do about it; see {@link RetryVerdict}. */
  readonly retry: RetryVerdict

  constructor(code: ErrorCode, message?: string, options: ParleyErrorOptions = {}) {
    super(
      message ?? errorEntry(code).summary,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details
    this.retry = isGeneric(code) ? errorRegistry[code].retry : (options.retry ?? moduleEntry.retry)
  }

  get retryable(): boolean {
    return this.retry !== 'never'
  }

  /** Path of the page on this error, on the server that answered. */
  get help(): string {
    return errorPage(this.code)
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    }
  }

  /** The error of a body from the wire. A code that this version does not know is judged by `retryable`. */
  static from(body: ErrorBody): ParleyError {
    return new ParleyError(body.code, body.message, {
      retry: body.retryable ? 'later' : 'never',
      retryAfterMs: body.retryAfterMs,
      details: body.details,
    })
  }
}
