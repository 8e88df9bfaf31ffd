import { constants, createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobStore, type ByteRange, blobKeyProblem } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

export interface DiskBlobStoreOptions {
  /** Made when it is not there; nothing else should be in it. */
  readonly directory: string
}

/**
 * Blobs as files of a directory, one each, which only the owner of the process may read. A blob that is being written
 * lies beside its place under another name, and takes its place when it is finished.
 */
export function diskBlobStore({ directory }: DiskBlobStoreOptions): BlobStore {
  const busy = new Set<string>()
  const place = (key: string) => placeOf(directory, key)
  return {
    append: (key, offset, bytes) => alone(busy, key, () => append(directory, place(key), { offset, bytes })),
    received: async (key) => (await sizeOf(place(key).unfinished)) ?? 0,
    finish: (key, size) => alone(busy, key, () => finish(directory, place(key), size)),
    size: async (key) => sizeOf(place(key).finished),
    read: (key, range) => read(() => place(key), range),
    async remove(key) {
      const { finished, unfinished } = place(key)
      const removed = [await removeFile(unfinished), await removeFile(finished)]
      if (removed.includes(true)) await syncDirectory(dirname(finished))
    },
  }
}

interface Place {
  readonly finished: string
  readonly unfinished: string
}

/** Keys have no dots: no key leads out of the directory, and none to the unfinished blob of another. */
function placeOf(directory: string, key: string): Place {
  const problem = blobKeyProblem(key)
  if (problem !== undefined) throw problem
  const finished = join(directory, ...key.split('/').map(segment))
  return { finished: `${finished}.blob`, unfinished: `${finished}.part` }
}

/** Some file systems take `a` and `A` for the same: a capital letter is written with a mark. */
function segment(name: string): string {
  return name.replace(/[A-Z]/g, '$&+').toLowerCase()
}

async function alone<T>(busy: Set<string>, key: string, work: () => Promise<T>): Promise<T> {
  if (busy.has(key)) throw new ParleyError('conflict', 'The blob is being written.')
  busy.add(key)
  try {
    return await explained(work)
  } finally {
    busy.delete(key)
  }
}

interface Part {
  readonly offset: number
  readonly bytes: AsyncIterable<Uint8Array>
}

async function append(directory: string, place: Place, { offset, bytes }: Part): Promise<number> {
  const size = (await sizeOf(place.unfinished)) ?? 0
  if (size !== offset || (await sizeOf(place.finished)) !== undefined)
    throw new ParleyError('conflict', `The blob is finished, or has ${size} bytes and not ${offset}.`)
  const file = await openUnfinished(directory, place)
  try {
    return await write(file, { offset, bytes })
  } finally {
    await file.close()
  }
}

/** What came before a break is kept, and is on the disk as well. */
async function write(file: FileHandle, { offset, bytes }: Part): Promise<number> {
  let size = offset
  try {
    for await (const piece of bytes) {
      await file.writeFile(piece)
      size += piece.length
    }
  } finally {
    await file.datasync()
  }
  return size
}

async function openUnfinished(directory: string, { unfinished }: Place): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants
  const openFile = () => open(unfinished, O_APPEND | O_CREAT | O_WRONLY, 0o600)
  try {
    return await openFile()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  await makeDirectory(directory, dirname(unfinished))
  return await openFile()
}

async function finish(directory: string, place: Place, size: number): Promise<void> {
  const there = await sizeOf(place.finished)
  if (there === size) return
  const received = (await sizeOf(place.unfinished)) ?? 0
  if (there !== undefined || received !== size)
    throw new ParleyError('conflict', `The blob has ${there ?? received} bytes, not ${size}.`)
  const file = await openUnfinished(directory, place)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(place.unfinished, place.finished)
  await syncDirectory(dirname(place.finished))
}

async function* read(find: () => Place, range?: ByteRange): AsyncIterable<Uint8Array> {
  const { finished } = find()
  // Both ends of a stream's part are in it: nothing at all cannot be asked for.
  if (range !== undefined && range.start >= range.end) return
  const part = range === undefined ? {} : { start: range.start, end: range.end - 1 }
  try {
    yield* createReadStream(finished, { ...part, highWaterMark: 262_144 })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new ParleyError('not_found', 'There is no such blob.')
    throw error
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Makes a directory that is there after a power cut as well. */
async function makeDirectory(root: string, path: string): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode: 0o700 })) === undefined) return
  for (let parent = dirname(path); parent.startsWith(root); parent = dirname(parent))
    await syncDirectory(parent)
  await syncDirectory(dirname(root))
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing: it opens no directories.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** A full disk is answered as one. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(error)))
      throw new ParleyError('store_full', undefined, { cause: error })
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
