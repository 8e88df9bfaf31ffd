import type { ConnectionStatus } from '../connection/connection-state.ts'
import type { DisconnectReason } from './disconnect-reason.ts'
import type { RealtimeError } from './realtime-error.ts'
import type { RealtimeMessage } from './realtime-message.ts'
import type { ConnectionType } from './realtime-options.ts'

/** Beside the reason of a disconnect. */
export interface DisconnectDetails {
  readonly willReconnect: boolean
  readonly code: number
  readonly error?: RealtimeError
}

/** What `RealtimeClient.on` can be given. */
export interface RealtimeClientEvents {
  /** The client can be used, for the first time or again. */
  connect: () => void
  disconnect: (reason: DisconnectReason, details: DisconnectDetails) => void
  /** An attempt follows after a pause. */
  reconnecting: (attempt: { readonly attempt: number; readonly delayMs: number }) => void
  /** The client has given up: `maxReconnectAttempts` failed in a row, or trying again is of no use. */
  connection_failed: (failure: { readonly endpoint: string; readonly error: RealtimeError }) => void
  error: (error: RealtimeError) => void
  status: (status: ConnectionStatus) => void
  /** Every message, whatever its type. */
  message: (message: RealtimeMessage) => void
  /** The server ended the membership in a room, or did not let the client in. */
  room_left: (left: { readonly roomId: string; readonly error: RealtimeError }) => void
  /** Messages of a room were sent while this client was away for longer than they are kept; without a room: of all. */
  messages_missed: (missed: { readonly roomId?: string }) => void
}

/** What is known of a connection. */
export interface RealtimeConnectionInfo {
  /** By what the client is connected, or was last. */
  readonly connectionType: ConnectionType
  readonly isConnected: boolean
  /** Types of messages that have a handler. */
  readonly subscriptions: readonly string[]
  readonly rooms: readonly string[]
  readonly status: ConnectionStatus
  readonly clientId?: string
  /** The last answer to a heartbeat, in ms. */
  readonly roundTripMs?: number
}

/** A connection that can be opened, closed and made anew. */
export interface ConnectionManager {
  readonly status: ConnectionStatus
  connect(): Promise<void>
  disconnect(): void
  reconnect(): Promise<void>
}
