import { constants, type DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlStatement, SqlValue } from '@parley/kernel'

/** Statements kept compiled; the one unused for longest goes first. */
const maxStatements = 512

/** Actions that a unit's statement may not take: they would end the group's transaction, or reach other files. */
const forbiddenActions: readonly number[] = [
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
]

const changingActions: readonly number[] = [
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_INDEX,
]

/**
 * Statements that come from outside: compiled once, kept from ending the transaction that they run in, and from
 * changing the tables of the log.
 */
export class Statements {
  readonly #database: DatabaseSync
  readonly #compiled = new Map<string, StatementSync>()
  #isFromOutside = false

  constructor(database: DatabaseSync) {
    this.#database = database
    // Asked while a statement is compiled. It stays in place: to take it away would expire every statement.
    database.setAuthorizer((action, table) =>
      this.#isFromOutside ? authorize(action, table) : constants.SQLITE_OK,
    )
  }

  run(statement: SqlStatement): void {
    this.#compile(statement.sql).run(...statement.parameters.map(toSqlite))
  }

  some(statement: SqlStatement): boolean {
    return this.#compile(statement.sql).get(...statement.parameters.map(toSqlite)) !== undefined
  }

  all(statement: SqlStatement): Record<string, SqlValue>[] {
    const compiled = this.#compile(statement.sql)
    const parameters = statement.parameters.map(toSqlite)
    try {
      return compiled.all(...parameters) as Record<string, SqlValue>[]
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_OUT_OF_RANGE') throw error
      compiled.setReadBigInts(true)
      try {
        return compiled.all(...parameters).map(narrow)
      } finally {
        compiled.setReadBigInts(false)
      }
    }
  }

  #compile(sql: string): StatementSync {
    let compiled = this.#compiled.get(sql)
    if (compiled === undefined) {
      if (this.#compiled.size >= maxStatements)
        this.#compiled.delete(this.#compiled.keys().next().value as string)
      compiled = this.#prepare(sql)
    } else this.#compiled.delete(sql)
    this.#compiled.set(sql, compiled)
    return compiled
  }

  #prepare(sql: string): StatementSync {
    this.#isFromOutside = true
    try {
      return this.#database.prepare(sql)
    } finally {
      this.#isFromOutside = false
    }
  }
}

function authorize(action: number, table: string | null): number {
  if (forbiddenActions.includes(action)) return constants.SQLITE_DENY
  const isOurs = table?.toLowerCase().startsWith('parley_') === true
  return isOurs && changingActions.includes(action) ? constants.SQLITE_DENY : constants.SQLITE_OK
}

/** A number is bound as REAL; whole ones must stay whole in columns without a type, in text and in JSON. */
function toSqlite(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function narrow(row: Record<string, unknown>): Record<string, SqlValue> {
  const narrowed: Record<string, SqlValue> = {}
  for (const [name, value] of Object.entries(row))
    narrowed[name] = typeof value === 'bigint' && isSafe(value) ? Number(value) : (value as SqlValue)
  return narrowed
}

function isSafe(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
}
