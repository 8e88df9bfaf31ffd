import type { Position } from '@parley/protocol'
import type { EventLog, NewEvent } from './event-log.ts'

/** A value that SQL parameters may have. Whole numbers beyond 2^53 must be bigint. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** A compiled statement, as Kysely's `compile()` gives it. */
export interface SqlStatement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/**
 * A value that a parameter of a unit's statement may have: plain, or the offset that an event of the unit is given,
 * by the event's index among the unit's events. The writer puts it in, inside the commit.
 */
export type UnitValue = SqlValue | { readonly offsetOf: number }

/** A statement that a unit carries out. */
export interface UnitStatement {
  readonly sql: string
  readonly parameters: readonly UnitValue[]
}

/** A change of one record: a JSON value under a key, for small state that needs no query. `value: null` removes it. */
export interface RecordWrite {
  readonly table: string
  readonly key: string
  /** JSON text. */
  readonly value: string | null
  /** After this time (ms since 1970) the record may vanish. */
  readonly expiresAt?: number
}

export type Write = RecordWrite | UnitStatement

/**
 * Something that a decision rested on, checked inside the commit.
 * A record assertion holds when the record's version equals `version` (0: there is no such record). An SQL assertion
 * holds when the query gives at least one row (`expect: 'some'`) or none.
 */
export type Assertion =
  | { readonly table: string; readonly key: string; readonly version: number }
  | (SqlStatement & { readonly expect: 'some' | 'none' })

/** What makes a repeat of a command answer as the first run did. Stored in the same commit as the effect. */
export interface Receipt {
  /** Unguessable by other users: app, user, command and key, joined. */
  readonly scope: string
  /** Digest of the input, to refuse the same key with another input. */
  readonly fingerprint: string
  /** JSON text of the command's output. */
  readonly output: string
  readonly expiresAt: number
}

export interface StoredReceipt {
  readonly fingerprint: string
  readonly output: string
  readonly positions: readonly Position[]
}

export interface UnitEvent extends NewEvent {
  readonly channel: string
}

/** An event that becomes a tombstone. */
export interface Redaction {
  readonly channel: string
  readonly offset: number
}

/** What one command changes: whole or not at all. */
export interface Unit {
  readonly app: string
  readonly assertions: readonly Assertion[]
  readonly writes: readonly Write[]
  readonly events: readonly UnitEvent[]
  /**
   * Events committed earlier that become tombstones. An offset that is not held is ignored. Reads that start after the
   * commit see tombstones; when the words are in no file any more, {@link Store.purged} tells.
   */
  readonly redactions?: readonly Redaction[]
  readonly receipt?: Receipt
}

/** The durable channel of an app on which access changes are recorded. */
export const controlChannel = 'control:access'

export type CommitResult =
  | {
      readonly status: 'committed'
      readonly positions: readonly Position[]
      /** Head of the app's {@link controlChannel} as of this unit: whatever was committed before it is at or below. */
      readonly control: number
    }
  /** The receipt's scope is taken: an earlier run of the same command. Nothing was changed. */
  | { readonly status: 'repeated'; readonly receipt: StoredReceipt }
  /** An assertion does not hold. Nothing was changed. */
  | { readonly status: 'refused'; readonly assertion: number }

export interface RecordRow {
  readonly key: string
  readonly value: string
  /** Counts the writes of this record from 1. */
  readonly version: number
}

/**
 * A step of a module's tables. Once released it is never changed: what comes later is another step.
 */
export interface Migration {
  /** Unique within the module: `1-conversations`. */
  readonly name: string
  /** Statements, one each. What they make, change or fill begins with the module's name and `_`. */
  readonly sql: readonly string[]
}

export interface StoreStatus {
  /** False when durable writes are refused; `problem` says why. */
  readonly writable: boolean
  readonly problem?: string
  /** Units waiting for the writer. */
  readonly queued: number
}

/**
 * Rows and durable log of one database, because they commit together.
 *
 * Guarantees. `commit`: units take effect in the order of the calls, each whole or not at all; offsets are given inside
 * the commit, one higher per event of a channel; the promise is fulfilled when the unit is on disk (as this store
 * defines it: see its page), and promises are fulfilled in the order of the calls. Errors: `overloaded` (queue full,
 * nothing stored), `store_full`, `unavailable` (nothing stored), `outcome_unknown` (repeat with the same receipt).
 * A read that starts after a commit was fulfilled sees it.
 */
export interface Store extends EventLog {
  commit(unit: Unit): Promise<CommitResult>
  receipts(scopes: readonly string[]): Promise<readonly (StoredReceipt | undefined)[]>
  record(app: string, table: string, key: string): Promise<RecordRow | undefined>
  /** Records by key order, after `after`. */
  records(
    app: string,
    table: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly RecordRow[]>
  /**
   * Brings a module's tables up to date: carries out what was not carried out before, in order, each step whole or not
   * at all, and remembers it. Call it before units that need the tables.
   *
   * @throws ParleyError `bad_request` for a step that cannot be carried out, `unavailable` when the store remembers
   * others than those given (a newer version wrote it), and by stores without SQL unless there is nothing to do
   */
  migrate(module: string, migrations: readonly Migration[]): Promise<void>
  /**
   * Fulfilled when the words that units committed before the call have redacted are in no file. The store works on it
   * unasked.
   *
   * @throws ParleyError `outcome_unknown` when something (a backup, perhaps) still reads them after half a minute
   */
  purged(): Promise<void>
  /**
   * Rows of a query, at most 50,000: more are refused with `internal`. Refused with `unavailable` by stores without SQL.
   */
  query(statement: SqlStatement): Promise<readonly Readonly<Record<string, SqlValue>>[]>
  /** Removes expired receipts and records, a bounded number a call. */
  sweep(now: number): Promise<void>
  status(): StoreStatus
  /** Refuses new units, finishes those accepted, frees everything. */
  close(): Promise<void>
}
