import type { DatabaseSync, StatementSync } from 'node:sqlite'

interface CheckpointRow {
  readonly busy: number
  readonly log: number
}

/** The write-ahead log of the database, written back between groups. */
export class WriteAheadLog {
  readonly #database: DatabaseSync
  readonly #maxPages: number
  readonly #measure: StatementSync
  readonly #passive: StatementSync
  readonly #truncate: StatementSync

  constructor(database: DatabaseSync, maxPages: number) {
    this.#database = database
    this.#maxPages = maxPages
    this.#measure = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#truncate = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Writes the log back when it has grown long. Waits for nobody: what readers need stays for the next time. */
  keepShort(): void {
    if ((this.#measure.get() as unknown as CheckpointRow).log > this.#maxPages) this.writeBack()
  }

  /** Writes back what readers allow, so that the log can begin anew. */
  writeBack(): void {
    this.#passive.get()
  }

  /** Writes everything back and empties the file. False when a reader is in the way; then try again. */
  truncate(): boolean {
    this.#database.exec('PRAGMA busy_timeout = 50')
    try {
      return (this.#truncate.get() as unknown as CheckpointRow).busy === 0
    } finally {
      this.#database.exec('PRAGMA busy_timeout = 5000')
    }
  }
}
