import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks'
import type { DurationHistogram, Percentiles, Vitals, VitalsWatch } from '@parley/kernel'

type Histogram = Pick<RecordableHistogram, 'count' | 'max' | 'percentile' | 'reset'>

const nanosecondsPerMs = 1e6
const microsecondsPerMs = 1e3
/** The event loop is looked at so often; what it is late by less than that is not its lateness. */
const resolutionMs = 10

/** The vitals of this process, by the histograms of Node, which are HDR histograms. */
export function nodeVitals(): Vitals {
  return { watch }
}

function watch(): VitalsWatch {
  const loop = monitorEventLoopDelay({ resolution: resolutionMs })
  loop.enable()
  let cpu = process.cpuUsage()
  let readAt = performance.now()
  return {
    read() {
      const used = process.cpuUsage(cpu)
      const now = performance.now()
      const share = (used.user + used.system) / microsecondsPerMs / Math.max(now - readAt, 1)
      cpu = process.cpuUsage()
      readAt = now
      const { rss, heapUsed } = process.memoryUsage()
      return {
        ...{ cpu: share, rssBytes: rss, heapBytes: heapUsed },
        ...{ availableBytes: process.availableMemory(), eventLoop: lateness(loop) },
      }
    },
    durations,
    stop: () => loop.disable(),
  }
}

/** The monitor's timer comes every `resolutionMs` at best: what is above that is delay. */
function lateness(loop: Histogram): Percentiles {
  const { count, p50, p90, p99, max } = percentiles(loop, nanosecondsPerMs)
  const over = (ms: number) => Math.max(0, ms - resolutionMs)
  return { count, p50: over(p50), p90: over(p90), p99: over(p99), max: over(max) }
}

function durations(): DurationHistogram {
  const histogram = createHistogram({ figures: 3 })
  return {
    record: (ms) => histogram.record(Math.max(1, Math.round(ms * microsecondsPerMs))),
    read: () => percentiles(histogram, microsecondsPerMs),
  }
}

function percentiles(histogram: Histogram, perMs: number): Percentiles {
  const { count } = histogram
  if (count === 0) return { count, p50: 0, p90: 0, p99: 0, max: 0 }
  const at = (percent: number) => histogram.percentile(percent) / perMs
  const read = { count, p50: at(50), p90: at(90), p99: at(99), max: histogram.max / perMs }
  histogram.reset()
  return read
}
