import type { ConnectOptions, PerformanceMetrics, WebSocketMessage } from './service.ts'
import { enterpriseWebSocketService, WebSocketService, webSocketService } from './service.ts'

// Compiled, never run: what must compile does, and what must not is marked.

export async function typed(): Promise<void> {
  webSocketService satisfies typeof enterpriseWebSocketService
  enterpriseWebSocketService.initialize() satisfies Promise<void>
  const options: ConnectOptions = {
    enable_ai_processing: false,
    monitoring_enabled: true,
    security_level: 'high',
    fallback_protocols: ['websocket', 'sse'],
    connection_timeout: 10_000,
    retry_attempts: 3,
  }
  enterpriseWebSocketService.connect('ai-interaction', options) satisfies Promise<void>
  const message: WebSocketMessage = {
    type: 'agent_message',
    data: { content: 'Hello, I need help with calculus' },
    priority: 'normal',
    timestamp: '2026-01-01T00:00:00.000Z',
  }
  enterpriseWebSocketService.send('ai-interaction', message) satisfies Promise<void>
  enterpriseWebSocketService.disconnect('ai-interaction') satisfies Promise<void>
  // @ts-expect-error no such level
  await webSocketService.connect('dashboard', { security_level: 'low' })
  // @ts-expect-error no timestamp
  await webSocketService.send('dashboard', { type: 'x', data: 1 })
}

export function events(service: WebSocketService): void {
  service.on('connection_failed', ({ endpoint, error }) => {
    endpoint satisfies string
    error.code satisfies string
  })
  service.on('metrics_update', (metrics) => {
    metrics satisfies PerformanceMetrics
    metrics.messages.sent satisfies number
    metrics.connections.active satisfies number
  })
  service.on('*', (event, data) => {
    event satisfies string
    data satisfies unknown
  })
  const own = (data: { readonly course: number }) => data
  const stop: () => void = service.on('lesson_began', own)
  stop()
  service.off('lesson_began', own)
  service.off('lesson_began')
  const status: { [endpoint: string]: boolean } = service.getConnectionStatus()
  status satisfies Record<string, boolean>
  new WebSocketService({ url: 'wss://example.org' }) satisfies WebSocketService
}
