import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { databaseFile } from './backup.ts'
import { openReaderConnection } from './connection.ts'
import { directoryHolder } from './lock.ts'
import { checkSchema, readPragma, schemaVersion } from './schema.ts'

/** What a data directory holds, read from outside, whether a server uses it or not. */
export interface SqliteInspection {
  readonly path: string
  /** Bytes of the database and its write-ahead log. */
  readonly bytes: number
  /** The schema of the database, and the newest that this version knows. */
  readonly schema: number
  readonly newestSchema: number
  /** How many migrations of each module are carried out. */
  readonly migrations: Readonly<Record<string, number>>
  /** Who uses the directory: `by process 17 since …`; undefined when nobody does. */
  readonly holder: string | undefined
}

/**
 * Looks at the database of a data directory and changes nothing; undefined when there is none.
 *
 * @throws Error when the file is another program's, or damaged, or cannot be read; a newer schema is answered
 */
export function inspectSqlite(directory: string): SqliteInspection | undefined {
  const path = join(directory, databaseFile)
  if (!existsSync(path)) return undefined
  const database = openReaderConnection(path)
  try {
    const schema = readPragma(database, 'user_version')
    if (schema <= schemaVersion) checkSchema(database, path)
    return {
      ...{ path, schema, newestSchema: schemaVersion, migrations: migrationsOf(database) },
      bytes: sizeOf(path) + sizeOf(`${path}-wal`),
      holder: directoryHolder(directory),
    }
  } finally {
    database.close()
  }
}

function migrationsOf(database: DatabaseSync): Readonly<Record<string, number>> {
  const hasTable = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'parley_migrations'").get()
  if (hasTable === undefined) return {}
  const rows = database.prepare('SELECT module, count(*) AS n FROM parley_migrations GROUP BY module').all()
  return Object.fromEntries(rows.map(({ module, n }) => [String(module), Number(n)]))
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
