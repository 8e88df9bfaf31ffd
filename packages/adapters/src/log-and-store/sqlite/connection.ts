import { DatabaseSync } from 'node:sqlite'
import { migrate, readPragma, readSeed, schemaVersion } from './schema.ts'

/** `FULL`: an ack means that the event is on disk. `OFF`: it means nothing; for tests that must notice. */
export type Synchronous = 'FULL' | 'OFF'

/** What the writing connection reports after it was set up; read back, not assumed. */
export interface SqliteSettings {
  readonly path: string
  readonly schema: number
  readonly journalMode: string
  readonly synchronous: Synchronous
}

/** How the writing connection is opened. */
export interface WriterConnectionOptions {
  readonly path: string
  readonly synchronous: Synchronous
  /** Most pages of 4 KiB that the file may have. */
  readonly maxPages?: number
}

/** An open writing connection. */
export interface WriterConnection {
  readonly database: DatabaseSync
  readonly seed: string
  readonly settings: SqliteSettings
}

const synchronousNames: readonly (Synchronous | undefined)[] = ['OFF', undefined, 'FULL']

/**
 * Opens the database for writing, migrated to the newest schema.
 *
 * @throws Error when SQLite does not keep the settings on which durability rests
 */
export function openWriterConnection({
  path,
  synchronous,
  maxPages,
}: WriterConnectionOptions): WriterConnection {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
    // Deleted words are overwritten, and no page of ours goes to a temporary file.
    database.exec('PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY')
    database.exec(
      'PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768',
    )
    migrate(database, path)
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`)
    const settings = readSettings(database, path)
    if (settings.journalMode !== 'wal' || settings.synchronous !== synchronous)
      throw new Error(
        `SQLite did not take the settings that keep ${path} safe (journal_mode ${settings.journalMode}, ` +
          `synchronous ${settings.synchronous}). Use a local disk, not a network file system.`,
      )
    return { database, seed: readSeed(database), settings }
  } catch (error) {
    database.close()
    throw error
  }
}

/** Opens a connection that cannot write. The writing connection must be open already. */
export function openReaderConnection(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384')
  return database
}

function readSettings(database: DatabaseSync, path: string): SqliteSettings {
  const journalMode = String(readPragma(database, 'journal_mode'))
  const synchronous = readPragma(database, 'synchronous')
  const name = synchronousNames[synchronous]
  if (name === undefined)
    throw new Error(`SQLite runs ${path} with \`synchronous = ${synchronous}\`, which loses data.`)
  return { path, schema: schemaVersion, journalMode, synchronous: name }
}
