import type { DisconnectReason } from '../disconnect-reason.ts'
import type { RealtimeError } from '../realtime-error.ts'
import type { ConnectionType } from '../realtime-options.ts'
import type { PerformanceMetrics } from './performance-metrics.ts'
import type { SecurityAlertKind } from './security-level.ts'
import type { WebSocketMessage } from './websocket-message.ts'

/** The events of the service, with their data. `'*'` hears all of them, and what the application emits. */
export interface ServiceEvents {
  /** An endpoint can be used, for the first time or again. */
  connection_open: { readonly endpoint: string; readonly protocol: ConnectionType }
  connection_close: {
    readonly endpoint: string
    readonly reason: DisconnectReason
    readonly willReconnect: boolean
    readonly code: number
  }
  /** It has given up: `retry_attempts` failed in a row, or trying again is of no use. `connect` begins anew. */
  connection_failed: { readonly endpoint: string; readonly error: RealtimeError }
  message: { readonly endpoint: string; readonly message: WebSocketMessage }
  /** The server has taken a message, and where it put it. */
  message_sent: {
    readonly endpoint: string
    readonly message: WebSocketMessage
    readonly id: string
    readonly offset: number
  }
  /** A message was refused, or cannot be sent any more. */
  message_failed: {
    readonly endpoint: string
    readonly message: WebSocketMessage
    readonly error: RealtimeError
  }
  /** While a monitored endpoint is there: when one opens or closes, and every `metricsIntervalMs`. */
  metrics_update: PerformanceMetrics
  performance_alert: PerformanceAlert
  security_alert: SecurityAlert
  /** What the service goes on after by itself. */
  error: { readonly endpoint: string; readonly error: RealtimeError }
}

/**
 * Told when it begins. `failure_predicted`: a connection is about to fail · `poor_quality`: it is slow or loses much ·
 * `messages_missed`: it was away for longer than messages are kept.
 */
export interface PerformanceAlert {
  readonly endpoint: string
  readonly kind: 'failure_predicted' | 'poor_quality' | 'messages_missed'
  readonly message: string
}

/** Told when a security level, or the server, refuses something. */
export interface SecurityAlert {
  readonly endpoint: string
  readonly kind: SecurityAlertKind
  readonly message: string
}

/** Raises an event. */
export type Raise = <Name extends keyof ServiceEvents>(event: Name, data: ServiceEvents[Name]) => void
