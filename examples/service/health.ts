import type { WebSocketService } from '@parley/client/service'

/** Whether somebody can work: an endpoint is up, and fewer than one in ten messages failed. */
export function performHealthCheck(service: WebSocketService): boolean {
  const { connections, messages } = service.getPerformanceMetrics()
  const total = messages.sent + messages.failed
  const isUp = Object.values(service.getConnectionStatus()).some(Boolean)
  return isUp && connections.active > 0 && (total === 0 || messages.failed < total * 0.1)
}

/** What a support engineer asks first, in lines. */
export function checkConnectionHealth(service: WebSocketService): readonly string[] {
  const { endpoints } = service.getRawMetrics()
  return Object.entries(endpoints).map(([endpoint, { status, protocol, queued, round_trip_ms }]) => {
    const trip = round_trip_ms === undefined ? '' : `, round trip ${Math.round(round_trip_ms)} ms`
    return `${endpoint}: ${status} by ${protocol}, ${queued} messages wait${trip}`
  })
}
