import { tombstoneOf } from '../channels/ring.ts'
import { utf8Length } from '../channels/wire-text.ts'
import type { NewEvent, ReadOptions, Retention, StoredEvent, Top } from '../ports/event-log.ts'

/** The events of one channel, contiguous, with its head and its epoch. Any offset is found in constant time. */
export class ChannelLog {
  readonly epoch: string
  #head = 0
  #events: (StoredEvent | undefined)[] = []
  /** Bytes of data of each event. */
  #sizes: number[] = []
  /** Index of the oldest event in `#events`; what lies before is free. */
  #start = 0
  #bytes = 0

  constructor(epoch: string) {
    this.epoch = epoch
  }

  get length(): number {
    return this.#events.length - this.#start
  }

  get top(): Top {
    return { epoch: this.epoch, head: this.#head, first: this.#first }
  }

  get #first(): number {
    return this.#head - this.length + 1
  }

  /** Gives the event the next offset. */
  append(event: NewEvent): number {
    this.#head += 1
    const size = utf8Length(event.data)
    this.#events.push(stored(event, this.#head))
    this.#sizes.push(size)
    this.#bytes += size
    return this.#head
  }

  read({ after, limit, maxBytes = Number.POSITIVE_INFINITY }: ReadOptions): StoredEvent[] {
    const from = this.#start + Math.max(after + 1 - this.#first, 0)
    const found: StoredEvent[] = []
    let bytes = 0
    for (let index = from; index < this.#events.length && found.length < limit; index++) {
      const event = this.#events[index] as StoredEvent
      bytes += this.#sizes[index] as number
      if (found.length > 0 && bytes > maxBytes) break
      found.push(event)
    }
    return found
  }

  readBackward(before: number, limit: number): StoredEvent[] {
    const end = Math.min(before, this.#head + 1)
    const from = Math.max(end - limit, this.#first)
    return this.read({ after: from - 1, limit: Math.max(end - from, 0) })
  }

  find(offset: number): StoredEvent | undefined {
    return offset < this.#first ? undefined : this.#events[this.#start + offset - this.#first]
  }

  offsetBefore(at: number): number {
    for (let index = this.#events.length - 1; index >= this.#start; index--) {
      const event = this.#events[index] as StoredEvent
      if (event.at < at) return event.offset
    }
    return 0
  }

  /** Drops the oldest events until the rest is within `retention`. */
  trim({ maxEvents, maxAgeMs, maxBytes }: Retention, now: number): number {
    const oldest = now - maxAgeMs
    for (;;) {
      const event = this.#events[this.#start]
      if (event === undefined) break
      if (this.length <= maxEvents && this.#bytes <= maxBytes && event.at >= oldest) break
      this.#shift()
    }
    return this.#first
  }

  redact(offset: number): boolean {
    const index = this.#start + offset - this.#first
    const event = this.find(offset)
    if (event === undefined) return false
    this.#events[index] = tombstoneOf(event)
    this.#bytes += 'null'.length - (this.#sizes[index] as number)
    this.#sizes[index] = 'null'.length
    return true
  }

  #shift(): void {
    this.#events[this.#start] = undefined
    this.#bytes -= this.#sizes[this.#start] as number
    this.#start += 1
    if (this.#start > 64 && this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start)
      this.#sizes = this.#sizes.slice(this.#start)
      this.#start = 0
    }
  }
}

function stored(event: NewEvent, offset: number): StoredEvent {
  const copy: { -readonly [Key in keyof StoredEvent]: StoredEvent[Key] } = {
    type: event.type,
    data: event.data,
    at: event.at,
    offset,
  }
  if (event.id !== undefined) copy.id = event.id
  if (event.by !== undefined) copy.by = event.by
  if (event.tags !== undefined) copy.tags = event.tags
  return copy
}
