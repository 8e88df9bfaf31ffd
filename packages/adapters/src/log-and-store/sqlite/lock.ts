import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY */
const busy = 5

/** The claim of this process on a data directory. */
export interface DirectoryLock {
  /** Lets others in. */
  release(): void
}

/**
 * Takes a data directory for this process. The claim is an exclusive transaction on `lock.db`, so that the operating
 * system frees it however the process ends; `lock.json` tells others who holds it.
 *
 * @throws Error naming the holder when the directory is in use
 */
export function lockDirectory(directory: string, since: number): DirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // The holder must not be written into lock.db itself: nobody else could read it, and closing any other file
  // descriptor of a locked file would drop the lock (POSIX).
  const holderPath = join(directory, 'lock.json')
  const database = new DatabaseSync(join(directory, 'lock.db'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode !== busy) throw error
    const holder = describeHolder(holderPath)
    const message = `The data directory ${directory} is in use ${holder}. Stop it first, or use another directory.`
    throw new Error(message, { cause: error })
  }
  writeFileSync(holderPath, `${JSON.stringify({ pid: process.pid, since: new Date(since).toISOString() })}\n`)
  return {
    release() {
      if (!database.isOpen) return
      rmSync(holderPath, { force: true })
      database.close()
    },
  }
}

/** Who uses a data directory, as `by process 17 since …`; undefined when nobody does. Holds nobody up. */
export function directoryHolder(directory: string): string | undefined {
  const path = join(directory, 'lock.db')
  if (!existsSync(path)) return undefined
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    // Reading is refused while somebody has the exclusive lock.
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return undefined
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== busy) throw error
    return describeHolder(join(directory, 'lock.json'))
  } finally {
    database.close()
  }
}

function describeHolder(path: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown; since?: unknown }
    if (typeof pid === 'number' && typeof since === 'string') return `by process ${pid} since ${since}`
  } catch {
    // It is just being written.
  }
  return 'by another process'
}
