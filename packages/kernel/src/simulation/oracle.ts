import type { ChannelEvent, Position } from '@parley/protocol'

/** What one reader was handed, without a break. */
export interface Stretch {
  readonly who: string
  readonly channel: string
  readonly epoch: string
  /** Offset after which it reads. */
  readonly from: number
  /** Offset up to which it was told that it has everything. */
  readonly to: number
  readonly events: readonly ChannelEvent[]
  /** Which events it wants to have, by their number; without it: all. */
  readonly wants?: ((number: number) => boolean) | undefined
}

/**
 * Knows what must be true without asking the kernel: which events publishers were promised, and what each client was
 * handed. Events are known by the number that their publisher put into them, never by offsets alone.
 */
export class Oracle {
  /** Promised events by channel: publisher's number → place. */
  readonly #acked = new Map<string, Map<number, Position>>()
  readonly #sent = new Map<string, Set<number>>()
  readonly #refused = new Set<number>()
  readonly violations: string[] = []
  deliveries = 0
  acks = 0

  sent(channel: string, number: number): void {
    entry(this.#sent, channel, () => new Set()).add(number)
  }

  acked(channel: string, number: number, place: Position): void {
    this.acks += 1
    const acked = entry(this.#acked, channel, () => new Map())
    const before = acked.get(number)
    if (before !== undefined && (before.offset !== place.offset || before.epoch !== place.epoch))
      this.fault(
        `event ${number} of ${channel} was promised two places: ${before.offset} and ${place.offset}`,
      )
    acked.set(number, place)
  }

  /** Checks that a reader got everything promised, each once, in order, and nothing else. */
  read(stretch: Stretch): void {
    const { who, channel, events, wants } = stretch
    this.deliveries += events.length
    const places = new Map<number, number>()
    let last = stretch.from
    for (const { offset, data } of events) {
      const number = numberOf(data)
      const isNext = wants === undefined ? offset === last + 1 : offset > last
      if (!isNext || offset > stretch.to) {
        this.fault(`${who} got offset ${offset} of ${channel} behind ${last}, up to ${stretch.to}`)
        return
      }
      last = offset
      if (places.has(number))
        this.fault(`${who} got event ${number} of ${channel} twice: at ${places.get(number)} and ${offset}`)
      if (wants?.(number) === false) this.fault(`${who} got event ${number} of ${channel} against its filter`)
      if (this.#sent.get(channel)?.has(number) !== true)
        this.fault(`${who} got event ${number} of ${channel}, which nobody sent`)
      places.set(number, offset)
    }
    this.#checkPromises(stretch, places)
  }

  #checkPromises(
    { who, channel, epoch, from, to, wants }: Stretch,
    places: ReadonlyMap<number, number>,
  ): void {
    for (const [number, place] of this.#acked.get(channel) ?? []) {
      const isDue = place.epoch === epoch && place.offset > from && place.offset <= to
      if (isDue && wants?.(number) !== false && places.get(number) !== place.offset)
        this.fault(
          `${who} missed event ${number} of ${channel}, promised at ${place.offset} (got ${places.get(number)})`,
        )
    }
  }

  /** Highest place promised in a stream: who has caught up stands there, or further. */
  promised(channel: string, epoch: string): number {
    let highest = 0
    for (const place of this.#acked.get(channel)?.values() ?? [])
      if (place.epoch === epoch) highest = Math.max(highest, place.offset)
    return highest
  }

  /** It could not be stored for now and is sent again: it arrives later than what its publisher sent meanwhile. */
  refused(number: number): void {
    this.#refused.add(number)
  }

  /** What a publisher sends into a channel, waiting for nothing, is there in the order in which it was sent. */
  order(channel: string): void {
    const byOffset = [...(this.#acked.get(channel) ?? [])].sort(([, a], [, b]) => a.offset - b.offset)
    const lastBy = new Map<string, number>()
    for (const [number, { epoch }] of byOffset) {
      if (this.#refused.has(number)) continue
      const publisher = `${number % 1_000} in ${epoch}`
      const last = lastBy.get(publisher) ?? -1
      if (number < last)
        this.fault(
          `publisher ${publisher} sent ${number} after ${last}, but ${channel} has them the other way round`,
        )
      lastBy.set(publisher, number)
    }
  }

  /** The first ones tell enough. */
  fault(text: string): void {
    if (this.violations.length < 20) this.violations.push(text)
  }
}

/** The number that its publisher gave to an event. */
export function numberOf(data: unknown): number {
  return (data as { readonly n: number }).n
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
