import type { ChannelEvent, Position } from '@parley/protocol'
import type { HistoryPage } from '../../context.ts'
import type { Durability } from '../../kind.ts'
import { Memberships } from './memberships.ts'
import type { Publication } from './publication.ts'
import { type ReaderFacts, ReaderTruth } from './reader.ts'
import { ChannelTruth, type Stream } from './stream.ts'
import { Verdict } from './verdict.ts'

export interface OracleOptions {
  /** Virtual time. */
  readonly now: () => number
  /** Durability of a kind. */
  readonly durabilityOf: (channel: string) => Durability
  /** Events that a channel keeps at least, where it does not keep all. */
  readonly keptOf: (channel: string) => number
  /** Several nodes: ephemeral events reach those of other nodes at most once, and without an order among nodes. */
  readonly isCluster: boolean
  /** Milliseconds after which nobody is served the words of what is redacted. */
  readonly redactionMs: number
  readonly told: (line: string, about: { readonly channel?: string; readonly who?: string }) => void
}

/** What a publisher knows of what it sends. */
export type Sent = Pick<
  Publication,
  'id' | 'app' | 'channel' | 'sender' | 'user' | 'isEven' | 'type' | 'target'
>

type ByDurability = Record<Durability, number>

/**
 * Knows what must be true without asking the product: the ids that publishers have made, what they were promised, and
 * what each reader was handed.
 */
export class Oracle {
  readonly verdict: Verdict
  readonly now: () => number
  readonly counts = {
    deliveries: { durable: 0, recent: 0, ephemeral: 0 } as ByDurability,
    /** Deliveries of what had happened before the reader was there, or there again. */
    missed: { durable: 0, recent: 0, ephemeral: 0 } as ByDurability,
    acks: 0,
    recovered: 0,
    unrecovered: 0,
    shed: 0,
    historyEvents: 0,
  }
  readonly #options: OracleOptions
  readonly #channels = new Map<string, ChannelTruth>()
  readonly #publications = new Map<string, Publication>()
  readonly #readers: ReaderTruth[] = []
  readonly #memberships: Memberships
  readonly #seqs = new Map<string, number>()
  /** Times at which a backup was restored: what came since the backup is gone, and epochs are new. */
  readonly #restores: { readonly at: number; readonly backedUpAt: number }[] = []
  /** Times at which streams that only memory holds were lost. */
  readonly #memoryLosses: number[] = []

  /** Whether what was acknowledged may be missing. */
  isLossy({ durability }: ChannelTruth): boolean {
    return durability === 'ephemeral' && this.#options.isCluster
  }

  constructor(options: OracleOptions) {
    this.#options = options
    this.now = options.now
    this.verdict = new Verdict(options.now, ({ kind, text, channel, who }) =>
      options.told(`VIOLATION ${kind}: ${text}`, {
        ...(channel === undefined ? {} : { channel }),
        ...(who === undefined ? {} : { who }),
      }),
    )
    this.#memberships = new Memberships(this.verdict)
  }

  channel(app: string, channel: string): ChannelTruth {
    const key = `${app}/${channel}`
    let truth = this.#channels.get(key)
    if (truth === undefined) {
      truth = new ChannelTruth(app, channel, this.#options.durabilityOf(channel), this.verdict)
      this.#channels.set(key, truth)
    }
    return truth
  }

  channels(): Iterable<ChannelTruth> {
    return this.#channels.values()
  }

  reader(facts: ReaderFacts): ReaderTruth {
    const reader = new ReaderTruth(this, facts)
    this.#readers.push(reader)
    return reader
  }

  /** Somebody is about to publish. */
  sends(what: Sent): Publication {
    const key = `${what.sender} ${what.app}/${what.channel}`
    const seq = (this.#seqs.get(key) ?? 0) + 1
    this.#seqs.set(key, seq)
    const publication: Publication = {
      ...what,
      ...{ seq, calledAt: this.now(), ackedAt: undefined, place: undefined, state: 'open' },
      ...{
        sentTo: new Set<string>(),
        mayDouble: false,
        hasNoOrder: false,
        isKept: false,
        redaction: undefined,
      },
    }
    this.#publications.set(what.id, publication)
    this.channel(what.app, what.channel).publications.push(publication)
    return publication
  }

  find(id: string): Publication | undefined {
    return this.#publications.get(id)
  }

  /** The publisher was told that it is done, and where it is. */
  acked(publication: Publication, place: Position | undefined): void {
    this.counts.acks += 1
    if (typeof place?.offset !== 'number') {
      this.verdict.fault('answered', `${publication.id} was acknowledged without a place`)
      return
    }
    publication.state = 'acked'
    publication.ackedAt = this.now()
    // An ephemeral event without listeners is nowhere; so is what was not durable when a repeat is answered.
    if (place.epoch === '') return
    publication.place = place
    const { app, channel, id } = publication
    this.channel(app, channel)
      .stream(place.epoch, this.now())
      .learn(publication, place.offset, `the ack of ${id}`)
  }

  /** It is on its way to a node. */
  carried(id: string, node: string): void {
    const publication = this.#publications.get(id)
    if (publication === undefined) return
    publication.sentTo.add(node)
    const { app, channel, sentTo } = publication
    if (!this.#options.isCluster || sentTo.size === 1) return
    if (this.channel(app, channel).durability !== 'durable')
      publication.mayDouble = publication.hasNoOrder = true
  }

  /** A user is let in or put out by a publication. */
  membership(publication: Publication, user: string, isIn: boolean): void {
    const { app, channel, id, calledAt } = publication
    this.#memberships.changed(this.channel(app, channel), { id, user, isIn, calledAt })
  }

  restored(backedUpAt: number): void {
    this.#restores.push({ at: this.now(), backedUpAt })
  }

  memoryLost(): void {
    this.#memoryLosses.push(this.now())
  }

  /** Whether a reader must be told of a loss, as things are. */
  isLossDue(truth: ChannelTruth, own: Position, now: Position, reason: string): boolean {
    if (truth.durability === 'ephemeral') return reason === 'not_stored' || reason === 'epoch_changed'
    const stream = truth.streams.get(own.epoch)
    if (reason === 'position_expired') {
      const head = Math.max(stream?.head ?? 0, now.offset) + this.#underWay(truth, stream)
      return head - own.offset >= this.#options.keptOf(truth.channel)
    }
    if (reason !== 'epoch_changed' || own.epoch === now.epoch) return false
    // How many streams there may be is checked at the end.
    return this.#restores.length > 0 || (truth.durability === 'recent' && this.#memoryLosses.length > 0)
  }

  /** Events that a channel may hold although nobody has seen them yet. */
  #underWay({ publications }: ChannelTruth, stream: Stream | undefined): number {
    let count = 0
    for (const { id, state, sentTo, mayDouble } of publications) {
      const isOpen = state === 'open' || state === 'unknown'
      if (isOpen && sentTo.size > 0 && stream?.offsetOf(id) === undefined) count += 1
      if (mayDouble) count += 1
    }
    return count
  }

  /** The publication that an event is; what does not fit is a fault. Undefined for tombstones, too. */
  recognise(facts: ReaderFacts, event: ChannelEvent, position: Position): Publication | undefined {
    const { truth, who } = facts
    const about = { channel: truth.channel, who }
    if (event.redacted === true) {
      const publication = truth.streams.get(position.epoch)?.at(event.offset)
      if (publication !== undefined && publication.redaction === undefined)
        this.verdict.fault('lost', `${who} got a tombstone for ${publication.id}`, about)
      return undefined
    }
    const id = (event.data as { readonly n?: unknown } | null)?.n
    const publication = typeof id === 'string' ? this.#publications.get(id) : undefined
    if (publication === undefined || event.id !== id || event.type !== `sim.${publication.type}`) {
      this.verdict.fault('forged', `${who} got ${JSON.stringify(event)}, which nobody sent so`, about)
      return undefined
    }
    if (publication.app !== facts.app || publication.channel !== truth.channel)
      this.verdict.fault('leaked', `${who} of ${facts.app} got ${id} of ${publication.app}`, about)
    if (isForMembers(truth.channel)) this.#memberships.handed(facts, position, this.now())
    return publication
  }

  /** Nobody is served the words of what is redacted, if they asked after the redaction was answered. */
  checkWords(
    { who, truth }: Pick<ReaderFacts, 'who' | 'truth'>,
    publication: Publication,
    askedAt: number,
  ): void {
    const { id, redaction } = publication
    const doneAt = redaction?.doneAt
    if (doneAt === undefined || askedAt <= doneAt + this.#options.redactionMs) return
    if (this.#restores.some(({ at }) => at >= doneAt)) return
    this.verdict.fault('leaked', `${who} got the words of ${id}, redacted at ${Math.round(doneAt)}`, {
      ...{ channel: truth.channel, who },
    })
  }

  /** A page of history, asked for at a time. */
  read(facts: Omit<ReaderFacts, 'isFiltered'>, page: HistoryPage, askedAt: number): void {
    const { truth } = facts
    const stream = truth.stream(page.epoch, this.now())
    for (const event of page.events) {
      this.counts.historyEvents += 1
      const position = { epoch: page.epoch, offset: event.offset }
      const publication = this.recognise({ ...facts, isFiltered: false }, event, position)
      if (publication === undefined) continue
      stream.learn(publication, event.offset, facts.who)
      this.checkWords(facts, publication, askedAt)
    }
    const offsets = page.events.map(({ offset }) => offset)
    for (let index = 1; index < offsets.length; index++)
      if (offsets[index] !== (offsets[index - 1] as number) + 1)
        this.verdict.fault('lost', `${facts.who} read ${offsets[index]} behind ${offsets[index - 1]}`, {
          ...{ channel: truth.channel, who: facts.who },
        })
  }

  /** All is quiet, and this is what a channel holds: nothing that was promised may be missing. */
  holds(truth: ChannelTruth, epoch: string, first: number): void {
    const stream = truth.stream(epoch, this.now())
    for (const { id, state, ackedAt = 0, place, redaction } of truth.publications) {
      // What is left of a redacted one has no name.
      if (state !== 'acked' || place === undefined || redaction !== undefined) continue
      const offset = stream.offsetOf(id)
      // Who slept may hear of it long after a backup has taken its stream away.
      const began = truth.streams.get(place.epoch)?.seenAt ?? ackedAt
      const isDue =
        truth.durability === 'durable'
          ? this.#restores.every(({ at, backedUpAt }) => at < began || ackedAt <= backedUpAt)
          : place.epoch === epoch
      if (isDue && offset === undefined && place.offset >= first)
        this.verdict.fault('lost', `${id}, promised, is not in ${truth.channel}`, { channel: truth.channel })
    }
  }

  /** All is quiet: everybody has what is theirs. */
  settle(): void {
    for (const reader of this.#readers) reader.settle()
    this.#memberships.settle()
    for (const truth of this.#channels.values()) {
      if (!this.isLossy(truth)) for (const stream of truth.streams.values()) stream.checkOrder()
      this.#checkEpochs(truth)
      for (const one of truth.publications) {
        if (this.#restores.length === 0) this.#checkRefusal(truth, one)
        if (truth.durability === 'durable') this.#checkKept(truth, one)
      }
    }
  }

  /** A stream has one name for as long as it is the same. */
  #checkEpochs(truth: ChannelTruth): void {
    if (truth.durability === 'ephemeral') return
    const losses = truth.durability === 'durable' ? 0 : this.#memoryLosses.length
    const most = 1 + this.#restores.length + losses
    if (truth.streams.size > most)
      this.verdict.fault(
        'lost',
        `${truth.channel} has had ${truth.streams.size} epochs, at most ${most} are due`,
        {
          channel: truth.channel,
        },
      )
  }

  /** What an outbox has kept is there, whether or not anybody was told; a backup may be from before. */
  #checkKept(truth: ChannelTruth, { id, state, isKept, calledAt, redaction }: Publication): void {
    if (!isKept || state === 'refused' || redaction !== undefined) return
    if (this.#restores.some(({ at }) => at >= calledAt)) return
    if ([...truth.streams.values()].every((stream) => stream.offsetOf(id) === undefined))
      this.verdict.fault('lost', `${id}, kept by an outbox, is not in ${truth.channel}`, {
        channel: truth.channel,
      })
  }

  #checkRefusal(truth: ChannelTruth, { id, state, sentTo }: Publication): void {
    // A copy that another node had from before may still be carried out when the rules allow it again.
    if (state !== 'refused' || sentTo.size > 1) return
    for (const stream of truth.streams.values())
      if (stream.offsetOf(id) !== undefined)
        this.verdict.fault('answered', `${id} was refused for good, but is in ${truth.channel}`, {
          channel: truth.channel,
        })
  }
}

/** Whether only members may read a channel. */
function isForMembers(channel: string): boolean {
  return channel.startsWith('club:')
}
