import type { HealthClient } from '../health/connection-health.ts'
import type { Clock, Network } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import type { FallbackOptions } from '../transports/fallback.ts'
import type { SocketIoTransportOptions } from '../transports/socket-io.ts'
import type { WebSocketConstructor } from '../transports/websocket.ts'
import type { RequestHeaders } from './request-headers.ts'

/**
 * What a client can be connected by. `http2` is a stream by `fetch`, over HTTP/2 where the server offers it; `socket.io`
 * needs the option `socketIo`.
 */
export type ConnectionType = 'websocket' | 'socket.io' | 'sse' | 'http2' | 'polling'

export interface RealtimeAuthentication {
  /** A token, or what gives one: asked for each connection and before a token expires. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /**
   * Go with every request. A browser sends none with the handshake of a WebSocket: see
   * [Realtime client](../../../../docs/guide/realtime-client.md#authentication).
   */
  readonly headers?: RequestHeaders | undefined
}

/** What watches a connection: `ConnectionHealth` of `@parley/client/health`. */
export interface RealtimeHealth {
  readonly transport: ClientTransport
  attach(client: HealthClient): () => void
}

/** What it is made of. */
export interface RealtimeHealthParts {
  readonly transports: readonly ClientTransport[]
  readonly fallback: FallbackOptions
  readonly clock: Clock | undefined
}

/** How a `RealtimeClient` is made. Only `url` is needed. */
export interface RealtimeClientOptions {
  /** `ws:`, `wss:`, `http:` or `https:`; in a page also a path. Without a path `/ws` or `/realtime` is taken. */
  readonly url: string
  /** What is tried first. Default `websocket`. */
  readonly connectionType?: ConnectionType | undefined
  /** What is tried then, in this order. Default `['sse', 'polling']`; `[]` for none. */
  readonly fallbackTypes?: readonly ConnectionType[] | undefined
  /** Further addresses of the same service, tried when the first one answers in no way. */
  readonly failoverUrls?: readonly string[] | undefined
  /** Names this device to the server, so that its sessions are known as one device's. Default: none. */
  readonly clientId?: string | undefined
  /** Whether a connection that broke is made again by itself. Default true. */
  readonly autoReconnect?: boolean | undefined
  /** Attempts in a row after a failure; then `connection_failed`. Default 5. Time offline does not count. */
  readonly maxReconnectAttempts?: number | undefined
  /** The first pause before an attempt, in ms at most; it doubles, up to 30 s. Default 1,000. */
  readonly reconnectDelay?: number | undefined
  /** How long an attempt may take over all transports, in ms, up to 15,000. Default 10,000. */
  readonly connectionTimeout?: number | undefined
  /** How often the server is asked for a sign of life, in ms. Default 30,000. */
  readonly heartbeatInterval?: number | undefined
  /** How long it may take to give it, in ms; then the connection counts as dead. Default 5,000. */
  readonly pingTimeout?: number | undefined
  /** Between polls, in ms. Default: the server holds a poll until there is something. */
  readonly pollInterval?: number | undefined
  /** Platform and server agree on compression by themselves; what is said here changes nothing. Default true. */
  readonly enableCompression?: boolean | undefined
  /** Messages to one room that are sent within a moment go together. Default false. */
  readonly enableBatching?: boolean | undefined
  /** Messages that go together at most. Default 10. */
  readonly batchSize?: number | undefined
  /** How long a message waits for others, in ms. Default 100. */
  readonly batchInterval?: number | undefined
  readonly authentication?: RealtimeAuthentication | undefined
  /** The channel of messages without a room. Default `room:everyone`. */
  readonly channel?: string | undefined
  /** The kind of channel that a room is: the room `general` is `room:general`. Default `room`. */
  readonly roomKind?: string | undefined
  /** Watches the connection and acts before it fails: `(parts) => new ConnectionHealth(parts)`. Default: nothing does. */
  readonly health?: ((parts: RealtimeHealthParts) => RealtimeHealth) | undefined
  /** Subprotocols to offer on a WebSocket before `parley.v1.json`. */
  readonly protocols?: readonly string[] | undefined
  /** Where the platform has none, or to use others. */
  readonly WebSocket?: WebSocketConstructor | undefined
  readonly fetch?: typeof fetch | undefined
  /** For `socket.io`: `{ io }`, of `socket.io-client`. */
  readonly socketIo?: SocketIoTransportOptions | undefined
  readonly clock?: Clock | undefined
  readonly network?: Network | undefined
}

/** What holds where an option is left out. */
export const realtimeDefaults = {
  connectionType: 'websocket',
  fallbackTypes: ['sse', 'polling'],
  autoReconnect: true,
  maxReconnectAttempts: 5,
  reconnectDelay: 1_000,
  connectionTimeout: 10_000,
  heartbeatInterval: 30_000,
  pingTimeout: 5_000,
  enableCompression: true,
  enableBatching: false,
  batchSize: 10,
  batchInterval: 100,
  channel: 'room:everyone',
  roomKind: 'room',
} as const satisfies Partial<RealtimeClientOptions>
