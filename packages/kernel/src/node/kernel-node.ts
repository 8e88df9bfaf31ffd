import { type ConnectResult, ParleyError } from '@parley/protocol'
import type { ControlEntry } from '../access/access-log.ts'
import { authenticate } from '../access/authenticate.ts'
import { operatorApp } from '../access/operator.ts'
import { enforceRetention } from '../channels/retention.ts'
import { relayFor } from '../cluster/relays.ts'
import type { Caller } from '../commands/call.ts'
import type { Context } from '../context.ts'
import type { Flags } from '../flags.ts'
import { checkOf } from '../inspection/checks.ts'
import { noteClosed } from '../inspection/note-closed.ts'
import { traceContext } from '../inspection/spans.ts'
import type { Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { ModuleServices, RunOptions } from '../module.ts'
import type { Credentials, Identity } from '../ports/authenticator.ts'
import type { Timer } from '../ports/clock.ts'
import type { Accept } from '../ports/transport.ts'
import type { Registry } from '../registry.ts'
import { acceptor } from '../sessions/accept.ts'
import { Link } from '../sessions/link.ts'
import type { Session } from '../sessions/session.ts'
import { assemble, type NodeParts } from './assemble.ts'
import { loadFlags, loadRevocations } from './loading.ts'
import { drainWindow, moveClients, sendAway, withinMs } from './moving.ts'
import type { CallOrigin, Check, Node, NodeOptions, NodeStatus, StopOptions } from './node.ts'

const sweepMs = 1_000
const retentionMs = 60_000
const retentionLease = 'parley.retention'
/** Part of the time for stopping in which those are waited for who were told to go to another node. */
const patienceShare = 0.5

/**
 * `noticed`: it says that it is not ready, and serves as before; `moving`: it serves the clients that it has, and takes no
 * new ones.
 */
type Phase = 'new' | 'running' | 'noticed' | 'moving' | 'stopping' | 'stopped'

/** A node: starts its parts, keeps them running, and stops them. */
export class KernelNode implements Node {
  readonly id: string
  readonly registry: Registry
  readonly kinds: Kinds
  readonly limits: Limits
  readonly flags: Flags
  readonly #options: NodeOptions
  readonly #apps: readonly string[]
  readonly #parts: NodeParts
  readonly #links = new Set<Link>()
  readonly #timers = new Set<Timer>()
  #phase: Phase = 'new'
  #startedAt = 0
  #requests = 0
  #lastSilentSync = 0
  #maintenance: Promise<void> | undefined
  #expiry: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: NodeOptions) {
    this.#options = options
    this.#apps = [...new Set([operatorApp, ...(options.apps ?? [])])]
    this.id = options.clock.secret(48)
    this.#parts = assemble(options, {
      node: this.id,
      apps: this.#apps,
      connections: () => this.#links.size,
      status: () => this.status(),
      isReady: () => this.#checks().every((check) => check.ok),
      // Links of back ends bring an app key, `id:secret`; a JWT has no colon.
      authenticate: (token) => this.#authenticate(token),
      apply: (app, entry) => this.#apply(app, entry),
      welcome: (link, session, resumed) => this.#welcome(link, session, resumed),
      closed: (link, hasLeft, reason) => this.#closed(link, hasLeft, reason),
    })
    const { kinds, limits, flags, registry } = this.#parts
    this.kinds = kinds
    this.limits = limits
    this.flags = flags
    this.registry = registry
  }

  authenticate(credentials: Credentials): Promise<Identity> {
    const { options, revocations, metrics } = this.#parts
    const parts = { ...options, apps: this.#apps, revocations, counter: metrics.authentications }
    return authenticate(parts, credentials)
  }

  call(
    identity: Identity | undefined,
    command: string,
    input: unknown,
    origin: CallOrigin = {},
  ): Promise<unknown> {
    if (!this.#isServing) return Promise.reject(new ParleyError('unavailable', 'The node is not running.'))
    this.#requests += 1
    const caller: Caller = {
      ...{ identity, ip: origin.ip, traceparent: traceContext(origin.traceparent) },
      requestId: origin.requestId ?? `${this.id}-${this.#requests}`,
    }
    return this.#parts.dispatch.call(caller, { command, input, key: origin.key })
  }

  status(): NodeStatus {
    const { cluster } = this.#parts
    const checks = this.#checks()
    let subscriptions = 0
    for (const session of this.#parts.sessions.all()) subscriptions += session.members.size
    return {
      id: this.id,
      ready: checks.every((check) => check.ok),
      checks,
      connections: this.#links.size,
      sessions: this.#parts.sessions.size,
      channels: this.#parts.hub.size,
      subscriptions,
      calls: this.#parts.dispatch.underWay,
      drops: this.#parts.drops.list(),
      startedAt: this.#startedAt,
      nodes: [this.id, ...(cluster?.nodes() ?? [])].sort(),
    }
  }

  /** It takes new clients. */
  get #isOpen(): boolean {
    return this.#phase === 'running' || this.#phase === 'noticed'
  }

  get #isServing(): boolean {
    return this.#isOpen || this.#phase === 'moving'
  }

  #checks(): readonly Check[] {
    const { cluster } = this.#parts
    const broker = cluster === undefined ? [] : [checkOf('broker', cluster.problem())]
    return [this.#runningCheck(), this.#storeCheck(), ...broker]
  }

  #runningCheck(): Check {
    const problem = ['noticed', 'moving', 'stopping'].includes(this.#phase)
      ? 'The node is stopping.'
      : 'The node is not running.'
    return checkOf('node', this.#phase === 'running' ? undefined : problem)
  }

  #storeCheck(): Check {
    const { writable, problem } = this.#options.store.status()
    return checkOf('store', writable ? undefined : (problem ?? 'The store refuses writes.'))
  }

  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new Error('A node starts once.')
    const { clock, modules, store, transports } = this.#options
    this.#checkLogs()
    for (const { contract, migrations = [] } of modules) await store.migrate(contract.name, migrations)
    // From here on the access changes of other nodes are heard; those of before are loaded.
    await this.#parts.cluster?.start()
    for (const app of this.#apps) {
      await this.#parts.accessLog.begin(app)
      await loadRevocations(store, app, this.#parts.revocations)
    }
    await loadFlags(store, operatorApp, this.flags)
    this.#phase = 'running'
    this.#startedAt = clock.now()
    const services = this.#moduleServices()
    for (const module of modules) await module.start?.(services)
    await this.#parts.jobs.start()
    this.#every(sweepMs, () => this.#sweep())
    this.#every(retentionMs, () => this.#maintain())
    const accept = this.#acceptor()
    for (const transport of transports)
      await transport.start(accept, relayFor(transport.name, this.id, this.#parts.cluster))
  }

  #checkLogs(): void {
    const { broker, recentLog } = this.#options
    const recent = this.kinds.list().find(({ durability }) => durability === 'recent')
    if (broker === undefined || recentLog.isShared === true || recent === undefined) return
    throw new ParleyError(
      'unavailable',
      `Kind \`${recent.name}\` is \`recent\`, and its log is this node's alone, but there is a broker for several nodes. ` +
        'Configure a log that they share, make the kind `durable` or `ephemeral`, or run one node without a broker.',
    )
  }

  #moduleServices(): ModuleServices {
    const { clock, lease, logger: log, modules, store } = this.#options
    return {
      ...(lease === undefined ? {} : { lease }),
      ...{ clock, log, apps: this.#apps, node: this.id },
      modules: modules.map((module) => module.contract.name),
      call: (identity, command, input) => this.call(identity, command, input),
      run: <T>(app: string, job: (ctx: Context) => T | Promise<T>, { order }: RunOptions = {}) =>
        this.#run(app, job, order) as Promise<T>,
      state: this.#parts.keptEntries,
      drops: () => this.#parts.drops.list(),
      job: (name) => this.registry.job(name),
      inspection: this.#parts.inspection,
      query: (statement) => store.query(statement),
      record: (app, table, key) => store.record(app, table, key),
      purged: () => store.purged(),
    }
  }

  async #run(app: string, job: (ctx: Context) => unknown, order: string | undefined): Promise<unknown> {
    if (!this.#isServing) throw new ParleyError('unavailable', 'The node is not running.')
    if (!this.#apps.includes(app)) throw new RangeError(`There is no app \`${app}\` on this node.`)
    return this.#parts.dispatch.run(app, job, order)
  }

  #acceptor(): Accept {
    return acceptor({
      limits: this.limits,
      throttle: this.#parts.throttle,
      isRunning: () => this.#isOpen,
      isRateLimited: () => this.flags.isOn('rateLimiting'),
      links: this.#links,
      makeLink: (connection, handshake) => {
        this.#parts.activity.opened += 1
        this.#parts.metrics.opened.add(1, { transport: handshake.transport })
        return new Link(this.#parts.linkServices, connection, handshake)
      },
    })
  }

  #every(periodMs: number, run: () => void): void {
    const timer = this.#options.clock.after(periodMs, () => {
      this.#timers.delete(timer)
      run()
      if (this.#isServing) this.#every(periodMs, run)
    })
    this.#timers.add(timer)
  }

  #sweep(): void {
    const now = this.#options.clock.elapsed()
    this.#parts.fanout.checkStalled((outbox) => {
      for (const link of this.#links) if (link.session?.outbox === outbox) link.close('slow_consumer')
    })
    this.#parts.hub.forgetIdle()
    if (now - this.#lastSilentSync >= this.limits.silentPositionMs) {
      this.#lastSilentSync = now
      this.#parts.hub.syncSilent()
    }
    this.#parts.throttle.sweep()
    this.#expire()
  }

  /** A bounded bite of what has expired, every second: receipts come as fast as commands. */
  #expire(): void {
    const { clock, store } = this.#options
    this.#expiry ??= store
      .sweep(clock.now())
      // The status of the store says what is wrong with it.
      .catch(() => undefined)
      .finally(() => {
        this.#expiry = undefined
      })
  }

  #maintain(): void {
    const { logger: log } = this.#options
    if (this.#maintenance !== undefined) return
    this.#maintenance = this.#enforceRetention()
      .catch((error: unknown) =>
        log.warn('Retention could not be enforced; it is tried again in a minute.', { error: String(error) }),
      )
      .finally(() => {
        this.#maintenance = undefined
      })
  }

  /** One node of a cluster is enough. */
  async #enforceRetention(): Promise<void> {
    const { clock, lease, logger: log, store, recentLog } = this.#options
    if (lease !== undefined && (await lease.take(retentionLease, this.id, 2 * retentionMs)) === undefined)
      return
    const isWanted = () => this.#isServing
    const { hub } = this.#parts
    await enforceRetention({ clock, log, kinds: this.kinds, hub, store, recentLog, isWanted }, this.#apps)
  }

  /** Whatever goes wrong here, the change is stored, and the unit that made it goes on. */
  #apply(app: string, change: ControlEntry): void {
    try {
      const { hub, sessions } = this.#parts
      if (change.type === 'redact')
        for (const offset of change.offsets) hub.redacted(app, change.channel, offset)
      else if (change.type !== 'flag') sessions.apply(app, change)
      // A flag of another version is left alone, and so is the wish of a tenant.
      else if (app === operatorApp && Object.hasOwn(this.flags.list(), change.name))
        this.flags.set(change.name, change.on)
    } catch (error) {
      this.#options.logger.error('An access change could not be applied.', {
        app,
        type: change.type,
        error: String(error),
      })
    }
  }

  /** The token of a connect frame: one of a user, or the key of an app. */
  async #authenticate(token: string | undefined): Promise<Identity> {
    if (token === undefined) throw new ParleyError('unauthenticated', 'Give a token in the connect frame.')
    return this.authenticate({ kind: token.includes(':') ? 'key' : 'bearer', token })
  }

  #welcome({ pingIntervalMs }: Link, session: Session, resumed: boolean): ConnectResult {
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
      pingIntervalMs,
      pingTimeoutMs: this.limits.pingTimeoutMs,
      maxFrameBytes: this.limits.maxFrameBytes,
      time: this.#options.clock.now(),
    }
  }

  #closed(link: Link, hasLeft: boolean, reason: string): void {
    if (!this.#links.delete(link)) return
    this.#parts.throttle.released(link.handshake.ip)
    this.#parts.metrics.closes.add(1, { reason })
    noteClosed(link, reason, this.#parts, this.#options.clock.now())
    this.#parts.sessions.unlink(link, hasLeft)
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options)
    return this.#stopped
  }

  async #stop({ graceMs = 5_000, noticeMs = 0, windowMs }: StopOptions): Promise<void> {
    const { clock, logger, modules, store, transports } = this.#options
    const wasRunning = this.#phase === 'running'
    if (wasRunning && noticeMs > 0) {
      this.#phase = 'noticed'
      await new Promise<void>((resolve) => clock.after(noticeMs, resolve))
    }
    let leftMs = graceMs
    if (wasRunning && this.#canMove) {
      this.#phase = 'moving'
      const moving = {
        windowMs: drainWindow(this.#links.size, windowMs),
        patienceMs: graceMs * patienceShare,
      }
      leftMs -= await moveClients(this.#links, clock, moving)
    }
    this.#phase = 'stopping'
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    sendAway(this.#links, drainWindow(this.#links.size, windowMs))
    this.#parts.jobs.stop()
    this.#parts.intake.flush()
    await withinMs(this.#parts.dispatch.drain(), leftMs, clock)
    this.#parts.fanout.flush()
    for (const link of [...this.#links]) link.close('server_stopping')
    for (const transport of transports) await transport.stop()
    await Promise.all([this.#maintenance, this.#expiry])
    for (const module of [...modules].reverse()) await module.stop?.()
    this.#parts.wheel.stop()
    this.#parts.accessLog.stop()
    await this.#parts.cluster?.stop()
    await store.close()
    this.#phase = 'stopped'
    logger.info('The node has stopped.', { node: this.id })
  }

  /** There are clients, and other nodes to which they can go at once. */
  get #canMove(): boolean {
    return this.#links.size > 0 && (this.#parts.cluster?.nodes().length ?? 0) > 0
  }
}
