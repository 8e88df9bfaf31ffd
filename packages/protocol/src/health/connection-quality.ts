/** What a connection is like, in one word. */
export type ConnectionQuality = 'excellent' | 'good' | 'fair' | 'poor'

/** What quality is made of. */
export interface QualityFigures {
  /** A usual round trip, in ms. */
  readonly latencyMs: number
  /** How far round trips lie apart, in ms. */
  readonly jitterMs: number
  /** Share of what was sent that was not answered in time, from 0 to 1. */
  readonly loss: number
}

/** Penalties grow evenly up to here, where each is at its most. */
const worst = { latencyMs: 1_000, jitterMs: 400, loss: 0.25 }
const most = { latency: 50, jitter: 25, loss: 60 }

/** From 0 (of no use) to 100 (as good as it can be). */
export function qualityScore({ latencyMs, jitterMs, loss }: QualityFigures): number {
  const part = (value: number, at: number) => Math.min(1, Math.max(0, value / at))
  const penalty =
    most.latency * part(latencyMs, worst.latencyMs) +
    most.jitter * part(jitterMs, worst.jitterMs) +
    most.loss * part(loss, worst.loss)
  return Math.round(Math.max(0, 100 - penalty))
}

/** `excellent` from 90 on, `good` from 75, `fair` from 50, else `poor`. */
export function qualityOf(score: number): ConnectionQuality {
  if (score >= 90) return 'excellent'
  if (score >= 75) return 'good'
  return score >= 50 ? 'fair' : 'poor'
}

/** A failure that is to be expected. */
export interface PredictedFailure {
  /** From 0 to 1. */
  readonly probability: number
  /** Within which time, as `30 s`. */
  readonly timeframe: string
  /** For people: what speaks for it. */
  readonly reason: string
}

/** The health of one connection; names as applications know them. */
export interface ConnectionHealthMetrics {
  readonly connection_id: string
  /** A usual round trip, in ms; absent until one was measured. */
  readonly latency?: number
  /** Share of probes that were not answered in time, from 0 to 1. */
  readonly packet_loss: number
  /** Bytes a second in both directions, since the connection began; absent where it cannot be told. */
  readonly bandwidth_usage?: number
  /** Calls and requests without an answer. */
  readonly active_messages: number
  /** Share of the session's life with a connection, from 0 to 100. */
  readonly uptime_percentage: number
  /** Share of frames that were refused, from 0 to 1. */
  readonly error_rate: number
  /** From 0 to 100. */
  readonly quality_score: number
  readonly predicted_failure?: PredictedFailure
}
