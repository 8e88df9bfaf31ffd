import { type Announcement, type Broker, maxAnnouncedBytes } from '../ports/broker.ts'
import type { Clock } from '../ports/clock.ts'
import type { NewEvent, StoredEvent } from '../ports/event-log.ts'
import { controlChannel } from '../ports/store.ts'

/** Events that follow each other, on their way out. */
interface Batch {
  readonly app: string
  readonly channel: string
  readonly epoch: string
  readonly prev: number
  head: number
  control: number
  events: StoredEvent[]
  bytes: number
}

/** Which event of which channel, and what comes before it. */
export interface Announced {
  readonly app: string
  readonly channel: string
  readonly epoch: string
  /** Head of the control channel as of the event. */
  readonly control: number
}

/** What an event takes beside its data. */
const eventBytes = 200

/** Tells the other nodes of events, those of one turn and channel together. */
export class Announcer {
  readonly #broker: Broker
  readonly #clock: Clock
  readonly #batches = new Map<string, Batch>()
  /** Ephemeral events announced so far. */
  #count = 0

  constructor(broker: Broker, clock: Clock) {
    this.#broker = broker
    this.#clock = clock
  }

  /** An event that has its place. */
  stored(announced: Announced, event: StoredEvent): void {
    this.#add(announced, event, event.offset - 1)
  }

  /** An event of an ephemeral kind, which this node counts for itself. */
  ephemeral(announced: Announced, event: NewEvent): void {
    const prev = this.#count
    this.#count += 1
    this.#add(announced, { ...event, offset: 0 }, prev)
  }

  /** Events up to a head are stored: whoever has not heard of them reads the log. */
  head({ app, channel, epoch, control }: Announced, head: number): void {
    this.#broker.announce({ app, channel, epoch, prev: head, head, control })
  }

  #add(announced: Announced, event: StoredEvent, prev: number): void {
    const { app, channel, epoch, control } = announced
    const key = `${app}/${channel}`
    const isEphemeral = event.offset === 0
    const bytes = event.data.length + (event.tags?.length ?? 0) + eventBytes
    let batch = this.#batches.get(key)
    if (batch !== undefined) {
      const follows = batch.epoch === epoch && (isEphemeral || batch.head === prev)
      if (!follows || batch.bytes + bytes > maxAnnouncedBytes) {
        this.#send(batch)
        batch = undefined
      }
    }
    if (batch === undefined) {
      batch = { app, channel, epoch, prev, head: prev, control, events: [], bytes: 0 }
      if (this.#batches.size === 0) this.#clock.defer(() => this.flush())
      this.#batches.set(key, batch)
    }
    batch.head = prev + 1
    batch.control = Math.max(batch.control, control)
    batch.events.push(event)
    batch.bytes += bytes
  }

  /** Sends what waits, access changes first. */
  flush(): void {
    const batches = [...this.#batches.values()]
    this.#batches.clear()
    for (const batch of batches) if (batch.channel === controlChannel) this.#send(batch)
    for (const batch of batches) if (batch.channel !== controlChannel) this.#send(batch)
  }

  #send({ bytes, events, ...batch }: Batch): void {
    const isEphemeral = events[0]?.offset === 0
    const announcement: Announcement = batch
    const isWhole = isEphemeral || bytes <= maxAnnouncedBytes
    this.#broker.announce(isWhole ? { ...announcement, events } : announcement)
  }
}
