import { type ConnectFrame, type DeviceInfo, ParleyError } from '@parley/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Member } from '../channels/member.ts'
import { presenceName } from '../channels/occupancy.ts'
import { Outbox, type OutboxOwner } from '../channels/outbox.ts'
import type { EncodedEvent } from '../channels/wire-text.ts'
import { OrderedLanes } from '../commands/ordered-lanes.ts'
import type { SessionSummary } from '../context.ts'
import type { Tap } from '../inspection/tap.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Link } from './link.ts'
import type { SessionFacts } from './session-listener.ts'
import type { SessionServices } from './session-services.ts'
import type { Wakeable } from './timer-wheel.ts'

/** Why the server ended a subscription, and whether asking again makes sense. */
export interface SubscriptionEnd {
  readonly code: string
  readonly message: string
  readonly resubscribe: boolean
}

export interface SessionParts {
  readonly identity: Identity
  readonly transport: string
  readonly client: ConnectFrame['client']
}

/**
 * One client's logical connection. It outlives a broken transport for `sessionTtlMs`, so that presence does not
 * flicker; subscriptions do not: the client restores them from the positions it holds, and nothing rests on a session
 * surviving. `generation` counts the connections it had; the late close of an old one finds another link in place.
 */
export class Session implements OutboxOwner, Wakeable {
  readonly id: string
  readonly secret: string
  readonly since: number
  readonly transport: string
  readonly device: DeviceInfo | undefined
  readonly outbox: Outbox
  readonly members = new Map<string, Member>()
  readonly lanes = new OrderedLanes()
  readonly uncommitted = new Map<string, Promise<unknown>>()
  identity: Identity
  link: Link | undefined
  generation = 0
  /** Place among the sessions of the node. */
  sequence = 0
  /** Records what goes over its connections while somebody looks. */
  tap: Tap | undefined
  /** Elapsed time of the last frame that was more than a sign of life; its link notes it now and then. */
  activeAt: number
  /** Calls that have no answer yet. */
  callsInFlight = 0
  wakeAt: number | undefined
  dueTick: number | undefined
  /** Requests other than calls that have no answer yet. */
  requestsInFlight = 0
  /** Channels to which a back end is subscribing this session. */
  readonly invitations = new Set<string>()
  /** Channels in which this session has keyed state, and until when it stays there without a subscription. */
  #stateIn: Map<Channel, number> | undefined
  #endsAt = 0
  /** Elapsed time of the loss of its connection, and how long it was without one before. */
  #leftAt: number | undefined
  #absentMs = 0
  #facts: SessionFacts | undefined
  readonly #services: SessionServices

  constructor(services: SessionServices, parts: SessionParts) {
    const { clock } = services
    this.#services = services
    this.id = clock.secret(96)
    this.secret = clock.secret(128)
    this.since = clock.now()
    this.activeAt = clock.elapsed()
    this.transport = parts.transport
    this.device = deviceOf(parts.client)
    this.identity = parts.identity
    this.outbox = new Outbox(this, services.fanout, services.limits)
  }

  get app(): string {
    return this.identity.app
  }

  /** The session as modules see it. */
  get facts(): SessionFacts {
    this.#facts ??= factsOf(this)
    return this.#facts
  }

  summary(): SessionSummary {
    const { user } = this.identity
    return {
      session: this.id,
      ...(user === undefined ? {} : { user }),
      ...(this.device === undefined ? {} : { device: this.device }),
      transport: this.transport,
      connected: this.link !== undefined,
      since: this.since,
      channels: this.members.size,
    }
  }

  /** How long it was without a connection, in ms. */
  absentMs(now: number): number {
    return this.#absentMs + (this.#leftAt === undefined ? 0 : now - this.#leftAt)
  }

  /** Whether one more request may be carried out: there is room for the replies to all that are under way. */
  get hasRoom(): boolean {
    return this.outbox.hasRoomFor(this.callsInFlight + this.requestsInFlight)
  }

  attach(link: Link): void {
    this.#absentMs = this.absentMs(this.#services.clock.elapsed())
    this.#leftAt = undefined
    this.generation += 1
    this.link = link
    this.outbox.connection = this.tap?.around(link.connection) ?? link.connection
    this.tap?.opened()
  }

  /** Has what goes over its connections recorded from now on, or no more. */
  watchedBy(tap: Tap | undefined): void {
    this.tap = tap
    const connection = this.link?.connection
    if (connection !== undefined) this.outbox.connection = tap?.around(connection) ?? connection
  }

  /** The connection is gone; the session waits for the next one. */
  detach(): void {
    const { clock, limits } = this.#services
    this.link = undefined
    this.#leftAt = clock.elapsed()
    this.outbox.detach()
    for (const member of [...this.members.values()]) this.#remove(member)
    this.#endsAt = clock.elapsed() + limits.sessionTtlMs
    this.#wakeNotAfter(this.#endsAt)
  }

  /**
   * Makes room for a subscription, and shows the session in the channel's presence.
   *
   * @throws ParleyError `payload_too_large`, `limit_exceeded`; then nothing has changed
   */
  enter(channel: Channel, { silent }: { readonly silent: boolean }): void {
    if (channel.kind.presence && !silent) this.#showPresence(channel)
    else if (this.#stateIn?.has(channel) === true) this.setState(channel, presenceName, null)
  }

  /** A subscription has begun; the caller has checked permission and made the channel's verdict. */
  joined(member: Member): void {
    this.members.set(member.channel.name, member)
  }

  #showPresence(channel: Channel): void {
    const { identity } = this
    this.setState(channel, presenceName, {
      since: this.since,
      ...(identity.profile === undefined ? {} : { profile: identity.profile }),
    })
  }

  /** @throws ParleyError `payload_too_large`, `limit_exceeded` */
  setState(channel: Channel, name: string, value: unknown): void {
    const changed =
      value === null || value === undefined
        ? channel.state.remove(this.id, name)
        : channel.state.set({ user: this.identity.user, session: this.id }, name, value)
    this.#stateIn ??= new Map()
    this.#stateIn.set(channel, Number.POSITIVE_INFINITY)
    if (changed) this.#services.fanout.stateChanged(channel)
  }

  /** Ends a subscription at the client's wish: its state goes with it. */
  unsubscribe(channelName: string): void {
    const member = this.members.get(channelName)
    if (member === undefined)
      throw new ParleyError(
        'not_subscribed',
        `This session is not subscribed to ${channelName.slice(0, 200)}.`,
      )
    this.#remove(member)
    this.#removeState(member.channel)
  }

  /** Ends what the session has to do with a channel, a subscription or state that waits for one, and says why. */
  expel(channelName: string, verdict: SubscriptionEnd): void {
    const member = this.members.get(channelName)
    if (member !== undefined) this.drop(member, verdict)
    for (const channel of [...(this.#stateIn?.keys() ?? [])])
      if (channel.name === channelName) this.#removeState(channel)
  }

  /** Ends a subscription at the server's wish, and says why. */
  drop(member: Member, verdict: SubscriptionEnd): void {
    if (this.members.get(member.channel.name) !== member) return
    this.#remove(member)
    if (!verdict.resubscribe) this.#removeState(member.channel)
    this.outbox.control(JSON.stringify({ op: 'unsubscribed', channel: member.channel.name, ...verdict }))
  }

  #remove(member: Member): void {
    const { fanout, clock } = this.#services
    const { channel } = member
    fanout.seal(channel)
    this.members.delete(channel.name)
    channel.leave(member, clock.elapsed())
    this.#services.audiences.left(channel)
    this.outbox.drop(member)
    member.behind = true
    if (this.#stateIn?.has(channel) !== true) return
    const until = clock.elapsed() + channel.kind.presenceGraceMs
    this.#stateIn.set(channel, until)
    this.#wakeNotAfter(until)
  }

  /** Sends the member nothing while it is asked whether it may go on reading; see `release`. */
  hold(member: Member): void {
    this.#services.fanout.seal(member.channel)
    this.outbox.hold(member)
  }

  release(member: Member): void {
    this.outbox.release(member)
  }

  #removeState(channel: Channel): void {
    if (this.#stateIn?.delete(channel) !== true) return
    channel.idleSince = this.#services.clock.elapsed()
    if (channel.state.removeSession(this.id)) this.#services.fanout.stateChanged(channel)
  }

  /** The session is over: nothing of it stays. */
  end(): void {
    for (const member of [...this.members.values()]) this.#remove(member)
    for (const channel of [...(this.#stateIn?.keys() ?? [])]) this.#removeState(channel)
    this.outbox.detach()
    this.tap = undefined
    this.wakeAt = undefined
    this.link = undefined
  }

  #wakeNotAfter(time: number): void {
    if (this.wakeAt !== undefined && this.wakeAt <= time) return
    this.wakeAt = time
    this.#services.wheel.add(this)
  }

  wake(): void {
    const now = this.#services.clock.elapsed()
    if (this.link === undefined && now >= this.#endsAt) {
      this.#services.expired(this)
      return
    }
    let next = this.link === undefined ? this.#endsAt : Number.POSITIVE_INFINITY
    for (const [channel, until] of this.#stateIn ?? []) {
      if (until <= now) this.#removeState(channel)
      else next = Math.min(next, until)
    }
    if (next < Number.POSITIVE_INFINITY) this.#wakeNotAfter(next)
  }

  // ——— as the outbox's owner

  readLog(channel: Channel, after: number): Promise<readonly EncodedEvent[]> {
    return this.#services.readLog(channel, after)
  }

  lost(member: Member, code: 'position_expired' | 'epoch_changed'): void {
    const message =
      code === 'position_expired'
        ? 'The events after this position are no longer kept. Subscribe again and load a snapshot.'
        : 'The channel has become another stream. Subscribe again and load a snapshot.'
    this.#services.drops.add({ what: 'subscription', reason: code, lane: member.channel.kind.lane })
    this.drop(member, { code, message, resubscribe: true })
  }

  overflowed(): void {
    this.link?.close('slow_consumer')
  }

  eased(): void {
    if (this.hasRoom) this.link?.goOn()
  }
}

function factsOf(session: Session): SessionFacts {
  const { app, identity, id, device, transport, since } = session
  return {
    ...{ app, user: identity.user, session: id, device, transport, since },
    get activeAt() {
      return session.activeAt
    },
  }
}

/** Takes the fields that are known: nobody is to keep more with a session. */
function deviceOf(client: ConnectFrame['client']): DeviceInfo | undefined {
  const given = client?.device
  if (given === undefined || given === '') return undefined
  if (typeof given === 'string') return { id: given }
  const { id, name, kind } = given
  return { id, ...(name === undefined ? {} : { name }), ...(kind === undefined ? {} : { kind }) }
}
