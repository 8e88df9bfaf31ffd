import { type AskingLink, type Clock, type OutgoingFrame, retry } from '@parley/kernel'
import { ParleyError, type SubscribeResult } from '@parley/protocol'
import type { PusherApp } from './app.ts'
import { cachedEvent } from './cached-event.ts'
import { Refusal } from './client-event.ts'
import { codes, encodeMessage } from './messages.ts'
import { type ChannelName, readChannelName } from './names.ts'
import { type Member, memberState } from './people/members.ts'
import type { Roster } from './people/roster.ts'
import type { ClientServices } from './services.ts'
import { readMember, type SignedUser } from './signin.ts'
import { positionOf, Subscription, type SubscriptionLine, textOfPosition } from './subscription.ts'

/** Why a channel is not entered, as clients are told. */
export class EntryRefusal extends Error {
  readonly type: string
  readonly status: number

  constructor(status: number, message: string, type = 'AuthError') {
    super(message)
    this.status = status
    this.type = type
  }
}

/** Who wants to enter. */
export interface Entrant {
  readonly services: ClientServices
  readonly app: PusherApp
  readonly link: AskingLink
  readonly line: SubscriptionLine
  readonly user: SignedUser | undefined
  /** From here on events of the channel go to the subscription. */
  readonly begun: (subscription: Subscription) => void
}

/** A channel that is being entered: what was asked for, checked. */
export interface Wish {
  readonly name: ChannelName
  readonly member: Member | undefined
  /** The client counts events, and may bring a position. */
  readonly isCounting: boolean
  readonly position: unknown
}

type Fields = Readonly<Record<string, unknown>>

/** @throws EntryRefusal */
export function readWish(data: Fields, { services, app, line, user }: Entrant): Wish {
  const name = readChannelName(data.channel)
  if (typeof name === 'string') throw new EntryRefusal(400, name, 'BadRequest')
  if (name.isPrivate) checkSignature(data, name, { services, app, socketId: line.socketId })
  const member = name.hasMembers ? memberOf(data, user) : undefined
  const { position } = data
  return { name, member, isCounting: position !== undefined, position }
}

function checkSignature(
  { auth, channel_data: channelData }: Fields,
  { name }: ChannelName,
  { services, app, socketId }: { services: ClientServices; app: PusherApp; socketId: string },
): void {
  const signed =
    typeof channelData === 'string' ? `${socketId}:${name}:${channelData}` : `${socketId}:${name}`
  if (!services.keys.isSigned(app.name, auth, signed))
    throw new EntryRefusal(401, `The signature for ${name} does not fit.`)
}

function memberOf({ channel_data: channelData }: Fields, user: SignedUser | undefined): Member {
  try {
    const member = readMember(channelData) ?? user
    if (member !== undefined) return { id: member.id, info: member.info }
  } catch (error) {
    if (error instanceof Refusal) throw new EntryRefusal(400, error.message, 'BadRequest')
    throw error
  }
  throw new EntryRefusal(401, 'Channels with members need `channel_data`, or a user who has signed in.')
}

/**
 * Brings a client into a channel: by the node, then by its members.
 *
 * @throws EntryRefusal, ParleyError; the client is not in the channel then
 */
export async function enter(entrant: Entrant, wish: Wish): Promise<Subscription> {
  const { link, line, app, services } = entrant
  const { name, member } = wish
  const subscription = new Subscription(name, line, member?.id)
  const roster = member === undefined ? undefined : await app.rosters.open(name.channel)
  let hasJoined = false
  try {
    if (roster !== undefined && member !== undefined) checkRoom(entrant, roster, member)
    entrant.begun(subscription)
    const result = await patiently(services.clock, () => link.request(subscribeFrame(entrant, wish)))
    hasJoined = true
    if (member !== undefined) await patiently(services.clock, () => link.request(memberFrame(name, member)))
    subscription.joined(result as SubscribeResult, wish.isCounting)
    // What changes from here on waits with the subscription.
    app.rooms.enter(name, subscription)
    await open(entrant, { wish, subscription, result: result as SubscribeResult, roster })
    return subscription
  } catch (error) {
    app.rooms.leave(name, subscription)
    if (roster !== undefined) app.rosters.close(name.channel)
    if (hasJoined) link.request({ op: 'unsubscribe', channel: name.channel }).catch(() => undefined)
    throw error
  }
}

function checkRoom({ services }: Entrant, { members }: Roster, { id }: Member): void {
  const { maxMembers } = services.settings
  if (members.has(id) || members.size < maxMembers) return
  throw new EntryRefusal(codes.tooManyConnections, `The channel has ${maxMembers} members.`, 'LimitReached')
}

function subscribeFrame({ services }: Entrant, { name, isCounting, position }: Wish) {
  const { subscriptionCount } = services.settings
  const from = isCounting ? positionOf(position) : undefined
  return {
    ...{ op: 'subscribe', channel: name.channel },
    ...(from === undefined ? {} : { from }),
    ...(name.hasMembers || subscriptionCount ? {} : { silent: true }),
    ...(subscriptionCount && !name.hasMembers ? { occupancy: true } : {}),
  }
}

function memberFrame({ channel }: ChannelName, { id, info }: Member) {
  const value = { user_id: id, ...(info === undefined ? {} : { user_info: info }) }
  return { op: 'set', channel, name: memberState, value }
}

interface Opening {
  readonly wish: Wish
  readonly subscription: Subscription
  readonly result: SubscribeResult
  readonly roster: Roster | undefined
}

async function open(entrant: Entrant, { wish, subscription, result, roster }: Opening): Promise<void> {
  const { name, member, isCounting } = wish
  const isRecovered = result.recovered === true
  const cached = name.isCache && !isRecovered ? [await cachedFrame(entrant, name, result)] : []
  const place = isCounting ? { position: textOfPosition(result.position), recovered: isRecovered } : {}
  const presence =
    roster === undefined || member === undefined ? {} : { presence: presenceOf(roster, member) }
  subscription.open({ ...place, ...presence }, cached)
  if (result.occupancy !== undefined) subscription.send(countFrame(name, result.occupancy.sessions))
}

/** Whoever has come is a member, though the word of it may still be on its way. */
function presenceOf({ members }: Roster, own: Member) {
  const all = members.list()
  const whole = members.has(own.id) ? all : [...all, own]
  return {
    count: whole.length,
    ids: whole.map(({ id }) => id),
    hash: Object.fromEntries(whole.map(({ id, info }) => [id, info ?? null])),
  }
}

/** How many are in a channel, for those who asked to know. */
export function countFrame({ name }: ChannelName, count: number): OutgoingFrame {
  return {
    text: encodeMessage(
      'pusher_internal:subscription_count',
      { subscription_count: count },
      { channel: name },
    ),
  }
}

async function cachedFrame(
  { services, app }: Entrant,
  name: ChannelName,
  { position }: SubscribeResult,
): Promise<OutgoingFrame> {
  const { hub, clock, settings } = services
  const oldest = clock.now() - settings.cacheMs
  const cached = await cachedEvent(hub, { app: app.name, name, oldest, before: position.offset + 1 })
  if (cached !== undefined) return { text: encodeMessage(cached.type, cached.data, { channel: name.name }) }
  hub.note(app.name, { type: 'cache_miss', channel: name.name })
  return { text: encodeMessage('pusher:cache_miss', '', { channel: name.name }) }
}

/** A client that comes back wants all its channels at once, and the node may say that this is too much. */
const patience = { maxRetries: 19, baseMs: 20, capMs: 5_000 }

/** Asks again, after growing pauses, when the node says that it was too much at once. */
export function patiently<T>(clock: Pick<Clock, 'after' | 'random'>, ask: () => Promise<T>): Promise<T> {
  return retry(ask, { clock, policy: patience, mayPass: wasTooMuch })
}

function wasTooMuch(error: unknown): boolean {
  return error instanceof ParleyError && (error.code === 'rate_limited' || error.code === 'overloaded')
}
