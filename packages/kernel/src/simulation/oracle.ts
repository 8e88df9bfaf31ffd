import type { ChannelEvent } from '@parley/protocol'

/**
 * Knows what must be true without asking the kernel: which events publishers were promised, and what each client was
 * handed. Events are known by the number that their publisher put into them, never by offsets alone.
 */
export class Oracle {
  /** Promised events by channel: publisher's number → place. */
  readonly #acked = new Map<string, Map<number, { readonly epoch: string; readonly offset: number }>>()
  readonly #sent = new Map<string, Set<number>>()
  readonly #refused = new Set<number>()
  readonly violations: string[] = []
  deliveries = 0
  acks = 0

  sent(channel: string, number: number): void {
    entry(this.#sent, channel, () => new Set()).add(number)
  }

  acked(channel: string, number: number, place: { readonly epoch: string; readonly offset: number }): void {
    this.acks += 1
    const acked = entry(this.#acked, channel, () => new Map())
    const before = acked.get(number)
    if (before !== undefined && (before.offset !== place.offset || before.epoch !== place.epoch))
      this.#fault(
        `event ${number} of ${channel} was promised two places: ${before.offset} and ${place.offset}`,
      )
    acked.set(number, place)
  }

  /** Checks what one reader was handed, from the offset after which it reads without a break. */
  reader(who: string, channel: string, from: number, events: readonly ChannelEvent[]): void {
    this.deliveries += events.length
    const places = new Map<number, number>()
    let offset = from
    for (const event of events) {
      offset += 1
      if (event.offset !== offset) {
        this.#fault(`${who} got offset ${event.offset} of ${channel} where ${offset} was due`)
        return
      }
      const number = event.data as number
      if (places.has(number))
        this.#fault(
          `${who} got event ${number} of ${channel} twice: at ${places.get(number)} and ${event.offset}`,
        )
      if (this.#sent.get(channel)?.has(number) !== true)
        this.#fault(`${who} got event ${number} of ${channel}, which nobody sent`)
      places.set(number, event.offset)
    }
    for (const [number, place] of this.#acked.get(channel) ?? []) {
      if (place.offset > from && places.get(number) !== place.offset)
        this.#fault(
          `${who} missed event ${number} of ${channel}, promised at ${place.offset} (got ${places.get(number)})`,
        )
    }
  }

  /** It could not be stored for now and is sent again: it arrives later than what its publisher sent meanwhile. */
  refused(number: number): void {
    this.#refused.add(number)
  }

  /** What a publisher sends into a channel, waiting for nothing, is there in the order in which it was sent. */
  order(channel: string): void {
    const byOffset = [...(this.#acked.get(channel) ?? [])].sort(([, a], [, b]) => a.offset - b.offset)
    const lastBy = new Map<number, number>()
    for (const [number] of byOffset) {
      if (this.#refused.has(number)) continue
      const publisher = number % 1_000
      const last = lastBy.get(publisher) ?? -1
      if (number < last)
        this.#fault(
          `publisher ${publisher} sent ${number} after ${last}, but ${channel} has them the other way round`,
        )
      lastBy.set(publisher, number)
    }
  }

  #fault(text: string): void {
    if (this.violations.length < 20) this.violations.push(text)
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
