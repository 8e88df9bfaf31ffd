import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { openReaderConnection } from './connection.ts'
import { lockDirectory } from './lock.ts'
import { checkSchema, migrate, mintSeed } from './schema.ts'

/** The database's file in a data directory. */
export const databaseFile = 'parley.db'

/** All pages in one step: a backup in several steps begins anew with every commit in between. */
const allPages = 2 ** 31 - 1

/**
 * Writes a consistent copy of a database in use. The file has its name only when it is whole; an older file of that
 * name is replaced.
 */
export async function writeBackup(from: string, to: string): Promise<void> {
  const partial = `${to}.partial`
  removeDatabase(partial)
  const source = openReaderConnection(from)
  try {
    await backup(source, partial, { rate: allPages })
    sync(partial)
    renameSync(partial, to)
    sync(dirname(to))
  } finally {
    source.close()
    removeDatabase(partial)
  }
}

export interface BackupOptions {
  /** The data directory; a server may be using it. */
  readonly directory: string
  /** The file that is written; an older one of that name is replaced when the new one is whole. */
  readonly to: string
}

/**
 * Writes a consistent copy of the database of a data directory, from whichever process.
 *
 * @throws Error when there is no database, or no room for the copy
 */
export async function backupSqlite({ directory, to }: BackupOptions): Promise<void> {
  const from = join(directory, databaseFile)
  if (!existsSync(from)) throw new Error(`There is no database in ${directory}. Check the data directory.`)
  await writeBackup(from, to)
}

export interface RestoreOptions {
  /** A backup. */
  readonly from: string
  /** The data directory that it goes to. No server may be using it. */
  readonly directory: string
  /** Called with the directory locked and the backup checked, before anything is replaced. */
  readonly prepare?: () => Promise<void>
  /** Called when the database is replaced, with the directory still locked. */
  readonly finish?: () => Promise<void>
}

/**
 * Replaces the database of a data directory by a backup: whole or, when anything is wrong with it, not at all. Every
 * channel gets a new epoch, so that no client takes a position of the replaced stream for one of the restored.
 *
 * @throws Error when the directory is in use, or the backup damaged, of another program, or of a newer version
 */
export async function restoreSqlite({ from, directory, prepare, finish }: RestoreOptions): Promise<void> {
  const lock = lockDirectory(directory, Date.now())
  try {
    const copy = join(directory, `${databaseFile}.restoring`)
    removeDatabase(copy)
    try {
      await copyBackup(from, copy)
      prepareCopy(from, copy)
      sync(copy)
      await prepare?.()
      // From here on, the next start finishes what is left to do.
      renameSync(copy, restoredPath(directory))
      sync(directory)
    } finally {
      removeDatabase(copy)
    }
    finishRestore(directory)
    await finish?.()
  } finally {
    lock.release()
  }
}

/** Puts a restored database in its place, if a restore has been interrupted. Call with the directory locked. */
export function finishRestore(directory: string): void {
  if (!existsSync(restoredPath(directory))) return
  const path = join(directory, databaseFile)
  // The write-ahead log of the old database must not be applied to the new one.
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  renameSync(restoredPath(directory), path)
  sync(directory)
}

async function copyBackup(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new Error(`There is no backup at ${from}.`)
  const source = openReaderConnection(from)
  try {
    if (checkSchema(source, from) === 0) throw new Error(`${from} holds no Parley database.`)
    await backup(source, to, { rate: allPages })
  } finally {
    source.close()
  }
}

function prepareCopy(from: string, copy: string): void {
  const database = new DatabaseSync(copy)
  try {
    const [first] = database.prepare('PRAGMA integrity_check(1)').all()
    if (first?.integrity_check !== 'ok')
      throw new Error(
        `${from} is damaged: ${first?.integrity_check}. Nothing was replaced; use another backup.`,
      )
    migrate(database, from)
    mintSeed(database)
    // So that the file is whole without a log beside it.
    database.exec('PRAGMA journal_mode = DELETE')
  } finally {
    database.close()
  }
}

function restoredPath(directory: string): string {
  return join(directory, `${databaseFile}.restored`)
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
