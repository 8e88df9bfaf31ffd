/** Every limit of a node with its default; units are in the names. */
export const limitDefaults = {
  /** Connections of one node; one more is refused with `overloaded`. */
  maxConnections: 50_000,
  /** The same from one address. */
  maxConnectionsPerIp: 10_000,
  /** Channels that one session may be subscribed to. */
  maxSubscriptionsPerSession: 1_000,
  /** Entries of keyed state that one session may have in one channel, so that nobody fills it alone. */
  maxStateEntriesPerSession: 64,
  /** Calls of one session that have no answer yet; one more is refused with `overloaded`. */
  maxCallsInFlight: 1_024,
  /** Other requests (subscribe and the like) of one session without an answer; one more is refused likewise. */
  maxRequestsInFlight: 4_096,
  /** Largest message accepted from a client. */
  maxFrameBytes: 65_536,
  /** Largest frame that may be put together from chunks. */
  maxAssembledBytes: 1_048_576,
  /** An unauthenticated connection has so long to send `connect`. */
  connectTimeoutMs: 5_000,
  /** How often the server asks whether a client is there. */
  pingIntervalMs: 30_000,
  /** A client may ask for fewer pings, down to one in this time; less often than by default, never more often. */
  maxPingIntervalMs: 240_000,
  /** How long the answer may take. */
  pingTimeoutMs: 5_000,
  /** How long a session outlives its connection. */
  sessionTtlMs: 30_000,
  /** How long an expired token is still good for, while the client gets a new one. */
  tokenGraceMs: 25_000,
  /** Bytes buffered on a connection above which its subscriptions fall behind. */
  highWaterBytes: 65_536,
  /** Events frames are cut here. */
  maxBatchBytes: 65_536,
  /** Replies, heartbeats and verdicts waiting for a connection; above, it is closed as a slow consumer. */
  maxControlBytes: 1_048_576,
  /** Ephemeral events waiting for one connection; above, the oldest are dropped. */
  maxQueuedBytes: 262_144,
  /** A connection that accepts no byte for so long is closed as a slow consumer. */
  slowConsumerMs: 10_000,
  /** What clients say is carried out for at most so long a turn; more of it waits for the next, by lane. */
  intakeSliceMs: 8,
  /** Characters of frames of one lane that wait so; more is refused with `overloaded`. */
  maxIntakeLength: 4_194_304,
  /** Fan-out writes for at most so long, then lets others go first. */
  fanoutSliceMs: 5,
  /** Events that a channel keeps at hand for catching up. */
  ringEvents: 1_024,
  /** The same in bytes. */
  ringBytes: 1_048_576,
  /** A channel nobody uses is forgotten after so long (its log is not). */
  channelIdleMs: 60_000,
  /** Entries of keyed state that modules keep in channels nobody listens to, all together. */
  maxIdleStateEntries: 100_000,
  /** Different filters on one channel that the server runs. */
  maxFilterClasses: 16,
  /** How often a filter class in which nothing matched is told its position. */
  silentPositionMs: 30_000,
  /** Who asked for the counts of a channel is told of changes at most so often. */
  occupancyIntervalMs: 500,
  /** How long answers to repeated commands are kept. */
  idempotencyTtlMs: 86_400_000,
  /** Receipts of commands without a durable effect, kept in memory. */
  maxMemoryReceipts: 100_000,
  /** Jobs of one app that wait; one more is refused with `overloaded`. */
  maxWaitingJobs: 100_000,
  /** Dead letters kept for one app; above, the oldest are dropped. */
  maxDeadLetters: 1_000,
  /** Cached permission answers. */
  permissionTtlMs: 60_000,
  /** How many such answers are kept. */
  maxPermissionEntries: 100_000,
  /** Bad frames after which a connection is closed with `too_many_errors`. */
  maxBadFrames: 16,
  /** Events read from a log at once. */
  readEvents: 512,
  /** The most events that one page of history holds. */
  historyPage: 1_000,
} as const

export type Limits = { readonly [Name in keyof typeof limitDefaults]: number }

/** A token bucket: `perSecond` on average, `burst` at once. `perSecond: 0` means no limit. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Rates by what they count. Users, devices and IPs as SE-11: 1000, 500 and 2000 a minute would starve a chat's typing; see docs. */
export const rateDefaults = {
  connection: { perSecond: 200, burst: 400 },
  user: { perSecond: 500, burst: 1_000 },
  ip: { perSecond: 2_000, burst: 4_000 },
  app: { perSecond: 0, burst: 0 },
  /** New connections from one address. */
  connectPerIp: { perSecond: 500, burst: 2_000 },
} as const satisfies Record<string, Rate>

export type RateName = keyof typeof rateDefaults
export type Rates = Readonly<Record<RateName, Rate>>
