import { type ConnectionHealthMetrics, failureAfterSilence, qualityScore } from '@parley/protocol'
import type { Clock } from '../ports/clock.ts'
import type { Session } from '../sessions/session.ts'

/** The health of the connection that a session has; undefined while it has none. */
export function healthOf(session: Session, clock: Clock): ConnectionHealthMetrics | undefined {
  const { link, outbox } = session
  const health = link?.health
  if (link === undefined || health === undefined) return undefined
  const now = clock.elapsed()
  const { frames, jitterMs, missed, pings, refused, roundTripMs } = health
  const connectedMs = Math.max(1, clock.now() - link.since)
  const livedMs = Math.max(1, clock.now() - session.since)
  const loss = pings === 0 ? 0 : missed / pings
  const silentMs = Math.max(health.waitingMs(now), now - outbox.blockedSince)
  const predicted = failureAfterSilence(silentMs)
  const bytes = link.connection.transferredBytes
  return {
    connection_id: session.id,
    ...(roundTripMs === undefined ? {} : { latency: Math.round(roundTripMs) }),
    packet_loss: loss,
    ...(bytes === undefined ? {} : { bandwidth_usage: Math.round((bytes * 1_000) / connectedMs) }),
    active_messages: session.callsInFlight + session.requestsInFlight,
    uptime_percentage: Math.max(0, Math.min(100, 100 * (1 - session.absentMs(now) / livedMs))),
    error_rate: frames === 0 ? 0 : Math.min(1, refused / frames),
    quality_score: qualityScore({ latencyMs: Math.max(roundTripMs ?? 0, silentMs), jitterMs, loss }),
    ...(predicted === undefined ? {} : { predicted_failure: predicted }),
  }
}
