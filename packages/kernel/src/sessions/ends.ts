import { type CloseReason, closeCodes, ParleyError } from '@parley/protocol'

/** A client that closes with this code ends its session (PROTOCOL.md §3). Browsers close pages with another one. */
export const normalClosure = 1000
export const abnormalClosure = 1006

/** Why a connection was closed, and by whom. */
export interface Closure {
  readonly code: number
  readonly reason: string
  readonly by: 'server' | 'client'
}

/** Most of what a client gives as its reason that is kept. */
const maxReasonLength = 120

const standardReasons: Readonly<Record<number, string>> = {
  1000: 'closed by the client',
  1001: 'the page or the client went away',
  1005: 'closed by the client, without a code',
  1006: 'the connection broke',
}

/** What a connection that the client has closed, or the network, says of its end (RFC 6455, section 7.4.1). */
export function closureOf(code: number, reason: string): Closure {
  const said = reason === '' ? standardReasons[code] : reason.slice(0, maxReasonLength)
  return { code, reason: said ?? `closed with ${code}`, by: 'client' }
}

/** What an end that was not ours is counted as. */
export function endOf(code: number): string {
  if (code === normalClosure || code === 1001) return 'client_left'
  if (code === abnormalClosure) return 'connection_lost'
  return (code >= 1002 && code <= 1015) || code === closeCodes.frame_too_large
    ? 'protocol_violation'
    : 'client_closed'
}

/** The close that follows from a refused connect frame. */
export function closeReasonOf(error: ParleyError): CloseReason {
  switch (error.code) {
    case 'token_expired':
      return 'token_expired'
    case 'token_revoked':
      return 'token_revoked'
    case 'internal':
      return 'internal'
    case 'unavailable':
    case 'overloaded':
      return 'overloaded'
    case 'forbidden':
      return 'forbidden'
    default:
      return 'unauthenticated'
  }
}

/** Who was refused for want of room comes again after this time to twice of it. */
const refusedRetryMs = 1_000

/** @param random in [0, 1) */
export function overloadedError(random: number): ParleyError {
  return new ParleyError('overloaded', 'The server has more to do than it can. Try again.', {
    retryAfterMs: refusedRetryMs + Math.floor(random * refusedRetryMs),
  })
}
