import type { FilterSubject } from '@parley/protocol'
import type { StoredEvent } from '../ports/event-log.ts'

/**
 * The text of events on the wire, made once per event and joined per batch. A batch holds nothing that differs between
 * the members of a filter class. See PROTOCOL.md for what an event may leave out.
 */
export interface EncodedEvent {
  readonly stored: StoredEvent
  /** The event's fields without braces, `offset` and `at`. */
  readonly body: string
  /** Length of `body` plus what a batch may add; bytes as far as text is ASCII. */
  readonly size: number
  /** What filters look at; parsed once, and only where a filter asks. */
  subject: FilterSubject | undefined
}

const batchOverhead = 48

export function encodeEvent(stored: StoredEvent): EncodedEvent {
  let body = `"type":${quote(stored.type)},"data":${stored.data}`
  if (stored.by !== undefined) body += `,"by":${quote(stored.by)}`
  if (stored.id !== undefined) body += `,"id":${quote(stored.id)}`
  if (stored.tags !== undefined) body += `,"tags":${stored.tags}`
  if (stored.traceparent !== undefined) body += `,"traceparent":"${stored.traceparent}"`
  if (stored.redacted) body += ',"redacted":true'
  return { stored, body, size: body.length + batchOverhead, subject: undefined }
}

/** The `events` frame from `prev` (exclusive) to `position` (inclusive) with those events that the class matches. */
export function eventsFrameText(
  channelText: string,
  prev: number,
  position: number,
  events: readonly EncodedEvent[],
): string {
  let at = events[0]?.stored.at ?? 0
  let offset = prev
  let text = `{"op":"events","channel":${channelText},"prev":${prev},"position":${position},"at":${at},"events":[`
  for (let index = 0; index < events.length; index++) {
    const { stored, body } = events[index] as EncodedEvent
    text += index === 0 ? '{' : ',{'
    offset += 1
    if (stored.offset !== offset) {
      offset = stored.offset
      text += `"offset":${offset},`
    }
    if (stored.at !== at) {
      at = stored.at
      text += `"at":${at},`
    }
    text += `${body}}`
  }
  return `${text}]}`
}

const plain = /^[\w .:/@+-]*$/

/** JSON text of a string; names and ids mostly need no escaping. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

const beyondAscii = /[\u0080-\uffff]/

/** Length of a text in UTF-8 bytes. A lone surrogate counts as its replacement character. */
export function utf8Length(text: string): number {
  if (!beyondAscii.test(text)) return text.length
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    if (unit >= 0xd800 && unit <= 0xdbff && index + 1 < text.length) {
      const next = text.charCodeAt(index + 1)
      if (next >= 0xdc00 && next <= 0xdfff) {
        index += 1
      }
    }
  }
  return bytes
}
