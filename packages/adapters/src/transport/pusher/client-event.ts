import { Buffer } from 'node:buffer'
import { ParleyError } from '@parley/protocol'
import { exceptTag } from './event-batch.ts'
import { type ClientMessage, codes, maxDataBytes } from './messages.ts'
import { nameLimits } from './names.ts'
import type { ClientServices } from './services.ts'
import type { Subscription } from './subscription.ts'

/** A refusal that is told to the client under a code of Pusher's. */
export class Refusal extends Error {
  readonly code: number | null

  constructor(code: number | null, message: string) {
    super(message)
    this.code = code
  }
}

/** Lets so many through a second, and as many at once. */
export class EventRate {
  readonly #perSecond: number
  #tokens: number
  #at = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
  }

  take(nowMs: number): boolean {
    const passed = Math.max(nowMs - this.#at, 0) / 1_000
    this.#at = nowMs
    this.#tokens = Math.min(this.#perSecond, this.#tokens + passed * this.#perSecond)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/**
 * Publishes what a client sends to others in its channel.
 *
 * @throws Refusal
 */
export async function publishClientEvent(
  services: ClientServices,
  { event, data }: ClientMessage,
  from: { readonly app: string; readonly subscription: Subscription | undefined; readonly rate: EventRate },
): Promise<void> {
  const subscription = checked(services, event, from)
  const { name, memberId: by, socketId } = subscription
  const text = typeof data === 'string' ? data : JSON.stringify(data ?? null)
  if (Buffer.byteLength(text) > maxDataBytes)
    throw new Refusal(codes.rejected, `The data of an event has at most ${maxDataBytes} bytes.`)
  const publication = { channel: name.channel, type: event, data: dataOf(text), by }
  try {
    await services.hub.publish(from.app, [{ ...publication, tags: { [exceptTag]: socketId } }], name.channel)
  } catch (error) {
    const { message } = error instanceof ParleyError ? error : new ParleyError('internal')
    throw new Refusal(codes.rejected, message)
  }
  const notice = { channel: name.name, event, data: text, socket: socketId, user: by }
  services.hub.note(from.app, { type: 'client_event', ...notice })
}

function checked(
  { settings, clock }: ClientServices,
  event: string,
  { subscription, rate }: { readonly subscription: Subscription | undefined; readonly rate: EventRate },
): Subscription {
  if (!settings.clientEvents) throw new Refusal(codes.rejected, 'Client events are switched off.')
  if (subscription === undefined)
    throw new Refusal(codes.rejected, 'Subscribe to the channel before you send to it.')
  if (!subscription.name.isPrivate || subscription.name.isEncrypted)
    throw new Refusal(
      codes.rejected,
      'Client events go to private channels and those with members, and not to encrypted ones.',
    )
  if (event.length > nameLimits.event)
    throw new Refusal(codes.rejected, `The name of an event has at most ${nameLimits.event} characters.`)
  if (!rate.take(clock.now()))
    throw new Refusal(
      codes.rejected,
      `A connection may send ${settings.clientEventsPerSecond} client events a second.`,
    )
  return subscription
}

/**
 * What an event's data is here: the value that the text stands for, where the text comes back the same from it, else the
 * text. So clients of Parley get values, and those of Pusher what was sent, to the letter.
 */
export function dataOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value !== 'string' && JSON.stringify(value) === text ? value : text
  } catch {
    return text
  }
}
