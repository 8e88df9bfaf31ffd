import type { Inspection, Percentiles } from '@parley/kernel'

/** Of the connections that ended, more than this share ended by a fault (register SY-15: a tenth). */
const maxFailedShare = 0.1
/** Fewer endings than this say nothing. */
const minEnded = 20
/** Units that may wait for the writer. */
const maxQueuedUnits = 10_000
const maxEventLoopMs = 100

/** Ends of connections that speak of trouble on the server, or of clients that do not keep up. */
const faults = [
  ...['slow_consumer', 'ping_timeout', 'internal', 'overloaded', 'connect_timeout'],
  'protocol_violation',
]

interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  readonly problem?: string
}

/** How well a node serves, beyond whether it can. */
export function healthOf(
  inspection: Inspection,
  eventLoop: Percentiles,
): { healthy: boolean; checks: HealthCheck[] } {
  const checks = [
    ...inspection.status().checks,
    connectionHealth(inspection),
    eventHealth(inspection),
    processHealth(eventLoop),
  ]
  return { healthy: checks.every(({ ok }) => ok), checks }
}

/** How many of the connections that ended, ended for a fault. */
export function failedConnections({ activity }: Inspection): number {
  return faults.reduce((sum, reason) => sum + (activity.closedFor.get(reason) ?? 0), 0)
}

function connectionHealth(inspection: Inspection): HealthCheck {
  const { opened, closed } = inspection.activity
  const failed = failedConnections(inspection)
  const isBad = closed >= minEnded && failed > maxFailedShare * opened
  if (!isBad) return { name: 'connections', ok: true }
  const problem = `${failed} of ${opened} connections ended for a fault. See under closed connections for which.`
  return { name: 'connections', ok: false, problem }
}

function eventHealth(inspection: Inspection): HealthCheck {
  const { queuedUnits } = inspection.counts()
  if (queuedUnits <= maxQueuedUnits) return { name: 'events', ok: true }
  const problem = `${queuedUnits} units wait for the store. See whether the disk keeps up.`
  return { name: 'events', ok: false, problem }
}

function processHealth({ p99 }: Percentiles): HealthCheck {
  if (p99 <= maxEventLoopMs) return { name: 'process', ok: true }
  const problem = `The event loop is late by ${Math.round(p99)} ms (p99). The node has more to do than one core can.`
  return { name: 'process', ok: false, problem }
}
