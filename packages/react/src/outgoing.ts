import { type ChannelEvent, type Client, ParleyError, type Position } from '@parley/client'
import type { PublishOptions } from './channel-view.ts'

/** An event published here that has not come back yet. */
export interface OutgoingEvent {
  /** The id that the event will have. */
  readonly id: string
  readonly type: string
  readonly data: unknown
  /** The server has it. */
  readonly sent: boolean
  /** Why it was not published. It stays until it is sent again or discarded. */
  readonly error?: ParleyError
}

interface Entry {
  readonly shown: OutgoingEvent
  readonly options: PublishOptions
  /** Its place, once acknowledged. */
  readonly place?: Position
}

/** Events on their way to the server, in the order in which they were published. */
export class Outgoing {
  readonly #client: Client
  readonly #channel: string
  readonly #changed: () => void
  readonly #entries = new Map<string, Entry>()
  #events: readonly OutgoingEvent[] | undefined = []

  constructor(client: Client, channel: string, changed: () => void) {
    this.#client = client
    this.#channel = channel
    this.#changed = changed
  }

  get events(): readonly OutgoingEvent[] {
    this.#events ??= [...this.#entries.values()].map(({ shown }) => shown)
    return this.#events
  }

  publish(data: unknown, options: PublishOptions): Promise<void> {
    const { type = 'message' } = options
    return this.#send({ shown: { id: this.#client.newId(), type, data, sent: false }, options })
  }

  /** Sends a failed event again, under the same key: if it had arrived after all, it is not published twice. */
  retry(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry?.shown.error === undefined)
      return Promise.reject(new ParleyError('not_found', 'No failed event has this id.'))
    const { error: _gone, ...shown } = entry.shown
    return this.#send({ ...entry, shown })
  }

  discard(id: string): void {
    if (this.#entries.delete(id)) this.#touch()
  }

  /** An event of the channel: if it is one of these, it is on its way no longer. */
  cameBack(event: ChannelEvent): void {
    this.discard(event.id)
  }

  /** The channel has been read up to here: what has its place before will not come back (a filter held it). */
  passed(position: Position): void {
    for (const [id, { place }] of this.#entries)
      if (place !== undefined && place.epoch === position.epoch && place.offset <= position.offset)
        this.discard(id)
  }

  #send(entry: Entry): Promise<void> {
    const { id, type, data } = entry.shown
    const { type: _type, tags, key = id, ...options } = entry.options
    this.#put(entry)
    const input = { channel: this.#channel, type, data, id, ...(tags === undefined ? {} : { tags }) }
    const done = this.#client.call<string>('channels.publish', input, { ...options, key }).then(
      (place) => {
        if (this.#entries.has(id))
          this.#put({ ...entry, shown: { ...entry.shown, sent: true }, place: place as unknown as Position })
      },
      (error: ParleyError) => {
        if (this.#entries.has(id)) this.#put({ ...entry, shown: { ...entry.shown, error } })
        throw error
      },
    )
    // The failure is shown in `outgoing`; nobody has to wait for the promise.
    done.catch(() => undefined)
    return done
  }

  #put(entry: Entry): void {
    this.#entries.set(entry.shown.id, entry)
    this.#touch()
  }

  #touch(): void {
    this.#events = undefined
    this.#changed()
  }
}
