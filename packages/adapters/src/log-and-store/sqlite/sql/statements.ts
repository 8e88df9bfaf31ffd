import { constants, type DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlStatement, SqlValue, UnitStatement, UnitValue } from '@parley/kernel'
import type { Position } from '@parley/protocol'
import { rowsOf, type Table } from './table.ts'

/** Statements kept compiled; the one unused for longest goes first. */
const maxStatements = 512

/** Rows that a query may give. */
const maxRows = 50_000

/** Actions that a statement may not take: they would end the group's transaction, reach other files, or outlive it. */
const forbiddenActions: readonly number[] = [
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_CREATE_TEMP_INDEX,
  constants.SQLITE_CREATE_TEMP_TABLE,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_CREATE_TEMP_VIEW,
]

/** Actions on rows: the first name is the table's. */
const rowActions: readonly number[] = [
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
]

/** Actions on the schema: either name may be the table's. */
const schemaActions: readonly number[] = [
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_CREATE_INDEX,
  constants.SQLITE_CREATE_TABLE,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_VIEW,
  constants.SQLITE_CREATE_VTABLE,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_DROP_VIEW,
  constants.SQLITE_DROP_VTABLE,
]

/** What SQLite is about to do, and the names that it tells. */
type Guard = (action: number, first: string | null, second: string | null) => boolean

/**
 * Statements that come from outside: compiled once, kept from ending the transaction that they run in, and from
 * changing the tables of the log.
 */
export class Statements {
  readonly #database: DatabaseSync
  readonly #compiled = new Map<string, StatementSync>()
  /** Says what the statement that is compiled may do; undefined for our own. */
  #guard: Guard | undefined

  constructor(database: DatabaseSync) {
    this.#database = database
    // Asked while a statement is compiled. It stays in place: to take it away would expire every statement.
    database.setAuthorizer((action, first, second) =>
      this.#guard === undefined || this.#guard(action, first, second)
        ? constants.SQLITE_OK
        : constants.SQLITE_DENY,
    )
  }

  /** Carries a unit's statement out; `positions` are those of the unit's events. */
  run(statement: UnitStatement, positions: readonly Position[]): void {
    const place = (value: UnitValue) => toSqlite(isOffset(value) ? offsetOf(value, positions) : value)
    this.#compile(statement.sql).run(...statement.parameters.map(place))
  }

  /** Carries a step of a module's tables out; it changes rows of tables that begin with `prefix` only. */
  step(sql: string, prefix: string): void {
    let refused: string | undefined
    const guard: Guard = (action, first, second) => {
      if (!isAllowed(action, first, second)) refused ??= 'what no migration may do'
      else if (rowActions.includes(action) && !isOwn(first, prefix))
        refused ??= `a change of rows of \`${first}\``
      return refused === undefined
    }
    try {
      this.#guarded(guard, () => this.#database.exec(sql))
    } catch (error) {
      throw refused === undefined ? error : new Error(`it holds ${refused}`)
    }
  }

  some(statement: SqlStatement): boolean {
    return this.#compile(statement.sql).get(...statement.parameters.map(toSqlite)) !== undefined
  }

  all(statement: SqlStatement): Record<string, SqlValue>[] {
    return rowsOf(this.table(statement))
  }

  /** What a query gives, in the form that costs least on its way to another thread. */
  table(statement: SqlStatement): Table {
    const compiled = this.#compile(statement.sql)
    const parameters = statement.parameters.map(toSqlite)
    const columns = compiled.columns().map(({ name }) => name)
    compiled.setReturnArrays(true)
    try {
      return { columns, values: take(compiled, parameters) }
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_OUT_OF_RANGE') throw error
      compiled.setReadBigInts(true)
      try {
        return { columns, values: take(compiled, parameters).map(narrow) }
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
      compiled = this.#guarded(isAllowed, () => this.#database.prepare(sql))
    } else this.#compiled.delete(sql)
    this.#compiled.set(sql, compiled)
    return compiled
  }

  #guarded<T>(guard: Guard, run: () => T): T {
    this.#guard = guard
    try {
      return run()
    } finally {
      this.#guard = undefined
    }
  }
}

/** A full-text index asks for `data_version` by itself, which changes nothing. */
function isAllowed(action: number, first: string | null, second: string | null): boolean {
  if (action === constants.SQLITE_PRAGMA) return first === 'data_version'
  if (forbiddenActions.includes(action)) return false
  if (rowActions.includes(action)) return !isOurs(first)
  return !schemaActions.includes(action) || !(isOurs(first) || isOurs(second))
}

function isOurs(name: string | null): boolean {
  return name?.toLowerCase().startsWith('parley_') === true
}

/** SQLite keeps the schema in tables of its own, and guards them itself. */
function isOwn(table: string | null, prefix: string): boolean {
  const name = table?.toLowerCase() ?? ''
  return name.startsWith(prefix) || name.startsWith('sqlite_')
}

function isOffset(value: UnitValue): value is { readonly offsetOf: number } {
  return typeof value === 'object' && value !== null && 'offsetOf' in value
}

function offsetOf(
  { offsetOf: index }: { readonly offsetOf: number },
  positions: readonly Position[],
): number {
  const position = positions[index]
  if (position === undefined)
    throw new RangeError(`the unit has no event ${index} whose offset it could have`)
  return position.offset
}

function take(compiled: StatementSync, parameters: SqlValue[]): SqlValue[] {
  const values: SqlValue[] = []
  let count = 0
  // Each row is a list of values, as the statement was told.
  for (const row of compiled.iterate(...parameters) as Iterable<unknown> as Iterable<SqlValue[]>) {
    if (count === maxRows)
      throw new RangeError(`the query gives more than ${maxRows} rows; ask for fewer, by LIMIT`)
    count += 1
    for (const value of row) values.push(value)
  }
  return values
}

/** A number is bound as REAL; whole ones must stay whole in columns without a type, in text and in JSON. */
function toSqlite(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function narrow(value: SqlValue): SqlValue {
  return typeof value === 'bigint' && isSafe(value) ? Number(value) : value
}

function isSafe(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
}
