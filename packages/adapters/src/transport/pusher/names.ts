import { createHash } from 'node:crypto'
import { maxChannelNameLength } from '@parley/protocol'

/** Kinds of channels in which the channels of Pusher lie. */
export const kindNames = {
  /** Public, private, encrypted and cache channels. */
  events: 'pusher',
  /** Those with members. */
  presence: 'pusher-presence',
  /** One for each user that signs in. */
  user: 'pusher-user',
} as const

/** What Pusher's documentation allows. */
export const nameLimits = { channel: 164, event: 200, user: 128 } as const

const namePattern = /^[\w\-=@,.;]+$/
const userPrefix = '#server-to-user-'

/** A channel under the name that clients of Pusher give it. */
export interface ChannelName {
  readonly name: string
  /** Its name here. */
  readonly channel: string
  /** Only those may enter whom the application's back end lets in. */
  readonly isPrivate: boolean
  readonly hasMembers: boolean
  /** Its events can be read by its members alone: the server passes on what it does not understand. */
  readonly isEncrypted: boolean
  /** Whoever enters is told its newest event. */
  readonly isCache: boolean
}

/** What a name says of its channel; a text says what is wrong with it. */
export function readChannelName(name: unknown): ChannelName | string {
  if (typeof name !== 'string' || !namePattern.test(name))
    return 'A channel name has letters, digits and _ - = @ , . ; only.'
  if (name.length > nameLimits.channel)
    return `A channel name has at most ${nameLimits.channel} characters; this one has ${name.length}.`
  const hasMembers = name.startsWith('presence-')
  const channel = `${hasMembers ? kindNames.presence : kindNames.events}:${idOf(name)}`
  if (channel.length > maxChannelNameLength) return 'A channel name has not so many dots behind each other.'
  return {
    ...{ name, channel, hasMembers },
    isPrivate: hasMembers || name.startsWith('private-'),
    isEncrypted: name.startsWith('private-encrypted-'),
    isCache: /^(private-encrypted-|private-|presence-|)cache-/.test(name),
  }
}

/**
 * Channels here begin with a letter or digit, and know neither `,` nor `;` nor two dots in a row. What Pusher's names do
 * not have stands for that: `+`, `:` and `~`.
 */
function idOf(name: string): string {
  const id = name
    .replaceAll(',', '+')
    .replaceAll(';', ':')
    .replace(/\.(?=\.)/g, '.~')
  return /^[a-z0-9]/i.test(id) ? id : `x~${id}`
}

/** The name for clients of Pusher of a channel that `readChannelName` has named. */
export function pusherNameOf(channel: string): string {
  return channel
    .slice(channel.indexOf(':') + 1)
    .replace(/^x~/, '')
    .replaceAll('~', '')
    .replaceAll('+', ',')
    .replaceAll(':', ';')
}

/** The channel in which a user is told what concerns it alone. */
export function userChannelOf(user: string): string {
  const plain = `u${user.replace(/[^\w=@-]/gu, (sign) => `~${(sign.codePointAt(0) as number).toString(16)}~`)}`
  const id = plain.length <= 150 ? plain : `h${createHash('sha256').update(user).digest('hex')}`
  return `${kindNames.user}:${id}`
}

/** The name of that channel for clients of Pusher. */
export function serverToUser(user: string): string {
  return userPrefix + user
}

/** The user whose channel a name is; undefined for other names. */
export function userOfName(name: unknown): string | undefined {
  if (typeof name !== 'string' || !name.startsWith(userPrefix)) return undefined
  return name.slice(userPrefix.length)
}

/** Why a text is no id of a user; undefined when it is one. */
export function userIdProblem(user: unknown): string | undefined {
  if (typeof user !== 'string' || user === '') return 'A user id is a text that is not empty.'
  if (user.length > nameLimits.user)
    return `A user id has at most ${nameLimits.user} characters; this one has ${user.length}.`
  return undefined
}
