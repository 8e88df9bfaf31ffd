import { Buffer } from 'node:buffer'
import type { OutgoingFrame } from '@parley/kernel'

/**
 * How messages are written into a stream. A frame goes to many in a row: its bytes are made once and kept until the
 * next one comes.
 */
export class Encoding {
  readonly contentType: string
  readonly #textOf: (message: string) => string
  #frame: OutgoingFrame | undefined
  #bytes: Buffer | undefined
  #chunk: Buffer | undefined

  /** @param textOf what stands in the stream for a message */
  constructor(contentType: string, textOf: (message: string) => string) {
    this.contentType = contentType
    this.#textOf = textOf
  }

  /** The bytes of a frame, `isChunk` as a chunk of HTTP/1.1. */
  of(frame: OutgoingFrame, isChunk: boolean): Uint8Array {
    if (frame !== this.#frame) {
      this.#frame = frame
      this.#bytes = undefined
      this.#chunk = undefined
    }
    if (isChunk) {
      this.#chunk ??= chunkOf(this.#textOf(frame.text))
      return this.#chunk
    }
    this.#bytes ??= Buffer.from(this.#textOf(frame.text))
    return this.#bytes
  }
}

/** Newline-delimited JSON: a frame a line. */
export function ndjson(): Encoding {
  return new Encoding('application/x-ndjson; charset=utf-8', (message) => `${message}\n`)
}

/** Server-sent events: a message an event, a frame a line of its data. */
export function eventStream(): Encoding {
  return new Encoding('text/event-stream; charset=utf-8', (message) => `${dataLines(message)}\n`)
}

/** Text as it is: what is written is ready. */
export function readyEvents(): Encoding {
  return new Encoding('text/event-stream; charset=utf-8', (text) => text)
}

/** A text as the data of an event (HTML, Server-sent events §9.2.5). */
export function dataLines(text: string): string {
  return text.includes('\n') ? `data: ${text.replaceAll('\n', '\ndata: ')}\n` : `data: ${text}\n`
}

/** RFC 9112 §7.1. */
function chunkOf(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = `${length.toString(16)}\r\n`
  const bytes = Buffer.allocUnsafe(head.length + length + 2)
  bytes.write(head)
  bytes.write(text, head.length)
  bytes.write('\r\n', head.length + length)
  return bytes
}
