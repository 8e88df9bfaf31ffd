import type { Durability } from '../../kind.ts'
import type { Publication } from './publication.ts'
import type { Verdict } from './verdict.ts'

/**
 * One stream of a channel as all have seen it: which publication is where. Learnt from acks, readers and histories,
 * which must never contradict each other.
 */
export class Stream {
  readonly epoch: string
  readonly seenAt: number
  readonly #name: string
  readonly #verdict: Verdict
  readonly #byOffset = new Map<number, Publication>()
  readonly #byId = new Map<string, number>()
  head = 0
  /** Senders' last numbers, by offset up to `#ordered`. */
  #isOrderChecked = false

  constructor(epoch: string, name: string, seenAt: number, verdict: Verdict) {
    this.epoch = epoch
    this.seenAt = seenAt
    this.#name = name
    this.#verdict = verdict
  }

  offsetOf(id: string): number | undefined {
    return this.#byId.get(id)
  }

  at(offset: number): Publication | undefined {
    return this.#byOffset.get(offset)
  }

  /** Somebody says that a publication is at an offset. */
  learn(publication: Publication, offset: number, who: string): void {
    const { id } = publication
    const before = this.#byId.get(id)
    const other = this.#byOffset.get(offset)
    if (before === offset && other === publication) return
    const about = { channel: this.#name, who }
    if (before !== undefined && before !== offset && !publication.mayDouble)
      this.#verdict.fault('duplicated', `${id} is at ${before} and, says ${who}, at ${offset}`, about)
    if (other !== undefined && other !== publication)
      this.#verdict.fault('reordered', `offset ${offset} is ${other.id} and, says ${who}, ${id}`, about)
    this.#byId.set(id, offset)
    this.#byOffset.set(offset, publication)
    this.head = Math.max(this.head, offset)
  }

  /** What lies between two offsets, `to` included. */
  *between(from: number, to: number): Iterable<readonly [offset: number, publication: Publication]> {
    for (let offset = from + 1; offset <= to; offset++) {
      const publication = this.#byOffset.get(offset)
      if (publication !== undefined) yield [offset, publication]
    }
  }

  /** What a sender sends into a channel, waiting for nothing, is there in the order in which it was sent. */
  checkOrder(): void {
    if (this.#isOrderChecked) return
    this.#isOrderChecked = true
    const lastOf = new Map<string, Publication>()
    for (const [offset, publication] of [...this.#byOffset].sort(([a], [b]) => a - b)) {
      // Told to be in a stream that is lost, it is here because somebody did not know that it was answered.
      const isRepeated = publication.place !== undefined && publication.place.epoch !== this.epoch
      if (publication.hasNoOrder || isRepeated) continue
      const last = lastOf.get(publication.sender)
      if (last !== undefined && last.seq > publication.seq)
        this.#verdict.fault(
          'reordered',
          `${publication.id}, sent before ${last.id}, is behind it, at ${offset}`,
          { channel: this.#name },
        )
      else lastOf.set(publication.sender, publication)
    }
  }
}

/** A channel of an app: its streams, one after the other. */
export class ChannelTruth {
  readonly app: string
  readonly channel: string
  readonly durability: Durability
  readonly publications: Publication[] = []
  readonly streams = new Map<string, Stream>()
  readonly #verdict: Verdict

  constructor(app: string, channel: string, durability: Durability, verdict: Verdict) {
    this.app = app
    this.channel = channel
    this.durability = durability
    this.#verdict = verdict
  }

  stream(epoch: string, now: number): Stream {
    let stream = this.streams.get(epoch)
    if (stream === undefined) {
      stream = new Stream(epoch, this.channel, now, this.#verdict)
      this.streams.set(epoch, stream)
    }
    return stream
  }
}
