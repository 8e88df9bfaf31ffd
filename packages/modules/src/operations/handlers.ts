import type {
  ConnectionDetail,
  Handlers,
  Inspection,
  ModuleServices,
  Percentiles,
  ProcessFigures,
} from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { operations } from './contract.ts'
import { describeModule } from './describe.ts'
import { explain } from './explaining.ts'
import { failedConnections, healthOf } from './health.ts'
import type { KeySummary, Setting } from './model.ts'

/** A connection that has said nothing for so long is idle. */
const idleMs = 60_000

/** What the handlers need; there from the start of the node on. */
export interface OperationsParts {
  readonly services: ModuleServices
  readonly version: string
  readonly settings: readonly Setting[]
  readonly keys: readonly KeySummary[]
  readonly maxConnections: number
  /** Measures the process for a moment. */
  readonly process: () => Promise<ProcessFigures>
}

/** The handlers of module `operations`. */
export function operationsHandlers(parts: () => OperationsParts): Handlers<typeof operations> {
  const inspection = () => parts().services.inspection
  return {
    nodes: () => ({ nodes: nodesOf(parts()) }),
    health: async () => healthOf(inspection(), (await parts().process()).eventLoop),
    performance: () => performanceOf(parts()),
    connections: async (_ctx, query) => {
      const page = await inspection().connections(query)
      return { ...page, connections: [...page.connections] }
    },
    connection: (_ctx, { session }) => {
      const found = inspection().connection(session)
      if (found === undefined) throw new ParleyError('not_found', `This node has no session \`${session}\`.`)
      return detailOf(found)
    },
    closedConnections: (_ctx, query) => ({ connections: [...inspection().closed(query)] }),
    users: async (_ctx, query) => {
      const users = await inspection().users(query)
      const last = users.length === query.limit ? users.at(-1)?.user : undefined
      return { users: [...users], ...(last === undefined ? {} : { next: last }) }
    },
    openChannels: async (_ctx, query) => ({ channels: [...(await inspection().openChannels(query))] }),
    settings: () => ({ settings: [...parts().settings] }),
    keys: () => ({ keys: [...parts().keys] }),
    modules: () => ({ modules: inspection().contracts().map(describeModule) }),
    explain: (ctx, question) => explain(ctx, question, inspection()),
  }
}

function nodesOf({ services, version }: OperationsParts) {
  const { inspection } = services
  const { id, ready, checks, startedAt, nodes, drops: _, ...counts } = inspection.status()
  const { queuedUnits } = inspection.counts()
  return nodes.map((node) => {
    if (node !== id) return { node, isThis: false }
    return { node, isThis: true, ready, checks: [...checks], version, startedAt, ...counts, queuedUnits }
  })
}

async function performanceOf({ services, maxConnections, process }: OperationsParts) {
  const { clock, inspection, drops } = services
  const [began, before] = [clock.elapsed(), trafficOf(inspection)]
  const { cpu, rssBytes, availableBytes, eventLoop } = await process()
  const seconds = Math.max(clock.elapsed() - began, 1) / 1_000
  const { idle, queuedBytes } = await inspection.stillness(idleMs)
  const { activity } = inspection
  const { connections, sessions, deliveredLive, deliveredCatchUp, queued } = inspection.counts()
  const now = clock.now()
  const refused = [...activity.refused.values()].reduce((sum, count) => sum + count, 0)
  const dropped = drops().reduce((sum, { count }) => sum + count, 0)
  return {
    timestamp: now,
    uptime: now - inspection.status().startedAt,
    connections: {
      ...{ total: activity.opened, active: connections, idle },
      ...{ reconnecting: Math.max(0, sessions - connections), failed: failedConnections(inspection) },
      avg_connection_time: activity.closed === 0 ? 0 : Math.round(activity.lasted / activity.closed),
    },
    messages: {
      ...{ sent: deliveredLive + deliveredCatchUp, received: activity.frames },
      ...{ failed: refused + dropped, queued },
    },
    scalability: {
      ...{ cpu_usage: cpu, memory_usage: rssBytes, concurrent_capacity: maxConnections },
      network_bandwidth: Math.round((trafficOf(inspection) - before) / seconds),
    },
    memory: {
      ...{ used: rssBytes, available: availableBytes, buffer_size: queuedBytes },
      percentage: (100 * rssBytes) / Math.max(rssBytes + availableBytes, 1),
    },
    latency: { eventLoop: copy(eventLoop) },
    errorRate: activity.calls === 0 ? 0 : refused / activity.calls,
  }
}

/** Characters of frames in both directions. */
const trafficOf = (inspection: Inspection) => inspection.activity.received + inspection.counts().sent

const copy = ({ count, p50, p90, p99, max }: Percentiles) => ({ count, p50, p90, p99, max })

function detailOf({ identity, subscriptions, ...summary }: ConnectionDetail) {
  const { role, grants, tokenId, issuedAt, expiresAt, profile } = identity
  return {
    ...summary,
    role,
    grants: grants.map(({ pattern, actions, filter }) => ({ pattern, actions: [...actions], filter })),
    subscriptions: [...subscriptions],
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(issuedAt === undefined ? {} : { issuedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(profile === undefined ? {} : { profile: { ...profile } }),
  }
}
