import { ParleyError } from '@parley/protocol'
import { AccessLog, type ControlEntry } from '../access/access-log.ts'
import { controlKind } from '../access/control.ts'
import { Permissions } from '../access/permissions.ts'
import { Revocations } from '../access/revocations.ts'
import { Throttle } from '../access/throttle.ts'
import { Audiences } from '../channels/audiences.ts'
import { ChannelReader } from '../channels/channel-reader.ts'
import { Fanout } from '../channels/fanout.ts'
import { Hub } from '../channels/hub.ts'
import { KeptEntries } from '../channels/kept-entries.ts'
import type { MergeState } from '../channels/state/foreign-entries.ts'
import { Subscribing } from '../channels/subscribing.ts'
import { Cluster } from '../cluster/cluster.ts'
import { Dispatch } from '../commands/dispatch.ts'
import { Publisher } from '../commands/publisher.ts'
import { Receipts } from '../commands/receipts.ts'
import type { ContextServices } from '../commands/unit-context.ts'
import type { SessionSummary } from '../context.ts'
import { Flags } from '../flags.ts'
import { Activity, countOne } from '../inspection/activity.ts'
import { ClosedConnections } from '../inspection/closed-connections.ts'
import type { Inspection } from '../inspection/inspection.ts'
import { NodeInspection } from '../inspection/node-inspection.ts'
import { JobRunner, type JobRunnerParts } from '../jobs/job-runner.ts'
import { Kinds } from '../kind.ts'
import { type Limits, limitDefaults, type Rates, rateDefaults } from '../limits.ts'
import type { Redaction } from '../ports/store.ts'
import { Registry } from '../registry.ts'
import { Drops } from '../resilience/drops.ts'
import { FrameHandler } from '../sessions/frame-handler.ts'
import { Intake } from '../sessions/intake.ts'
import type { LinkServices } from '../sessions/link-services.ts'
import type { Session } from '../sessions/session.ts'
import { SessionFeed } from '../sessions/session-feed.ts'
import { Sessions } from '../sessions/sessions.ts'
import { TimerWheel } from '../sessions/timer-wheel.ts'
import type { NodeOptions, NodeStatus } from './node.ts'
import { deliveryTimes, intakeWaits, type NodeMetrics, nodeMetrics } from './node-metrics.ts'

/** What the parts ask of the node around them. */
export interface Surroundings {
  readonly node: string
  readonly apps: readonly string[]
  readonly connections: () => number
  readonly status: () => NodeStatus
  readonly isReady: () => boolean
  readonly authenticate: LinkServices['authenticate']
  readonly apply: (app: string, entry: ControlEntry) => void
  readonly welcome: LinkServices['welcome']
  readonly closed: LinkServices['closed']
}

/** What depends on nothing but the options. */
interface Base {
  readonly options: NodeOptions
  readonly limits: Limits
  readonly rates: Rates
  readonly kinds: Kinds
  readonly flags: Flags
  readonly registry: Registry
  readonly permissions: Permissions
  readonly throttle: Throttle
  readonly revocations: Revocations
  readonly wheel: TimerWheel
  readonly intake: Intake
  readonly fanout: Fanout
  readonly audiences: Audiences
  readonly drops: Drops
  readonly activity: Activity
  readonly closedConnections: ClosedConnections
}

/** The parts of a node, put together. */
export interface NodeParts extends Base {
  readonly hub: Hub
  readonly keptEntries: KeptEntries
  readonly sessions: Sessions
  readonly accessLog: AccessLog
  /** Undefined on a node that is alone. */
  readonly cluster: Cluster | undefined
  readonly dispatch: Dispatch
  readonly jobs: JobRunner
  readonly metrics: NodeMetrics
  readonly linkServices: LinkServices
  readonly inspection: Inspection
}

/** Puts the parts of a node together. Nothing runs yet. */
export function assemble(options: NodeOptions, around: Surroundings): NodeParts {
  const base = makeBase(options)
  const { clock, store, recentLog } = options
  const { limits, kinds, fanout, permissions } = base
  const hub = new Hub({
    ...{ clock, limits, kinds, store, recentLog, fanout },
    mergeState: (name) => mergeOf(base.registry, name),
    onLost: (member, code) => member.outbox.lost(member, code),
  })
  const metrics = nodeMetrics(options.metrics, {
    connections: around.connections,
    sessions: () => sessions.size,
    channels: () => hub.size,
    queuedUnits: () => store.status().queued,
    nodes: () => 1 + (cluster?.nodes().length ?? 0),
    waitingJobs: () => jobs.waiting,
    fanout,
    calls: () => dispatch.underWay,
    subscriptions: () => sumOf(sessions.all(), ({ members }) => members.size),
    bufferedBytes: () => sumOf(sessions.all(), ({ outbox }) => outbox.connection?.bufferedBytes ?? 0),
    maxConnections: () => limits.maxConnections,
    isReady: around.isReady,
    isWritable: () => store.status().writable,
  })
  const isShared = options.broker !== undefined
  const accessLog = new AccessLog({ store, clock, apply: around.apply, isShared })
  const summaries = (app: string, user: string) => sessions.summaries(app, user)
  const cluster = makeCluster(base, around, { hub, accessLog, metrics, sessions: summaries })
  const subscribing = new Subscribing({
    ...{ hub, fanout, audiences: base.audiences, kinds, flags: base.flags, limits, permissions, cluster },
    onRecovery: (verdict) =>
      metrics.recoveries.add(1, { verdict: verdict.recovered ? 'recovered' : verdict.reason }),
  })
  const sessions = makeSessions(base, hub, subscribing)
  const isDeclared = (name: string) => base.registry.state(name) !== undefined
  const keptEntries = new KeptEntries({ hub, clock, wheel: base.wheel, isDeclared })
  const jobs: JobRunner = makeJobs(base, around, { metrics, run: (app, work) => dispatch.run(app, work) })
  const dispatch = makeDispatch(base, { hub, keptEntries, sessions, accessLog, cluster, jobs, metrics })
  const linkServices = makeLinkServices(base, around, { dispatch, subscribing, sessions, metrics })
  const inspection = new NodeInspection({
    ...{ ...base, node: around.node, clock, store, hub, sessions },
    connections: around.connections,
    status: around.status,
    callsUnderWay: () => dispatch.underWay,
  })
  const outer = { cluster, dispatch, jobs, metrics, linkServices, inspection }
  return { ...base, hub, keptEntries, sessions, accessLog, ...outer }
}

function makeBase(options: NodeOptions): Base {
  const { clock, modules } = options
  const limits: Limits = { ...limitDefaults, ...options.limits }
  const rates: Rates = { ...rateDefaults, ...options.rates }
  const kinds = new Kinds()
  const flags = options.flags ?? Flags.allOn()
  const drops = new Drops(options.metrics)
  const activity = new Activity()
  const deliveries = deliveryTimes(options.metrics)
  for (const kind of [controlKind, ...modules.flatMap((module) => module.kinds)]) kinds.add(kind)
  const fanout = new Fanout(clock, limits, {
    tracer: options.tracer,
    activity,
    onShed: (lane, reason, frames) => drops.add({ what: 'frame', reason, lane }, frames),
    onDelivered: (elapsedMs) => deliveries.observe(elapsedMs / 1000),
  })
  return {
    ...{ options, limits, rates, kinds, drops, flags },
    registry: new Registry(modules),
    permissions: new Permissions(clock, limits, () => flags.isOn('caching')),
    throttle: new Throttle(clock, rates),
    revocations: new Revocations(),
    wheel: new TimerWheel(clock),
    intake: new Intake({
      ...{ clock, limits, drops, waits: intakeWaits(options.metrics) },
      onTurn: () => fanout.runNow(),
    }),
    fanout,
    audiences: new Audiences(options.logger),
    activity,
    closedConnections: new ClosedConnections(),
  }
}

function makeCluster(
  base: Base,
  { node, apps }: Surroundings,
  parts: Pick<NodeParts, 'hub' | 'accessLog' | 'metrics'> & {
    readonly sessions: (app: string, user: string) => readonly SessionSummary[]
  },
): Cluster | undefined {
  const { options, limits, kinds, fanout, audiences, permissions } = base
  const { broker, clock, logger: log } = options
  if (broker === undefined) return undefined
  const { hub, accessLog, metrics, sessions } = parts
  return new Cluster({
    ...{
      node,
      apps,
      broker,
      clock,
      log,
      limits,
      kinds,
      hub,
      fanout,
      audiences,
      accessLog,
      permissions,
      sessions,
    },
    answer: async (transport, question) => {
      const asked = options.transports.find(({ name }) => name === transport)
      if (asked?.answer === undefined) throw new ParleyError('not_found')
      return asked.answer(question)
    },
    onLogRead: () => metrics.gapReads.add(),
  })
}

function makeJobs(
  { options, limits, registry, drops }: Base,
  { apps }: Surroundings,
  { metrics, run }: Pick<JobRunnerParts, 'run'> & { readonly metrics: NodeMetrics },
): JobRunner {
  const { broker, clock, logger: log, store } = options
  return new JobRunner({
    ...{ apps, clock, log, store, limits, run },
    isShared: broker !== undefined,
    find: (name) => registry.job(name),
    onEnd: (name, result) => metrics.jobs.add(1, { job: name, result }),
    onDropped: (count) => drops.add({ what: 'dead_letter', reason: 'limit' }, count),
  })
}

function mergeOf(registry: Registry, name: string): ReturnType<MergeState> {
  const contract = registry.state(name)?.contract
  return contract?.merge && ((values) => contract.merge?.(values))
}

function makeSessions(base: Base, hub: Hub, subscribing: Subscribing): Sessions {
  const { limits, fanout, audiences, wheel, permissions, revocations, options, drops, flags } = base
  const { clock, logger } = options
  return new Sessions(
    {
      ...{ clock, limits, fanout, audiences, wheel, drops },
      readLog: (channel, after) => hub.readLog(channel, after),
    },
    {
      ...{ permissions, revocations },
      outliveConnections: () => flags.isOn('sessionCoordination'),
      feed: new SessionFeed(
        options.modules.flatMap(({ sessions }) => sessions ?? []),
        logger,
      ),
      subscribe: async (session, channel) => {
        try {
          await subscribeOnBehalf(subscribing, session, channel)
        } catch (error) {
          // Already there, or not allowed to read: it was a wish of the back end, and nothing hangs on it.
          const fields = { session: session.id, channel, error: String(error) }
          logger.info('A session was not subscribed on behalf.', fields)
        }
      },
    },
  )
}

function subscribeOnBehalf(subscribing: Subscribing, session: Session, channel: string): Promise<void> {
  const { invitations, outbox } = session
  const subscriber = {
    session,
    isWanted: () => invitations.has(channel),
    joined: (result: string) =>
      outbox.control(`{"op":"subscribed","channel":${JSON.stringify(channel)},${result.slice(1)}`),
  }
  return subscribing
    .subscribe(subscriber, { channel, state: true })
    .finally(() => invitations.delete(channel))
}

/** What a client names when it connects. What cannot be, is told as a subscription that has ended. */
function follow(subscribing: Subscribing, session: Session, topics: readonly string[]): void {
  for (const channel of new Set(topics)) {
    session.invitations.add(channel)
    subscribeOnBehalf(subscribing, session, channel).catch((thrown: unknown) => {
      const { code, message, retryable } =
        thrown instanceof ParleyError ? thrown : new ParleyError('internal')
      // Whoever subscribed by itself meanwhile is subscribed, and whoever is gone hears nothing.
      if (code === 'already_subscribed' || code === 'disconnected') return
      session.outbox.control(
        JSON.stringify({ op: 'unsubscribed', channel, code, message, resubscribe: retryable }),
      )
    })
  }
}

function makeDispatch(
  base: Base,
  parts: Pick<NodeParts, 'hub' | 'keptEntries' | 'sessions' | 'accessLog' | 'cluster' | 'jobs' | 'metrics'>,
): Dispatch {
  const { options, registry, kinds, flags, limits, permissions, throttle, activity } = base
  const { hub, keptEntries, sessions, accessLog, cluster, jobs, metrics } = parts
  const { clock, logger: log, store, recentLog } = options
  const publisher = new Publisher({
    ...{ store, recentLog, hub, accessLog, cluster, clock, log, activity },
    tracer: options.tracer,
    onStored: (elapsedMs) => metrics.commitSeconds.observe(elapsedMs / 1000),
    onEvent: (_app, event) => {
      const { name, durability } = kinds.of(event.channel)
      activity.published += 1
      countOne(activity.publishedIn, name)
      metrics.published.add(1, { durability })
    },
  })
  const reading = {
    ...{ hub, kinds, limits, sessions, store, recentLog, cluster },
    tellRedaction: (app: string, redaction: Redaction) => publisher.tellRedaction(app, redaction),
  }
  const context: ContextServices = {
    ...{ clock, log, kinds, store, jobs },
    publishRates: (kind) => throttle.channelBuckets(kind),
    channelsOf: (app) => new ChannelReader(app, reading),
    stateOf: (app) => keptEntries.of(app),
    require: async (identity, action, channel) => {
      const refusal =
        channel === undefined
          ? permissions.checkApp(identity, action)
          : await permissions.check(identity, action, channel, kinds.of(channel))
      if (refusal !== undefined) throw refusal
    },
    call: (caller, command, input) => dispatch.call(caller, { command, input }),
  }
  const dispatch = new Dispatch({
    ...{ registry, kinds, flags, limits, clock, log, permissions, context, publisher },
    receipts: new Receipts(clock, store, limits),
    throttle: (caller) => throttle.call(caller),
    ...{ tracer: options.tracer, operationLog: options.operationLog },
    onCalled: (command, code, elapsedMs) => {
      activity.calls += 1
      if (code !== 'ok') countOne(activity.refused, labelOf(code))
      activity.timings?.called(elapsedMs)
      metrics.calls.add(1, { command, code: labelOf(code) })
      metrics.callSeconds.observe(elapsedMs / 1000)
    },
  })
  return dispatch
}

function makeLinkServices(
  base: Base,
  around: Surroundings,
  parts: Pick<NodeParts, 'dispatch' | 'sessions' | 'metrics'> & { readonly subscribing: Subscribing },
): LinkServices {
  const { options, limits, permissions, wheel, intake, rates, flags, registry, drops, activity } = base
  const { dispatch, subscribing, sessions, metrics } = parts
  const { clock, logger: log } = options
  const handler = new FrameHandler({
    ...{ registry, kinds: base.kinds, dispatch, subscribing, permissions, limits, clock, log },
    authenticate: around.authenticate,
    refresh: (session, identity) => sessions.refresh(session, identity),
  })
  return {
    ...{ clock, limits, wheel, intake, drops },
    rate: rates.connection,
    isRateLimited: () => flags.isOn('rateLimiting'),
    authenticate: around.authenticate,
    open: (link, identity, frame) => {
      const opened = sessions.open(link, identity, frame)
      options.operationLog?.debug('A client has connected.', {
        ...{ session: opened.session.id, app: identity.app, user: identity.user, resumed: opened.resumed },
        ...{ transport: link.handshake.transport, ip: link.handshake.ip },
      })
      return opened
    },
    welcome: around.welcome,
    laneOf: (frame) => handler.laneOf(frame),
    refusalOf: (link, frame, error) => handler.refusalOf(link, frame, error),
    follow: (session, topics) => follow(subscribing, session, topics),
    handle: (session, frame) => handler.handle(session, frame),
    closed: around.closed,
    inTurn: (run) => base.fanout.inTurn.run(run),
    onFrame: (length) => {
      activity.frames += 1
      activity.received += length
      metrics.frames.add()
    },
  }
}

function sumOf<T>(items: Iterable<T>, count: (item: T) => number): number {
  let sum = 0
  for (const item of items) sum += count(item)
  return sum
}

/** Codes of modules are many; a label must be one of few. */
function labelOf(code: string): string {
  return code.includes('.') ? 'module' : code
}
