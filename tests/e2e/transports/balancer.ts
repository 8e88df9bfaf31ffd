import type { ClientTransport, WebSocketConstructor } from '@parley/client'
import { fallbackTransport, type TransportId, transportOf } from '@parley/client/transports'
import { WebSocket } from 'ws'
import type { House } from './house.ts'

/** The address under which clients know the service; nothing listens there. */
export const serviceUrl = 'http://service.test/realtime'

/**
 * A transport that is balanced as by a proxy without memory: every request, also of one link, goes to the next node.
 */
export function balanced(house: House, id: TransportId | 'fallback'): ClientTransport {
  let turn = 0
  const place = (url: string): string => {
    const { nodes } = house
    const node = nodes[turn++ % Math.max(nodes.length, 1)]
    return url.replace('service.test', `127.0.0.1:${node?.port ?? 1}`)
  }
  const fetcher: typeof fetch = (url, init) => fetch(place(String(url)), init)
  class Socket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(place(url), protocols)
    }
  }
  const options = { fetch: fetcher, WebSocket: Socket as unknown as WebSocketConstructor }
  if (id === 'fallback')
    return fallbackTransport([
      transportOf('websocket', { WebSocket: Socket as never }),
      transportOf('sse', options),
    ])
  return transportOf(id, options)
}
