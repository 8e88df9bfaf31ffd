import { command, defineContract, event } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage, pageSize } from '../paging.ts'
import {
  check,
  closedConnection,
  connectionDetail,
  connectionRecord,
  connectionSummary,
  explanation,
  figures,
  keySummary,
  maxPage,
  moduleDescription,
  nodeReport,
  openChannel,
  performance,
  setting,
  userSummary,
} from './model.ts'

const limit = pageSize(maxPage, 50)
const text = z.string().max(200).optional()
const app = z.string().min(1).max(64).optional().meta({ description: 'Default: all apps.' })
const session = z.string().min(1).max(128)
const channel = z.string().min(1).max(200)
const nothing = z.strictObject({})

const nodes = command({
  summary: 'The nodes of the cluster, and how the one that answers is.',
  description: 'The others are known by their leases; ask them for more.',
  input: nothing,
  output: z.object({ nodes: z.array(nodeReport) }),
  permission: 'operator',
  rest: 'GET /operations/nodes',
  readOnly: true,
  example: {},
})

const health = command({
  summary: 'Whether the node serves well: service, connections, events, process.',
  description:
    'Beyond `/ready`, which says whether the node can serve: connections are unhealthy when a tenth of those that ended ' +
    'lately were ended by the server for a fault, events when the store falls behind, the process when the event loop is late.',
  input: nothing,
  output: z.object({ healthy: z.boolean(), checks: z.array(check) }),
  permission: 'operator',
  rest: 'GET /operations/health',
  readOnly: true,
  example: {},
})

const performanceNow = command({
  summary: 'What the node has done since its start, and what it costs.',
  description: 'Counts and times as of the answer; for charts, subscribe to the channel of live figures.',
  input: nothing,
  output: performance,
  permission: 'operator',
  rest: 'GET /operations/performance',
  readOnly: true,
  example: {},
})

const connections = command({
  summary: 'Sessions of the node with their connections, page by page, searched.',
  description:
    'Newest first unless `order` says otherwise; pass `next` as `after` to go on. `queued` gives one page: those with the ' +
    'most bytes waiting. `text` is part of the id of a session or user, an address, or a device.',
  input: z.strictObject({
    text,
    app,
    user: z.string().min(1).max(256).optional(),
    transport: z.string().max(32).optional(),
    channel: channel.optional(),
    state: z.enum(['connected', 'waiting', 'behind']).optional(),
    order: z.enum(['newest', 'oldest', 'queued']).default('newest'),
    after: z.int().min(0).optional(),
    limit,
  }),
  output: z.object({
    connections: z.array(connectionSummary),
    next: z.int().optional(),
    total: z.int().meta({ description: 'All sessions of the node, found or not.' }),
    examined: z.int().meta({ description: 'Sessions that were looked at for this page.' }),
  }),
  permission: 'operator',
  rest: 'GET /operations/connections',
  readOnly: true,
  example: { text: 'ada', limit: 20 },
})

const connection = command({
  summary: 'One session: identity, subscriptions with positions, what waits for it.',
  description:
    'Subscribe to `operations:connection:<session>` to see its frames as they go: they are recorded from then on, ' +
    'until nobody is subscribed any more.',
  input: z.strictObject({ session }),
  output: connectionDetail,
  permission: 'operator',
  rest: 'GET /operations/connections/{session}',
  readOnly: true,
  example: { session: 'Zk3uXW0v2mYq1pNa' },
})

const closedConnections = command({
  summary: 'The last thousand connections that were closed, and why.',
  description: 'Newest first, in memory: gone after a restart.',
  input: z.strictObject({ text, app, session: session.optional(), limit }),
  output: z.object({ connections: z.array(closedConnection) }),
  permission: 'operator',
  rest: 'GET /operations/closed-connections',
  readOnly: true,
  example: { text: 'slow_consumer' },
})

const users = command({
  summary: 'Users who have a session on this node, by name.',
  description: 'Page by page, with how many sessions each has.',
  input: z.strictObject({ text, app, after: cursor, limit }),
  output: z.object({ users: z.array(userSummary), next: nextPage }),
  permission: 'operator',
  rest: 'GET /operations/users',
  readOnly: true,
  example: { text: 'ada' },
})

const openChannels = command({
  summary: 'Channels that this node holds in memory, those with the most members first.',
  description: 'A channel that nobody uses is forgotten after a while; its log is not.',
  input: z.strictObject({ text, app, kind: z.string().max(32).optional(), limit }),
  output: z.object({ channels: z.array(openChannel) }),
  permission: 'operator',
  rest: 'GET /operations/open-channels',
  readOnly: true,
  example: { kind: 'chat' },
})

const settings = command({
  summary: 'The settings in force, and where each came from.',
  description: 'Of a secret only how long it is.',
  input: nothing,
  output: z.object({ settings: z.array(setting) }),
  permission: 'operator',
  rest: 'GET /operations/settings',
  readOnly: true,
  example: {},
})

const keys = command({
  summary: 'Keys that the server accepts, without their secrets.',
  description: 'Keys that sign tokens, and app keys with what they may do.',
  input: nothing,
  output: z.object({ keys: z.array(keySummary) }),
  permission: 'operator',
  rest: 'GET /operations/keys',
  readOnly: true,
  example: {},
})

const modules = command({
  summary: 'Modules of the server, their commands with schemas, their events.',
  description: 'What the reference, forms to try and clients in other languages are made of.',
  input: nothing,
  output: z.object({ modules: z.array(moduleDescription) }),
  permission: 'operator',
  rest: 'GET /operations/modules',
  readOnly: true,
  example: {},
})

const explain = command({
  summary: 'Why somebody may, or may not, do something on a channel.',
  description:
    'Give `session` for what a connected client may do; or `user`, with `capabilities` as a token would have them, for ' +
    'what somebody could. With `command` the action and feature flag are those of the command.',
  input: z
    .strictObject({
      session: session.optional(),
      user: z.string().min(1).max(256).optional(),
      app,
      capabilities: z
        .array(
          z.strictObject({
            pattern: z.string().min(1).max(200),
            actions: z.array(z.enum(['read', 'write', 'presence', 'manage', '*'])).max(5),
          }),
        )
        .max(100)
        .default([]),
      action: z.enum(['read', 'write', 'presence', 'manage']).optional(),
      command: z.string().min(1).max(100).optional(),
      channel: channel.optional(),
    })
    .refine(
      ({ session: one, user }) => (one === undefined) !== (user === undefined),
      'Give `session` or `user`',
    )
    .refine(
      ({ action, command: name }) => (action === undefined) !== (name === undefined),
      'Give `action` or `command`',
    ),
  output: explanation,
  permission: 'operator',
  rest: 'POST /operations/explanations',
  ephemeral: true,
  example: {
    user: 'ada',
    capabilities: [{ pattern: 'chat:*', actions: ['read'] }],
    action: 'write',
    channel: 'chat:general',
  },
})

/** Looking after a server: what it does, who is connected, why something happened. */
export const operations = defineContract({
  name: 'operations',
  summary: 'For who runs the server: nodes, connections, live figures, settings, explanations.',
  commands: {
    nodes,
    health,
    performance: performanceNow,
    connections,
    connection,
    closedConnections,
    users,
    openChannels,
    settings,
    keys,
    modules,
    explain,
  },
  events: {
    metrics_update: event(
      'What a node did in the last second; on `operations:figures`, while somebody is subscribed.',
      figures,
    ),
    'operations.connection_recorded': event(
      'What went over a connection; on `operations:connection:<session>`, while somebody is subscribed.',
      z.object({
        records: z.array(connectionRecord),
        skipped: z.int().min(0).meta({ description: 'Records left out, as there were too many.' }),
      }),
    ),
  },
})
