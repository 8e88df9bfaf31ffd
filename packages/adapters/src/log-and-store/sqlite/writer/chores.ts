import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Fault, faultOf } from '../faults.ts'
import type { Chore, ChoreResult } from '../messages.ts'
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

/** Tries to be rid of redacted words, `purgeIntervalMs` apart. */
const maxPurgeAttempts = 600

export const purgeIntervalMs = 50

interface Job {
  readonly id: number
  readonly chore: Chore
}

type Done = (id: number, result: ChoreResult) => void
type Trim = Extract<Chore, { kind: 'trim' }>
type Redact = Extract<Chore, { kind: 'redact' }>

export interface ChoresParts {
  readonly database: DatabaseSync
  readonly transaction: Transaction
  readonly heads: Heads
  readonly events: EventRows
  readonly log: WriteAheadLog
}

/** Work on the log that may wait: done in slices, between groups, first come first served. */
export class Chores {
  readonly #parts: ChoresParts
  readonly #done: Done
  readonly #sweepReceipts: StatementSync
  readonly #sweepRecords: StatementSync
  #jobs: Job[] = []
  /** Redactions that are committed, and whose words may still lie in the write-ahead log. */
  #purging: number[] = []
  #purgeAttempts = 0
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

  /** Redactions wait for readers to let go of old pages; call `purge` a little later. */
  get isPurging(): boolean {
    return this.#purging.length > 0
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

  /** Empties the write-ahead log, so that redacted words are in no file, and tells those who wait for it. */
  purge(): void {
    if (!this.isPurging) return
    this.#purgeAttempts += 1
    if (this.#truncate()) return this.#endPurge({ value: true })
    if (this.#purgeAttempts < maxPurgeAttempts) return
    const message =
      'The event is redacted, but a reader (a backup, perhaps) holds on to its words. Repeat it later.'
    this.#endPurge({ fault: { code: 'outcome_unknown', message } })
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
    this.#purgeAttempts = 0
    for (const id of this.#purging.splice(0)) this.#done(id, result)
  }

  /** Tells whether the job is finished. */
  #advance({ id, chore }: Job): boolean {
    if (chore.kind === 'trim') return this.#trim(id, chore)
    if (chore.kind === 'redact') this.#redact(id, chore)
    else this.#sweep(id, chore.now)
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
    this.#purging.push(id)
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
