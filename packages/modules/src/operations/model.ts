import { z } from 'zod'

const moment = z.int().min(0).meta({ description: 'Milliseconds since 1970.' })
const count = z.int().min(0)
const ms = z.number().min(0)

/** The kind of the channels by which operators watch a server. */
export const operationsKind = 'operations'
/** Figures come every second here while somebody is subscribed. */
export const figuresChannel = `${operationsKind}:figures`
/** What goes over a session's connections comes here while somebody is subscribed. */
export const watchedPrefix = `${operationsKind}:connection:`

/** Largest page of the lists. */
export const maxPage = 200

const device = z.object({ id: z.string(), name: z.string().optional(), kind: z.string().optional() })

export const connectionSummary = z.object({
  session: z.string(),
  sequence: z.int().meta({ description: 'Its place in the list.' }),
  app: z.string(),
  user: z.string().optional(),
  device: device.optional(),
  transport: z.string(),
  ip: z.string().optional().meta({ description: 'Absent while it waits for its client to come back.' }),
  userAgent: z.string().optional(),
  connected: z.boolean(),
  since: moment.meta({ description: 'When the session began.' }),
  connectedAt: moment.optional(),
  activeAt: moment.meta({ description: 'Its last frame, to within a ping interval.' }),
  generation: count.meta({ description: 'Connections that it has had.' }),
  channels: count,
  behind: count.meta({ description: 'Subscriptions that read more slowly than their channel grows.' }),
  queuedBytes: count.meta({ description: 'Bytes that wait for the network.' }),
})

const grant = z.object({
  pattern: z.string(),
  actions: z.array(z.string()),
  filter: z.unknown().optional(),
})

const share = z.number().min(0).max(1)
const percent = z.number().min(0).max(100)

/** The health of a connection, with the names of the register (CQ-01, CQ-02). */
const health = z.object({
  connection_id: z.string(),
  latency: ms.optional().meta({ description: 'A usual answer to a ping, in ms; absent until one came.' }),
  packet_loss: share.meta({ description: 'Share of pings that were not answered in time.' }),
  bandwidth_usage: ms
    .optional()
    .meta({ description: 'Bytes a second since it began; absent for transports over HTTP.' }),
  active_messages: count.meta({ description: 'Calls and requests without an answer.' }),
  uptime_percentage: percent.meta({ description: 'Of the life of the session, with a connection.' }),
  error_rate: share.meta({ description: 'Share of frames that were refused.' }),
  quality_score: percent.meta({ description: '90 and more is excellent, 75 good, 50 fair, less poor.' }),
  predicted_failure: z
    .object({ probability: share, timeframe: z.string(), reason: z.string() })
    .optional()
    .meta({ description: 'While the connection gives no sign of life.' }),
})

export const connectionDetail = connectionSummary.extend({
  role: z.enum(['user', 'backend']),
  grants: z.array(grant),
  tokenId: z.string().optional(),
  issuedAt: moment.optional(),
  expiresAt: moment.optional(),
  profile: z.record(z.string(), z.string()).optional(),
  calls: count.meta({ description: 'Calls without an answer.' }),
  requests: count.meta({ description: 'Other requests without an answer.' }),
  controlLength: count.meta({ description: 'Characters of replies and verdicts that wait.' }),
  health: health.optional().meta({ description: 'Absent while it waits for its client to come back.' }),
  subscriptions: z
    .array(
      z.object({
        channel: z.string(),
        kind: z.string(),
        position: z.int(),
        head: z.int(),
        behind: z.boolean(),
        filter: z.string().optional(),
        readsState: z.boolean(),
        readsOccupancy: z.boolean(),
      }),
    )
    .meta({ description: 'At most 1,000 of them.' }),
})

export const closedConnection = z.object({
  at: moment,
  session: z.string().optional(),
  app: z.string().optional(),
  user: z.string().optional(),
  transport: z.string(),
  ip: z.string(),
  since: moment,
  code: z.int(),
  reason: z.string(),
  by: z.enum(['server', 'client']),
})

const percentiles = z
  .object({ count, p50: ms, p90: ms, p99: ms, max: ms })
  .meta({ description: 'In milliseconds, of what happened in the interval.' })

/** What a node did in an interval, and how it is. */
export const figures = z.object({
  node: z.string(),
  at: moment,
  intervalMs: ms,
  connections: z.object({
    open: count,
    sessions: count,
    opened: count.meta({ description: 'In the interval, as all counts below that have no other note.' }),
    closed: count,
    channels: count,
  }),
  messages: z.object({
    received: count.meta({ description: 'Frames from clients.' }),
    calls: count,
    published: count,
    delivered: count.meta({ description: 'Events written to live members.' }),
    caughtUp: count.meta({ description: 'Events written to members that were behind.' }),
    queued: count.meta({ description: 'Events of ephemeral kinds that had to wait.' }),
  }),
  traffic: z
    .object({ received: count, sent: count })
    .meta({ description: 'Characters of frames from and to clients, before compression.' }),
  collaboration: z.object({
    users: count.meta({ description: 'Users who have a session now.' }),
    published: z.record(z.string(), count).meta({ description: 'Events published, by kind of channel.' }),
  }),
  drops: z.record(z.string(), count).meta({
    description:
      'What was shed, refused or closed, by reason: `frame.slow_reader`, `call.rate_limited`, `connection.ping_timeout`.',
  }),
  latency: z.object({
    call: percentiles.meta({ description: 'From a call to its answer.' }),
    commit: percentiles.meta({ description: 'From handing a unit to the store to its answer.' }),
    delivery: percentiles.meta({
      description: 'From sealing a batch to writing it to the last live member.',
    }),
  }),
  queues: z.object({
    store: count.meta({ description: 'Units that wait for the writer.' }),
    calls: count.meta({ description: 'Calls without an answer.' }),
  }),
  process: z.object({
    cpu: z.number().meta({ description: 'Share of one core.' }),
    rssBytes: count,
    heapBytes: count,
    availableBytes: count.meta({ description: 'Memory that the process may still take.' }),
    eventLoop: percentiles.meta({ description: 'How late the event loop was.' }),
  }),
})
export type Figures = z.output<typeof figures>

/** Something that went over, or happened to, a connection that is watched. */
export const connectionRecord = z.discriminatedUnion('what', [
  z.object({
    what: z.literal('frame'),
    at: moment,
    direction: z.enum(['in', 'out']).meta({ description: '`in`: from the client.' }),
    text: z.string().meta({ description: 'At most 4,096 characters; tokens and secrets are taken out.' }),
    bytes: count.meta({ description: 'Characters of the whole frame.' }),
  }),
  z.object({ what: z.literal('round_trip'), at: moment, ms }),
  z.object({ what: z.literal('opened'), at: moment }),
  z.object({ what: z.literal('closed'), at: moment, code: z.int(), reason: z.string() }),
])
export type ConnectionRecord = z.output<typeof connectionRecord>

export const check = z.object({ name: z.string(), ok: z.boolean(), problem: z.string().optional() })

export const nodeReport = z.object({
  node: z.string(),
  isThis: z.boolean().meta({ description: 'The node that answers; of others only this much is known.' }),
  ready: z.boolean().optional(),
  checks: z.array(check).optional(),
  version: z.string().optional(),
  startedAt: moment.optional(),
  connections: count.optional(),
  sessions: count.optional(),
  channels: count.optional(),
  subscriptions: count.optional(),
  calls: count.optional(),
  queuedUnits: count.optional(),
})

export const openChannel = z.object({
  app: z.string(),
  channel: z.string(),
  kind: z.string(),
  members: count,
  behind: count,
  head: z.int(),
  first: z.int(),
  stateEntries: count,
})

export const userSummary = z.object({
  app: z.string(),
  user: z.string(),
  sessions: count,
  connected: count,
  since: moment,
  activeAt: moment,
})

/** A setting in force. */
export const setting = z.object({
  name: z.string(),
  value: z.unknown().meta({ description: 'Secrets are shown as `[secret]`.' }),
  source: z.string().meta({ description: 'Where it was written, as `parley.yaml:12`.' }),
})
export type Setting = z.output<typeof setting>

/** A key that the server accepts, without what makes it one. */
export const keySummary = z.object({
  app: z.string(),
  use: z
    .enum(['tokens', 'backend'])
    .meta({ description: 'Whether it signs tokens, or is that of a back end.' }),
  id: z.string().optional().meta({ description: 'Id of an app key, or the `kid` of a signing key.' }),
  algorithm: z.string().optional(),
  capabilities: z.record(z.string(), z.array(z.string())).optional(),
  source: z.string(),
})
export type KeySummary = z.output<typeof keySummary>

export const commandDescription = z.object({
  name: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  permission: z
    .string()
    .meta({ description: '`anyone`, `public`, `internal`, `operator`, or `manage:channel`.' }),
  rest: z.string(),
  readOnly: z.boolean(),
  flag: z.string().optional(),
  input: z.unknown().meta({ description: 'JSON Schema (2020-12).' }),
  output: z.unknown().meta({ description: 'JSON Schema (2020-12).' }),
  errors: z.record(z.string(), z.string()),
  example: z.unknown().optional(),
})

export const moduleDescription = z.object({
  name: z.string(),
  summary: z.string(),
  commands: z.array(commandDescription),
  events: z.array(z.object({ type: z.string(), summary: z.string() })),
})

export const explanation = z.object({
  allowed: z.boolean(),
  steps: z.array(
    z.object({
      name: z.enum([
        'command',
        'flag',
        'credentials',
        'channel',
        'rule',
        'capability',
        'authorize',
        'filter',
      ]),
      outcome: z.enum(['passes', 'refuses', 'not_asked']),
      reason: z.string(),
    }),
  ),
  advice: z.string().optional(),
})

/** The record of the register (SY-05 to SY-07). Counts are since the start of the node. */
export const performance = z.object({
  timestamp: moment,
  uptime: ms.meta({ description: 'Milliseconds since the start.' }),
  connections: z.object({
    ...{ total: count, active: count, reconnecting: count, failed: count },
    idle: count.meta({ description: 'Open ones that have said nothing for a minute.' }),
    avg_connection_time: ms.meta({ description: 'How long those lasted that ended, in ms.' }),
  }),
  messages: z.object({ sent: count, received: count, failed: count, queued: count }),
  scalability: z.object({
    cpu_usage: z.number().meta({ description: 'Share of one core in the last moment.' }),
    memory_usage: count.meta({ description: 'Bytes of resident memory.' }),
    network_bandwidth: ms.meta({
      description: 'Characters of frames a second, in both directions, in the last moment.',
    }),
    concurrent_capacity: count.meta({ description: 'Connections that the node takes at most.' }),
  }),
  memory: z.object({
    used: count.meta({ description: 'Bytes of resident memory.' }),
    available: count.meta({ description: 'Bytes that the process may still take.' }),
    percentage: percent.meta({ description: 'Used, of used and available.' }),
    buffer_size: count.meta({ description: 'Bytes that wait for connections.' }),
  }),
  latency: z.object({ eventLoop: percentiles }),
  errorRate: z.number().meta({ description: 'Share of calls that were refused or failed.' }),
})
