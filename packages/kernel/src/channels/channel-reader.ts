import { type ChannelEvent, type CompiledFilter, ParleyError, type StateSnapshot } from '@parley/protocol'
import type { ChannelsAccess, HistoryPage, HistoryQuery, SessionSummary } from '../context.ts'
import type { Kind, Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { EventLog, RecentLog, StoredEvent, Top } from '../ports/event-log.ts'
import type { Redaction, Store } from '../ports/store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Channel } from './channel.ts'
import type { Hub } from './hub.ts'
import { KeyedState } from './keyed-state.ts'
import type { UserInChannel } from './occupancy.ts'

/** What is asked of the other nodes of a cluster. */
export interface ReaderCluster {
  /** Undefined when the keyed state of other nodes is known, else a promise that is fulfilled soon in any case. */
  whole(channel: Channel): Promise<void> | undefined
  summaries(app: string, user: string): Promise<readonly SessionSummary[]>
}

export interface ChannelReaderParts {
  readonly hub: Hub
  readonly kinds: Kinds
  readonly limits: Limits
  readonly sessions: Sessions
  readonly store: Store
  readonly recentLog: RecentLog
  /** Absent on a node that is alone. */
  readonly cluster: ReaderCluster | undefined
  /** Has the other nodes forget the words of an event. */
  readonly tellRedaction: (app: string, redaction: Redaction) => Promise<void>
}

/** Largest history page in bytes of data. */
const maxPageBytes = 512 * 1024
/** Times that a page is read whose stream becomes another one meanwhile. */
const maxReads = 3

/** What handlers may see and do of an app's channels. */
export class ChannelReader implements ChannelsAccess {
  readonly #app: string
  readonly #parts: ChannelReaderParts

  constructor(app: string, parts: ChannelReaderParts) {
    this.#app = app
    this.#parts = parts
  }

  kind(channel: string): Kind {
    return this.#parts.kinds.of(channel)
  }

  kinds(): readonly Kind[] {
    return this.#parts.kinds.list()
  }

  async top(channel: string): Promise<Top> {
    const app = this.#app
    const { hub } = this.#parts
    const log = hub.log(this.kind(channel))
    if (log !== undefined) return ((await log.tops(app, [channel])) as readonly [Top])[0]
    const open = hub.find(app, channel)
    return open === undefined
      ? { epoch: '', head: 0, first: 1 }
      : { epoch: open.epoch, head: open.head, first: open.head + 1 }
  }

  /** @throws ParleyError `unavailable` when the log begins anew again and again */
  async history(query: HistoryQuery, filter?: CompiledFilter): Promise<HistoryPage> {
    const kind = this.kind(query.channel)
    for (let round = 0; round < maxReads; round++) {
      const page = await this.#page(query, filter)
      if (!this.#parts.hub.mayBeReplaced(kind) || (await this.top(query.channel)).epoch === page.epoch)
        return page
    }
    throw new ParleyError('unavailable')
  }

  async #page(query: HistoryQuery, filter: CompiledFilter | undefined): Promise<HistoryPage> {
    const app = this.#app
    const { hub, limits } = this.#parts
    const log = hub.log(this.kind(query.channel))
    const top = await this.top(query.channel)
    const page = { epoch: top.epoch, head: top.head, first: top.first }
    if (log === undefined) return { ...page, events: [] }
    const limit = Math.min(query.limit, limits.historyPage)
    const isForward = query.after !== undefined || query.since !== undefined
    const events = isForward
      ? await readForward(log, app, query, limit)
      : await log.readBackward(app, query.channel, query.before ?? top.head + 1, limit)
    const next = isForward ? nextForward(events, top.head) : nextBackward(events, top.first)
    const found = events.map((event) => toChannelEvent(query.channel, top.epoch, event))
    return {
      ...page,
      events: filter === undefined ? found : found.filter((event) => filter.matches(event)),
      ...(next === undefined ? {} : { next }),
    }
  }

  async pick(channel: string, offsets: readonly number[]): Promise<readonly (ChannelEvent | undefined)[]> {
    const log = this.#parts.hub.log(this.kind(channel))
    if (log === undefined) return offsets.map(() => undefined)
    const [{ epoch }, events] = await Promise.all([this.top(channel), log.pick(this.#app, channel, offsets)])
    return events.map((event) => event && toChannelEvent(channel, epoch, event))
  }

  list(options: {
    readonly prefix?: string | undefined
    readonly after?: string | undefined
    readonly limit: number
  }): Promise<readonly (Top & { readonly channel: string })[]> {
    const { store } = this.#parts
    const { prefix, after, limit } = options
    return store.channels(this.#app, {
      limit,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    })
  }

  async redact(channel: string, offset: number): Promise<boolean> {
    const app = this.#app
    const { hub } = this.#parts
    const log = hub.log(this.kind(channel))
    if (log === undefined || !(await log.redact(app, channel, offset))) return false
    hub.redacted(app, channel, offset)
    await this.#parts.tellRedaction(app, { channel, offset })
    return true
  }

  async gather(channel: string): Promise<void> {
    const { hub, cluster } = this.#parts
    if (cluster !== undefined) await cluster.whole(await hub.open(this.#app, channel))
  }

  state(channel: string, after?: string): StateSnapshot {
    const open = this.#parts.hub.find(this.#app, channel)
    return (open?.state ?? new KeyedState('', this.kind(channel).limits)).snapshot(after)
  }

  presence(channel: string): { readonly sessions: number; readonly users: number } {
    return this.#parts.hub.find(this.#app, channel)?.state.occupancy ?? { sessions: 0, users: 0 }
  }

  members(channel: string, after: string | undefined, limit: number): readonly UserInChannel[] {
    return this.#parts.hub.find(this.#app, channel)?.state.members(after, limit) ?? []
  }

  async sessions(user: string): Promise<readonly SessionSummary[]> {
    const { cluster, sessions } = this.#parts
    return (cluster ?? sessions).summaries(this.#app, user)
  }
}

async function readForward(
  log: EventLog,
  app: string,
  query: HistoryQuery,
  limit: number,
): Promise<readonly StoredEvent[]> {
  const since = query.since === undefined ? 0 : await log.offsetBefore(app, query.channel, query.since)
  return log.read(app, query.channel, {
    after: Math.max(query.after ?? 0, since),
    limit,
    maxBytes: maxPageBytes,
  })
}

function nextForward(events: readonly StoredEvent[], head: number): number | undefined {
  const last = events.at(-1)?.offset
  return last !== undefined && last < head ? last : undefined
}

function nextBackward(events: readonly StoredEvent[], first: number): number | undefined {
  const oldest = events[0]?.offset
  return oldest !== undefined && oldest > first ? oldest : undefined
}

/** An event as the application sees it. */
function toChannelEvent(channel: string, epoch: string, event: StoredEvent): ChannelEvent {
  const { id, type, offset, at, by, tags, redacted } = event
  return {
    id: id ?? `${epoch}-${offset}`,
    channel,
    type,
    data: JSON.parse(event.data),
    offset,
    at,
    ...(by === undefined ? {} : { by }),
    ...(tags === undefined ? {} : { tags: JSON.parse(tags) }),
    ...(redacted === undefined ? {} : { redacted }),
  }
}
