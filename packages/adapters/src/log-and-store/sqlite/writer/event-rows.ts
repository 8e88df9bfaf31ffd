import { Buffer } from 'node:buffer'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { NewEvent } from '@parley/kernel'
import type { Head, Heads } from './heads.ts'

/** Bytes of a tombstone's data (`null`). */
const tombstoneBytes = 4

/**
 * Rows are deleted only when so many behind them are empty too. When SQLite joins half-empty pages, it rewrites up to
 * three neighbours, and a page has room for 300 empty rows: so no word was left in any of them.
 */
export const emptyMargin = 1_024

/** A row that `next` answered. */
interface Row {
  readonly n: number
  readonly isHeld: 0 | 1
  readonly weight: number
}

/** An event in the log, as far as upkeep needs to know it. */
export interface EventSize {
  readonly n: number
  readonly offset: number
  readonly at: number
  readonly bytes: number
}

/**
 * The table of events, for the writer. Rows are numbered without gaps in the order of their commits, and taken away
 * from the lower end only. An event that is dropped leaves an empty row where it was.
 *
 * Why not delete it? SQLite joins half-empty pages and leaves copies of their rows in the unused room, also with
 * `secure_delete`. A word redacted later would stay in the file. So no page that holds words is ever joined or split:
 * rows are added at the upper end, emptied in place, and deleted among empty ones.
 */
export class EventRows {
  readonly #heads: Heads
  readonly #insert: StatementSync
  readonly #sizes: StatementSync
  readonly #find: StatementSync
  readonly #empty: StatementSync
  readonly #redact: StatementSync
  readonly #following: StatementSync
  readonly #select: StatementSync
  readonly #emptyRow: StatementSync
  readonly #delete: StatementSync
  /** Words of redactions that are committed may lie in the write-ahead log. Whoever has emptied it says so here. */
  isUnpurged = false
  #hasRedacted = false
  /** Lowest and highest number; every row below `#clean` is empty. */
  #now: { first: number; clean: number; last: number }
  #committed: { first: number; clean: number; last: number }

  constructor(database: DatabaseSync, heads: Heads) {
    const fields = 'n, channel, offset, type, data, tags, id, author, at'
    const nothing = fields.replace('n, ', '').replaceAll(',', ' = NULL,').concat(' = NULL')
    const size = `coalesce(octet_length(data), ${tombstoneBytes})`
    this.#heads = heads
    this.#insert = database.prepare(
      `INSERT INTO parley_events (${fields}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#sizes = database.prepare(
      `SELECT n, offset, at, ${size} AS bytes FROM parley_events
       WHERE channel = ? AND offset >= ? ORDER BY offset LIMIT ?`,
    )
    this.#find = database.prepare(
      `SELECT n, offset, at, ${size} AS bytes FROM parley_events WHERE channel = ? AND offset = ?`,
    )
    this.#empty = database.prepare(
      `UPDATE parley_events SET ${nothing} WHERE channel = ? AND offset BETWEEN ? AND ?`,
    )
    this.#redact = database.prepare(
      'UPDATE parley_events SET data = NULL, tags = NULL, id = NULL WHERE n = ?',
    )
    this.#following = database.prepare(
      `SELECT n, channel IS NOT NULL AS isHeld, ${size} + coalesce(octet_length(tags), 0) AS weight
       FROM parley_events WHERE n >= ? ORDER BY n LIMIT ?`,
    )
    this.#select = database.prepare(`SELECT ${fields} FROM parley_events WHERE n = ?`)
    this.#emptyRow = database.prepare(`UPDATE parley_events SET ${nothing} WHERE n = ?`)
    this.#delete = database.prepare('DELETE FROM parley_events WHERE n < ?')
    const ends = database
      .prepare('SELECT coalesce(min(n), 1) AS first, coalesce(max(n), 0) AS last FROM parley_events')
      .get() as { first: number; last: number }
    this.#now = { first: ends.first, clean: ends.first, last: ends.last }
    this.#committed = { ...this.#now }
  }

  /** Rows that hold no event any more. */
  get emptied(): number {
    return this.#now.last - this.#now.first + 1 - this.#heads.held
  }

  /** A point to which `undo` can go back. */
  mark(): number {
    return this.#now.last
  }

  /** The rows added since have been taken back. */
  undo(mark: number): void {
    this.#now.last = mark
  }

  /** Adds the event that follows a channel's head. */
  append(head: Head, offset: number, { type, data, tags, id, by, at }: NewEvent): void {
    this.#now.last += 1
    this.#insert.run(this.#now.last, head.id, offset, type, data, tags ?? null, id ?? null, by ?? null, at)
    this.#heads.change(head, { head: offset, bytes: head.bytes + Buffer.byteLength(data) })
  }

  /** Up to `limit` events of a channel, from an offset. */
  sizes(head: Head, from: number, limit: number): EventSize[] {
    return this.#sizes.all(head.id, from, limit) as unknown as EventSize[]
  }

  find(head: Head, offset: number): EventSize | undefined {
    return this.#find.get(head.id, offset) as EventSize | undefined
  }

  /** Drops the events of a channel up to an offset; they weigh `bytes`. */
  drop(head: Head, to: number, bytes: number): void {
    this.#empty.run(head.id, head.first, to)
    this.#heads.change(head, { first: to + 1, bytes: head.bytes - bytes })
  }

  /** Makes an event a tombstone. */
  redact(head: Head, { n, bytes }: EventSize): void {
    this.#redact.run(n)
    this.#hasRedacted = true
    this.#heads.change(head, { bytes: head.bytes - bytes + tombstoneBytes })
  }

  /**
   * Frees room at the lower end: moves the events of the next rows to the upper end, and deletes what is empty then.
   * Stops after `maxRows` rows, or when it has moved `maxBytes`.
   */
  compact(maxRows: number, maxBytes: number): void {
    let bytes = 0
    for (const { n, isHeld, weight } of this.#following.all(this.#now.clean, maxRows) as unknown as Row[]) {
      if (isHeld === 1) {
        this.#move(n)
        bytes += weight
      }
      this.#now.clean = n + 1
      if (bytes >= maxBytes) break
    }
    this.#now.first = Math.max(this.#now.first, this.#now.clean - emptyMargin)
    this.#delete.run(this.#now.first)
  }

  /** The transaction has ended. */
  settle(isCommitted: boolean): void {
    if (isCommitted) this.#committed = { ...this.#now }
    else this.#now = { ...this.#committed }
    if (isCommitted && this.#hasRedacted) this.isUnpurged = true
    this.#hasRedacted = false
  }

  #move(n: number): void {
    const [, ...values] = Object.values(this.#select.get(n) ?? {}) as SQLInputValue[]
    this.#emptyRow.run(n)
    this.#now.last += 1
    this.#insert.run(this.#now.last, ...values)
  }
}
