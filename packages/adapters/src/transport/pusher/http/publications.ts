import { Buffer } from 'node:buffer'
import { ParleyError } from '@parley/protocol'
import { dataOf } from '../client-event.ts'
import { exceptTag } from '../event-batch.ts'
import type { Publication } from '../hub.ts'
import { maxDataBytes } from '../messages.ts'
import {
  nameLimits,
  readChannelName,
  serverToUser,
  userChannelOf,
  userIdProblem,
  userOfName,
} from '../names.ts'

/** An event as a back end triggers it, with the channels that it goes to. */
export interface Trigger {
  /** As the back end named them. */
  readonly names: readonly string[]
  readonly publications: readonly Publication[]
  /** What is to be told of each channel. */
  readonly info: readonly string[]
}

const maxChannels = 100
const maxBatch = 10

/** @throws ParleyError `bad_request`, `payload_too_large` */
export function readTrigger(body: Readonly<Record<string, unknown>>): Trigger {
  const { name, data, channel, channels = channel === undefined ? undefined : [channel] } = body
  if (typeof name !== 'string' || name === '' || name.length > nameLimits.event)
    throw bad(`\`name\` is a text of at most ${nameLimits.event} characters.`)
  if (name.startsWith('pusher:') || name.startsWith('pusher_internal:'))
    throw bad('Names that begin with `pusher:` or `pusher_internal:` are the protocol’s own.')
  if (typeof data !== 'string') throw bad('`data` is a text; encode objects as JSON.')
  if (Buffer.byteLength(data) > maxDataBytes)
    throw new ParleyError(
      'payload_too_large',
      `The data of an event has at most ${maxDataBytes} bytes; this one has ${Buffer.byteLength(data)}.`,
    )
  if (!Array.isArray(channels) || channels.length === 0 || channels.length > maxChannels)
    throw bad(`\`channels\` lists 1 to ${maxChannels} channels.`)
  const places = channels.map(readPlace)
  const encrypted = places.filter(({ isEncrypted }) => isEncrypted)
  if (encrypted.length > 0 && places.length > 1)
    throw bad('An event for an encrypted channel goes to that one alone: each has a key of its own.')
  const tags = exceptionOf(body.socket_id)
  const value = dataOf(data)
  return {
    names: places.map((place) => place.name),
    publications: places.map((place) => ({ channel: place.channel, type: name, data: value, tags })),
    info: infoOf(body.info),
  }
}

/** @throws ParleyError `bad_request`, `payload_too_large` */
export function readBatch({ batch }: Readonly<Record<string, unknown>>): readonly Trigger[] {
  if (!Array.isArray(batch) || batch.length === 0 || batch.length > maxBatch)
    throw bad(`\`batch\` lists 1 to ${maxBatch} events.`)
  return batch.map((one: unknown) => {
    if (typeof one !== 'object' || one === null) throw bad('Each event of a batch is an object.')
    const { channels: _, ...event } = one as Record<string, unknown>
    return readTrigger(event)
  })
}

const counts = ['user_count', 'subscription_count']
/** What may be asked of a single channel. */
export const ofOneChannel = [...counts, 'cache']

/** Attributes that are asked for, as `user_count,subscription_count`. */
export function infoOf(info: unknown, known: readonly string[] = counts): readonly string[] {
  if (info === undefined || info === '') return []
  const wanted = typeof info === 'string' ? info.split(',').map((one) => one.trim()) : undefined
  if (wanted?.every((one) => known.includes(one)) !== true)
    throw bad(`\`info\` lists some of ${known.join(', ')}, with commas between.`)
  return wanted
}

function readPlace(given: unknown): {
  readonly name: string
  readonly channel: string
  readonly isEncrypted: boolean
} {
  const user = userOfName(given)
  if (user !== undefined) {
    const problem = userIdProblem(user)
    if (problem !== undefined) throw bad(problem)
    return { name: serverToUser(user), channel: userChannelOf(user), isEncrypted: false }
  }
  const read = readChannelName(given)
  if (typeof read === 'string') throw bad(read)
  return read
}

function exceptionOf(socket: unknown): Readonly<Record<string, string>> | undefined {
  if (socket === undefined || socket === null) return undefined
  if (typeof socket !== 'string' || !/^\d{1,20}\.\d{1,20}$/.test(socket))
    throw bad('`socket_id` is two numbers with a dot between, as a client is told when it connects.')
  return { [exceptTag]: socket }
}

function bad(message: string): ParleyError {
  return new ParleyError('bad_request', message)
}
