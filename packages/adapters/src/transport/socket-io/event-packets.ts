import { Buffer } from 'node:buffer'
import type { EventsFrame, WireEvent } from '@parley/protocol'
import { type Message, Outgoing } from './outgoing.ts'
import { encodeArguments, hasBytes, mapBytes, bytesOf as viewOf } from './packet.ts'

/** The tag of events that hold more than one JSON value as Socket.IO clients are to get it. */
export const packetTag = 'socket.io'

/** What an event with the tag holds beside its type. */
export interface Envelope {
  readonly args: readonly unknown[]
  /** Only sockets in one of these rooms; default: all that the channel reaches. */
  readonly to?: readonly string[]
  /** Not sockets in any of these rooms. */
  readonly except?: readonly string[]
  /** Who waits for acks, and under which number. */
  readonly ack?: { readonly node: string; readonly id: number }
}

/** How events look to the clients of a namespace. */
export interface Dress {
  /** See `prefixOf`. */
  readonly prefix: string
  /** Clients are told where an event comes from by a last argument. */
  readonly hasOrigin: boolean
}

/** An event of a channel, ready for clients. */
export interface EventPacket {
  readonly offset: number
  /** The messages without a position. */
  readonly messages: readonly Message[]
  /** Absent where every member gets it as it is. */
  readonly envelope: Envelope | undefined
}

/** A batch of a channel as packets, made once for all clients of a namespace. */
export class EventPackets {
  readonly channel: string
  readonly position: number
  readonly events: readonly EventPacket[]
  /** Every member gets all of it. */
  readonly isPlain: boolean
  #plain: Outgoing | undefined
  #placed: Outgoing | undefined

  constructor(frame: EventsFrame, dress: Dress) {
    let { at, prev: offset } = frame
    this.channel = frame.channel
    this.position = frame.position
    this.events = frame.events.map((event) => {
      at = event.at ?? at
      offset = event.offset ?? offset + 1
      return packetOf(event, { channel: frame.channel, offset, at, dress })
    })
    this.isPlain = this.events.every(({ envelope }) => envelope === undefined)
  }

  /** All messages, without positions. */
  get plain(): Outgoing {
    this.#plain ??= new Outgoing(this.events.flatMap(({ messages }) => messages))
    return this.#plain
  }

  /** All messages, each with its place in this channel alone. */
  placed(mark: string): Outgoing {
    this.#placed ??= new Outgoing(
      this.events.flatMap(({ messages, offset }) => withPosition(messages, `${mark}.${offset.toString(36)}`)),
    )
    return this.#placed
  }
}

/** Puts a position behind the arguments of an event: clients give the last one back when they reconnect. */
export function withPosition(messages: readonly Message[], position: string): readonly Message[] {
  const [text, ...bytes] = messages as [string, ...Uint8Array[]]
  return [`${text.slice(0, -1)},"${position}"]`, ...bytes]
}

function packetOf(
  event: WireEvent,
  place: { readonly channel: string; readonly offset: number; readonly at: number; readonly dress: Dress },
): EventPacket {
  const { channel, offset, at, dress } = place
  const envelope = event.tags?.[packetTag] === undefined ? undefined : envelopeOf(event.data)
  const given = envelope?.args ?? [event.data]
  const args = [event.type, ...(holdsBytes(given) ? given.map(fromJson) : given)]
  if (dress.hasOrigin) {
    const { by, id, redacted } = event
    args.push({ channel, offset, at, by, id, redacted })
  }
  const isForAll = envelope?.to === undefined && envelope?.except === undefined && envelope?.ack === undefined
  const messages = encodeArguments('event', args, dress)
  return { offset, messages, envelope: isForAll ? undefined : (envelope as Envelope) }
}

/** Undefined for what only looks like one: anybody who may publish sets tags. */
function envelopeOf(data: unknown): Envelope | undefined {
  const envelope = data as Partial<Envelope> | null
  if (typeof envelope !== 'object' || !Array.isArray(envelope?.args)) return undefined
  const { to = [], except = [] } = envelope
  return Array.isArray(to) && Array.isArray(except) ? (envelope as Envelope) : undefined
}

const bytesKey = '$bytes'

/** Bytes have no place in JSON: `{"$bytes":"<base64>"}` stands for them in channels. */
export function toJson(value: unknown): unknown {
  if (!hasBytes(value)) return value
  return mapBytes(value, (bytes) => ({ [bytesKey]: Buffer.from(viewOf(bytes)).toString('base64') }))
}

function holdsBytes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(holdsBytes)
  return isStandIn(value) || Object.values(value).some(holdsBytes)
}

function isStandIn(value: object): value is { readonly [bytesKey]: string } {
  if (!(bytesKey in value) || typeof value[bytesKey] !== 'string') return false
  for (const key in value) if (key !== bytesKey) return false
  return true
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  if (isStandIn(value)) return Buffer.from(value[bytesKey], 'base64')
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]))
}

/** Keeps the newest batch of each dress: the members of a channel are written to one after the other. */
export class Translation {
  #text = ''
  readonly #made = new Map<Dress, EventPackets>()

  packets(text: string, dress: Dress): EventPackets {
    if (text !== this.#text) {
      this.#made.clear()
      this.#text = text
    }
    let packets = this.#made.get(dress)
    if (packets === undefined) {
      packets = new EventPackets(JSON.parse(text) as EventsFrame, dress)
      this.#made.set(dress, packets)
    }
    return packets
  }
}
