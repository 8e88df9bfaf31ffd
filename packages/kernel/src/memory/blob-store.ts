import { ParleyError } from '@parley/protocol'
import { blobKeyProblem } from '../ports/blob-key.ts'
import type { BlobStore } from '../ports/blob-store.ts'

interface Blob {
  pieces: Uint8Array[]
  size: number
  isFinished: boolean
  isBusy: boolean
}

/** The reference implementation of a blob store. "Stable storage" is the memory of this process. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, Blob>()
  return {
    append: async (key, offset, bytes) => append(open(blobs, key), offset, bytes),
    received: async (key) => {
      const blob = find(blobs, key)
      return blob === undefined || blob.isFinished ? 0 : blob.size
    },
    finish: async (key, size) => {
      const blob = open(blobs, key)
      if (blob.isBusy || blob.size !== size) throw conflict(`The blob has ${blob.size} bytes, not ${size}.`)
      blob.isFinished = true
    },
    size: async (key) => {
      const blob = find(blobs, key)
      return blob?.isFinished === true ? blob.size : undefined
    },
    read: (key, range) => read(() => find(blobs, key), range),
    remove: async (key) => {
      find(blobs, key)
      blobs.delete(key)
    },
  }
}

function find(blobs: Map<string, Blob>, key: string): Blob | undefined {
  const problem = blobKeyProblem(key)
  if (problem !== undefined) throw problem
  return blobs.get(key)
}

function open(blobs: Map<string, Blob>, key: string): Blob {
  const found = find(blobs, key)
  if (found !== undefined) return found
  const blob: Blob = { pieces: [], size: 0, isFinished: false, isBusy: false }
  blobs.set(key, blob)
  return blob
}

async function append(blob: Blob, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  if (blob.isFinished || blob.isBusy || blob.size !== offset)
    throw conflict(`The blob is finished, being written, or not ${offset} bytes long.`)
  blob.isBusy = true
  try {
    for await (const piece of bytes) {
      // The sender may use its buffer again.
      blob.pieces.push(piece.slice())
      blob.size += piece.length
    }
    return blob.size
  } finally {
    blob.isBusy = false
  }
}

async function* read(
  find: () => Blob | undefined,
  range?: { readonly start: number; readonly end: number },
): AsyncIterable<Uint8Array> {
  const blob = find()
  if (blob?.isFinished !== true) throw new ParleyError('not_found', 'There is no such blob.')
  const { start, end } = range ?? { start: 0, end: blob.size }
  let at = 0
  for (const piece of blob.pieces) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, piece.length)]
    if (from < to) yield piece.subarray(from, to)
    at += piece.length
  }
}

function conflict(message: string): ParleyError {
  return new ParleyError('conflict', message)
}
