import { type ConnectionQuality, qualityOf, qualityScore } from '@parley/protocol'
import { median } from './link-features.ts'

export interface QualityDetectorOptions {
  /** Measurements that are looked at: the newest. Default 50. */
  readonly measurements?: number | undefined
}

/** What was measured; undefined where nothing was. */
export interface ConnectionMeasurements {
  /** The median round trip, in ms. */
  readonly latencyMs: number | undefined
  /** The mean distance between one round trip and the next, in ms. */
  readonly jitterMs: number | undefined
  /** From 0 to 1. */
  readonly packetLoss: number
  /** The median of what was recorded, in bytes a second. */
  readonly bandwidth: number | undefined
  /** From 0 to 100. */
  readonly score: number
  readonly quality: ConnectionQuality
}

/** Below so many bytes a second even what is needed to keep a stream open is felt. */
const narrow = 8_000

/**
 * Says what a connection is like from what is measured on it: round trips, what was lost, bandwidth. A client that is
 * monitored feeds it by itself.
 */
export class ConnectionQualityDetector {
  readonly #measurements: number
  /** Round trips in ms; undefined: lost. */
  #trips: (number | undefined)[] = []
  #bandwidths: number[] = []

  constructor(options: QualityDetectorOptions = {}) {
    this.#measurements = options.measurements ?? 50
  }

  /** A round trip took so long, in ms. Values that are no time are ignored. */
  recordLatency(ms: number): void {
    if (ms >= 0 && ms < Number.POSITIVE_INFINITY) this.#note(ms)
  }

  /** Something was sent that was not answered in time. */
  recordPacketLoss(): void {
    this.#note(undefined)
  }

  /** So many bytes a second came through while there was enough to send. */
  recordBandwidth(bytesPerSecond: number): void {
    if (bytesPerSecond > 0)
      this.#bandwidths = [...this.#bandwidths, bytesPerSecond].slice(-this.#measurements)
  }

  /** Forgets all, as for another network. */
  reset(): void {
    this.#trips = []
    this.#bandwidths = []
  }

  getMeasurements(): ConnectionMeasurements {
    const trips = this.#trips.filter((ms) => ms !== undefined)
    const [latencyMs, jitterMs] = trips.length === 0 ? [] : [median(trips), jitterOf(trips)]
    const packetLoss = this.#trips.length === 0 ? 0 : 1 - trips.length / this.#trips.length
    const score = qualityScore({ latencyMs: latencyMs ?? 0, jitterMs: jitterMs ?? 0, loss: packetLoss })
    const bandwidth = this.#bandwidths.length === 0 ? undefined : median(this.#bandwidths)
    return { latencyMs, jitterMs, packetLoss, bandwidth, score, quality: this.#qualityOf(score, bandwidth) }
  }

  /** `good` while nothing was measured. */
  getConnectionQuality(): ConnectionQuality {
    return this.getMeasurements().quality
  }

  /**
   * What suits a connection like this: `websocket` where it is good, `sse` where it is fair, as a stream is taken up
   * again without a handshake of its own, and `polling` where no connection lasts.
   */
  getSuggestedConnectionType(): 'websocket' | 'sse' | 'polling' {
    const quality = this.getConnectionQuality()
    if (quality === 'poor') return 'polling'
    return quality === 'fair' ? 'sse' : 'websocket'
  }

  #qualityOf(score: number, bandwidth: number | undefined): ConnectionQuality {
    if (this.#trips.length === 0 && bandwidth === undefined) return 'good'
    const quality = qualityOf(score)
    return bandwidth !== undefined && bandwidth < narrow && quality !== 'poor' ? 'fair' : quality
  }

  #note(trip: number | undefined): void {
    this.#trips = [...this.#trips, trip].slice(-this.#measurements)
  }
}

function jitterOf(trips: readonly number[]): number {
  if (trips.length < 2) return 0
  const steps = trips.slice(1).map((ms, index) => Math.abs(ms - (trips[index] as number)))
  return steps.reduce((sum, step) => sum + step, 0) / steps.length
}
