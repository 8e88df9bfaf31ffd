import {
  type CompiledFilter,
  compileFilter,
  type Filter,
  ParleyError,
  type Position,
  type SubscribeFrame,
  type SubscribeResult,
} from '@parley/protocol'
import { type Permissions, readFilter, type Watch } from '../access/permissions.ts'
import type { Flags } from '../flags.ts'
import type { Kind, Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Session } from '../sessions/session.ts'
import type { Audiences } from './audiences.ts'
import type { Channel } from './channel.ts'
import type { FilterClass } from './delivery/filter-class.ts'
import type { Fanout } from './fanout.ts'
import type { Hub } from './hub.ts'
import { recoveryVerdict, type Verdict } from './recovery.ts'

/** What a subscription asks of the other nodes of a cluster. */
export interface SubscribingCluster {
  /** A position lies behind what this node has heard of: has it look at the log. */
  lookAhead(channel: Channel): Promise<void>
  /** Undefined when the keyed state of other nodes is known, else a promise that is fulfilled soon in any case. */
  whole(channel: Channel): Promise<void> | undefined
}

export interface SubscribingParts {
  readonly hub: Hub
  readonly fanout: Fanout
  readonly audiences: Audiences
  readonly kinds: Kinds
  readonly flags: Flags
  readonly limits: Limits
  readonly permissions: Permissions
  /** Absent on a node that is alone. */
  readonly cluster?: SubscribingCluster | undefined
  readonly onRecovery: (verdict: Verdict) => void
}

export type SubscribeRequest = Pick<
  SubscribeFrame,
  'channel' | 'from' | 'filter' | 'recent' | 'state' | 'occupancy' | 'silent'
>

/** Who wants a subscription. */
export interface Subscriber {
  readonly session: Session
  /** Called with the result, as JSON, in the same step in which the member joins. */
  readonly joined: (result: string) => void
  /** Asked at the last moment; without it: it is. */
  readonly isWanted?: () => boolean
}

interface Attempt {
  readonly kind: Kind
  readonly watch: Watch
  /** The connection that asked. */
  readonly connection: { readonly link: Session['link']; readonly generation: number }
}

/** Times that a subscription is tried while the access to its channel changes under it. */
const maxRounds = 8

interface ReadFilter {
  readonly compiled: CompiledFilter | undefined
  /** The server put (part of) it there: it must run here. */
  readonly isEnforced: boolean
}

/**
 * Brings a session into a channel. Everything that takes time (permission, the channel's top, how far the log goes
 * back) is asked first; the rest happens in one step, between two events: the pending batch is sealed, the verdict on
 * the position is given, the member joins, and the reply is queued before anything that follows it.
 */
export class Subscribing {
  readonly #parts: SubscribingParts

  constructor(parts: SubscribingParts) {
    this.#parts = parts
  }

  /**
   * Calls `joined` with the reply in the same step in which the member joins.
   *
   * @throws ParleyError `bad_request`, `unknown_kind`, `disabled`, `forbidden`, `already_subscribed`, `limit_exceeded`
   */
  async subscribe(subscriber: Subscriber, request: SubscribeRequest): Promise<void> {
    const { audiences, flags, hub, kinds, permissions } = this.#parts
    const { session } = subscriber
    const { app } = session
    const kind = kinds.of(request.channel)
    this.#checkRoom(session, request.channel)
    checkKind(kind, request)
    if (request.filter !== undefined) flags.require('advancedFiltering')
    const watch = permissions.watch(app, session.identity.user, request.channel)
    const connection = { link: session.link, generation: session.generation }
    try {
      for (let round = 0; round < maxRounds; round++)
        if (await this.#attempt(subscriber, request, { kind, watch, connection })) return
    } finally {
      permissions.unwatch(watch)
      const channel = hub.find(app, request.channel)
      if (channel !== undefined) audiences.left(channel)
    }
    throw new ParleyError('conflict', `The access to ${request.channel} is being changed. Try again.`)
  }

  /** Answers false when something changed meanwhile that has to be looked at again. */
  async #attempt(
    subscriber: Subscriber,
    request: SubscribeRequest,
    { kind, watch, connection }: Attempt,
  ): Promise<boolean> {
    const { audiences, hub, permissions } = this.#parts
    const { session } = subscriber
    const { identity } = session
    watch.isChanged = false
    const refusal = await permissions.check(identity, 'read', request.channel, kind)
    if (refusal !== undefined) throw refusal
    const filter = joinFilters(identity, request.channel, request.filter)
    const channel = await this.#open(session.app, request)
    if (!audiences.isReady(channel)) await audiences.prepare(channel)
    if (request.state === true || request.occupancy === true) await this.#parts.cluster?.whole(channel)
    const { link, generation } = connection
    if (session.link !== link || session.generation !== generation || link === undefined)
      throw new ParleyError('disconnected')
    if (subscriber.isWanted?.() === false) throw new ParleyError('cancelled')
    // What was allowed a moment ago may have been taken away since, who was here may have left, and a channel that
    // nobody used may have been forgotten.
    if (watch.isChanged || session.identity !== identity || !audiences.isReady(channel)) return false
    if (hub.find(session.app, request.channel) !== channel) return false
    this.#checkRoom(session, request.channel)
    subscriber.joined(this.#join(session, channel, { request, filter }))
    return true
  }

  #checkRoom(session: Session, channel: string): void {
    const { maxSubscriptionsPerSession: max } = this.#parts.limits
    if (session.members.has(channel))
      throw new ParleyError('already_subscribed', `This session is subscribed to ${channel} already.`)
    if (session.members.size >= max)
      throw new ParleyError('limit_exceeded', `A session has at most ${max} subscriptions.`, {
        details: { limit: 'maxSubscriptionsPerSession', value: max },
      })
  }

  /** The channel, with `first` fresh where it matters how far back the log goes. */
  async #open(app: string, request: SubscribeRequest): Promise<Channel> {
    const { hub, cluster } = this.#parts
    const channel = await hub.open(app, request.channel)
    const after = wantedAfter(channel, request)
    if (after !== undefined && after > channel.head) await cluster?.lookAhead(channel)
    if (after === undefined || after >= channel.head || channel.recent(after) !== undefined) return channel
    await hub.refreshFirst(channel)
    return hub.open(app, request.channel)
  }

  /** Synchronous from here: no event comes between. */
  #join(
    session: Session,
    channel: Channel,
    how: { readonly request: SubscribeRequest; readonly filter: ReadFilter },
  ): string {
    const { request, filter } = how
    const { kind } = channel
    if (channel.memberCount >= kind.limits.maxSubscribers)
      throw new ParleyError(
        'limit_exceeded',
        `Channel ${channel.name} has ${channel.memberCount} subscribers, which is its limit.`,
        { details: { limit: 'maxSubscribers', value: kind.limits.maxSubscribers } },
      )
    this.#parts.fanout.seal(channel)
    const { filterClass, runsAt } = this.#classFor(channel, filter)
    this.#parts.fanout.sync(channel, filterClass)
    const verdict = request.from === undefined ? undefined : this.#verdict(channel, request.from)
    const offset = startOffset(channel, request, verdict)
    // May be refused, for lack of room: nobody has joined yet.
    session.enter(channel, { silent: request.silent === true })
    const member = channel.join(session.outbox, filterClass, offset)
    session.joined(member)
    if (request.state === true) channel.readState(member)
    if (request.occupancy === true) channel.readOccupancy(member)
    if (offset < channel.sealed) session.outbox.fallBehind(member)
    const result: SubscribeResult = {
      position: { epoch: channel.epoch, offset },
      head: channel.sealed,
      ...verdict,
      ...(filter.compiled === undefined ? {} : { filter: runsAt }),
      ...(request.occupancy === true ? { occupancy: channel.state.occupancy } : {}),
      ...(kind.durability === 'ephemeral' ? {} : { retention: { first: channel.available } }),
    }
    const text = JSON.stringify(result)
    if (request.state !== true) return text
    // Entries are JSON already: where many join, this is most of the work.
    return `${text.slice(0, -1)},"state":${channel.state.snapshotText(undefined, channel.flushedState)}}`
  }

  #verdict(channel: Channel, from: Position): Verdict {
    const verdict = recoveryVerdict(from, {
      epoch: channel.epoch,
      head: channel.sealed,
      available: channel.available,
      isStored: channel.kind.durability !== 'ephemeral',
    })
    this.#parts.onRecovery(verdict)
    return verdict
  }

  #classFor(
    channel: Channel,
    filter: ReadFilter,
  ): { readonly filterClass: FilterClass; readonly runsAt: 'server' | 'client' } {
    const found = channel.classFor(filter.compiled)
    if (found !== undefined) return { filterClass: found, runsAt: 'server' }
    if (filter.isEnforced)
      throw new ParleyError(
        'limit_exceeded',
        `Channel ${channel.name} has ${this.#parts.limits.maxFilterClasses} different filters, which is its limit.`,
        { details: { limit: 'maxFilterClasses' } },
      )
    return { filterClass: channel.classFor(undefined) as FilterClass, runsAt: 'client' }
  }
}

function checkKind(kind: Kind, request: SubscribeRequest): void {
  if (request.filter !== undefined && !kind.filters)
    throw new ParleyError('bad_request', `Channels of kind \`${kind.name}\` take no filters.`)
  if (request.occupancy === true && !kind.presence)
    throw new ParleyError('bad_request', `Channels of kind \`${kind.name}\` keep no presence to count.`)
}

/** The position that the new member asks for, if it lies in this stream's past. */
function wantedAfter(channel: Channel, { from, recent }: SubscribeRequest): number | undefined {
  if (from !== undefined) return from.epoch === channel.epoch ? from.offset : undefined
  return recent === undefined || channel.kind.durability === 'ephemeral' ? undefined : channel.head - recent
}

/** Where the new member stands: the position it holds, some events back, or the head. */
function startOffset(channel: Channel, request: SubscribeRequest, verdict: Verdict | undefined): number {
  if (verdict !== undefined) return verdict.recovered ? (request.from as Position).offset : channel.sealed
  if (request.recent === undefined || channel.kind.durability === 'ephemeral') return channel.sealed
  return Math.min(channel.sealed, Math.max(channel.sealed - request.recent, channel.available - 1, 0))
}

function joinFilters(identity: Identity, channel: string, wanted: Filter | undefined): ReadFilter {
  const enforced = readFilter(identity, channel)
  const parts = [enforced, wanted].filter((part) => part !== undefined)
  if (parts.length === 0) return { compiled: undefined, isEnforced: false }
  // Checked alone first, so that the message speaks of what the caller wrote.
  if (wanted !== undefined) compiledOrThrow(wanted)
  return {
    compiled: compiledOrThrow(parts.length === 1 ? parts[0] : { all: parts }),
    isEnforced: enforced !== undefined,
  }
}

function compiledOrThrow(filter: Filter | undefined): CompiledFilter {
  const compiled = compileFilter(filter)
  if (typeof compiled === 'string') throw new ParleyError('bad_request', `The filter: ${compiled}`)
  return compiled
}

/** The compiled filter for reading history as an identity: its own wish and what the server enforces. */
export function historyFilter(
  identity: Identity,
  channel: string,
  wanted: Filter | undefined,
): CompiledFilter | undefined {
  return joinFilters(identity, channel, wanted).compiled
}
