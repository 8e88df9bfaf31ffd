import type { ChannelEvent, Position } from '@parley/client'

/** Where a list begins: what a server has rendered, and the position behind it. */
export interface ChannelStart {
  /** Oldest first. */
  readonly events: readonly ChannelEvent[]
  /** Of the newest of them; a subscription goes on from here. */
  readonly position: Position
}

/** Events of a channel, oldest first, bounded: live events push the oldest out. Each change makes a new array. */
export class EventList {
  #events: readonly ChannelEvent[] = []
  #limit: number
  #hasOlder = false
  #cursor: number | undefined
  /** Events of this turn, not yet in the array. */
  #news: ChannelEvent[] = []
  /** Where to go on after a pause. */
  position: Position | undefined

  constructor(limit: number, start?: ChannelStart) {
    this.#limit = limit
    if (start === undefined) return
    this.#events = start.events.slice(-limit)
    this.position = start.position
    this.#hasOlder = (this.#events[0]?.offset ?? 1) > 1
  }

  get events(): readonly ChannelEvent[] {
    if (this.#news.length > 0) {
      const all = [...this.#events, ...this.#news]
      this.#news = []
      this.#events = all.slice(-this.#limit)
      if (all.length > this.#limit) {
        this.#hasOlder = true
        this.#cursor = undefined
      }
    }
    return this.#events
  }

  /** True when there may be events before the first one here. */
  get hasOlder(): boolean {
    return this.#hasOlder
  }

  /** Where the next older page ends (exclusive); undefined while nothing is known. */
  get cursor(): number | undefined {
    return this.#cursor ?? this.events[0]?.offset
  }

  /** The stream began at `position`; whether there is something before it. */
  begin(position: Position, hasOlder: boolean): void {
    if (this.position === undefined) this.#hasOlder ||= hasOlder && position.offset > 0
    this.position = position
  }

  /** What was here before, up to a place. */
  restore(events: readonly ChannelEvent[], position: Position, hasOlder: boolean): void {
    this.#events = events
    this.#hasOlder = hasOlder
    this.position = position
  }

  append(event: ChannelEvent): void {
    this.#news.push(event)
  }

  /** A page that the user asked for when the cursor was `cursor`: it does not push anything out. */
  prepend(page: readonly ChannelEvent[], cursor: number | undefined, next: number | undefined): void {
    // Live events have pushed the oldest out meanwhile: the page no longer fits, and is asked for again when wanted.
    if (cursor !== undefined && this.cursor !== cursor) return
    const older = page.filter(({ type }) => type !== 'channels.redacted')
    this.#events = [...older, ...this.events]
    this.#limit += older.length
    this.#cursor = next
    this.#hasOlder = next !== undefined
  }

  /** @param data what a `channels.redacted` event says */
  redact(data: unknown): void {
    const offset = (data as { readonly offset?: unknown } | null)?.offset
    this.#events = this.events.map((event) => {
      if (event.offset !== offset) return event
      const { tags: _gone, ...rest } = event
      return { ...rest, data: null, redacted: true }
    })
  }

  clear(): void {
    this.#events = []
    this.#news = []
    this.#cursor = undefined
    this.#hasOlder = true
  }
}
