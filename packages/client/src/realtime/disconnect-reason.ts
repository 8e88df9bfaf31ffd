import { type CloseReason, closeCodes } from '@parley/protocol'
import type { Disconnect } from '../connection/connection-snapshot.ts'

/**
 * Why a connection ended. `client_disconnect`: `disconnect()` or `reconnect()` was called · `server_error`: the server
 * failed; the next attempt waits · `server_stopping`: it goes away, others or itself come · `timeout`: one side heard
 * nothing of the other · `network_error`: the line broke · `auth_error`: the token is no longer good · `kicked`: the
 * server wants this client no more · `rate_limited`: it sent too much · `slow_consumer`: it read too slowly ·
 * `protocol_error`: client and server do not understand each other.
 */
export type DisconnectReason =
  | 'client_disconnect'
  | 'server_error'
  | 'server_stopping'
  | 'timeout'
  | 'network_error'
  | 'auth_error'
  | 'kicked'
  | 'rate_limited'
  | 'slow_consumer'
  | 'protocol_error'

const reasons: Readonly<Record<CloseReason, DisconnectReason>> = {
  bad_frame: 'protocol_error',
  unsupported_version: 'protocol_error',
  unauthenticated: 'auth_error',
  forbidden: 'auth_error',
  frame_too_large: 'protocol_error',
  too_many_errors: 'protocol_error',
  disconnected_by_server: 'kicked',
  token_revoked: 'auth_error',
  connection_limit: 'kicked',
  token_expired: 'auth_error',
  connect_timeout: 'timeout',
  server_stopping: 'server_stopping',
  slow_consumer: 'slow_consumer',
  ping_timeout: 'timeout',
  replaced: 'kicked',
  rate_limited: 'rate_limited',
  overloaded: 'server_error',
  internal: 'server_error',
}

/** RFC 6455 §7.4.1. */
const goingAway = 1001
const serverFailures: readonly number[] = [1011, 1012, 1013, 1014]
/** The client itself gave the link up. */
const givenUp = 3000

/** Whether a close code says that the server has failed, and not the way to it or the client. */
export function isServerError(code: number): boolean {
  return serverFailures.includes(code) || code === closeCodes.internal || code === closeCodes.overloaded
}

/** The reason behind the end of a connection. */
export function disconnectReason({ code, error }: Disconnect): DisconnectReason {
  const name = (Object.keys(closeCodes) as CloseReason[]).find((key) => closeCodes[key] === code)
  if (name !== undefined) return reasons[name]
  if (isServerError(code)) return 'server_error'
  if (code === goingAway) return 'server_stopping'
  if (error === undefined) return 'client_disconnect'
  return code === givenUp && error.code === 'timeout' ? 'timeout' : 'network_error'
}
