import { existsSync, readFileSync, rmSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyTree, listTree, type Piece, syncPath } from './backup/tree.ts'
import type { Config } from './config.ts'
import { copiesOf } from './stores.ts'
import { version } from './version.ts'

/** What a backup says of itself, in `backup.json`. */
export interface BackupNote {
  readonly version: string
  /** ISO 8601 */
  readonly at: string
  /** Files that people have sent; undefined where they are kept elsewhere than on this disk. */
  readonly files?: { readonly count: number; readonly bytes: number }
}

/** Told how far it is, in bytes. */
export type OnProgress = (what: 'database' | 'files', done: number, total: number) => void

const noteFile = 'backup.json'
const filesFolder = 'files'
/** Vouches for links to files: without it, links that were given out would not outlive a restore. */
const secretFile = 'files-secret'
const pollMs = 200

/** Whether the files that people send lie in the data directory. */
export function keepsFilesOnDisk({ files, storageProvider }: Config): boolean {
  return files.store === 'disk' && storageProvider !== 'memory'
}

/**
 * Copies the data of a server to a folder, while the server runs or not: the database, and the files that lie on its
 * disk. The folder has its name only when it is whole; an older backup of that name is replaced.
 *
 * Files are copied before the database and again after it: what a row names was there before, or came in between.
 *
 * @throws Error when there are no data, no room, or something else of that name
 */
export async function backUp(config: Config, folder: string, onProgress: OnProgress): Promise<BackupNote> {
  if (existsSync(folder) && readNote(folder) === undefined)
    throw new Error(`${folder} is there and is no backup. It is left alone: take another name.`)
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true, mode: 0o700 })
  try {
    const note = await fill(config, partial, onProgress)
    await replace(folder, partial)
    return note
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

async function fill(config: Config, partial: string, onProgress: OnProgress): Promise<BackupNote> {
  const copies = copiesOf(config)
  const from = join(config.dataDir, filesFolder)
  const to = join(partial, filesFolder)
  const isKept = keepsFilesOnDisk(config)
  const copyFiles = async () =>
    isKept ? copyTree(from, to, (done, total) => onProgress('files', done, total)) : []
  await copyFiles()
  const database = { from: join(config.dataDir, copies.file), to: join(partial, copies.file) }
  await watched(database, onProgress, () => copies.backup(config, database.to))
  const pieces = await copyFiles()
  await copyIfThere(join(config.dataDir, secretFile), join(partial, secretFile))
  const note: BackupNote = {
    ...{ version, at: new Date().toISOString() },
    ...(isKept ? { files: { count: pieces.length, bytes: sum(pieces) } } : {}),
  }
  await writeFile(join(partial, noteFile), `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 })
  await syncPath(partial)
  return note
}

/** SQLite copies in one go and says nothing meanwhile: how much is there is seen from outside. */
async function watched(
  { from, to }: { readonly from: string; readonly to: string },
  onProgress: OnProgress,
  work: () => Promise<void>,
): Promise<void> {
  const total = (await stat(from).catch(() => undefined))?.size ?? 0
  const timer = setInterval(() => {
    stat(`${to}.partial`).then(
      ({ size }) => onProgress('database', size, total),
      () => undefined,
    )
  }, pollMs)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
}

async function replace(folder: string, partial: string): Promise<void> {
  const old = `${folder}.old`
  await rm(old, { recursive: true, force: true })
  if (existsSync(folder)) await rename(folder, old)
  await rename(partial, folder)
  await syncPath(join(folder, '..'))
  await rm(old, { recursive: true, force: true })
}

/**
 * Replaces the data of a server that does not run by a backup: a folder of {@link backUp}, or the file of a database
 * alone, which leaves files as they are.
 *
 * The files of the backup are put beside those that are there before the database is replaced, and the others are taken
 * away after it: however it is interrupted, no row names a file that is not there.
 *
 * @throws Error when a server uses the data, or the backup is damaged, of another program or a newer version
 */
export async function restoreBackup(
  config: Config,
  from: string,
  onProgress: OnProgress,
): Promise<BackupNote | undefined> {
  const copies = copiesOf(config)
  const isFolder = existsSync(from) && (await stat(from)).isDirectory()
  if (!isFolder) {
    await copies.restore(config, from, { prepare: nothing, finish: nothing })
    return undefined
  }
  const note = readNote(from)
  if (note === undefined) throw new Error(`${from} is no backup: it has no ${noteFile}.`)
  const kept = join(config.dataDir, filesFolder)
  const hasFiles = note.files !== undefined && keepsFilesOnDisk(config)
  const pieces = hasFiles ? await listTree(join(from, filesFolder)) : []
  if (hasFiles && pieces.length !== note.files?.count)
    throw new Error(
      `${from} should hold ${note.files?.count} files and holds ${pieces.length}. Nothing was replaced.`,
    )
  await copies.restore(config, join(from, copies.file), {
    async prepare() {
      if (!hasFiles) return
      await copyTree(join(from, filesFolder), kept, (done, total) => onProgress('files', done, total))
      await copyIfThere(join(from, secretFile), join(config.dataDir, secretFile))
    },
    finish: () => (hasFiles ? removeOthers(kept, pieces) : nothing()),
  })
  return note
}

const nothing = () => Promise.resolve()

async function removeOthers(folder: string, wanted: readonly Piece[]): Promise<void> {
  const names = new Set(wanted.map(({ path }) => path))
  for (const { path } of await listTree(folder))
    if (!names.has(path)) await rm(join(folder, path), { force: true })
}

function readNote(folder: string): BackupNote | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, noteFile), 'utf8'))
  } catch {
    return undefined
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  if (existsSync(from)) await copyFile(from, to)
}

function sum(pieces: readonly Piece[]): number {
  return pieces.reduce((total, { size }) => total + size, 0)
}
