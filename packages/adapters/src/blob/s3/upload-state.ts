import { ParleyError } from '@parley/protocol'
import type { Bucket, UploadedPart } from './bucket.ts'

/** How far an upload is. */
export interface OpenUpload {
  /** Whether anything is kept about it. */
  readonly isThere: boolean
  /** Of the multipart upload; undefined until there is a whole part. */
  readonly id: string | undefined
  readonly parts: readonly UploadedPart[]
  /** Bytes behind the parts. */
  readonly tailBytes: number
  /** All bytes. */
  readonly received: number
}

/** Where the tail of an unfinished blob is. Keys of blobs have no dot: it is the name of no other blob. */
export function stateKey(key: string): string {
  return `${key}.tail`
}

/** What the bucket knows of an upload. */
export async function openUpload(bucket: Bucket, key: string): Promise<OpenUpload> {
  const state = await bucket.head(stateKey(key))
  if (state === undefined) return { isThere: false, id: undefined, parts: [], tailBytes: 0, received: 0 }
  const { upload: id = '', parts: before = '0' } = state.metadata
  // An upload that is not there any more was joined, or given up by a rule of the bucket.
  const listed = id === '' ? undefined : await bucket.listParts(key, id)
  const parts = listed ?? []
  // A tail that was written before the last part is in that part.
  const tailBytes = Number(before) === parts.length ? state.size : 0
  const received = parts.reduce((bytes, { size }) => bytes + size, tailBytes)
  return { isThere: true, id: listed === undefined ? undefined : id, parts, tailBytes, received }
}

/** Writes what is behind the parts, and which parts those are. */
export async function saveState(
  bucket: Bucket,
  key: string,
  { upload, tail }: { readonly upload: OpenUpload; readonly tail: Uint8Array },
): Promise<void> {
  await bucket.put(stateKey(key), tail, { upload: upload.id ?? '', parts: String(upload.parts.length) })
}

/** The bytes behind the parts. */
export async function readTail(bucket: Bucket, key: string): Promise<Uint8Array> {
  const bytes = await bucket.get(stateKey(key))
  if (bytes === undefined) throw new ParleyError('conflict', 'The upload was given up.')
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}
