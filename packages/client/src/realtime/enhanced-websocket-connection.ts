import { RealtimeClient } from './realtime-client.ts'
import type { RealtimeMessages } from './realtime-message.ts'
import { type RealtimeClientOptions, realtimeDefaults } from './realtime-options.ts'

export interface EnhancedWebSocketOptions
  extends Pick<
    RealtimeClientOptions,
    | 'authentication'
    | 'autoReconnect'
    | 'batchInterval'
    | 'batchSize'
    | 'channel'
    | 'clock'
    | 'connectionTimeout'
    | 'enableBatching'
    | 'enableCompression'
    | 'heartbeatInterval'
    | 'network'
    | 'pingTimeout'
    | 'reconnectDelay'
    | 'roomKind'
    | 'WebSocket'
  > {}

/** A connection by WebSocket alone, with an id; small messages may go together. */
export class EnhancedWebSocketConnection<
  Messages extends object = RealtimeMessages,
> extends RealtimeClient<Messages> {
  readonly id: string

  /**
   * @param id names the device to the server
   * @param protocols subprotocols to offer before `parley.v1.json`
   * @param maxAttempts further attempts in a row after a failure; default 5
   */
  constructor(
    ...[id, url, protocols = [], maxAttempts = realtimeDefaults.maxReconnectAttempts, options = {}]: [
      id: string,
      url: string,
      protocols?: readonly string[],
      maxAttempts?: number,
      options?: EnhancedWebSocketOptions,
    ]
  ) {
    super({
      ...options,
      ...{ url, protocols, clientId: id, maxReconnectAttempts: maxAttempts },
      connectionType: 'websocket',
      fallbackTypes: [],
    })
    this.id = id
  }
}
