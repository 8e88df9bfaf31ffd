import { ParleyError } from '@parley/protocol'
import type { AccessLog } from '../access/access-log.ts'
import type { Permissions } from '../access/permissions.ts'
import type { Audiences } from '../channels/audiences.ts'
import type { Channel } from '../channels/channel.ts'
import type { Fanout } from '../channels/fanout.ts'
import type { Hub, HubCluster } from '../channels/hub.ts'
import type { KeyedState } from '../channels/keyed-state.ts'
import type { SessionSummary } from '../context.ts'
import type { Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Announcement, Broker, BrokerListener, NodeMessage } from '../ports/broker.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { NewEvent, StoredEvent } from '../ports/event-log.ts'
import type { Logger } from '../ports/logger.ts'
import { controlChannel } from '../ports/store.ts'
import { Announcer } from './announcer.ts'
import { Arrivals } from './arrivals.ts'
import type { Told } from './peer-link.ts'
import { Peers } from './peers.ts'
import { PositionCheck } from './position-check.ts'
import { Questions } from './questions.ts'
import { Relays } from './relays.ts'
import { StateExchange } from './state-exchange.ts'
import type { FollowedChannel } from './state-outlet.ts'

export interface ClusterParts {
  readonly node: string
  readonly apps: readonly string[]
  readonly broker: Broker
  readonly clock: Clock
  readonly log: Logger
  readonly limits: Limits
  readonly kinds: Kinds
  readonly hub: Hub
  readonly fanout: Fanout
  readonly audiences: Audiences
  readonly accessLog: AccessLog
  readonly permissions: Permissions
  readonly sessions: (app: string, user: string) => readonly SessionSummary[]
  /** Answers what a transport of another node asks the one of that name here. */
  readonly answer: (transport: string, question: string) => Promise<string>
  readonly onLogRead: () => void
}

/** Silence of the event loop after which signals may have been dropped on the way. */
const stallMs = 1_000
const beatMs = 250
const checkMs = 30_000
/** A subscriber waits so long for what other nodes keep in a channel that is new here; later it comes as a change. */
const maxStateWaitMs = 250
/** Announcements that wait for access changes; what more is announced is found in the log. */
const maxHeldBack = 10_000

/**
 * One node among several. Tells the others what is committed here and takes in what they tell; both are signals only:
 * whatever they do not bring is found in the logs.
 */
export class Cluster implements HubCluster, BrokerListener {
  readonly #parts: ClusterParts
  readonly #announcer: Announcer
  readonly #arrivals: Arrivals
  readonly #check: PositionCheck
  readonly #peers: Peers
  readonly #state: StateExchange
  readonly #questions: Questions
  readonly #relays: Relays
  #timer: Timer | undefined
  #beatAt = 0
  #checkedAt = 0
  #heldBack = 0
  #isRunning = false

  constructor(parts: ClusterParts) {
    const { answer, apps, broker, clock, log, hub, fanout, limits, sessions, onLogRead } = parts
    this.#parts = parts
    this.#announcer = new Announcer(broker, clock)
    this.#arrivals = new Arrivals({ hub, clock, log, readEvents: limits.readEvents, onRead: onLogRead })
    this.#check = new PositionCheck({ hub, clock, log, apps, settle: (app) => this.settle(app) })
    this.#peers = new Peers({
      ...{ broker, clock },
      next: (node) => this.#state.next(node),
      take: (node, told) => this.#take(node, told),
      restarted: (node) => this.#state.restarted(node),
      began: (node) => this.#state.began(node),
    })
    this.#state = new StateExchange({
      ...{ hub, fanout, clock },
      wake: (node) => this.#peers.wake(node),
      arriving: (channel, node) => this.#arriving(channel, node),
      gone: (channel, node) => this.#gone(channel, node),
    })
    this.#questions = new Questions({
      ...{ clock, sessions },
      nodes: () => this.#peers.nodes(),
      say: (node, told) => this.#say(node, told),
    })
    this.#relays = new Relays({
      ...{ clock, answer },
      nodes: () => this.#peers.nodes(),
      say: (node, told) => this.#say(node, told),
    })
    hub.join(this)
  }

  /** The other nodes, as far as known. */
  nodes(): readonly string[] {
    return this.#parts.broker.nodes()
  }

  /** What is wrong with the link to the others; undefined when nothing is. */
  problem(): string | undefined {
    return this.#parts.broker.problem()
  }

  /** Joins the others. Access changes that they make from here on are heard. */
  async start(): Promise<void> {
    const { apps, broker, clock, node } = this.#parts
    this.#isRunning = true
    await broker.start(node, this)
    await Promise.all(apps.map((app) => broker.follow(app, controlChannel)))
    this.#checkedAt = clock.elapsed()
    this.#setBeat()
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#timer?.cancel()
    this.#announcer.flush()
    this.#arrivals.stop()
    this.#state.stop()
    this.#relays.stop()
    await this.#check.stop()
    await this.#parts.broker.stop()
  }

  #setBeat(): void {
    const { clock } = this.#parts
    this.#beatAt = clock.elapsed()
    this.#timer = clock.after(beatMs, () => this.#beat())
  }

  #beat(): void {
    const now = this.#parts.clock.elapsed()
    this.#peers.resend()
    const hasStalled = now - this.#beatAt > beatMs + stallMs
    if (hasStalled || now - this.#checkedAt >= checkMs) {
      this.#checkedAt = now
      this.#check.run()
    }
    if (this.#isRunning) this.#setBeat()
  }

  // ——— as the broker's listener

  announced(announcement: Announcement): void {
    const { accessLog } = this.#parts
    const { app, channel, control, events, prev } = announcement
    if (channel === controlChannel && events !== undefined) accessLog.announced(app, prev, events)
    const missing = accessLog.upTo(app, control)
    if (missing === undefined) this.#parts.hub.announced(announcement)
    else this.#holdBack(announcement, missing)
  }

  /** Access changes come before the events that were published after them. */
  #holdBack(announcement: Announcement, missing: Promise<void>): void {
    if (this.#heldBack >= maxHeldBack) return
    this.#heldBack += 1
    missing
      .then(() => this.#isRunning && this.#parts.hub.announced(announcement))
      // They cannot be read: neither can the events. The next check tries it again.
      .catch(() => undefined)
      .finally(() => {
        this.#heldBack -= 1
      })
  }

  received(from: string, message: NodeMessage): void {
    if (message.type === 'check') this.#check.run()
    else this.#peers.received(from, message)
  }

  #take(node: string, told: Told): void {
    this.#state.take(node, told)
    this.#questions.take(node, told)
    this.#relays.take(node, told)
  }

  #say(node: string, told: Told): void {
    this.#state.say(node, told)
    this.#peers.wake(node)
  }

  joined(node: string): void {
    if (this.#peers.joined(node)) this.#state.joined(node)
    // It may have published while this node did not hear it.
    this.#check.run()
  }

  left(node: string): void {
    this.#peers.left(node)
    this.#state.left(node)
    this.#questions.left(node)
    this.#relays.left(node)
    for (const channel of this.#parts.hub.channels()) channel.counted?.delete(node)
    // What it published last may not have been announced.
    this.#check.run()
  }

  restored(): void {
    const { apps, broker, permissions } = this.#parts
    for (const app of apps) permissions.forget(app, {})
    this.#check.run()
    broker.send({ type: 'check' })
  }

  // ——— as the hub's cluster

  follow(app: string, name: string): void | Promise<void> {
    return this.#parts.broker.follow(app, name)
  }

  unfollow(app: string, name: string): void {
    if (name !== controlChannel) this.#parts.broker.unfollow(app, name)
  }

  settle(app: string): Promise<void> {
    return this.#parts.accessLog.reconcile(app)
  }

  opened(channel: Channel): void {
    this.#state.opened(channel)
  }

  closed(channel: Channel): void {
    this.#arrivals.forget(channel)
    this.#state.closed(channel)
    this.unfollow(channel.app, channel.name)
  }

  missing(channel: Channel, events: readonly StoredEvent[], head: number, isUrgent: boolean): void {
    this.#arrivals.missing(channel, events, head, isUrgent)
  }

  advanced(channel: Channel): void {
    this.#arrivals.advanced(channel)
  }

  doubt(channel: Channel): void {
    this.#check.doubt(channel)
  }

  restarted(channel: Channel): void {
    this.#arrivals.forget(channel)
  }

  stateMade(app: string, name: string, state: KeyedState): void {
    this.#state.stateMade(app, name, state)
  }

  stateLost(key: string): void {
    this.#state.stateLost(key)
  }

  // ——— what the node's other parts ask

  /** An event of this node has its place. `control`: head of the control channel as of its commit; default: as known. */
  announce(
    app: string,
    channel: string,
    placed: { event: StoredEvent; epoch: string; control?: number },
  ): void {
    const { event, epoch, control = this.#parts.accessLog.applied(app) } = placed
    this.#announcer.stored({ app, channel, epoch, control }, event)
  }

  announceEphemeral(app: string, channel: string, event: NewEvent): void {
    const control = this.#parts.accessLog.applied(app)
    this.#announcer.ephemeral({ app, channel, epoch: this.#parts.node, control }, event)
  }

  /** Nobody knows whether events were stored: the others are told where the log is. */
  async announceHeads(app: string, names: Iterable<string>): Promise<void> {
    const { hub, kinds, accessLog } = this.#parts
    for (const channel of new Set(names)) {
      const [top] = (await hub.log(kinds.of(channel))?.tops(app, [channel])) ?? []
      await accessLog.reconcile(app)
      const control = accessLog.applied(app)
      if (top !== undefined) this.#announcer.head({ app, channel, epoch: top.epoch, control }, top.head)
    }
  }

  /** Sessions of a user on all nodes. */
  summaries(app: string, user: string): Promise<readonly SessionSummary[]> {
    return this.#questions.sessions(app, user)
  }

  /** Asks a transport of another node; see `Relay`. */
  ask(transport: string, node: string, question: string, withinMs: number): Promise<string> {
    return this.#relays.ask(transport, node, question, withinMs)
  }

  /**
   * Somebody who comes from another node stands further than this one has heard: it looks at the log. That may have lost
   * its stream meanwhile: then the channel moves to the new one, and the verdict names the cause.
   */
  async lookAhead(channel: Channel): Promise<void> {
    const { app, epoch, kind, name } = channel
    const { hub } = this.#parts
    const [top] = (await hub.log(kind)?.tops(app, [name])) ?? []
    await this.settle(app)
    if (top === undefined || channel.epoch !== epoch || hub.find(app, name) !== channel) return
    if (top.epoch !== epoch) hub.verify(channel, top)
    else if (top.head > channel.head) await this.#arrivals.reached(channel, top.head)
  }

  /** Undefined when the keyed state of an open channel is whole here, else a promise that is fulfilled soon in any case. */
  whole(channel: Channel): Promise<void> | undefined {
    return this.#state.whole(channel, maxStateWaitMs)
  }

  async #arriving({ app, name }: FollowedChannel, node: string): Promise<void> {
    const { audiences, kinds, log } = this.#parts
    try {
      await audiences.arrivingElsewhere(kinds.of(name), { app, name, node })
    } catch (error) {
      const isKnown = error instanceof ParleyError
      log[isKnown ? 'info' : 'error']('A channel was not made ready for another node.', {
        channel: name,
        error: String(error),
      })
    }
  }

  #gone({ app, name }: FollowedChannel, node: string): void {
    this.#parts.audiences.goneElsewhere({ app, name, node }, this.#parts.hub.find(app, name))
  }
}
