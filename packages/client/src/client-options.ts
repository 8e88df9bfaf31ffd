import type { DeviceInfo } from '@parley/protocol'
import type { GetToken } from './connection/tokens.ts'
import type { Clock, Network } from './platform.ts'
import type { StateRule } from './subscriptions/state-events.ts'
import type { ClientTransport } from './transport.ts'
import type { WebSocketConstructor } from './transports/websocket.ts'

/**
 * What a client would like; the server answers within its bounds (`maxPingIntervalMs`), and never asks more often than by
 * default. Fewer pings spare the radio of a phone; in exchange it takes as much longer until either side notices that
 * the other is gone without a word. When a connection breaks while pings are rare, half of it is asked for from then on,
 * as something in between may take silence for death.
 */
export interface HeartbeatOptions {
  /** In ms. */
  readonly intervalMs?: number | undefined
  /** The same while nobody looks: in a hidden tab, or as `network` says. */
  readonly hiddenIntervalMs?: number | undefined
}

/** How a client is made. */
export interface ClientOptions {
  /** `ws:`, `wss:`, `http:` or `https:`, in a page also a path. Without a path `/ws` is taken. */
  readonly url: string
  /** Called for each connection and before a token expires; calls never overlap. */
  readonly getToken?: GetToken | undefined
  /** A token that never changes, instead of `getToken`. */
  readonly token?: string | undefined
  /** What the server may know about this client. */
  readonly name?: string | undefined
  readonly version?: string | undefined
  /** The device that it runs on: an id that stays the same, or more; shown to the user in the list of their devices. */
  readonly device?: DeviceInfo | string | undefined
  /** Calls without an answer; one more is refused with `overloaded`. Default 1,000. */
  readonly maxOutbox?: number | undefined
  /** Characters of JSON of those calls together. Default 16 Mi. */
  readonly maxOutboxBytes?: number | undefined
  /** How long an answer may take, counted from sending. Default 15,000. */
  readonly callTimeoutMs?: number | undefined
  /** How often a call refused with "later" is sent again. Default 5. */
  readonly maxRetries?: number | undefined
  /** How long the server remembers the answers to calls; older calls are not repeated. Default 23 h. */
  readonly idempotencyWindowMs?: number | undefined
  /** What modules of your own declare under `states`: events that follow from entries of keyed state. */
  readonly states?: Readonly<Record<string, StateRule>> | undefined
  /** Pauses between attempts, in ms: any time up to a ceiling that doubles from 500 to 20,000. */
  readonly reconnect?: { readonly baseMs?: number; readonly capMs?: number } | undefined
  /**
   * Attempts that may follow a failure, in a row; then `connect()` and calls are rejected with `connection_failed`, and
   * only `connect()` begins anew. Time offline, frozen or asked for by the server does not count; a connection that is
   * there sets the count to 0. `Infinity`: it never gives up. Default 5.
   */
  readonly maxReconnectAttempts?: number | undefined
  /** How often the server asks whether this client is there. Default: as often as the server likes. */
  readonly heartbeat?: HeartbeatOptions | undefined
  /** Where the platform has none, or to use another. */
  readonly WebSocket?: WebSocketConstructor | undefined
  readonly transport?: ClientTransport | undefined
  readonly clock?: Clock | undefined
  readonly network?: Network | undefined
}
