import type { Metrics, Sample } from '@parley/kernel'
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'

/** Metrics that Prometheus can read. */
export interface PrometheusMetrics extends Metrics {
  /** Everything measured, in Prometheus' text format, with the process's own figures (memory, CPU, event-loop delay). */
  render(): Promise<{ readonly contentType: string; readonly text: string }>
  /** What is measured, in the order of the names: for the reference and for those who check names. */
  describe(): readonly MetricDescription[]
}

/** A metric as data. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
}

/**
 * Measurements in the memory of this process, with a registry of their own. Declaring a name again gives the same
 * instrument; a gauge is read from its last declaration.
 */
export function prometheusMetrics(): PrometheusMetrics {
  const registry = new Registry()
  const reads = new Map<string, () => number>()
  const totals = new Map<string, () => readonly Sample[]>()
  const described = new Map<string, MetricDescription>()
  const note = (description: MetricDescription) => described.set(description.name, description)
  collectDefaultMetrics({ register: registry })
  const declared = <M extends Metric>(name: string, create: () => M) =>
    (registry.getSingleMetric(name) as M | undefined) ?? create()
  return {
    counter(name, help, labelNames = []) {
      note({ name, help, type: 'counter', labels: labelNames })
      const counter = declared(name, () => new Counter({ name, help, labelNames, registers: [registry] }))
      return {
        add(value = 1, labels) {
          if (labels === undefined) counter.inc(value)
          else counter.inc(labels, value)
        },
      }
    },
    histogram(name, help, buckets, labelNames = []) {
      note({ name, help, type: 'histogram', labels: labelNames })
      const create = () =>
        new Histogram({ name, help, buckets: [...buckets], labelNames, registers: [registry] })
      const histogram = declared(name, create)
      return {
        observe(value, labels) {
          if (labels === undefined) histogram.observe(value)
          else histogram.observe(labels, value)
        },
      }
    },
    gauge(name, help, read) {
      note({ name, help, type: 'gauge', labels: [] })
      reads.set(name, read)
      declared(name, () => {
        const collect = () => gauge.set(reads.get(name)?.() ?? 0)
        const gauge: Gauge = new Gauge({ name, help, collect, registers: [registry] })
        return gauge
      })
    },
    total(name, help, labelNames, read) {
      note({ name, help, type: 'counter', labels: labelNames })
      totals.set(name, read)
      declared(name, () => {
        const collect = () => {
          counter.reset()
          for (const { labels, value } of totals.get(name)?.() ?? []) counter.inc(labels, value)
        }
        const counter: Counter = new Counter({ name, help, labelNames, collect, registers: [registry] })
        return counter
      })
    },
    describe: () => [...described.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
