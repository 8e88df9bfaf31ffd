import {
  type CompiledFilter,
  compileFilter,
  type Filter,
  ParleyError,
  type Position,
  type SubscribeFrame,
  type SubscribeResult,
} from '@parley/protocol'
import { type Permissions, readFilter } from '../access/permissions.ts'
import type { Kind, Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Session } from '../sessions/session.ts'
import type { Channel } from './channel.ts'
import type { Fanout } from './fanout.ts'
import type { FilterClass } from './filter-class.ts'
import type { Hub } from './hub.ts'
import { recoveryVerdict, type Verdict } from './recovery.ts'

export interface SubscribingParts {
  readonly hub: Hub
  readonly fanout: Fanout
  readonly kinds: Kinds
  readonly limits: Limits
  readonly permissions: Permissions
  readonly onRecovery: (verdict: Verdict) => void
}

export type SubscribeRequest = Pick<
  SubscribeFrame,
  'channel' | 'from' | 'filter' | 'recent' | 'state' | 'silent'
>

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
   * @throws ParleyError `bad_request`, `unknown_kind`, `forbidden`, `already_subscribed`, `limit_exceeded`
   */
  async subscribe(
    session: Session,
    request: SubscribeRequest,
    joined: (result: SubscribeResult) => void,
  ): Promise<void> {
    const { link, generation } = session
    const kind = this.#parts.kinds.of(request.channel)
    this.#checkRoom(session, request.channel)
    if (request.filter !== undefined && !kind.filters)
      throw new ParleyError('bad_request', `Channels of kind \`${kind.name}\` take no filters.`)
    const { channel, identity } = await this.#ask(session, request, kind)
    if (session.link !== link || session.generation !== generation || link === undefined)
      throw new ParleyError('disconnected')
    this.#checkRoom(session, request.channel)
    const filter = joinFilters(identity, request.channel, request.filter)
    joined(this.#join(session, channel, { request, filter }))
  }

  /**
   * Permission and channel. Both may take time in which access changes or the token is refreshed: then the answer is
   * of before, and is asked for again.
   */
  async #ask(
    session: Session,
    request: SubscribeRequest,
    kind: Kind,
  ): Promise<{ readonly channel: Channel; readonly identity: Identity }> {
    const { permissions } = this.#parts
    for (let attempt = 0; attempt < 5; attempt++) {
      const { identity } = session
      const { generation } = permissions
      const refusal = await permissions.check(identity, 'read', request.channel, kind)
      if (refusal !== undefined) throw refusal
      const channel = await this.#open(session.app, request)
      if (session.identity === identity && permissions.generation === generation) return { channel, identity }
    }
    throw new ParleyError('conflict', 'Access changed again and again while this was asked for. Try again.')
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

  /** The channel, with `first` fresh where the verdict may depend on it. */
  async #open(app: string, { channel: name, from }: SubscribeRequest): Promise<Channel> {
    const { hub } = this.#parts
    let channel = await hub.open(app, name)
    if (from !== undefined && from.epoch === channel.epoch && channel.recent(from.offset) === undefined) {
      await hub.refreshFirst(channel)
      channel = await hub.open(app, name)
    }
    return channel
  }

  /** Synchronous from here: no event comes between. */
  #join(
    session: Session,
    channel: Channel,
    how: { readonly request: SubscribeRequest; readonly filter: ReadFilter },
  ): SubscribeResult {
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
    const silent = channel.sync(filterClass)
    if (silent !== undefined) this.#parts.fanout.deliver(silent)
    const verdict = request.from === undefined ? undefined : this.#verdict(channel, request.from)
    const offset = startOffset(channel, request, verdict)
    const member = channel.join(session.outbox, filterClass, offset)
    session.joined(member, { silent: request.silent === true })
    if (request.state === true) channel.readState(member, channel.state.version)
    if (offset < channel.sealed) session.outbox.fallBehind(member)
    return {
      position: { epoch: channel.epoch, offset },
      head: channel.sealed,
      ...verdict,
      ...(filter.compiled === undefined ? {} : { filter: runsAt }),
      ...(request.state === true ? { state: channel.state.snapshot() } : {}),
    }
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
