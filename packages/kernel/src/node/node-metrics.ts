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
  readonly opened: Counter
  readonly authentications: Counter
  readonly commitSeconds: Histogram
}

export interface Gauges {
  readonly connections: () => number
  readonly sessions: () => number
  readonly channels: () => number
  readonly queuedUnits: () => number
  readonly nodes: () => number
  readonly waitingJobs: () => number
  readonly fanout: Fanout
  readonly calls: () => number
  readonly subscriptions: () => number
  readonly bufferedBytes: () => number
  readonly maxConnections: () => number
  readonly isReady: () => boolean
  readonly isWritable: () => boolean
}

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function nodeMetrics(metrics: Metrics, gauges: Gauges): NodeMetrics {
  addGauges(metrics, gauges)
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
    opened: metrics.counter('parley_connections_opened_total', 'Connections taken in, by transport.', [
      'transport',
    ]),
    authentications: metrics.counter(
      'parley_authentications_total',
      'Tokens and app keys that were looked at, by result.',
      ['result'],
    ),
    commitSeconds: metrics.histogram(
      'parley_commit_seconds',
      'Time from handing a unit to the store until it is on disk.',
      seconds,
    ),
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

function addGauges(metrics: Metrics, gauges: Gauges): void {
  const { counts } = gauges.fanout
  metrics.gauge('parley_connections', 'Open connections.', gauges.connections)
  metrics.gauge('parley_sessions', 'Sessions, with those waiting for their client.', gauges.sessions)
  metrics.gauge('parley_channels', 'Channels held in memory.', gauges.channels)
  metrics.gauge('parley_store_queued_units', 'Units waiting for the writer.', gauges.queuedUnits)
  metrics.gauge('parley_jobs_waiting', 'Jobs of the server that wait or run.', gauges.waitingJobs)
  metrics.gauge('parley_cluster_nodes', 'Nodes of the cluster, as far as this one knows.', gauges.nodes)
  metrics.gauge('parley_connections_max', 'Connections that the node takes at most.', gauges.maxConnections)
  metrics.gauge('parley_ready', 'Whether the node can serve: 1 or 0.', () => Number(gauges.isReady()))
  metrics.gauge('parley_store_writable', 'Whether the store takes writes: 1 or 0.', () =>
    Number(gauges.isWritable()),
  )
  metrics.gauge('parley_calls_in_progress', 'Calls without an answer yet.', gauges.calls)
  metrics.gauge('parley_subscriptions', 'Subscriptions of all sessions.', gauges.subscriptions)
  metrics.gauge(
    'parley_connections_blocked',
    'Connections that take nothing now.',
    () => gauges.fanout.blockedCount,
  )
  metrics.gauge(
    'parley_send_buffer_bytes',
    'Bytes given to connections that the network has not taken yet.',
    gauges.bufferedBytes,
  )
  metrics.total('parley_deliveries_total', 'Events delivered to subscribers, by path.', ['path'], () =>
    Object.entries(counts).map(([path, value]) => ({ labels: { path }, value })),
  )
}

/** What the fan-out measures. */
export function deliveryTimes(metrics: Metrics): Histogram {
  return metrics.histogram(
    'parley_delivery_seconds',
    'Time from the first event of a burst until all connections that take it were written to.',
    seconds,
  )
}
