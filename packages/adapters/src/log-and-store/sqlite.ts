import { join, resolve } from 'node:path'
import type { Clock, Logger, Store, StoreStatus } from '@parley/kernel'
import { databaseFile, finishRestore } from './sqlite/backup.ts'
import type { SqliteSettings, Synchronous } from './sqlite/connection.ts'
import { type DirectoryLock, lockDirectory } from './sqlite/lock.ts'
import { ReaderLink } from './sqlite/reader-link.ts'
import { refuseTooMany } from './sqlite/refusals.ts'
import { rowsOf } from './sqlite/sql/table.ts'
import { WriterLink } from './sqlite/writer-link.ts'

export { type BackupOptions, backupSqlite, type RestoreOptions, restoreSqlite } from './sqlite/backup.ts'
export type { SqliteSettings, Synchronous } from './sqlite/connection.ts'
export { inspectSqlite, type SqliteInspection } from './sqlite/inspect.ts'
export { memorySql } from './sqlite/sql/memory-sql.ts'

export interface SqliteOptions {
  /** The data directory; made when it is not there. One process at a time uses it. */
  readonly directory: string
  readonly logger?: Logger
  /** Default: time and event loop of the process. */
  readonly clock?: Pick<Clock, 'now' | 'defer'>
  /** Reading threads. With two (the default), scans of the log do not hold lookups up. */
  readonly readers?: 1 | 2
  /** Units that may wait for the writer; one more is refused with `overloaded`. */
  readonly maxQueuedUnits?: number
  /** Bytes of units that may wait for the writer. */
  readonly maxQueuedBytes?: number
  /** Reads that may wait for a reader. */
  readonly maxQueuedReads?: number
  /** Most pages of 4 KiB that the database may have; above, writes are refused with `store_full`. */
  readonly maxPages?: number
  /** After a full disk, so often it is tried whether there is room again. */
  readonly probeIntervalMs?: number
  /** `OFF` loses events that were acknowledged when the power fails. For the test that must notice it. */
  readonly synchronous?: Synchronous
}

/** Defaults of a store. */
export const sqliteDefaults = {
  readers: 2,
  maxQueuedUnits: 16_384,
  maxQueuedBytes: 64 * 1_048_576,
  maxQueuedReads: 16_384,
  probeIntervalMs: 1_000,
  synchronous: 'FULL',
} as const

/** 16 MiB: long enough for hot pages to be written back once for many commits. */
const checkpointPages = 4_096

/** What a query is taken to answer, as nobody knows. */
const queryRows = 64

/** A store in one SQLite database. "On disk" means: in its write-ahead log, and synced to the disk. */
export interface SqliteStore extends Store {
  /** Read back from the writing connection. */
  readonly settings: SqliteSettings
  /**
   * Writes a consistent copy to a file while the store goes on; `restoreSqlite` takes it back. Words that are redacted
   * later stay in the copy.
   */
  backup(path: string): Promise<void>
}

/**
 * Opens the database of a data directory, and makes it when there is none.
 *
 * @throws Error when another process uses the directory, or the database cannot be used; the message says what to do
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { directory, logger, clock = systemTime } = options
  const lock = lockDirectory(resolve(directory), clock.now())
  try {
    finishRestore(directory)
    const store = await openThreads(options, lock)
    const { path, schema, synchronous } = store.settings
    logger?.info('The database is open.', { path, schema, synchronous })
    if (synchronous === 'OFF')
      logger?.warn(
        'The database does not wait for the disk: acknowledged events can be lost. Never run it like this.',
      )
    return store
  } catch (error) {
    lock.release()
    throw error
  }
}

const systemTime: Pick<Clock, 'now' | 'defer'> = { now: () => Date.now(), defer: (run) => setImmediate(run) }

async function openThreads(options: SqliteOptions, lock: DirectoryLock): Promise<SqliteStore> {
  const path = join(resolve(options.directory), databaseFile)
  const { clock = systemTime, logger, maxPages } = options
  const { readers, maxQueuedUnits, maxQueuedBytes, maxQueuedReads, probeIntervalMs, synchronous } = {
    ...sqliteDefaults,
    ...options,
  }
  let readerProblem: string | undefined
  const writer = new WriterLink({
    start: {
      path,
      synchronous,
      probeIntervalMs,
      checkpointPages,
      ...(maxPages === undefined ? {} : { maxPages }),
    },
    clock,
    logger,
    maxQueuedUnits,
    maxQueuedBytes,
  })
  const onGone = (problem: string) => {
    readerProblem = problem
    logger?.error('The database answers fewer reads.', { problem })
  }
  const links = Array.from(
    { length: readers },
    () => new ReaderLink({ clock, maxQueued: maxQueuedReads, onGone }),
  )
  const close = async () => {
    writer.seal()
    // The writer is last, so that its connection writes everything back and removes the log.
    await Promise.all(links.map((reader) => reader.close()))
    await writer.close()
    lock.release()
  }
  try {
    const { seed, settings } = await writer.opened
    await Promise.all(links.map((reader) => reader.open(path, seed)))
    const status = (): StoreStatus => {
      const problem = writer.problem ?? readerProblem
      const { queued } = writer
      return problem === undefined ? { writable: true, queued } : { writable: false, problem, queued }
    }
    return { ...storeOver(writer, links), settings, status, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The calls of a store, each to the thread that answers it. */
function storeOver(
  writer: WriterLink,
  readers: readonly ReaderLink[],
): Omit<Store, 'status' | 'close'> & Pick<SqliteStore, 'backup'> {
  const alive = (first: number) => {
    const wanted = readers[first] ?? (readers[0] as ReaderLink)
    if (wanted.isAlive && !wanted.isHeldUp) return wanted
    const others = readers.filter((reader) => reader.isAlive)
    return others.find((reader) => !reader.isHeldUp) ?? (wanted.isAlive ? wanted : (others[0] ?? wanted))
  }
  // Lookups gate every command; scans may take their time. Nobody waits behind a slow one while the other is free.
  const lookup: ReaderLink['ask'] = (rows, ...question) => alive(0).ask(rows, ...question)
  const scan: ReaderLink['ask'] = (rows, ...question) => alive(1).ask(rows, ...question)
  return {
    commit: (unit) => writer.commit(unit),
    trim: async (app, channel, retention, now) =>
      (await writer.chore({ kind: 'trim', app, channel, retention, now })) as number,
    redact: async (app, channel, offset) =>
      (await writer.chore({ kind: 'redact', app, channel, offset })) as boolean,
    sweep: async (now) => {
      await writer.chore({ kind: 'sweep', now })
    },
    migrate: async (module, migrations) => {
      await writer.chore({ kind: 'migrate', module, migrations })
    },
    purged: async () => {
      await writer.chore({ kind: 'purged' })
    },
    tops: (app, channels) => lookup(channels.length, 'tops', app, channels),
    receipts: (scopes) => lookup(scopes.length, 'receipts', scopes),
    record: (app, table, key) => lookup(1, 'record', app, table, key),
    offsetBefore: (app, channel, at) => lookup(8, 'offsetBefore', app, channel, at),
    read: (app, channel, options) => scan(options.limit, 'read', app, channel, options),
    readBackward: (app, channel, before, limit) => scan(limit, 'readBackward', app, channel, before, limit),
    pick: async (app, channel, offsets) => {
      refuseTooMany(offsets)
      return scan(offsets.length, 'pick', app, channel, offsets)
    },
    channels: (app, options) => scan(options.limit, 'channels', app, options),
    records: (app, table, options) => scan(options.limit, 'records', app, table, options),
    query: async (statement) => rowsOf(await scan(queryRows, 'query', statement)),
    backup: (path) => alive(1).backup(resolve(path)),
  }
}
