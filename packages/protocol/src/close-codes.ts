/**
 * Close codes (RFC 6455 §7.4.2, private range). The range alone decides, so that an old client acts rightly on a
 * code it has never seen:
 *
 * - 4000–4099 **stop**: connecting again with the same credentials and settings will fail again;
 * - 4100–4199 **refresh**: get a new token, then connect;
 * - 4200–4299 **reconnect**: connect again with backoff and resume;
 * - any other code (1001, 1006, …): reconnect.
 */
export type CloseVerdict = 'stop' | 'refresh' | 'reconnect'

/** The codes in use. A code is API: it is never renumbered and never reused for another meaning. */
export const closeCodes = {
  bad_frame: 4000,
  unsupported_version: 4001,
  unauthenticated: 4002,
  forbidden: 4003,
  frame_too_large: 4004,
  too_many_errors: 4005,
  disconnected_by_server: 4006,
  token_revoked: 4007,
  connection_limit: 4008,
  token_expired: 4100,
  connect_timeout: 4200,
  server_stopping: 4201,
  slow_consumer: 4202,
  ping_timeout: 4203,
  replaced: 4204,
  rate_limited: 4205,
  overloaded: 4206,
  internal: 4207,
} as const

/** Name of a close code; also sent as the close reason. */
export type CloseReason = keyof typeof closeCodes

/** What a client does after a close with this code, known or not. */
export function closeVerdict(code: number): CloseVerdict {
  if (code >= 4000 && code <= 4099) return 'stop'
  if (code >= 4100 && code <= 4199) return 'refresh'
  return 'reconnect'
}
