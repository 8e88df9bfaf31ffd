import type { Clock } from '../ports/clock.ts'
import type { NewEvent, RecentLog, Retention } from '../ports/event-log.ts'
import { ChannelLog } from './channel-log.ts'
import { deriveEpoch, halfSipHash } from './epoch.ts'
import { firstNotBelow, readingSide } from './reading.ts'

interface Entry {
  readonly app: string
  readonly channel: string
  readonly log: ChannelLog
  /** As of the last append. */
  retention: Retention
  /** When the last append was, or the last event went (monotonic ms). */
  touchedAt: number
}

interface AppLogs {
  readonly byName: Map<string, Entry>
  /** In order: a sweep over many channels takes page after page. */
  readonly names: string[]
}

/** Epoch and head stay at least so long after the last event is gone. */
const headKeptMs = 24 * 60 * 60 * 1000

export interface MemoryRecentLogOptions {
  readonly clock: Clock
  /** All nodes of the cluster are in this process, and are given this log. */
  readonly isShared?: boolean
}

/**
 * A log in the memory of this process. `append` is synchronous. What a channel may hold is bounded by its retention at
 * every append; each append also looks after one other channel, so that channels which fell silent are freed without a
 * timer. A channel that was forgotten begins a new epoch.
 */
export function memoryRecentLog({ clock, isShared = false }: MemoryRecentLogOptions): RecentLog {
  const shelf = new Shelf(clock)
  const side = readingSide(shelf, async (read) => read())
  return {
    ...side,
    isShared,
    append: (app, channel, events, retention) => shelf.append(app, channel, { events, retention }),
    trim: async (app, channel, retention, now) => shelf.trim(app, channel, { retention, now }),
  }
}

class Shelf {
  readonly #clock: Clock
  readonly #seed: string
  readonly #apps = new Map<string, AppLogs>()
  /** All entries; appends look after one at a time, round and round. */
  readonly #entries: Entry[] = []
  #next = 0
  /** How often a channel with this hash was forgotten; makes the next epoch another one, in bounded memory. */
  #forgotten: Uint32Array | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#seed = clock.secret(128)
  }

  find(app: string, channel: string): ChannelLog | undefined {
    return this.#entry(app, channel)?.log
  }

  names(app: string): readonly string[] {
    return this.#apps.get(app)?.names ?? []
  }

  #entry(app: string, channel: string): Entry | undefined {
    return this.#apps.get(app)?.byName.get(channel)
  }

  epoch(app: string, channel: string): string {
    const incarnation = this.#forgotten?.[this.#slot(app, channel)] ?? 0
    return deriveEpoch(this.#seed, app, channel, incarnation)
  }

  append(
    app: string,
    channel: string,
    added: { readonly events: readonly NewEvent[]; readonly retention: Retention },
  ) {
    const entry = this.#entry(app, channel) ?? this.#open(app, channel, added.retention)
    const { log } = entry
    const { epoch } = log
    const positions = added.events.map((event) => ({ epoch, offset: log.append(event) }))
    entry.retention = added.retention
    entry.touchedAt = this.#clock.elapsed()
    log.trim(added.retention, this.#clock.now())
    this.#lookAfterNext()
    return positions
  }

  trim(
    app: string,
    channel: string,
    { retention, now }: { readonly retention: Retention; readonly now: number },
  ): number {
    const entry = this.#entry(app, channel)
    if (entry === undefined) return 1
    this.#trim(entry, retention, now)
    return entry.log.top.first
  }

  #open(app: string, channel: string, retention: Retention): Entry {
    const entry = { app, channel, log: new ChannelLog(this.epoch(app, channel)), retention, touchedAt: 0 }
    let logs = this.#apps.get(app)
    if (logs === undefined) {
      logs = { byName: new Map(), names: [] }
      this.#apps.set(app, logs)
    }
    logs.byName.set(channel, entry)
    logs.names.splice(firstNotBelow(logs.names, channel), 0, channel)
    this.#entries.push(entry)
    return entry
  }

  #lookAfterNext(): void {
    if (this.#next >= this.#entries.length) this.#next = 0
    const entry = this.#entries[this.#next] as Entry
    if (entry.log.length === 0 && this.#clock.elapsed() - entry.touchedAt >= headKeptMs) {
      this.#forgetNext(entry)
      return
    }
    this.#trim(entry, entry.retention, this.#clock.now())
    this.#next += 1
  }

  #trim(entry: Entry, retention: Retention, now: number): void {
    if (entry.log.length === 0) return
    entry.log.trim(retention, now)
    if (entry.log.length === 0) entry.touchedAt = this.#clock.elapsed()
  }

  /** Forgets the entry at `#next`; the last one takes its place in the round. */
  #forgetNext({ app, channel }: Entry): void {
    this.#forgotten ??= new Uint32Array(forgottenSlots)
    const slot = this.#slot(app, channel)
    this.#forgotten[slot] = (this.#forgotten[slot] ?? 0) + 1
    const { byName, names } = this.#apps.get(app) as AppLogs
    byName.delete(channel)
    names.splice(firstNotBelow(names, channel), 1)
    const last = this.#entries.pop() as Entry
    if (this.#next < this.#entries.length) this.#entries[this.#next] = last
  }

  /** Channels that share a slot get a new epoch together, unless they hold a head. */
  #slot(app: string, channel: string): number {
    return Number.parseInt(halfSipHash(`${app.length}:${app}${channel}`).slice(0, 4), 16)
  }
}

const forgottenSlots = 0x1_0000
