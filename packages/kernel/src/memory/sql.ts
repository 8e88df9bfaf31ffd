import type { Migration, SqlStatement, SqlValue } from '../ports/store.ts'

/** A synchronous SQL engine, for a memory store whose modules have tables. What it throws are ParleyErrors. */
export interface MemorySql {
  /** As `migrate` of the port `Store`. */
  migrate(module: string, migrations: readonly Migration[]): void
  /** What `run` throws takes back whatever it has changed. */
  transaction<T>(run: () => T): T
  run(statement: SqlStatement): void
  /** Rows of a query; refuses to write. */
  all(statement: SqlStatement): readonly Readonly<Record<string, SqlValue>>[]
}
