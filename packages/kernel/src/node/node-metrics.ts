import type { Fanout } from '../channels/fanout.ts'
import type { Counter, Histogram, Metrics } from '../ports/metrics.ts'

/** The measurements of a node. */
export interface NodeMetrics {
  readonly calls: Counter
  readonly callSeconds: Histogram
  readonly frames: Counter
  readonly published: Counter
  readonly recoveries: Counter
  readonly closes: Counter
  readonly jobs: Counter
  readonly gapReads: Counter
}

export interface Gauges {
  readonly connections: () => number
  readonly sessions: () => number
  readonly channels: () => number
  readonly queuedUnits: () => number
  readonly nodes: () => number
  readonly waitingJobs: () => number
  readonly fanout: Fanout
}

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function nodeMetrics(metrics: Metrics, gauges: Gauges): NodeMetrics {
  const { counts } = gauges.fanout
  metrics.gauge('parley_connections', 'Open connections.', gauges.connections)
  metrics.gauge('parley_sessions', 'Sessions, with those waiting for their client.', gauges.sessions)
  metrics.gauge('parley_channels', 'Channels held in memory.', gauges.channels)
  metrics.gauge('parley_store_queued_units', 'Units waiting for the writer.', gauges.queuedUnits)
  metrics.gauge('parley_jobs_waiting', 'Jobs of the server that wait or run.', gauges.waitingJobs)
  metrics.gauge('parley_cluster_nodes', 'Nodes of the cluster, as far as this one knows.', gauges.nodes)
  metrics.gauge('parley_deliveries_live', 'Events delivered live since the start.', () => counts.live)
  metrics.gauge(
    'parley_deliveries_catch_up',
    'Events delivered by catch-up since the start.',
    () => counts.catch_up,
  )
  metrics.gauge(
    'parley_deliveries_queued',
    'Events of ephemeral kinds that had to queue since the start.',
    () => counts.queued,
  )
  return {
    calls: metrics.counter('parley_calls_total', 'Calls by command and result code.', ['command', 'code']),
    callSeconds: metrics.histogram('parley_call_seconds', 'Time from a call to its answer.', seconds),
    frames: metrics.counter('parley_frames_received_total', 'Frames received from clients.'),
    published: metrics.counter(
      'parley_events_published_total',
      'Events that got their place, by durability.',
      ['durability'],
    ),
    recoveries: metrics.counter('parley_recoveries_total', 'Verdicts on positions of returning clients.', [
      'verdict',
    ]),
    closes: metrics.counter('parley_connections_closed_total', 'Connections closed, by reason.', ['reason']),
    jobs: metrics.counter('parley_jobs_total', 'Attempts at jobs of the server, by job and result.', [
      'job',
      'result',
    ]),
    gapReads: metrics.counter(
      'parley_gap_reads_total',
      'Readings of a log for events that another node has stored and that were not announced in time.',
    ),
  }
}

export function intakeWaits(metrics: Metrics): Histogram {
  return metrics.histogram(
    'parley_intake_wait_seconds',
    'Time that frames of clients waited for their turn, of those that had to, by lane.',
    seconds,
    ['lane'],
  )
}
