import type { WebSocketService } from '@parley/client/service'

/** Tries again what has given up, after a pause that doubles, and tells what a person has to look at. */
export function setupErrorRecovery(
  service: WebSocketService,
  tell: (words: string) => void,
  firstPauseMs = 30_000,
): () => void {
  const pauses = new Map<string, { timer: ReturnType<typeof setTimeout>; ms: number }>()
  const stops = [
    service.on('connection_failed', ({ endpoint, error }) => {
      tell(`${endpoint}: ${error.message}`)
      if (error.code === 'AUTH_ERROR') return
      const ms = Math.min(2 * (pauses.get(endpoint)?.ms ?? firstPauseMs / 2), 600_000)
      // What goes wrong this time is told by `connection_failed` too.
      const timer = setTimeout(() => service.connect(endpoint).catch(() => undefined), ms)
      pauses.set(endpoint, { timer, ms })
    }),
    service.on('connection_open', ({ endpoint }) => pauses.delete(endpoint)),
    service.on('security_alert', ({ endpoint, message }) => tell(`${endpoint}: ${message}`)),
    service.on('performance_alert', ({ endpoint, message }) => tell(`${endpoint}: ${message}`)),
  ]
  return () => {
    for (const stop of stops) stop()
    for (const { timer } of pauses.values()) clearTimeout(timer)
  }
}
