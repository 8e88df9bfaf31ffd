import { Buffer, isUtf8 } from 'node:buffer'
import { closeCodes } from '@parley/protocol'
import { inflate } from './deflate.ts'

/** What a reader tells about the bytes that it was given. After `closing` or `violation` it reads no more. */
export interface FrameSink {
  message(text: string): void
  /** A binary message, a copy of its own. Absent where only text is spoken. */
  binary?(bytes: Uint8Array): void
  ping(payload: Uint8Array): void
  /** The payload may be looked at until this returns. */
  pong(payload: Uint8Array): void
  /** The peer's close frame; 1005 when it had no code. */
  closing(code: number, reason: string): void
  /** The bytes break the protocol: to be closed with this code. */
  violation(code: number, reason: string): void
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const none: Buffer = Buffer.alloc(0)
/** Fragments of one message: the smallest sensible ones of the largest message, with room to spare. */
const maxFragments = 1_024
/** Room for a header when a frame is put together from pieces. */
const smallestHold = 256

/**
 * Reads client frames (RFC 6455 §5): masked, compressed where that was agreed on, binary only for a sink that takes it.
 * State between two reads is an unfinished frame (never more than twice the bytes received, at most `maxBytes` and a header), an unfinished message, and while it is
 * paused the rest of what was read; an idle connection holds none of them.
 */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #maxBytes: number
  #held: Buffer = none
  #heldLength = 0
  #message: Buffer = none
  #messageLength = 0
  #fragments = 0
  #isBinary = false
  #isCompressed = false
  readonly #takesCompressed: boolean
  #ended = false
  #isPaused = false
  #isReading = false

  /**
   * @param maxBytes largest message, all fragments together, and once more when it is decompressed
   * @param takesCompressed the handshake agreed on permessage-deflate without context (RFC 7692)
   */
  constructor(sink: FrameSink, maxBytes: number, takesCompressed = false) {
    this.#sink = sink
    this.#maxBytes = maxBytes
    this.#takesCompressed = takesCompressed
  }

  /** Takes the next bytes, which are unmasked in place. */
  read(chunk: Buffer): void {
    const bytes = this.#heldLength === 0 ? chunk : this.#join(chunk)
    this.#isReading = true
    let start = 0
    while (!this.#ended && !this.#isPaused) {
      const end = this.#frame(bytes, start)
      if (end < 0) break
      start = end
    }
    this.#isReading = false
    this.#hold(bytes, start)
  }

  /** Stops behind the message that is being told; what has come beyond it is held. */
  pause(): void {
    this.#isPaused = true
  }

  /** Goes on with what is held. */
  resume(): void {
    this.#isPaused = false
    if (!this.#isReading && this.#heldLength > 0) this.read(none)
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  #join(chunk: Buffer): Buffer {
    const length = this.#heldLength + chunk.length
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, smallestHold, 2 * this.#held.length))
      larger.set(this.#held.subarray(0, this.#heldLength))
      this.#held = larger
    }
    this.#held.set(chunk, this.#heldLength)
    this.#heldLength = length
    return this.#held.subarray(0, length)
  }

  /** Keeps what follows `start` for the next read; a copy, so that no large chunk is kept alive by its tail. */
  #hold(bytes: Buffer, start: number): void {
    const length = this.#ended ? 0 : bytes.length - start
    if (length === 0) {
      if (this.#heldLength > 0) this.#held = none
      this.#heldLength = 0
      return
    }
    if (this.#heldLength > 0 && start === 0) return
    const kept = Buffer.allocUnsafeSlow(Math.max(length, smallestHold))
    kept.set(bytes.subarray(start))
    this.#held = kept
    this.#heldLength = length
  }

  /** Reads the frame at `start`. Answers where the next one begins, or -1 when this one is not complete. */
  #frame(bytes: Buffer, start: number): number {
    const available = bytes.length - start
    if (available < 2) return -1
    const first = bytes[start] as number
    const second = bytes[start + 1] as number
    const problem = this.#headerProblem(first, second)
    if (problem !== undefined) return this.#refuse(1002, problem)
    const short = second & 0x7f
    const maskStart = short < 126 ? 2 : short === 126 ? 4 : 10
    if (available < maskStart) return -1
    const length = short < 126 ? short : extendedLength(bytes, start, short)
    if (length < 0) return this.#refuse(1002, 'A length is written in the fewest bytes.')
    const opcode = first & 0x0f
    if (opcode < opcodes.close && this.#messageLength + length > this.#maxBytes) return this.#refuseLarge()
    const payloadStart = start + maskStart + 4
    const end = payloadStart + length
    if (end > bytes.length) return -1
    unmask(bytes, payloadStart, end)
    if (opcode < opcodes.close) this.#data(first, bytes, payloadStart, end)
    else this.#control(opcode, bytes.subarray(payloadStart, end))
    return end
  }

  #headerProblem(first: number, second: number): string | undefined {
    if ((first & 0x70) !== 0 && !this.#mayBeCompressed(first)) return 'A reserved bit is set.'
    if ((second & 0x80) === 0) return 'A frame of a client is masked.'
    const opcode = first & 0x0f
    if (opcode > opcodes.binary && (opcode < opcodes.close || opcode > opcodes.pong))
      return 'The opcode is unknown.'
    if (opcode >= opcodes.close) return controlProblem(first, second & 0x7f)
    const begun = this.#fragments > 0
    if (opcode === opcodes.continuation) return begun ? undefined : 'There is no message to continue.'
    return begun ? 'The message before is not finished.' : undefined
  }

  /** Reserved bit 1, on the first frame of a message. */
  #mayBeCompressed(first: number): boolean {
    const opcode = first & 0x0f
    return (
      this.#takesCompressed &&
      (first & 0x70) === 0x40 &&
      (opcode === opcodes.text || opcode === opcodes.binary)
    )
  }

  #data(first: number, bytes: Buffer, start: number, end: number): void {
    const opcode = first & 0x0f
    if (opcode !== opcodes.continuation) {
      this.#isBinary = opcode === opcodes.binary
      this.#isCompressed = (first & 0x40) !== 0
    }
    if (this.#isBinary && this.#sink.binary === undefined) {
      this.#refuse(1003, 'This subprotocol carries text messages only.')
      return
    }
    if ((first & 0x80) === 0) this.#fragment(bytes, start, end)
    else if (this.#fragments === 0) this.#whole(bytes, start, end)
    else {
      this.#append(bytes, start, end)
      const message = this.#message
      const length = this.#messageLength
      this.#message = none
      this.#messageLength = 0
      this.#fragments = 0
      this.#whole(message, 0, length)
    }
  }

  #fragment(bytes: Buffer, start: number, end: number): void {
    this.#fragments += 1
    if (this.#fragments > maxFragments) this.#refuse(1008, `A message has at most ${maxFragments} fragments.`)
    else this.#append(bytes, start, end)
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const length = this.#messageLength + end - start
    if (length > this.#message.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, smallestHold, 2 * this.#message.length))
      larger.set(this.#message.subarray(0, this.#messageLength))
      this.#message = larger
    }
    bytes.copy(this.#message, this.#messageLength, start, end)
    this.#messageLength = length
  }

  #whole(bytes: Buffer, start: number, end: number): void {
    if (this.#isCompressed) this.#inflate(bytes.subarray(start, end))
    else this.#plain(bytes, start, end)
  }

  #inflate(payload: Buffer): void {
    const bytes = inflate(payload, this.#maxBytes)
    if (bytes === 'too_large') this.#refuseLarge()
    else if (bytes === 'malformed') this.#refuse(1007, 'The message cannot be decompressed.')
    else this.#plain(bytes, 0, bytes.length)
  }

  #plain(bytes: Buffer, start: number, end: number): void {
    if (this.#isBinary) this.#sink.binary?.(Uint8Array.prototype.slice.call(bytes, start, end))
    else this.#text(bytes, start, end)
  }

  #text(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('utf8', start, end)
    // Only text with a replacement character can come from wrong UTF-8; most text is seen to have none at no cost.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)))
      this.#refuse(1007, 'The text is not valid UTF-8.')
    else this.#sink.message(text)
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#sink.ping(Uint8Array.from(payload))
    else if (opcode === opcodes.pong) this.#sink.pong(payload)
    else this.#close(payload)
  }

  #close(payload: Buffer): void {
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0)
    if (payload.length > 0 && !mayBeSent(code)) this.#refuse(1002, 'The close code may not be sent.')
    else if (!isUtf8(payload.subarray(2))) this.#refuse(1007, 'The reason is not valid UTF-8.')
    else {
      this.#end()
      this.#sink.closing(code, payload.toString('utf8', 2))
    }
  }

  #refuseLarge(): -1 {
    return this.#refuse(closeCodes.frame_too_large, `A message has at most ${this.#maxBytes} bytes.`)
  }

  #refuse(code: number, reason: string): -1 {
    this.#end()
    this.#sink.violation(code, reason)
    return -1
  }

  #end(): void {
    this.#ended = true
    this.#message = none
  }
}

/** A length of two or eight bytes; -1 for one that fewer bytes would hold, and for one that is beyond all numbers (§5.2). */
function extendedLength(bytes: Buffer, start: number, short: number): number {
  if (short === 126) {
    const length = bytes.readUInt16BE(start + 2)
    return length < 126 ? -1 : length
  }
  const length = bytes.readUInt32BE(start + 2) * 2 ** 32 + bytes.readUInt32BE(start + 6)
  return length < 65_536 || length >= 2 ** 63 ? -1 : length
}

/** Takes the mask away from `start` to `end`; its four bytes stand before `start`. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const a = bytes[start - 4] as number
  const b = bytes[start - 3] as number
  const c = bytes[start - 2] as number
  const d = bytes[start - 1] as number
  let at = start
  for (; at + 3 < end; at += 4) {
    bytes[at] = (bytes[at] as number) ^ a
    bytes[at + 1] = (bytes[at + 1] as number) ^ b
    bytes[at + 2] = (bytes[at + 2] as number) ^ c
    bytes[at + 3] = (bytes[at + 3] as number) ^ d
  }
  if (at < end) bytes[at] = (bytes[at] as number) ^ a
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] as number) ^ b
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] as number) ^ c
}

/** RFC 6455 §5.5 */
function controlProblem(first: number, length: number): string | undefined {
  if ((first & 0x80) === 0) return 'A control frame is not fragmented.'
  if ((first & 0x0f) === opcodes.close && length === 1) return 'A close code has two bytes.'
  return length > 125 ? 'A control frame has at most 125 bytes.' : undefined
}

/** RFC 6455 §7.4: codes that may appear in a close frame. */
function mayBeSent(code: number): boolean {
  if (code >= 3000) return code <= 4999
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
}
