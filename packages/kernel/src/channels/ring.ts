import type { StoredEvent } from '../ports/event-log.ts'
import { type EncodedEvent, encodeEvent } from './wire-text.ts'

/**
 * The newest events of a channel, contiguous and ready to send. Bounded by count and bytes; the oldest leave first.
 */
export class Ring {
  #entries: (EncodedEvent | undefined)[] = []
  /** Index of the oldest entry in `#entries`; what lies before is free. */
  #start = 0
  #bytes = 0
  readonly #maxEvents: number
  readonly #maxBytes: number

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#entries.length - this.#start
  }

  /** Offset of the oldest entry, or undefined when empty. */
  get first(): number | undefined {
    return this.#entries[this.#start]?.stored.offset
  }

  /** The entry's offset must be one above the newest. */
  push(entry: EncodedEvent): void {
    this.#entries.push(entry)
    this.#bytes += entry.size
    while (this.length > this.#maxEvents || (this.#bytes > this.#maxBytes && this.length > 1)) this.#shift()
  }

  /** Entries with offsets from `from` on, up to `to`, at most `maxBytes` (at least one); undefined when `from` is gone. */
  slice(from: number, to: number, maxBytes: number): readonly EncodedEvent[] | undefined {
    const { first } = this
    if (first === undefined || from < first) return undefined
    const found: EncodedEvent[] = []
    let bytes = 0
    for (let index = this.#start + (from - first); index < this.#entries.length; index++) {
      const entry = this.#entries[index] as EncodedEvent
      if (entry.stored.offset > to) break
      bytes += entry.size
      if (found.length > 0 && bytes > maxBytes) break
      found.push(entry)
    }
    return found
  }

  /** Makes the entry at an offset a tombstone, if it is held. */
  redact(offset: number): void {
    const { first } = this
    if (first === undefined || offset < first) return
    const index = this.#start + (offset - first)
    const old = this.#entries[index]
    if (old === undefined) return
    const entry = encodeEvent(tombstoneOf(old.stored))
    this.#bytes += entry.size - old.size
    this.#entries[index] = entry
  }

  /** Lets go of the entries below `offset`. */
  dropBelow(offset: number): void {
    while ((this.first ?? offset) < offset) this.#shift()
  }

  clear(): void {
    this.#entries = []
    this.#start = 0
    this.#bytes = 0
  }

  #shift(): void {
    const oldest = this.#entries[this.#start]
    this.#entries[this.#start] = undefined
    this.#bytes -= oldest?.size ?? 0
    this.#start += 1
    if (this.#start > 64 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start)
      this.#start = 0
    }
  }
}

/** What is left of an event that is redacted. */
export function tombstoneOf({ type, at, by, offset }: StoredEvent): StoredEvent {
  return { type, data: 'null', at, offset, redacted: true, ...(by === undefined ? {} : { by }) }
}
