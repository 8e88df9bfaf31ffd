import { Buffer } from 'node:buffer'
import type { OutgoingFrame } from '@parley/kernel'
import { packMessage } from '@parley/protocol/msgpack'
import { deflate } from './deflate.ts'

const textOpcode = 0x81
const binaryOpcode = 0x82
const closeOpcode = 0x88
const pingOpcode = 0x89
const pongOpcode = 0x8a
/** Reserved bit 1: the message is compressed (RFC 7692 §6). */
const compressedBit = 0x40

/**
 * The bytes of a frame as a server sends them (RFC 6455 §5.2: final, not masked), made once per frame and shared by
 * all connections.
 */
export function bytesOf(frame: OutgoingFrame): Uint8Array {
  const { cache } = frame
  // No UTF-8 text begins with 0x81, so bytes that a transport without framing left here are never taken for ours.
  if (cache !== undefined && cache[0] === textOpcode) return cache
  const bytes = textFrame(frame.text)
  frame.cache ??= bytes
  return bytes
}

const eventsHead = '{"op":"events"'

/** What was agreed on in a handshake, where it is not plain text. */
export interface Encoding {
  /** MessagePack in binary messages, instead of JSON in text. */
  readonly isPacked: boolean
  /** From how many bytes on batches are compressed; undefined where that was not agreed on. */
  readonly leastCompressedBytes: number | undefined
}

/**
 * The same in another encoding, made once for all connections that have it. Batches of a channel are compressed where they
 * are large enough; answers to a single client are not: they hold secrets beside what others may choose (RFC 7457 §2.6).
 */
export function encodedBytesOf(frame: OutgoingFrame, encoding: Encoding): Uint8Array {
  const { isPacked, leastCompressedBytes = Number.POSITIVE_INFINITY } = encoding
  const isBatch = leastCompressedBytes !== Number.POSITIVE_INFINITY && frame.text.startsWith(eventsHead)
  const plain = isPacked ? variantOf(frame, 'msgpack', packed) : bytesOf(frame)
  if (!isBatch || plain.length < leastCompressedBytes) return plain
  return variantOf(frame, isPacked ? 'msgpack deflate' : 'deflate', () => compressed(plain))
}

function variantOf(
  frame: OutgoingFrame,
  name: string,
  make: (frame: OutgoingFrame) => Uint8Array,
): Uint8Array {
  const known = frame.variants?.get(name)
  if (known !== undefined) return known
  const bytes = make(frame)
  frame.variants ??= new Map()
  frame.variants.set(name, bytes)
  return bytes
}

function packed({ text }: OutgoingFrame): Uint8Array {
  return binaryFrame(packMessage(text))
}

/** A frame of ours compressed, or as it is where that gains nothing. */
function compressed(plain: Uint8Array): Uint8Array {
  const payload = deflate(plain.subarray(headerLength(plain.length)))
  return payload.length < plain.length ? framed((plain[0] as number) | compressedBit, payload) : plain
}

/** Of a frame of ours that has so many bytes in all. */
function headerLength(length: number): number {
  return length < 126 + 2 ? 2 : length < 65_536 + 4 ? 4 : 10
}

/** A text message as one frame. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const bytes = begun(textOpcode, length)
  bytes.write(text, bytes.length - length)
  return bytes
}

/** A binary message as one frame. */
export function binaryFrame(payload: Uint8Array): Buffer {
  return framed(binaryOpcode, payload)
}

function framed(opcode: number, payload: Uint8Array): Buffer {
  const bytes = begun(opcode, payload.length)
  bytes.set(payload, bytes.length - payload.length)
  return bytes
}

/** A frame with its header written, and room for the payload. */
function begun(opcode: number, length: number): Buffer {
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const bytes = Buffer.allocUnsafe(start + length)
  bytes[0] = opcode
  if (start === 2) bytes[1] = length
  else if (start === 4) {
    bytes[1] = 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 127
    bytes.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
    bytes.writeUInt32BE(length % 2 ** 32, 6)
  }
  return bytes
}

/** A ping; `payload` has at most 125 bytes. */
export function pingFrame(payload: Uint8Array): Buffer {
  return controlFrame(pingOpcode, payload)
}

/** The answer to a ping; `payload` has at most 125 bytes. */
export function pongFrame(payload: Uint8Array): Buffer {
  return controlFrame(pongOpcode, payload)
}

/** A close frame; a reason longer than 123 bytes is cut between two characters. */
export function closeFrame(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + 123)
  payload.writeUInt16BE(code, 0)
  // `write` never leaves half a character behind.
  const written = payload.write(reason, 2)
  return controlFrame(closeOpcode, payload.subarray(0, 2 + written))
}

/** A close frame without code and reason, the answer to one of the same kind. */
export function emptyCloseFrame(): Buffer {
  return controlFrame(closeOpcode, new Uint8Array(0))
}

function controlFrame(opcode: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(2 + payload.length)
  bytes[0] = opcode
  bytes[1] = payload.length
  bytes.set(payload, 2)
  return bytes
}
