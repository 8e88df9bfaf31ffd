// An entry of its own: named endpoints with one event bus and figures, as one object for a whole application.
import { WebSocketService } from './websocket-service.ts'

export type { ConnectOptions, SecurityLevel } from './connect-options.ts'
export type { EventCallback } from './event-bus.ts'
export type {
  Delivery,
  PerformanceMetrics,
  RawEndpointMetrics,
  RawMetrics,
} from './performance-metrics.ts'
export type { SecurityAlertKind } from './security-level.ts'
export type { PerformanceAlert, SecurityAlert, ServiceEvents } from './service-events.ts'
export type { ServiceSettings } from './service-settings.ts'
export type { MessagePriority, WebSocketMessage } from './websocket-message.ts'
export { WebSocketService }

/** The one of an application. Importing it does nothing: it starts with the first `connect`, or by `initialize`. */
export const enterpriseWebSocketService = new WebSocketService()

/**
 * The same one.
 *
 * @alias
 */
export const webSocketService = enterpriseWebSocketService
