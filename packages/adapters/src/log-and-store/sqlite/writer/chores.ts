import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Fault, faultOf } from '../faults.ts'
import type { Chore, ChoreResult } from '../messages.ts'
import { migrateModule } from '../sql/module-migrations.ts'
import type { Statements } from '../sql/statements.ts'
import { type EventRows, emptyMargin } from './event-rows.ts'
import type { Heads } from './heads.ts'
import type { Transaction } from './transaction.ts'
import type { WriteAheadLog } from './write-ahead-log.ts'

/** What one slice of a chore takes at most, so that commits wait a few milliseconds only. */
const slice = { events: 256, bytes: 1_048_576, expired: 1_000 }

/** Rows are compacted when so many more of them are empty than hold an event. */
const minEmptied = 8_192

/** What a slice of compaction takes when the disk is full: it needs room itself before it makes any. */
const smallSlice = { events: 32, bytes: 16_384 }

/** While somebody waits for it, it is tried so often to be rid of redacted words; who waits for longer is refused. */
const purgeIntervalMs = 50
const maxPurgeMs = 30_000

/** While nobody waits, words are collected for so long: emptying the write-ahead log costs as much as a few commits. */
const purgeDelayMs = 250

interface Job {
  readonly id: number
  readonly chore: Chore
}

type Done = (id: number, result: ChoreResult) => void
type Trim = Extract<Chore, { kind: 'trim' }>
type Redact = Extract<Chore, { kind: 'redact' }>
type Migrate = Extract<Chore, { kind: 'migrate' }>

export interface ChoresParts {
  readonly database: DatabaseSync
  readonly transaction: Transaction
  readonly heads: Heads
  readonly events: EventRows
  readonly log: WriteAheadLog
  readonly statements: Statements
}

/** Work that may wait: done in slices, between groups, first come first served. */
export class Chores {
  readonly #parts: ChoresParts
  readonly #done: Done
  readonly #sweepReceipts: StatementSync
  readonly #sweepRecords: StatementSync
  #jobs: Job[] = []
  /** Chores that are done when redacted words are in the write-ahead log no more. */
  #purging: number[] = []
  #waitingSince = 0
  /** When it is tried next while nobody waits; undefined when nothing is known to be there. */
  #purgeAt: number | undefined
  #isCompacting = false
  #isTurnOfJobs = false

  constructor(parts: ChoresParts, done: Done) {
    this.#parts = parts
    this.#done = done
    this.#sweepReceipts = parts.database.prepare(
      `DELETE FROM parley_receipts WHERE n IN
       (SELECT n FROM parley_receipts WHERE expires_at <= ? ORDER BY expires_at LIMIT ${slice.expired})`,
    )
    this.#sweepRecords = parts.database.prepare(
      `DELETE FROM parley_records WHERE (app, name, key) IN
       (SELECT app, name, key FROM parley_records WHERE expires_at <= ? ORDER BY expires_at LIMIT ${slice.expired})`,
    )
  }

  add(id: number, chore: Chore): void {
    this.#jobs.push({ id, chore })
  }

  /** There are chores that are not done. */
  get isWaiting(): boolean {
    return this.#jobs.length > 0
  }

  /** Call `purge` after so many milliseconds; undefined when there is nothing to be rid of. */
  get purgeInMs(): number | undefined {
    if (!this.#parts.events.isUnpurged) return undefined
    return this.#purging.length > 0 ? purgeIntervalMs : this.#leftUntilPurge()
  }

  /**
   * Does one slice. False: there was nothing to do. Throws nothing; answers what stops durable writes. On a full disk,
   * every row that can be freed is.
   */
  step(isFull: boolean): boolean | Fault {
    const job = this.#jobs[0]
    this.#isTurnOfJobs = !this.#isTurnOfJobs
    if (job === undefined || !this.#isTurnOfJobs) {
      const outcome = this.#compact(isFull)
      if (job === undefined || outcome !== false) return outcome
    }
    try {
      if (!this.#advance(job)) return true
    } catch (error) {
      const fault = faultOf(error)
      this.#done(job.id, { fault })
      this.#jobs.shift()
      return fault.stops ? fault : true
    }
    this.#jobs.shift()
    return true
  }

  /**
   * Empties the write-ahead log when redacted words may be in it: at once when somebody waits for it, else when its time
   * has come.
   */
  purge(): void {
    if (this.purgeInMs === undefined) return
    if (this.#purging.length > 0 || this.#leftUntilPurge() === 0) this.#purgeNow()
  }

  /** What an earlier process has left in the write-ahead log may hold words that it has redacted. */
  purgeAtStart(): void {
    this.#parts.events.isUnpurged = true
    this.#purgeNow()
  }

  #purgeNow(): void {
    const now = performance.now()
    if (this.#truncate()) {
      this.#parts.events.isUnpurged = false
      this.#endPurge({ value: true })
      return
    }
    // A reader is in the way, or the disk is full. The words must go in the end, whether somebody waits or not.
    this.#purgeAt = now + purgeDelayMs
    if (this.#purging.length === 0 || now - this.#waitingSince < maxPurgeMs) return
    const message =
      'The event is redacted, but a reader (a backup, perhaps) holds on to its words. Repeat it later.'
    this.#endPurge({ fault: { code: 'outcome_unknown', message } })
  }

  #awaitPurge(id: number): void {
    if (this.#purging.length === 0) this.#waitingSince = performance.now()
    this.#purging.push(id)
  }

  #leftUntilPurge(): number {
    const now = performance.now()
    this.#purgeAt ??= now + purgeDelayMs
    return Math.max(this.#purgeAt - now, 0)
  }

  /** Refuses everything that is not done. */
  abandon(fault: Fault): void {
    for (const { id } of this.#jobs.splice(0)) this.#done(id, { fault })
    this.#endPurge({ fault })
  }

  #truncate(): boolean {
    try {
      return this.#parts.log.truncate()
    } catch {
      // A full disk, perhaps: the pages stay in the log until there is room.
      return false
    }
  }

  #endPurge(result: ChoreResult): void {
    if (!this.#parts.events.isUnpurged) this.#purgeAt = undefined
    for (const id of this.#purging.splice(0)) this.#done(id, result)
  }

  /** Tells whether the job is finished. */
  #advance({ id, chore }: Job): boolean {
    if (chore.kind === 'trim') return this.#trim(id, chore)
    if (chore.kind === 'redact') this.#redact(id, chore)
    else if (chore.kind === 'sweep') this.#sweep(id, chore.now)
    else if (chore.kind === 'migrate') this.#migrate(id, chore)
    else if (this.#parts.events.isUnpurged) this.#awaitPurge(id)
    else this.#done(id, { value: true })
    return true
  }

  #trim(id: number, { app, channel, retention, now }: Trim): boolean {
    const { heads, events, transaction } = this.#parts
    const head = heads.of(app, channel)
    const sizes = events.sizes(head, head.first, slice.events)
    let [held, bytes, count] = [head.head - head.first + 1, head.bytes, 0]
    for (const size of sizes) {
      const fits = held <= retention.maxEvents && bytes <= retention.maxBytes
      if ((fits && size.at >= now - retention.maxAgeMs) || head.bytes - bytes > slice.bytes) break
      held -= 1
      bytes -= size.bytes
      count += 1
    }
    const last = sizes[count - 1]
    if (last === undefined) {
      this.#done(id, { value: head.first })
      return true
    }
    transaction.around(() => events.drop(head, last.offset, head.bytes - bytes))
    return false
  }

  #redact(id: number, { app, channel, offset }: Redact): void {
    const { heads, events, transaction } = this.#parts
    const head = heads.of(app, channel)
    const event = events.find(head, offset)
    if (event === undefined) return this.#done(id, { value: false })
    transaction.around(() => events.redact(head, event))
    this.#awaitPurge(id)
  }

  #migrate(id: number, { module, migrations }: Migrate): void {
    const { database, statements, transaction } = this.#parts
    const around = (run: () => void) => transaction.around(run)
    const fault = migrateModule({ database, statements, around }, module, migrations)
    this.#done(id, fault === undefined ? { value: true } : { fault })
  }

  #sweep(id: number, now: number): void {
    this.#parts.transaction.around(() => {
      this.#sweepReceipts.run(now)
      this.#sweepRecords.run(now)
    })
    this.#done(id, { value: true })
  }

  #compact(isFull: boolean): boolean | Fault {
    const { events, heads, transaction } = this.#parts
    const most = this.#isCompacting ? heads.held / 4 + minEmptied / 2 : heads.held + minEmptied
    this.#isCompacting = events.emptied > (isFull ? emptyMargin : most)
    if (!this.#isCompacting) return false
    const size = isFull ? smallSlice : slice
    try {
      transaction.around(() => events.compact(size.events, size.bytes))
      return true
    } catch (error) {
      const fault = faultOf(error)
      this.#isCompacting = false
      return fault.stops ? fault : false
    }
  }
}
