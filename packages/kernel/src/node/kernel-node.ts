import { type ConnectResult, type ErrorCode, ParleyError } from '@parley/protocol'
import { AccessLog } from '../access/access-log.ts'
import { controlKind } from '../access/control.ts'
import { Permissions } from '../access/permissions.ts'
import { Revocations } from '../access/revocations.ts'
import { Throttle } from '../access/throttle.ts'
import { ChannelReader } from '../channels/channel-reader.ts'
import { Fanout } from '../channels/fanout.ts'
import { Hub } from '../channels/hub.ts'
import { enforceRetention } from '../channels/retention.ts'
import { Subscribing } from '../channels/subscribing.ts'
import { type Caller, Dispatch } from '../commands/dispatch.ts'
import { Publisher } from '../commands/publisher.ts'
import { Receipts } from '../commands/receipts.ts'
import type { AccessChange } from '../context.ts'
import { Flags } from '../flags.ts'
import { type Kind, Kinds } from '../kind.ts'
import { type Limits, limitDefaults, type Rates, rateDefaults } from '../limits.ts'
import type { Credentials, Identity } from '../ports/authenticator.ts'
import type { Timer } from '../ports/clock.ts'
import type { Accept } from '../ports/transport.ts'
import { Registry } from '../registry.ts'
import { acceptor } from '../sessions/accept.ts'
import { FrameHandler } from '../sessions/frame-handler.ts'
import { Link, type LinkServices } from '../sessions/link.ts'
import type { Session } from '../sessions/session.ts'
import { Sessions } from '../sessions/sessions.ts'
import { TimerWheel } from '../sessions/timer-wheel.ts'
import { loadFlags, loadRevocations } from './loading.ts'
import type { CallOrigin, Check, Node, NodeOptions, NodeStatus } from './node.ts'
import { type NodeMetrics, nodeMetrics } from './node-metrics.ts'

const sweepMs = 1_000
const retentionMs = 60_000

type Phase = 'new' | 'running' | 'stopping' | 'stopped'

/** The parts of a node, put together. */
export class KernelNode implements Node {
  readonly id: string
  readonly registry: Registry
  readonly kinds = new Kinds()
  readonly limits: Limits
  readonly flags: Flags
  readonly #options: NodeOptions
  readonly #apps: readonly string[]
  readonly #fanout: Fanout
  readonly #wheel: TimerWheel
  readonly #hub: Hub
  readonly #sessions: Sessions
  readonly #accessLog: AccessLog
  readonly #dispatch: Dispatch
  readonly #throttle: Throttle
  readonly #revocations = new Revocations()
  readonly #metrics: NodeMetrics
  readonly #links = new Set<Link>()
  readonly #linkServices: LinkServices
  readonly #timers = new Set<Timer>()
  #phase: Phase = 'new'
  #startedAt = 0
  #requests = 0
  #lastSilentSync = 0
  #maintenance: Promise<void> | undefined

  constructor(options: NodeOptions) {
    const { clock, logger: log, store, recentLog } = options
    this.#options = options
    this.#apps = [...new Set(['default', ...(options.apps ?? [])])]
    this.id = clock.secret(48)
    this.limits = { ...limitDefaults, ...options.limits }
    this.flags = options.flags ?? new Flags()
    this.registry = new Registry(options.modules)
    for (const kind of [controlKind, ...options.modules.flatMap((module) => module.kinds)])
      this.kinds.add(kind)
    const rates: Rates = { ...rateDefaults, ...options.rates }
    const { limits, kinds, registry, flags } = this
    const permissions = new Permissions(clock, limits)
    this.#throttle = new Throttle(clock, rates)
    this.#fanout = new Fanout(clock, limits)
    this.#wheel = new TimerWheel(clock)
    this.#hub = new Hub({
      clock,
      limits,
      kinds,
      store,
      recentLog,
      fanout: this.#fanout,
      onLost: (member, code) => member.outbox.lost(member, code),
    })
    this.#metrics = nodeMetrics(options.metrics, {
      connections: () => this.#links.size,
      sessions: () => this.#sessions.size,
      channels: () => this.#hub.size,
      queuedUnits: () => store.status().queued,
      fanout: this.#fanout,
    })
    const subscribing = new Subscribing({
      hub: this.#hub,
      fanout: this.#fanout,
      kinds,
      limits,
      permissions,
      onRecovery: (verdict) =>
        this.#metrics.recoveries.add(1, { verdict: verdict.recovered ? 'recovered' : verdict.reason }),
    })
    this.#sessions = new Sessions(
      {
        clock,
        limits,
        fanout: this.#fanout,
        wheel: this.#wheel,
        readLog: (channel, after) => this.#hub.readLog(channel, after),
      },
      {
        permissions,
        revocations: this.#revocations,
        subscribe: (session, channel) => void this.#subscribeOnBehalf(subscribing, session, channel),
      },
    )
    this.#accessLog = new AccessLog(store, (app, change) => this.#apply(app, change))
    const publisher = new Publisher({
      store,
      recentLog,
      hub: this.#hub,
      accessLog: this.#accessLog,
      clock,
      onEvent: (_app, event) =>
        this.#metrics.published.add(1, { durability: kinds.of(event.channel).durability }),
    })
    this.#dispatch = new Dispatch({
      registry,
      kinds,
      flags,
      limits,
      clock,
      log,
      permissions,
      publisher,
      receipts: new Receipts(clock, store, limits),
      throttle: (caller) => this.#throttle.call(caller),
      onCalled: (command, code, elapsedMs) => {
        this.#metrics.calls.add(1, { command, code: labelOf(code) })
        this.#metrics.callSeconds.observe(elapsedMs / 1000)
      },
      context: {
        clock,
        log,
        kinds,
        store,
        publishRates: (kind: Kind) => this.#throttle.channelBuckets(kind),
        channelsOf: (app) =>
          new ChannelReader({
            app,
            hub: this.#hub,
            kinds,
            limits,
            sessions: this.#sessions,
            store,
            recentLog,
          }),
        require: async (identity, action, channel) => {
          const refusal =
            channel === undefined
              ? permissions.checkApp(identity, action)
              : await permissions.check(identity, action, channel, kinds.of(channel))
          if (refusal !== undefined) throw refusal
        },
        call: (identity, command, input) => this.call(identity, command, input),
      },
    })
    const handler = new FrameHandler({
      dispatch: this.#dispatch,
      subscribing,
      permissions,
      limits,
      clock,
      log,
      authenticate: (token) => this.authenticate({ kind: 'bearer', token }),
      recheck: (session) => this.#sessions.recheck(session),
    })
    this.#linkServices = {
      clock,
      limits,
      wheel: this.#wheel,
      rate: rates.connection,
      isRateLimited: () => flags.isOn('rateLimiting'),
      authenticate: (token) => this.authenticate({ kind: 'bearer', token }),
      open: (link, identity, frame) => this.#sessions.open(link, identity, frame),
      welcome: (_link, session, resumed) => this.#welcome(session, resumed),
      handle: (session, frame) => handler.handle(session, frame),
      closed: (link) => this.#closed(link),
      onFrame: () => this.#metrics.frames.add(),
    }
  }

  async authenticate(credentials: Credentials): Promise<Identity> {
    const identity = await this.#options.authenticator.authenticate(credentials)
    if (!this.#apps.includes(identity.app))
      throw new ParleyError(
        'unauthenticated',
        'These credentials belong to an app that this server does not have.',
      )
    if (this.#revocations.covers(identity)) throw new ParleyError('token_revoked')
    return identity
  }

  call(
    identity: Identity | undefined,
    command: string,
    input: unknown,
    origin: CallOrigin = {},
  ): Promise<unknown> {
    if (this.#phase !== 'running')
      return Promise.reject(new ParleyError('unavailable', 'The node is not running.'))
    this.#requests += 1
    const caller: Caller = {
      identity,
      ip: origin.ip,
      requestId: origin.requestId ?? `${this.id}-${this.#requests}`,
    }
    return this.#dispatch.call(caller, { command, input, key: origin.key })
  }

  status(): NodeStatus {
    const checks: Check[] = [this.#runningCheck(), this.#storeCheck()]
    let subscriptions = 0
    for (const session of this.#sessions.all()) subscriptions += session.members.size
    return {
      id: this.id,
      ready: checks.every((check) => check.ok),
      checks,
      connections: this.#links.size,
      sessions: this.#sessions.size,
      channels: this.#hub.size,
      subscriptions,
      startedAt: this.#startedAt,
    }
  }

  #runningCheck(): Check {
    if (this.#phase === 'running') return { name: 'node', ok: true }
    const problem = this.#phase === 'stopping' ? 'The node is stopping.' : 'The node is not running.'
    return { name: 'node', ok: false, problem }
  }

  #storeCheck(): Check {
    const { writable, problem } = this.#options.store.status()
    return {
      name: 'store',
      ok: writable,
      ...(writable ? {} : { problem: problem ?? 'The store refuses writes.' }),
    }
  }

  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new Error('A node starts once.')
    const { clock, logger, modules, store, transports } = this.#options
    for (const app of this.#apps) {
      await this.#accessLog.begin(app)
      await loadRevocations(store, app, this.#revocations)
      await loadFlags(store, app, this.flags)
    }
    const services = {
      clock,
      log: logger,
      modules: modules.map((module) => module.contract.name),
      call: (identity: Identity, command: string, input: unknown) => this.call(identity, command, input),
    }
    this.#phase = 'running'
    this.#startedAt = clock.now()
    for (const module of modules) await module.start?.(services)
    this.#every(sweepMs, () => this.#sweep())
    this.#every(retentionMs, () => this.#maintain())
    const accept = this.#acceptor()
    for (const transport of transports) await transport.start(accept)
  }

  #acceptor(): Accept {
    return acceptor({
      limits: this.limits,
      throttle: this.#throttle,
      isRunning: () => this.#phase === 'running',
      isRateLimited: () => this.flags.isOn('rateLimiting'),
      links: this.#links,
      makeLink: (connection, handshake) => new Link(this.#linkServices, connection, handshake),
    })
  }

  #every(periodMs: number, run: () => void): void {
    const timer = this.#options.clock.after(periodMs, () => {
      this.#timers.delete(timer)
      run()
      if (this.#phase === 'running') this.#every(periodMs, run)
    })
    this.#timers.add(timer)
  }

  #sweep(): void {
    const now = this.#options.clock.elapsed()
    this.#fanout.checkStalled((outbox) => {
      for (const link of this.#links) if (link.session?.outbox === outbox) link.close('slow_consumer')
    })
    this.#hub.forgetIdle()
    if (now - this.#lastSilentSync >= this.limits.silentPositionMs) {
      this.#lastSilentSync = now
      this.#hub.syncSilent()
    }
    this.#throttle.sweep()
  }

  #maintain(): void {
    const { clock, logger: log, store, recentLog } = this.#options
    if (this.#maintenance !== undefined) return
    this.#maintenance = enforceRetention(
      { clock, log, kinds: this.kinds, hub: this.#hub, store, recentLog },
      this.#apps,
    )
      .catch((error: unknown) =>
        log.warn('Retention could not be enforced; it is tried again in a minute.', { error: String(error) }),
      )
      .finally(() => {
        this.#maintenance = undefined
      })
  }

  #apply(app: string, change: AccessChange): void {
    if (change.type === 'flag') this.flags.set(change.name, change.on)
    else this.#sessions.apply(app, change)
  }

  async #subscribeOnBehalf(subscribing: Subscribing, session: Session, channel: string): Promise<void> {
    try {
      await subscribing.subscribe(session, { channel, state: true }, (result) =>
        session.outbox.control(JSON.stringify({ op: 'subscribed', channel, ...result })),
      )
    } catch (error) {
      // Already there, or not allowed to read: the change was a wish of the back end, and nothing hangs on it.
      this.#options.logger.info('A session was not subscribed on behalf.', {
        session: session.id,
        channel,
        error: String(error),
      })
    }
  }

  #welcome(session: Session, resumed: boolean): ConnectResult {
    const { app, user, expiresAt } = session.identity
    return {
      version: 1,
      session: session.id,
      secret: session.secret,
      node: this.id,
      resumed,
      app,
      ...(user === undefined ? {} : { user }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      pingIntervalMs: this.limits.pingIntervalMs,
      pingTimeoutMs: this.limits.pingTimeoutMs,
      maxFrameBytes: this.limits.maxFrameBytes,
      time: this.#options.clock.now(),
    }
  }

  #closed(link: Link): void {
    if (!this.#links.delete(link)) return
    this.#throttle.released(link.handshake.ip)
    this.#metrics.closes.add()
    this.#sessions.unlink(link)
  }

  async stop({ graceMs = 5_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (this.#phase === 'stopping' || this.#phase === 'stopped') return
    const { clock, logger, modules, store, transports } = this.#options
    this.#phase = 'stopping'
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    // Clients come back at different times, so that the next node is not met by all of them at once.
    const spreadMs = Math.min(30_000, this.#links.size * 2)
    for (const link of this.#links) link.reply(`{"op":"goaway","retryAfterMs":500,"spreadMs":${spreadMs}}`)
    await withinMs(this.#dispatch.idle(), graceMs, clock)
    for (const link of [...this.#links]) link.close('server_stopping')
    for (const transport of transports) await transport.stop()
    await this.#maintenance
    for (const module of [...modules].reverse()) await module.stop?.()
    this.#wheel.stop()
    await store.close()
    this.#phase = 'stopped'
    logger.info('The node has stopped.', { node: this.id })
  }
}

/** Codes of modules are many; a label must be one of few. */
function labelOf(code: string): string {
  return code.includes('.') ? 'module' : (code as ErrorCode)
}

function withinMs(work: Promise<void>, delayMs: number, clock: NodeOptions['clock']): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(delayMs, resolve)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
