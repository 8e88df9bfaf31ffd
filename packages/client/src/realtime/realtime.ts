// An entry of its own: messages by type and rooms, over the first transport that works.
export type { ConnectionStatus } from '../connection/connection-state.ts'
export type { DisconnectReason } from './disconnect-reason.ts'
export {
  EnhancedWebSocketConnection,
  type EnhancedWebSocketOptions,
} from './enhanced-websocket-connection.ts'
export { type BuilderOptions, RealtimeBuilder } from './realtime-builder.ts'
export { RealtimeClient, type SendOptions } from './realtime-client.ts'
export { RealtimeError, type RealtimeErrorCode } from './realtime-error.ts'
export type {
  ConnectionManager,
  DisconnectDetails,
  RealtimeClientEvents,
  RealtimeConnectionInfo,
} from './realtime-events.ts'
export type { RealtimeMessage, RealtimeMessages, SentMessage } from './realtime-message.ts'
export {
  type ConnectionType,
  type RealtimeAuthentication,
  type RealtimeClientOptions,
  type RealtimeHealth,
  type RealtimeHealthParts,
  realtimeDefaults,
} from './realtime-options.ts'
export { type PresetOptions, REALTIME_PRESETS } from './realtime-presets.ts'
export type {
  ClientSocketConfig,
  ClusterSocketConfig,
  ServerSocketConfig,
  WebSocketConfig,
} from './websocket-config.ts'
