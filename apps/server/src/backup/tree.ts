import { constants } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** A file below a folder. */
export interface Piece {
  /** From the folder. */
  readonly path: string
  readonly size: number
}

/** An upload that is not finished, and a copy that is not. */
const unfinished = /\.(part|copying)$/

/** The finished files below a folder; none where there is no folder. */
export async function listTree(folder: string): Promise<readonly Piece[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return []
    throw error
  })
  const pieces: Piece[] = []
  for (const entry of entries) {
    if (!entry.isFile() || unfinished.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const size = await sizeOf(path)
    if (size !== undefined) pieces.push({ path: relative(folder, path), size })
  }
  return pieces
}

/**
 * Copies the finished files of a folder that another folder does not have yet. Files never change once finished, so that
 * one of the same length is the same. Answers what the other folder then has of them.
 */
export async function copyTree(
  from: string,
  to: string,
  onProgress: (done: number, total: number) => void,
): Promise<readonly Piece[]> {
  const pieces = await listTree(from)
  const total = pieces.reduce((bytes, { size }) => bytes + size, 0)
  const copied: Piece[] = []
  let done = 0
  for (const piece of pieces) {
    if (await copyPiece(join(from, piece.path), join(to, piece.path), piece.size)) copied.push(piece)
    done += piece.size
    onProgress(done, total)
  }
  return copied
}

/** False when the file is gone meanwhile: somebody has removed it. */
async function copyPiece(from: string, to: string, size: number): Promise<boolean> {
  if ((await sizeOf(to)) === size) return true
  const copying = `${to}.copying`
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  try {
    await copyFile(from, copying, constants.COPYFILE_FICLONE)
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
  await syncPath(copying)
  await rename(copying, to)
  return true
}

/** Brings a file or a folder to the disk. */
export async function syncPath(path: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === 'win32' && (await stat(path)).isDirectory()) return
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
