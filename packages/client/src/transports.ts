import { ParleyError } from '@parley/protocol'
import type { ClientTransport } from './transport.ts'
import type { TransportId } from './transports/endpoints.ts'
import type { HttpTransportOptions } from './transports/http-link.ts'
import { httpStreamTransport } from './transports/http-stream.ts'
import { type PollingTransportOptions, pollingTransport } from './transports/polling.ts'
import {
  type SocketIoClient,
  type SocketIoTransportOptions,
  socketIoTransport,
} from './transports/socket-io.ts'
import { type SseTransportOptions, sseTransport } from './transports/sse.ts'
import { type WebSocketConstructor, websocketTransport } from './transports/websocket.ts'

export {
  type EndpointProtocol,
  endpointProtocols,
  selectOptimalProtocol,
  type TransportId,
} from './transports/endpoints.ts'
export { type FallbackOptions, fallbackTransport } from './transports/fallback.ts'
export type { EventSourceConstructor, EventSourceLike } from './transports/sse.ts'
export {
  type HttpTransportOptions,
  httpStreamTransport,
  type PollingTransportOptions,
  pollingTransport,
  type SocketIoClient,
  type SocketIoTransportOptions,
  type SseTransportOptions,
  socketIoTransport,
  sseTransport,
  websocketTransport,
}

/** What the transports of {@link transportOf} may need of the platform. */
export type TransportOptions = SseTransportOptions &
  PollingTransportOptions & {
    readonly WebSocket?: WebSocketConstructor | undefined
    /** For `socket.io`. */
    readonly socketIo?: SocketIoTransportOptions | undefined
  }

/**
 * The transport of that id.
 *
 * @throws ParleyError `bad_request` when there is none
 */
export function transportOf(id: TransportId, options: TransportOptions = {}): ClientTransport {
  switch (id) {
    case 'websocket':
      return websocketTransport(options.WebSocket)
    case 'socket.io':
      if (options.socketIo === undefined)
        throw new ParleyError(
          'bad_request',
          'The transport `socket.io` needs the library: `socketIo: { io }`, with `io` from `socket.io-client`.',
        )
      return socketIoTransport(options.socketIo)
    case 'sse':
      return sseTransport(options)
    case 'http-stream':
    case 'http2':
      return httpStreamTransport(options)
    case 'polling':
      return pollingTransport(options)
    default:
      throw new ParleyError(
        'bad_request',
        `There is no transport \`${String(id)}\`: websocket, socket.io, sse, http-stream (http2) or polling.`,
      )
  }
}
