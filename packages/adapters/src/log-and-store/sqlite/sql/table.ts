import type { SqlValue } from '@parley/kernel'

/** Rows of a query without the names of their columns: the values of all rows, one after the other. */
export interface Table {
  readonly columns: readonly string[]
  readonly values: readonly SqlValue[]
}

/** The rows as objects, by the names of the columns. */
export function rowsOf({ columns, values }: Table): Record<string, SqlValue>[] {
  const rows: Record<string, SqlValue>[] = []
  for (let at = 0; at < values.length; ) {
    const row: Record<string, SqlValue> = {}
    for (const column of columns) row[column] = values[at++] as SqlValue
    rows.push(row)
  }
  return rows
}
