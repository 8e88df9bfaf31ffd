import type { Labels, Metrics, Sample } from '../ports/metrics.ts'

/** Metrics that can be read back. */
export interface MemoryMetrics extends Metrics {
  /** A counter's value under exactly these labels; a gauge's present value; the number of a histogram's observations. */
  value(name: string, labels?: Labels): number
  /** Sum of what a histogram observed under exactly these labels. */
  sum(name: string, labels?: Labels): number
  /** Names of everything that was declared. */
  names(): readonly string[]
}

/** Keeps measurements in memory. Declaring a name twice gives the same instrument; a gauge is read from its last declaration. */
export function memoryMetrics(): MemoryMetrics {
  const series = new Map<string, { count: number; sum: number }>()
  const gauges = new Map<string, () => number>()
  const totals = new Map<string, () => readonly Sample[]>()
  const names = new Set<string>()
  const at = (name: string, labels: Labels = {}) => {
    const key = keyOf(name, labels)
    const found = series.get(key) ?? { count: 0, sum: 0 }
    series.set(key, found)
    return found
  }
  return {
    counter(name) {
      names.add(name)
      return {
        add(value = 1, labels) {
          at(name, labels).count += value
        },
      }
    },
    histogram(name) {
      names.add(name)
      return {
        observe(value, labels) {
          const found = at(name, labels)
          found.count += 1
          found.sum += value
        },
      }
    },
    gauge(name, _help, read) {
      names.add(name)
      gauges.set(name, read)
    },
    total(name, _help, _labelNames, read) {
      names.add(name)
      totals.set(name, read)
    },
    value(name, labels) {
      const kept = totals.get(name)?.()
      if (kept === undefined) return gauges.get(name)?.() ?? at(name, labels).count
      return kept.find((sample) => keyOf(name, sample.labels) === keyOf(name, labels))?.value ?? 0
    },
    sum: (name, labels) => at(name, labels).sum,
    names: () => [...names],
  }
}

function keyOf(name: string, labels: Labels = {}): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1))])
}
