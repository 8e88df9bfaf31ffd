import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** Remembers the migrations of modules that were carried out, in their order. */
export const migrationsTable = `CREATE TABLE parley_migrations (
     module TEXT NOT NULL,
     n INTEGER NOT NULL,
     name TEXT NOT NULL,
     PRIMARY KEY (module, n)
   ) WITHOUT ROWID;`

/**
 * The steps from an empty database to the newest schema. A step is never changed once released: add another.
 *
 * Events lie in the order of their commits (`n`), because a group then writes few pages however many channels it
 * touches; `parley_events_by_offset` finds those of a channel. A trimmed event leaves an empty row, which
 * `EventRows` removes: see there. Receipts are found by a hash of their scope: scopes are long and in no order, and
 * an index of them would outgrow the page cache five times sooner.
 */
const steps: readonly string[] = [
  `CREATE TABLE parley_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
   CREATE TABLE parley_channels (
     id INTEGER PRIMARY KEY,
     app TEXT NOT NULL,
     name TEXT NOT NULL,
     head INTEGER NOT NULL,
     first INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   );
   CREATE UNIQUE INDEX parley_channels_by_name ON parley_channels (app, name);
   CREATE TABLE parley_events (
     n INTEGER PRIMARY KEY,
     channel INTEGER,
     offset INTEGER,
     type TEXT,
     data TEXT,
     tags TEXT,
     id TEXT,
     author TEXT,
     at INTEGER
   );
   CREATE UNIQUE INDEX parley_events_by_offset ON parley_events (channel, offset) WHERE channel IS NOT NULL;
   CREATE TABLE parley_records (
     app TEXT NOT NULL,
     name TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     version INTEGER NOT NULL,
     expires_at INTEGER,
     PRIMARY KEY (app, name, key)
   ) WITHOUT ROWID;
   CREATE INDEX parley_records_by_expiry ON parley_records (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE parley_receipts (
     n INTEGER PRIMARY KEY,
     hash INTEGER NOT NULL,
     scope TEXT NOT NULL,
     fingerprint TEXT NOT NULL,
     output TEXT NOT NULL,
     positions TEXT NOT NULL,
     expires_at INTEGER NOT NULL
   );
   CREATE INDEX parley_receipts_by_hash ON parley_receipts (hash);
   CREATE INDEX parley_receipts_by_expiry ON parley_receipts (expires_at);`,
  migrationsTable,
]

/** The schema that this version of the software reads and writes. */
export const schemaVersion: number = steps.length

/** "PRLY": tells our databases from others. */
const applicationId = 0x50524c59

/**
 * Brings a database to the newest schema, each step whole or not at all.
 *
 * @throws Error when the file is another program's, or newer than this version knows
 */
export function migrate(database: DatabaseSync, path: string): void {
  const version = checkSchema(database, path)
  for (const [index, step] of steps.entries()) {
    if (index < version) continue
    database.exec('BEGIN IMMEDIATE')
    database.exec(step)
    if (index === 0) {
      mintSeed(database)
      database.exec(`PRAGMA application_id = ${applicationId}`)
    }
    database.exec(`PRAGMA user_version = ${index + 1}`)
    database.exec('COMMIT')
  }
}

/**
 * The version of a database's schema, 0 for an empty one.
 *
 * @throws Error when the file is another program's, or newer than this version knows
 */
export function checkSchema(database: DatabaseSync, path: string): number {
  const version = readPragma(database, 'user_version')
  const id = readPragma(database, 'application_id')
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number }
  if (id !== applicationId && (tables.tables > 0 || version > 0))
    throw new Error(`${path} is a database of another program. Point the data directory elsewhere.`)
  if (version > schemaVersion)
    throw new Error(
      `${path} has schema ${version}, and this version of Parley knows schemas up to ${schemaVersion}. ` +
        'Start the newer version that wrote it, or restore a backup made before the update.',
    )
  return version
}

/** Gives the database a new identity: every channel has another epoch from then on. */
export function mintSeed(database: DatabaseSync): void {
  const seed = randomBytes(32).toString('hex')
  database.prepare("INSERT OR REPLACE INTO parley_meta (name, value) VALUES ('seed', ?)").run(seed)
}

/** The secret from which the epochs of all channels follow. */
export function readSeed(database: DatabaseSync): string {
  return database.prepare("SELECT value FROM parley_meta WHERE name = 'seed'").get()?.value as string
}

/** A pragma's whole number. */
export function readPragma(database: DatabaseSync, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number
}
