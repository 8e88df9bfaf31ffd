import { Buffer } from 'node:buffer'
import type { Message } from './outgoing.ts'

/** Types of packets (Socket.IO protocol 5). */
export const packetTypes = {
  connect: 0,
  disconnect: 1,
  event: 2,
  ack: 3,
  connectError: 4,
  binaryEvent: 5,
  binaryAck: 6,
} as const

/** A packet from a client. */
export interface Packet {
  readonly type: number
  readonly namespace: string
  readonly id: number | undefined
  readonly data: unknown
}

/** Bytes that one packet may bring along, in pieces. */
const maxAttachments = 1_024
/** Names that clients may not emit: they are the library's own. */
const reserved = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
])

/** Begins the text of a packet for a namespace: `/admin,`, or nothing for the main one. */
export function prefixOf(namespace: string): string {
  return namespace === '/' ? '' : `${namespace},`
}

/** The messages of an event or an ack; bytes among the arguments travel as messages of their own. */
export function encodeArguments(
  what: 'event' | 'ack',
  args: readonly unknown[],
  { prefix, id }: { readonly prefix: string; readonly id?: number | undefined },
): readonly Message[] {
  const bytes: Uint8Array[] = []
  const json = JSON.stringify(hasBytes(args) ? takeBytesOut(args, bytes) : args)
  const type =
    bytes.length === 0 ? packetTypes[what] : packetTypes[what === 'event' ? 'binaryEvent' : 'binaryAck']
  const attachments = bytes.length === 0 ? '' : `${bytes.length}-`
  return [`${type}${attachments}${prefix}${id ?? ''}${json}`, ...bytes]
}

export function encodeObject(type: 'connect' | 'connectError', prefix: string, data: object): Message {
  return `${packetTypes[type]}${prefix}${JSON.stringify(data)}`
}

export function encodeDisconnect(prefix: string): Message {
  return `${packetTypes.disconnect}${prefix}`
}

/** Whether there are bytes anywhere in a value. */
export function hasBytes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (isBytes(value)) return true
  if (Array.isArray(value)) return value.some(hasBytes)
  if ('toJSON' in value && typeof value.toJSON === 'function') return hasBytes(value.toJSON())
  for (const key in value) if (hasBytes((value as Record<string, unknown>)[key])) return true
  return false
}

export function isBytes(value: object): value is Uint8Array | ArrayBuffer {
  return value instanceof Uint8Array || value instanceof ArrayBuffer || ArrayBuffer.isView(value)
}

export function bytesOf(value: object): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  const view = value as ArrayBufferView
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function takeBytesOut(value: unknown, bytes: Uint8Array[]): unknown {
  return mapBytes(value, (found) => ({ _placeholder: true, num: bytes.push(bytesOf(found)) - 1 }))
}

/** A copy of a value in which bytes are replaced. */
export function mapBytes(value: unknown, replace: (bytes: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isBytes(value)) return replace(value)
  if (Array.isArray(value)) return value.map((item) => mapBytes(item, replace))
  if ('toJSON' in value && typeof value.toJSON === 'function') return mapBytes(value.toJSON(), replace)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapBytes(item, replace)]))
}

/** What is wrong with what a client sent: its connection is closed for it. */
export class BadPacket extends Error {}

/** Puts the packets of one client together from its messages. */
export class PacketReader {
  #waiting: { readonly packet: Packet; readonly bytes: Uint8Array[]; readonly count: number } | undefined

  /** @throws BadPacket */
  read(message: Message): Packet | undefined {
    if (typeof message !== 'string') return this.#attach(message)
    if (this.#waiting !== undefined) throw new BadPacket('Bytes were expected.')
    const { packet, count } = decode(message)
    if (count === 0) return packet
    this.#waiting = { packet, count, bytes: [] }
    return undefined
  }

  #attach(bytes: Uint8Array): Packet | undefined {
    const waiting = this.#waiting
    if (waiting === undefined) throw new BadPacket('Bytes were not expected.')
    waiting.bytes.push(bytes)
    if (waiting.bytes.length < waiting.count) return undefined
    this.#waiting = undefined
    return { ...waiting.packet, data: putBytesIn(waiting.packet.data, waiting.bytes) }
  }
}

const head = /^([0-6])(?:(\d{1,4})-)?(?:(\/[^,?]{0,200})(?:\?[^,]{0,2000})?,?)?(\d{1,9})?/

function decode(text: string): { readonly packet: Packet; readonly count: number } {
  const found = head.exec(text)
  if (found === null) throw new BadPacket('This is no packet.')
  const [matched, typeText, countText, namespace = '/', idText] = found
  const type = Number(typeText)
  const isBinary = type === packetTypes.binaryEvent || type === packetTypes.binaryAck
  const count = Number(countText ?? 0)
  if (isBinary !== (countText !== undefined) || count > maxAttachments)
    throw new BadPacket('The number of attachments is wrong.')
  const data = parse(text.slice(matched.length))
  check(type, data)
  const id = idText === undefined ? undefined : Number(idText)
  return { packet: { type, namespace, id, data }, count: isBinary ? count : 0 }
}

function parse(json: string): unknown {
  if (json === '') return undefined
  try {
    return JSON.parse(json)
  } catch {
    throw new BadPacket('The data of the packet is no JSON.')
  }
}

function check(type: number, data: unknown): void {
  const isFine =
    type === packetTypes.connect
      ? data === undefined || (typeof data === 'object' && data !== null && !Array.isArray(data))
      : type === packetTypes.disconnect
        ? data === undefined
        : type === packetTypes.ack || type === packetTypes.binaryAck
          ? Array.isArray(data)
          : type !== packetTypes.connectError && isEvent(data)
  if (!isFine) throw new BadPacket('The data does not fit the type of the packet.')
}

function isEvent(data: unknown): boolean {
  if (!Array.isArray(data)) return false
  const [name] = data
  return typeof name === 'number' || (typeof name === 'string' && !reserved.has(name))
}

function putBytesIn(value: unknown, bytes: readonly Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => putBytesIn(item, bytes))
  const { _placeholder: isPlaceholder, num } = value as { _placeholder?: unknown; num?: unknown }
  if (isPlaceholder === true) {
    const found = typeof num === 'number' ? bytes[num] : undefined
    if (found === undefined) throw new BadPacket('A placeholder names bytes that were not sent.')
    return Buffer.from(found.buffer, found.byteOffset, found.byteLength)
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putBytesIn(item, bytes)]))
}
