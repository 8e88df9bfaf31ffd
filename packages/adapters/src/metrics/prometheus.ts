import type { Metrics } from '@parley/kernel'
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'

/** Metrics that Prometheus can read. */
export interface PrometheusMetrics extends Metrics {
  /** Everything measured, in Prometheus' text format, with the process's own figures (memory, CPU, event-loop delay). */
  render(): Promise<{ readonly contentType: string; readonly text: string }>
}

/**
 * Measurements in the memory of this process, with a registry of their own. Declaring a name again gives the same
 * instrument; a gauge is read from its last declaration.
 */
export function prometheusMetrics(): PrometheusMetrics {
  const registry = new Registry()
  const reads = new Map<string, () => number>()
  collectDefaultMetrics({ register: registry })
  const declared = <M extends Metric>(name: string, create: () => M) =>
    (registry.getSingleMetric(name) as M | undefined) ?? create()
  return {
    counter(name, help, labelNames = []) {
      const counter = declared(name, () => new Counter({ name, help, labelNames, registers: [registry] }))
      return {
        add(value = 1, labels) {
          if (labels === undefined) counter.inc(value)
          else counter.inc(labels, value)
        },
      }
    },
    histogram(name, help, buckets, labelNames = []) {
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
      reads.set(name, read)
      declared(name, () => {
        const collect = () => gauge.set(reads.get(name)?.() ?? 0)
        const gauge: Gauge = new Gauge({ name, help, collect, registers: [registry] })
        return gauge
      })
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
