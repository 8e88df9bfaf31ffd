import { RealtimeClient } from './realtime-client.ts'
import type { RealtimeMessages } from './realtime-message.ts'
import type { RealtimeClientOptions } from './realtime-options.ts'
import { realtimeOptions, roomsOf, type WebSocketConfig } from './websocket-config.ts'

/** What is said beside the address. */
export type BuilderOptions = Omit<RealtimeClientOptions, 'url' | 'connectionType' | 'fallbackTypes'>

/** Clients in one line. */
export const RealtimeBuilder = {
  /** By WebSocket alone. */
  createWebSocketClient<Messages extends object = RealtimeMessages>(url: string, options?: BuilderOptions) {
    return new RealtimeClient<Messages>({ ...options, url, connectionType: 'websocket', fallbackTypes: [] })
  },

  /** By server-sent events alone. */
  createSSEClient<Messages extends object = RealtimeMessages>(url: string, options?: BuilderOptions) {
    return new RealtimeClient<Messages>({ ...options, url, connectionType: 'sse', fallbackTypes: [] })
  },

  /** By polling alone. */
  createPollingClient<Messages extends object = RealtimeMessages>(url: string, options?: BuilderOptions) {
    return new RealtimeClient<Messages>({ ...options, url, connectionType: 'polling', fallbackTypes: [] })
  },

  /** By WebSocket, else server-sent events, else polling. */
  createFallbackClient<Messages extends object = RealtimeMessages>(url: string, options?: BuilderOptions) {
    return new RealtimeClient<Messages>({ ...options, url })
  },

  /**
   * As a configuration says. Its channels and topics are joined with `connect()`; one that the server does not let this
   * client into is told by `room_left`. What is said in `options` counts more.
   *
   * @throws ParleyError `bad_request` when the configuration names no address, or a strategy that does not exist
   */
  createConfiguredClient<Messages extends object = RealtimeMessages>(
    config: WebSocketConfig,
    options?: Omit<RealtimeClientOptions, 'url'>,
  ) {
    const client = new RealtimeClient<Messages>({ ...realtimeOptions(config), ...options })
    for (const room of roomsOf(config)) client.joinRoom(room).catch(() => undefined)
    return client
  },
}
