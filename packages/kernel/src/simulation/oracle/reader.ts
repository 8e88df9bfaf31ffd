import type { ChannelEvent, Position } from '@parley/protocol'
import type { Oracle } from './oracle.ts'
import type { Publication } from './publication.ts'
import type { ChannelTruth, Stream } from './stream.ts'

/** Who reads. */
export interface ReaderFacts {
  readonly who: string
  readonly app: string
  readonly user: string
  readonly truth: ChannelTruth
  /** Wants events with an even number only. */
  readonly isFiltered: boolean
}

interface Stretch {
  readonly stream: Stream
  /** Offset after which it reads. */
  readonly from: number
  /** When the verdict with which it began arrived. */
  readonly beganAt: number
  readonly seen: Set<string>
  /** Offset up to which everything was gone through. */
  last: number
}

/**
 * What one reader of a channel was handed, judged while it comes: from one loss that it was told of to the next, it
 * must get everything that is for it, each once, in order.
 */
export class ReaderTruth {
  readonly facts: ReaderFacts
  readonly #oracle: Oracle
  #stretch: Stretch | undefined
  /** Events up to here are what was missed. */
  #head = 0
  #askedAt = 0
  /** When it was last told that it is a subscriber. */
  #standingAt = 0
  #isSuspended = false
  #isOver = false

  constructor(oracle: Oracle, facts: ReaderFacts) {
    this.#oracle = oracle
    this.facts = facts
  }

  /** As the reader would give it to resume. */
  get position(): Position | undefined {
    const { stream, last } = this.#stretch ?? {}
    return stream === undefined || last === undefined ? undefined : { epoch: stream.epoch, offset: last }
  }

  /** It is about to ask for its place. */
  asks(): void {
    this.#askedAt = this.#oracle.now()
  }

  /** The server takes it for a subscriber, at a place. */
  stands(position: Position): void {
    this.#standingAt = this.#oracle.now()
    const own = this.position
    if (own === undefined) {
      this.#begin(position)
      this.#head = position.offset
    } else if (own.epoch !== position.epoch || own.offset !== position.offset)
      this.#fault('answered', `was moved from ${own.offset} to ${position.offset} without a verdict`)
  }

  /** It was told that nothing is missing. */
  recovered(position: Position, head: number): void {
    this.#oracle.counts.recovered += 1
    const own = this.position
    if (own === undefined || own.epoch !== position.epoch || own.offset !== position.offset)
      this.#fault(
        'falselyRecovered',
        `recovered at ${position.offset} of ${position.epoch}, but had reached ${own?.offset} of ${own?.epoch}`,
      )
    if (own === undefined) this.#begin(position)
    this.#head = Math.max(this.#head, head)
  }

  /** It was told that something is missing. */
  broke(position: Position, reason: string): void {
    this.#oracle.counts.unrecovered += 1
    const own = this.position
    if (own !== undefined && !this.#oracle.isLossDue(this.facts.truth, own, position, reason))
      this.#fault(
        'brokenForNothing',
        `was told \`${reason}\` at ${own.offset} of ${own.epoch} (now ${position.offset} of ${position.epoch})`,
      )
    this.#judge()
    this.#begin(position)
    this.#head = position.offset
  }

  event(event: ChannelEvent): void {
    const stretch = this.#stretch
    if (stretch === undefined || this.#isOver || this.#isSuspended) {
      this.#fault('leaked', `got ${event.id} without a subscription`)
      return
    }
    const { counts } = this.#oracle
    const { durability } = this.facts.truth
    counts.deliveries[durability] += 1
    if (event.offset <= this.#head) counts.missed[durability] += 1
    this.#checkPlace(stretch, event.offset)
    const position = { epoch: stretch.stream.epoch, offset: event.offset }
    const publication = this.#oracle.recognise(this.facts, event, position)
    stretch.last = Math.max(stretch.last, event.offset)
    if (publication === undefined) return
    this.#oracle.checkWords(this.facts, publication, this.#askedAt)
    stretch.stream.learn(publication, event.offset, this.facts.who)
    if (stretch.seen.has(publication.id) && !publication.mayDouble)
      this.#fault('duplicated', `got ${publication.id} twice`)
    stretch.seen.add(publication.id)
    if (!this.#wants(publication)) this.#fault('leaked', `got ${publication.id} against its filter`)
  }

  /** It was told that events between two offsets were shed. */
  dropped(from: number, to: number): void {
    const stretch = this.#stretch
    if (stretch === undefined) return
    this.#oracle.counts.shed += 1
    if (this.facts.truth.durability !== 'ephemeral')
      this.#fault('lost', `was told that ${from} to ${to} were shed`)
    this.#judge()
    this.#begin({ epoch: stretch.stream.epoch, offset: Math.max(to, stretch.last) })
  }

  /** It has gone through everything up to here, whether or not anything was for it. */
  reached(position: Position): void {
    const stretch = this.#stretch
    if (stretch !== undefined && stretch.stream.epoch === position.epoch)
      stretch.last = Math.max(stretch.last, position.offset)
  }

  /** It does not read for now; it will go on from where it stands. */
  suspends(): void {
    this.#judge()
    this.#isSuspended = true
  }

  resumes(): void {
    this.#isSuspended = false
  }

  /** What is wrong, when it has been a subscriber since a time and has not reached the heads of then. */
  isBehind(heads: ReadonlyMap<Stream, number>, sinceMs: number): string | undefined {
    const stretch = this.#stretch
    if (stretch === undefined || this.#isSuspended || this.#standingAt > sinceMs) return undefined
    const head = heads.get(stretch.stream) ?? 0
    return stretch.last < head && this.#isOwed(stretch, head)
      ? `stands at ${stretch.last}, ${head} was known for long`
      : undefined
  }

  /** With a filter, one is told only now and then of a place where nothing was for one. */
  #isOwed({ stream, last }: Stretch, head: number): boolean {
    if (!this.facts.isFiltered) return true
    return this.facts.truth.publications.some(
      (one) =>
        one.place?.epoch === stream.epoch &&
        one.place.offset > last &&
        one.place.offset <= head &&
        this.#wants(one),
    )
  }

  /** It has everything that anybody has seen. */
  get isAtHead(): boolean {
    const stretch = this.#stretch
    return stretch !== undefined && stretch.last >= stretch.stream.head
  }

  /** It does not read any more: what it was owed up to here is judged. */
  ended(): void {
    this.#judge()
    this.#isOver = true
  }

  /** All is quiet: whatever was sent since it began must have come. */
  settle(): void {
    const stretch = this.#stretch
    if (stretch === undefined || this.#isOver || this.#isSuspended) return
    this.#judge()
    const { truth } = this.facts
    for (const publication of this.#oracle.isLossy(truth) ? [] : truth.publications) {
      if (publication.state !== 'acked' || publication.calledAt <= stretch.beganAt) continue
      if (publication.place?.epoch !== stretch.stream.epoch || !this.#wants(publication)) continue
      if (!stretch.seen.has(publication.id) && publication.redaction === undefined)
        this.#fault('lost', `never got ${publication.id}, promised after it had begun to read`)
    }
    if (stretch.stream.head > stretch.last)
      this.#fault('stuck', `stands at ${stretch.last}, where ${stretch.stream.head} was seen`)
  }

  #begin({ epoch, offset }: Position): void {
    const { truth } = this.facts
    const now = this.#oracle.now()
    const stream = truth.stream(epoch, now)
    this.#stretch = { stream, from: offset, beganAt: now, seen: new Set(), last: offset }
  }

  #checkPlace({ last }: Stretch, offset: number): void {
    if (offset <= last) this.#fault('duplicated', `got offset ${offset} behind ${last}`)
    else if (!this.facts.isFiltered && offset !== last + 1)
      this.#fault('lost', `got offset ${offset} behind ${last}`)
  }

  #wants(publication: Publication): boolean {
    return !this.facts.isFiltered || publication.isEven
  }

  /** Everything that is known to lie in the stretch and is for the reader must have come. */
  #judge(): void {
    const stretch = this.#stretch
    if (stretch === undefined || this.#isOver) return
    for (const [offset, publication] of stretch.stream.between(stretch.from, stretch.last)) {
      if (publication.redaction !== undefined || !this.#wants(publication)) continue
      if (!stretch.seen.has(publication.id)) this.#fault('lost', `missed ${publication.id}, at ${offset}`)
    }
  }

  #fault(kind: Parameters<Oracle['verdict']['fault']>[0], text: string): void {
    const { who, truth } = this.facts
    this.#oracle.verdict.fault(kind, `${who} in ${truth.channel} ${text}`, { channel: truth.channel, who })
  }
}
