import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { BackgroundCheckpoints } from './background-checkpoints.ts'

interface CheckpointRow {
  readonly busy: number
  /** Pages in the log. */
  readonly log: number
  /** Those of them that are written back. */
  readonly checkpointed: number
}

/** So few pages are written back between two groups: a few milliseconds. */
const fewPages = 512
/** The log grows by so many times its bound while another thread writes it back; then groups wait. */
const mostOver = 8

/**
 * The write-ahead log of the database. Most of it is written back by another thread while groups are committed; the
 * rest, which comes meanwhile, between two groups, so that the log can begin anew.
 */
export class WriteAheadLog {
  readonly #database: DatabaseSync
  readonly #maxPages: number
  readonly #background: BackgroundCheckpoints
  /** How long the log was when the other thread last began. */
  #lengthAtBegin = 0
  readonly #measure: StatementSync
  readonly #passive: StatementSync
  readonly #truncate: StatementSync

  constructor(
    database: DatabaseSync,
    { maxPages, background }: { readonly maxPages: number; readonly background: BackgroundCheckpoints },
  ) {
    this.#database = database
    this.#maxPages = maxPages
    this.#background = background
    this.#measure = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#truncate = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Has the log written back when it has grown long. What readers need stays for the next time. */
  keepShort(): void {
    const { log, checkpointed } = this.#measure.get() as unknown as CheckpointRow
    if (log <= this.#maxPages) return
    const isFarOver = log > this.#maxPages * mostOver
    if (isFarOver) this.#background.wait()
    if (this.#background.isRunning) return
    if (isFarOver || log - checkpointed <= fewPages) this.writeBack()
    else this.#beginWritingBack(log)
  }

  #beginWritingBack(length: number): void {
    const grown = length - this.#lengthAtBegin
    // Where a reader was in the way, little has changed.
    if (grown >= 0 && grown < fewPages) return
    this.#lengthAtBegin = length
    if (!this.#background.begin()) this.writeBack()
  }

  /** Writes back what readers allow, so that the log can begin anew. */
  writeBack(): void {
    this.#passive.get()
  }

  /** Writes everything back and empties the file. False when a reader is in the way; then try again. */
  truncate(): boolean {
    this.#background.wait()
    this.#database.exec('PRAGMA busy_timeout = 50')
    try {
      return (this.#truncate.get() as unknown as CheckpointRow).busy === 0
    } finally {
      this.#database.exec('PRAGMA busy_timeout = 5000')
    }
  }

  /** Ends what writes back in the background. */
  close(): void {
    this.#background.close()
  }
}
