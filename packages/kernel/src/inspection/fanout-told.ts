import type { Lane } from '../kind.ts'
import type { Tracer } from '../ports/tracer.ts'
import type { Activity } from './activity.ts'

export type DeliveryPath = 'live' | 'catch_up' | 'queued'

/** Counts kept by the fan-out; read by metrics. */
export type FanoutCounts = Record<DeliveryPath, number>

/** Told of frames of kinds without a log that somebody will not get, and why. */
export type OnShed = (lane: Lane, reason: 'slow_reader' | 'access_check', frames: number) => void

/** Who is told what the fan-out does. */
export interface FanoutTold {
  readonly onShed?: OnShed
  /** How long a burst of batches took, from the first that there was until all were written. */
  readonly onDelivered?: (elapsedMs: number) => void
  readonly activity?: Activity
  /** Absent where nobody traces. */
  readonly tracer?: Tracer | undefined
}
