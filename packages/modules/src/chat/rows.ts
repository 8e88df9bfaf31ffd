import type { SqlStatement, SqlValue } from '@parley/kernel'

/** A row of a query. */
export type Row = Readonly<Record<string, SqlValue>>

/** Whoever can answer a query: a context, or the services of a module. */
export interface RowReader {
  query(statement: SqlStatement): Promise<readonly Row[]>
}

/** A statement from its text and parameters. */
export function sql(text: string, ...parameters: SqlValue[]): SqlStatement {
  return { sql: text, parameters }
}

/** The parameter for a list: read it with `SELECT value FROM json_each(?)`. */
export function listOf(values: readonly (string | number)[]): string {
  return JSON.stringify(values)
}
