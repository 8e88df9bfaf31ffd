import type { Position } from '@parley/protocol'
import type { ReaderFacts } from './reader.ts'
import type { ChannelTruth } from './stream.ts'
import type { Verdict } from './verdict.ts'

/** A user was let in or put out. */
interface Change {
  readonly id: string
  readonly user: string
  readonly isIn: boolean
  readonly calledAt: number
}

interface Handed {
  readonly user: string
  readonly who: string
  readonly position: Position
  readonly at: number
}

/** Who may see what when, in channels that only members read. Judged at the end, when the place of everything is known. */
export class Memberships {
  readonly #verdict: Verdict
  readonly #changes = new Map<ChannelTruth, Change[]>()
  readonly #handed = new Map<ChannelTruth, Handed[]>()

  constructor(verdict: Verdict) {
    this.#verdict = verdict
  }

  changed(truth: ChannelTruth, change: Change): void {
    add(this.#changes, truth, change)
  }

  handed({ truth, user, who }: ReaderFacts, position: Position, at: number): void {
    add(this.#handed, truth, { user, who, position, at })
  }

  settle(): void {
    for (const [truth, handed] of this.#handed)
      for (const delivery of handed) this.#checkDelivery(truth, delivery)
    for (const truth of this.#changes.keys()) this.#checkWords(truth)
  }

  /** Nothing behind a kick reaches the kicked, until somebody begins to let them in again. */
  #checkDelivery(truth: ChannelTruth, { user, who, position, at }: Handed): void {
    const stream = truth.streams.get(position.epoch)
    const place = (id: string) => stream?.offsetOf(id)
    const changes = (this.#changes.get(truth) ?? []).filter((change) => change.user === user)
    for (const kick of changes) {
      const kickedAt = kick.isIn ? undefined : place(kick.id)
      if (kickedAt === undefined || kickedAt >= position.offset) continue
      const isBack = changes.some(
        ({ id, isIn, calledAt }) =>
          isIn && calledAt <= at && (place(id) ?? Number.POSITIVE_INFINITY) > kickedAt,
      )
      if (!isBack)
        this.#verdict.fault(
          'leaked',
          `${who} got offset ${position.offset} of ${truth.channel}, but was kicked at ${kickedAt}`,
          { channel: truth.channel, who },
        )
    }
  }

  /** Who says something is a member where it stands. */
  #checkWords(truth: ChannelTruth): void {
    for (const stream of truth.streams.values()) {
      const members = new Map<string, boolean>()
      const byId = new Map((this.#changes.get(truth) ?? []).map((change) => [change.id, change]))
      let last = 0
      for (const [offset, { id, type, user }] of stream.between(0, stream.head)) {
        // What nobody has seen may have been an admission.
        if (offset !== last + 1) members.clear()
        last = offset
        const change = byId.get(id)
        if (change !== undefined) members.set(change.user, change.isIn)
        if (type === 'said' && user !== undefined && members.get(user) === false)
          this.#verdict.fault('leaked', `${user} said ${id} at ${offset} of ${truth.channel} after a kick`, {
            channel: truth.channel,
          })
      }
    }
  }
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
