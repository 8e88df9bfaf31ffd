import { DatabaseSync } from 'node:sqlite'
import type { MemorySql } from '@parley/kernel/memory'
import { faultOf } from '../faults.ts'
import { toError } from '../refusals.ts'
import { migrationsTable } from '../schema.ts'
import { migrateModule } from './module-migrations.ts'
import { Statements } from './statements.ts'

/**
 * SQL for a memory store: SQLite in the memory of this process, with the rules that the SQLite store has for statements
 * and migrations. Nothing of it outlives the process.
 */
export function memorySql(): MemorySql {
  const database = new DatabaseSync(':memory:')
  database.exec(migrationsTable)
  const statements = new Statements(database)
  const transaction = <T>(run: () => T): T => {
    database.exec('BEGIN')
    try {
      const result = run()
      database.exec('COMMIT')
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    transaction,
    migrate: (module, migrations) => {
      const fault = migrateModule({ database, statements, around: transaction }, module, migrations)
      if (fault !== undefined) throw toError(fault)
    },
    run: (statement) => telling(() => statements.run(statement, [])),
    all: (statement) => telling(() => reading(database, () => statements.all(statement))),
  }
}

function telling<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw toError(faultOf(error))
  }
}

function reading<T>(database: DatabaseSync, read: () => T): T {
  database.exec('PRAGMA query_only = ON')
  try {
    return read()
  } finally {
    database.exec('PRAGMA query_only = OFF')
  }
}
