import type { ConnectionHealthMetrics } from '@parley/protocol'
import type { ConnectionStatus } from '../../connection/connection-state.ts'
import type { ConnectionType } from '../realtime-options.ts'
import type { CheckedOptions } from './connect-options.ts'

/** The service in figures. What was counted counts since it was made. */
export interface PerformanceMetrics {
  /** ISO 8601. */
  readonly timestamp: string
  readonly connections: {
    /** Endpoints that were connected and not disconnected. */
    readonly total: number
    readonly active: number
    readonly reconnecting: number
    /** Those that have given up. */
    readonly failed: number
  }
  readonly messages: {
    /** Taken by the server. */
    readonly sent: number
    readonly received: number
    readonly failed: number
    /** On their way, or waiting for a connection. */
    readonly queued: number
  }
  /** The mean of the last round trips of all endpoints, in ms; absent while there is none. */
  readonly average_latency?: number
  readonly scalability: {
    /** Percent of one core since the figures were last asked for; absent where the platform does not tell. */
    readonly cpu_usage?: number
    /** Bytes in use; absent where the platform does not tell. */
    readonly memory_usage?: number
    /** Bytes a second over monitored connections, both ways. */
    readonly network_bandwidth: number
    /** Messages that can be on their way or wait, beside those that do. */
    readonly concurrent_capacity: number
  }
}

/** What became of a message. */
export interface Delivery {
  readonly type: string
  readonly state: 'queued' | 'sent' | 'failed'
  /** ISO 8601. */
  readonly queued_at: string
  readonly took_ms?: number
  /** The server's id of it, and its place in the channel. */
  readonly id?: string
  readonly offset?: number
  /** The code of an error. */
  readonly error?: string
}

/** An endpoint in figures. */
export interface RawEndpointMetrics {
  readonly status: ConnectionStatus
  readonly protocol: ConnectionType
  readonly options: CheckedOptions
  readonly opened: number
  readonly sent: number
  readonly received: number
  readonly failed: number
  readonly queued: number
  readonly round_trip_ms?: number
  /** Where it is monitored. */
  readonly health?: ConnectionHealthMetrics
  /** The newest 100. */
  readonly deliveries: readonly Delivery[]
}

/** Everything that is known, to be kept as JSON. */
export interface RawMetrics {
  /** ISO 8601. */
  readonly timestamp: string
  readonly endpoints: Readonly<Record<string, RawEndpointMetrics>>
}

/** Messages that were counted. */
export interface Counts {
  sent: number
  received: number
  failed: number
}

/** Of the platform. */
export interface Load {
  readonly cpuPercent: number | undefined
  readonly memoryBytes: number | undefined
}

/** A client takes so many calls without an answer. */
const mostQueued = 1_000

/** Sums up endpoints; `counts` are of those too that are no more. */
export function performanceOf(raw: RawMetrics, counts: Counts, load: Load): PerformanceMetrics {
  const all = Object.values(raw.endpoints)
  const sum = (of: (metrics: RawEndpointMetrics) => number) =>
    all.reduce((total, metrics) => total + of(metrics), 0)
  const number = (is: (metrics: RawEndpointMetrics) => boolean) => all.filter(is).length
  const trips = all.flatMap(({ round_trip_ms }) => round_trip_ms ?? [])
  const queued = sum((metrics) => metrics.queued)
  return {
    timestamp: raw.timestamp,
    connections: {
      total: all.length,
      active: number(({ status }) => status === 'connected'),
      reconnecting: number(({ status, opened }) => status === 'connecting' && opened > 0),
      failed: number(({ status }) => status === 'disconnected'),
    },
    messages: { sent: counts.sent, received: counts.received, failed: counts.failed, queued },
    ...(trips.length === 0 ? {} : { average_latency: trips.reduce((a, b) => a + b, 0) / trips.length }),
    scalability: {
      ...(load.cpuPercent === undefined ? {} : { cpu_usage: load.cpuPercent }),
      ...(load.memoryBytes === undefined ? {} : { memory_usage: load.memoryBytes }),
      network_bandwidth: sum(({ health }) => health?.bandwidth_usage ?? 0),
      concurrent_capacity: number(({ status }) => status !== 'disconnected') * mostQueued - queued,
    },
  }
}
