import { ParleyError } from '@parley/protocol'
import type { Throttle } from '../access/throttle.ts'
import type { Limits } from '../limits.ts'
import type { Accept, Connection, Handshake } from '../ports/transport.ts'
import type { Link } from './link.ts'

export interface AcceptorParts {
  readonly limits: Limits
  readonly throttle: Throttle
  readonly isRunning: () => boolean
  readonly isRateLimited: () => boolean
  readonly links: Set<Link>
  readonly makeLink: (connection: Connection, handshake: Handshake) => Link
}

/** Takes connections in as long as there is room for them. */
export function acceptor(parts: AcceptorParts): Accept {
  const { limits, throttle, links } = parts
  return (connection, handshake) => {
    if (!parts.isRunning())
      throw new ParleyError('unavailable', 'The node is not ready. Try again.', { retryAfterMs: 1_000 })
    if (links.size >= limits.maxConnections)
      throw new ParleyError(
        'overloaded',
        `This node has ${limits.maxConnections} connections, which is its limit.`,
        { retryAfterMs: 5_000 },
      )
    const waitMs = parts.isRateLimited() ? throttle.connect(handshake.ip) : 0
    if (waitMs > 0)
      throw new ParleyError(
        'rate_limited',
        `Too many new connections from this address. Wait ${waitMs} ms.`,
        { retryAfterMs: waitMs },
      )
    if (throttle.connectionsFrom(handshake.ip) >= limits.maxConnectionsPerIp)
      throw new ParleyError(
        'overloaded',
        `This address has ${limits.maxConnectionsPerIp} connections, which is its limit.`,
        { retryAfterMs: 5_000 },
      )
    const link = parts.makeLink(connection, handshake)
    links.add(link)
    throttle.connected(handshake.ip)
    return link
  }
}
