import type { Client, Subscription } from '@parley/client'
import type { Kept } from '@parley/look'

const key = 'parley.seen'

interface Watched {
  readonly subscription: Subscription
  unread: number
}

/**
 * How many messages each channel of the list has that its reader has not seen. Channels that are not open are listened
 * to silently: nobody sees the reader there. What was read is remembered on this device.
 */
export class Unread {
  readonly #client: Client
  readonly #kept: Kept
  readonly #watched = new Map<string, Watched>()
  readonly #listeners = new Set<() => void>()
  /** The newest offset seen, by channel. */
  readonly #seen: Map<string, number>
  #counts: ReadonlyMap<string, number> = new Map()

  constructor(client: Client, kept: Kept) {
    this.#client = client
    this.#kept = kept
    this.#seen = seenBefore(kept.read(key))
  }

  readonly counts = (): ReadonlyMap<string, number> => this.#counts

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Listens to these channels and no others. */
  follow(channels: readonly string[]): void {
    for (const channel of [...this.#watched.keys()]) if (!channels.includes(channel)) this.#leave(channel)
    for (const channel of channels) if (!this.#watched.has(channel)) this.#join(channel)
    this.#tell()
    this.save()
  }

  /** The reader has this message before them. */
  saw(channel: string, offset: number): void {
    if (offset > (this.#seen.get(channel) ?? 0)) this.#seen.set(channel, offset)
  }

  /** Writes down what was read; a page that is left has no other chance. */
  save(): void {
    this.#kept.write(key, [...this.#seen])
  }

  stop(): void {
    for (const channel of [...this.#watched.keys()]) this.#leave(channel)
    this.save()
  }

  #join(channel: string): void {
    const subscription = this.#client.subscribe(channel, {
      silent: true,
      onEvent: () => this.#count(channel, 1),
      // Refused or ended: the list has nothing to say about the channel; opening it says why.
      onError: () => undefined,
    })
    this.#watched.set(channel, { subscription, unread: 0 })
    subscription.ready.then(
      ({ position: { offset } }) => {
        const seen = this.#seen.get(channel)
        // Never opened on this device: news begin now.
        if (seen === undefined) this.#seen.set(channel, offset)
        else if (this.#watched.get(channel)?.subscription === subscription)
          this.#count(channel, offset - seen)
      },
      () => undefined,
    )
  }

  #leave(channel: string): void {
    const watched = this.#watched.get(channel)
    this.#watched.delete(channel)
    watched?.subscription.unsubscribe()
  }

  #count(channel: string, more: number): void {
    const watched = this.#watched.get(channel)
    if (watched === undefined || more <= 0) return
    watched.unread += more
    this.#tell()
  }

  #tell(): void {
    this.#counts = new Map([...this.#watched].map(([channel, { unread }]) => [channel, unread]))
    for (const listener of [...this.#listeners]) listener()
  }
}

function seenBefore(kept: unknown): Map<string, number> {
  const entries = Array.isArray(kept) ? (kept as unknown[]) : []
  return new Map(entries.filter(isPlace))
}

function isPlace(entry: unknown): entry is [channel: string, offset: number] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && Number.isSafeInteger(entry[1])
}
