import type { Action, Contract } from '@parley/protocol'
import type { Permissions } from '../access/permissions.ts'
import type { Revocations } from '../access/revocations.ts'
import type { Channel } from '../channels/channel.ts'
import type { Fanout } from '../channels/fanout.ts'
import type { Hub } from '../channels/hub.ts'
import type { Kinds } from '../kind.ts'
import type { NodeStatus } from '../node/node.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Registry } from '../registry.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Activity, Timings } from './activity.ts'
import type { ClosedConnections } from './closed-connections.ts'
import { explain } from './explain.ts'
import type {
  ClosedConnection,
  ConnectionDetail,
  ConnectionPage,
  ConnectionQuery,
  ConnectionRecord,
  ConnectionSummary,
  Explanation,
  Inspection,
  ListQuery,
  NodeCounts,
  OpenChannel,
  UserSummary,
} from './inspection.ts'
import { Foremost, lookThrough } from './looking-through.ts'
import { detailOf, matcher, openChannelOf, summaryOf } from './summaries.ts'
import { Tap } from './tap.ts'

export interface InspectionParts {
  readonly node: string
  readonly clock: Clock
  readonly store: Store
  readonly activity: Activity
  readonly closedConnections: ClosedConnections
  readonly sessions: Sessions
  readonly hub: Hub
  readonly fanout: Fanout
  readonly kinds: Kinds
  readonly permissions: Permissions
  readonly revocations: Revocations
  readonly registry: Registry
  readonly status: () => NodeStatus
  readonly connections: () => number
  readonly callsUnderWay: () => number
}

/** Reads a node for its operators. It holds nothing but what is being watched. */
export class NodeInspection implements Inspection {
  readonly node: string
  readonly activity: Activity
  readonly #parts: InspectionParts

  constructor(parts: InspectionParts) {
    this.node = parts.node
    this.activity = parts.activity
    this.#parts = parts
  }

  status(): NodeStatus {
    return this.#parts.status()
  }

  counts(): NodeCounts {
    const { connections, sessions, hub, callsUnderWay, store, fanout } = this.#parts
    const { live, catch_up, queued } = fanout.counts
    return {
      connections: connections(),
      sessions: sessions.size,
      channels: hub.size,
      callsUnderWay: callsUnderWay(),
      queuedUnits: store.status().queued,
      ...{ deliveredLive: live, deliveredCatchUp: catch_up, queued },
      ...{ sent: fanout.sent, users: sessions.userCount },
    }
  }

  async stillness(idleMs: number): Promise<{ readonly idle: number; readonly queuedBytes: number }> {
    const { clock, sessions } = this.#parts
    const before = clock.elapsed() - idleMs
    let [idle, queuedBytes] = [0, 0]
    await lookThrough(sessions.index.before(), clock, ({ activeAt, link, outbox }) => {
      if (link !== undefined && activeAt <= before) idle += 1
      queuedBytes += outbox.queuedBytes
      return true
    })
    return { idle, queuedBytes }
  }

  async connections(query: ConnectionQuery): Promise<ConnectionPage> {
    const { clock, sessions } = this.#parts
    const matches = matcher(query)
    const total = sessions.size
    if (query.order === 'queued') return { ...(await this.#mostQueued(query, matches)), total }
    const found: Session[] = []
    const examined = await lookThrough(this.#candidates(query), clock, (session) => {
      if (matches(session)) found.push(session)
      // One more tells whether there is a next page.
      return found.length <= query.limit
    })
    const page = found.slice(0, query.limit)
    const last = found.length > query.limit ? page.at(-1)?.sequence : undefined
    return {
      connections: page.map((session) => summaryOf(session, clock)),
      ...{ total, examined },
      ...(last === undefined ? {} : { next: last }),
    }
  }

  #candidates({ order, after, app, user }: ConnectionQuery): Iterable<Session> {
    const { sessions } = this.#parts
    if (app === undefined || user === undefined)
      return order === 'oldest' ? sessions.index.after(after) : sessions.index.before(after)
    const own = sessions.of(app, user)
    if (order === 'oldest') return own.filter(({ sequence }) => after === undefined || sequence > after)
    return [...own].reverse().filter(({ sequence }) => after === undefined || sequence < after)
  }

  async #mostQueued(
    { limit }: ConnectionQuery,
    matches: (session: Session) => boolean,
  ): Promise<{ connections: readonly ConnectionSummary[]; examined: number }> {
    const { clock, sessions } = this.#parts
    const most = new Foremost<Session>(limit, (a, b) => b.outbox.queuedBytes - a.outbox.queuedBytes)
    const examined = await lookThrough(sessions.index.before(), clock, (session) => {
      if (matches(session)) most.add(session)
      return true
    })
    return { connections: most.list().map((session) => summaryOf(session, clock)), examined }
  }

  connection(id: string): ConnectionDetail | undefined {
    const session = this.#parts.sessions.find(id)
    return session && detailOf(session, this.#parts.clock)
  }

  closed(query: ListQuery & { readonly session?: string | undefined }): readonly ClosedConnection[] {
    const text = query.text?.toLowerCase() ?? ''
    const found: ClosedConnection[] = []
    for (const one of this.#parts.closedConnections.list()) {
      if (found.length >= query.limit) break
      const { session, user, app, ip, reason } = one
      if (query.session !== undefined && session !== query.session) continue
      if (query.app !== undefined && app !== query.app) continue
      const isWanted = [session, user, ip, reason].some((field) => field?.toLowerCase().includes(text))
      if (isWanted) found.push(one)
    }
    return found
  }

  watch(
    id: string,
    record: (record: ConnectionRecord) => void,
    ignoredKind: string,
  ): (() => void) | undefined {
    const { clock, sessions } = this.#parts
    const session = sessions.find(id)
    if (session === undefined) return undefined
    const start = `{"op":"events","channel":"${ignoredKind}:`
    const tap = new Tap(clock, record, (frame) => frame.startsWith(start))
    session.watchedBy(tap)
    return () => {
      if (session.tap === tap) session.watchedBy(undefined)
    }
  }

  ping(id: string): void {
    this.#parts.sessions.find(id)?.link?.reply('{"op":"ping"}')
  }

  time(timings: Timings): () => void {
    const { activity } = this.#parts
    activity.timings = timings
    return () => {
      if (activity.timings === timings) activity.timings = undefined
    }
  }

  async openChannels(
    query: ListQuery & { readonly kind?: string | undefined },
  ): Promise<readonly OpenChannel[]> {
    const { clock, hub } = this.#parts
    const text = query.text?.toLowerCase() ?? ''
    const largest = new Foremost<Channel>(query.limit, (a, b) => b.memberCount - a.memberCount)
    await lookThrough(hub.channels(), clock, (channel) => {
      if (query.app !== undefined && channel.app !== query.app) return true
      if (query.kind !== undefined && channel.kind.name !== query.kind) return true
      if (channel.name.toLowerCase().includes(text)) largest.add(channel)
      return true
    })
    return largest.list().map(openChannelOf)
  }

  async users(query: ListQuery & { readonly after?: string | undefined }): Promise<readonly UserSummary[]> {
    const { clock, sessions } = this.#parts
    const text = query.text?.toLowerCase() ?? ''
    const first = new Foremost<UserSessions>(query.limit, (a, b) => (a.user < b.user ? -1 : 1))
    await lookThrough(sessions.users(), clock, (entry) => {
      if (query.app !== undefined && entry.app !== query.app) return true
      if (query.after !== undefined && entry.user <= query.after) return true
      if (entry.user.toLowerCase().includes(text)) first.add(entry)
      return true
    })
    return first.list().map((entry) => userOf(entry, clock))
  }

  explain(identity: Identity, action: Action, channel: string): Promise<Explanation> {
    const { clock, kinds, permissions, revocations } = this.#parts
    return explain({ identity, action, channel }, { clock, kinds, permissions, revocations })
  }

  contracts(): readonly Contract[] {
    return this.#parts.registry.modules.map(({ contract }) => contract)
  }
}

interface UserSessions {
  readonly app: string
  readonly user: string
  readonly sessions: ReadonlySet<Session>
}

function userOf({ app, user, sessions }: UserSessions, clock: Clock): UserSummary {
  const all = [...sessions]
  const lastActive = Math.max(...all.map(({ activeAt }) => activeAt))
  return {
    ...{ app, user, sessions: all.length },
    connected: all.filter(({ link }) => link !== undefined).length,
    since: Math.min(...all.map(({ since }) => since)),
    activeAt: Math.round(clock.now() - (clock.elapsed() - lastActive)),
  }
}
