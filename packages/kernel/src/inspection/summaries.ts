import type { Channel } from '../channels/channel.ts'
import type { Member } from '../channels/member.ts'
import type { Clock } from '../ports/clock.ts'
import type { Session } from '../sessions/session.ts'
import { healthOf } from './health.ts'
import type {
  ConnectionDetail,
  ConnectionQuery,
  ConnectionSummary,
  OpenChannel,
  SubscriptionSummary,
} from './inspection.ts'

/** Subscriptions of one session that are shown. */
const maxShown = 1_000

export function summaryOf(session: Session, clock: Clock): ConnectionSummary {
  const { identity, device, link, outbox } = session
  const { user } = identity
  let behind = 0
  for (const member of session.members.values()) if (member.behind) behind += 1
  return {
    ...{ session: session.id, sequence: session.sequence, app: identity.app },
    ...(user === undefined ? {} : { user }),
    ...(device === undefined ? {} : { device }),
    transport: session.transport,
    ...(link === undefined ? {} : { ip: link.handshake.ip, connectedAt: link.since }),
    ...(link?.handshake.userAgent === undefined ? {} : { userAgent: link.handshake.userAgent }),
    connected: link !== undefined,
    since: session.since,
    activeAt: Math.round(clock.now() - (clock.elapsed() - session.activeAt)),
    generation: session.generation,
    channels: session.members.size,
    behind,
    queuedBytes: outbox.queuedBytes,
  }
}

export function detailOf(session: Session, clock: Clock): ConnectionDetail {
  const subscriptions: SubscriptionSummary[] = []
  for (const member of session.members.values()) {
    if (subscriptions.length >= maxShown) break
    subscriptions.push(subscriptionOf(member))
  }
  const health = healthOf(session, clock)
  return {
    ...summaryOf(session, clock),
    identity: session.identity,
    subscriptions,
    calls: session.callsInFlight,
    requests: session.requestsInFlight,
    controlLength: session.outbox.controlLength,
    ...(health === undefined ? {} : { health }),
  }
}

function subscriptionOf(member: Member): SubscriptionSummary {
  const { channel, filterClass, position, behind } = member
  const filter = filterClass.filter?.canonical
  return {
    ...{ channel: channel.name, kind: channel.kind.name, position, head: channel.head, behind },
    ...(filter === undefined ? {} : { filter }),
    readsState: member.stateVersion >= 0,
    readsOccupancy: member.readsOccupancy,
  }
}

export function openChannelOf(channel: Channel): OpenChannel {
  const { app, name, kind, memberCount, head, first, state } = channel
  let behind = 0
  for (const { members } of channel.classes) for (const member of members) if (member?.behind) behind += 1
  return {
    ...{ app, channel: name, kind: kind.name, members: memberCount, behind, head, first },
    stateEntries: state.size,
  }
}

/** Whether a session is one of those that are asked for: it passes every condition that the query has. */
export function matcher(query: ConnectionQuery): (session: Session) => boolean {
  const { app, user, transport, channel, state } = query
  const text = query.text?.toLowerCase() ?? ''
  const conditions: ((session: Session) => boolean)[] = []
  if (app !== undefined) conditions.push(({ identity }) => identity.app === app)
  if (user !== undefined) conditions.push(({ identity }) => identity.user === user)
  if (transport !== undefined) conditions.push((session) => session.transport === transport)
  if (channel !== undefined) conditions.push(({ members }) => members.has(channel))
  if (state === 'connected') conditions.push(({ link }) => link !== undefined)
  if (state === 'waiting') conditions.push(({ link }) => link === undefined)
  if (state === 'behind') conditions.push(({ outbox }) => outbox.queuedBytes > 0)
  if (text !== '') conditions.push((session) => holds(session, query.text ?? '', text))
  return (session) => conditions.every((condition) => condition(session))
}

function holds({ id, identity, device, link }: Session, given: string, text: string): boolean {
  if (identity.user?.toLowerCase().includes(text)) return true
  // Ids of sessions differ by case too: they are pasted, not typed.
  if (id.startsWith(given)) return true
  if (link?.handshake.ip.includes(text)) return true
  if (device === undefined) return false
  return device.id.toLowerCase().includes(text) || device.name?.toLowerCase().includes(text) === true
}
