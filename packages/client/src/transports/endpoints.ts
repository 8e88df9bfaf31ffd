/** Ids of transports; `http2` is HTTP streaming, over HTTP/2 where the server offers it. */
export type TransportId = 'websocket' | 'socket.io' | 'sse' | 'http-stream' | 'http2' | 'polling'

/** What an endpoint is served by: a transport, or the wire of Socket.IO. */
export type EndpointProtocol = 'websocket' | 'socket.io' | 'sse' | 'http2'

/** Endpoints that an application names, each with the protocol that suits what happens there. */
export const endpointProtocols: Readonly<Record<string, EndpointProtocol>> = {
  'ai-interaction': 'socket.io',
  'real-time-collab': 'socket.io',
  'live-learning': 'websocket',
  dashboard: 'sse',
  notifications: 'sse',
  analytics: 'http2',
}

/** The protocol of an endpoint; `websocket` for one that is not in the table. */
export function selectOptimalProtocol(endpoint: string): EndpointProtocol {
  return Object.hasOwn(endpointProtocols, endpoint)
    ? (endpointProtocols[endpoint] as EndpointProtocol)
    : 'websocket'
}
