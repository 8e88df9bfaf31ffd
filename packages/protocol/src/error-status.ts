import type { GenericErrorCode } from './errors.ts'

/** Apart from the registry: only those who answer over HTTP need it, and clients carry the registry. */
const statuses: Readonly<Record<GenericErrorCode, number>> = {
  bad_request: 400,
  bad_frame: 400,
  unsupported_version: 426,
  unauthenticated: 401,
  token_expired: 401,
  token_revoked: 401,
  forbidden: 403,
  not_found: 404,
  unknown_command: 404,
  unknown_kind: 404,
  not_subscribed: 409,
  already_subscribed: 409,
  conflict: 409,
  idempotency_mismatch: 422,
  disabled: 403,
  payload_too_large: 413,
  limit_exceeded: 429,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
  store_full: 507,
  outcome_unknown: 504,
  timeout: 504,
  cancelled: 499,
  disconnected: 503,
  connection_failed: 503,
  internal: 500,
}

/** The HTTP status of an error that is answered over REST; a module's own codes have that of a conflict. */
export function errorStatus(code: string): number {
  return Object.hasOwn(statuses, code) ? statuses[code as GenericErrorCode] : 409
}
