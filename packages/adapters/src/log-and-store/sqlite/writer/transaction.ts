import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventRows } from './event-rows.ts'
import type { Heads } from './heads.ts'

/** Transactions of the writing connection, with what the writer keeps in memory in step. */
export class Transaction {
  readonly #database: DatabaseSync
  readonly #heads: Heads
  readonly #events: EventRows
  readonly #begin: StatementSync
  readonly #commit: StatementSync

  constructor(database: DatabaseSync, heads: Heads, events: EventRows) {
    this.#database = database
    this.#heads = heads
    this.#events = events
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
  }

  /** False after errors with which SQLite ends a transaction by itself (SQLITE_FULL is one). */
  get isOpen(): boolean {
    return this.#database.isTransaction
  }

  begin(): void {
    this.#begin.run()
  }

  commit(): void {
    this.#commit.run()
    this.#settle(true)
  }

  /** Takes everything back, in memory too, whether or not the transaction still stands. */
  rollback(): void {
    this.#settle(false)
    if (this.isOpen) this.#database.exec('ROLLBACK')
  }

  /** Does `run` in a transaction of its own; what it throws takes everything back. */
  around(run: () => void): void {
    this.begin()
    try {
      run()
      this.#heads.write()
      this.commit()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  #settle(isCommitted: boolean): void {
    this.#heads.settle(isCommitted)
    this.#events.settle(isCommitted)
  }
}
