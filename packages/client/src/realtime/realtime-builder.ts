import { RealtimeClient } from './realtime-client.ts'
import type { RealtimeMessages } from './realtime-message.ts'
import type { RealtimeClientOptions } from './realtime-options.ts'

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
}
