import { type BlobStore, type ByteRange, blobKeyProblem, type Clock, type Logger } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { type Bucket, type S3Credentials, s3Bucket } from './s3/bucket.ts'
import { type OpenUpload, openUpload, readTail, saveState, stateKey } from './s3/upload-state.ts'

export interface S3BlobStoreOptions extends S3Credentials {
  /** `https://s3.eu-central-1.amazonaws.com`, or that of another service that speaks S3. */
  readonly endpoint: string
  readonly bucket: string
  /** Default `us-east-1`. */
  readonly region?: string | undefined
  /** In front of every key; ends with `/` if it is to be a folder. */
  readonly prefix?: string | undefined
  /** Whether the bucket is named in the path (default) or in the host. */
  readonly pathStyle?: boolean | undefined
  /** Size of the parts in which large blobs are sent. Default and, of Amazon, least: 5 MiB. */
  readonly partBytes?: number | undefined
  /** Blobs that are written at once, each with a part in memory; one more is refused with `overloaded`. Default 100. */
  readonly maxWriting?: number | undefined
  readonly logger: Logger
  /** Default: the time of the process. */
  readonly clock?: Pick<Clock, 'elapsed'> | undefined
}

const megabyte = 1024 * 1024

/**
 * Blobs as objects of a bucket. A large blob goes there as a multipart upload, its parts all of one size; what does not
 * fill a part yet is kept in an object beside it, whose metadata say how far the upload is. Nothing about an upload is
 * known to this process alone. A bucket with versions keeps removed blobs: switch them off.
 */
export function s3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const { prefix = '', partBytes = 5 * megabyte, maxWriting = 100 } = options
  const bucket = s3Bucket(options)
  const busy = new Set<string>()
  const name = (key: string) => {
    const problem = blobKeyProblem(key)
    if (problem !== undefined) throw problem
    return prefix + key
  }
  return {
    append: async (key, offset, bytes) => {
      if (busy.size >= maxWriting)
        throw new ParleyError('overloaded', 'Too many blobs are being written.', { retryAfterMs: 1_000 })
      return alone(busy, key, () => append(bucket, name(key), { offset, bytes, partBytes }))
    },
    received: async (key) => (await openUpload(bucket, name(key))).received,
    finish: (key, size) => alone(busy, key, () => finish(bucket, name(key), size)),
    size: async (key) => (await bucket.head(name(key)))?.size,
    read: (key, range) => read(bucket, () => name(key), range),
    remove: async (key) => remove(bucket, name(key)),
  }
}

async function alone<T>(busy: Set<string>, key: string, work: () => Promise<T>): Promise<T> {
  if (busy.has(key)) throw new ParleyError('conflict', 'The blob is being written.')
  busy.add(key)
  try {
    return await work()
  } finally {
    busy.delete(key)
  }
}

interface Piece {
  readonly offset: number
  readonly bytes: AsyncIterable<Uint8Array>
  readonly partBytes: number
}

async function append(bucket: Bucket, key: string, { offset, bytes, partBytes }: Piece): Promise<number> {
  let upload = await openUpload(bucket, key)
  if (upload.received !== offset || (offset === 0 && (await bucket.head(key)) !== undefined))
    throw new ParleyError(
      'conflict',
      `The blob is finished, or has ${upload.received} bytes and not ${offset}.`,
    )
  let held: Uint8Array[] = upload.tailBytes > 0 ? [await readTail(bucket, key)] : []
  let heldBytes = upload.tailBytes
  try {
    for await (const piece of bytes) {
      held.push(piece)
      heldBytes += piece.length
      while (heldBytes >= partBytes) {
        const whole = Buffer.concat(held)
        upload = await sendPart(bucket, key, { upload, bytes: whole.subarray(0, partBytes) })
        held = [whole.subarray(partBytes)]
        heldBytes -= partBytes
      }
    }
  } finally {
    // What came before a break is kept. A tail that went into a part is told by its metadata to be out of date.
    if (heldBytes > 0) await saveState(bucket, key, { upload, tail: Buffer.concat(held) })
  }
  return sum(upload) + heldBytes
}

/** The state is written before the first part, so that no part belongs to an upload that nobody knows. */
async function sendPart(
  bucket: Bucket,
  key: string,
  { upload, bytes }: { readonly upload: OpenUpload; readonly bytes: Uint8Array },
): Promise<OpenUpload> {
  let { id } = upload
  if (id === undefined) {
    id = await bucket.createUpload(key)
    const tail = upload.tailBytes > 0 ? await readTail(bucket, key) : new Uint8Array()
    await saveState(bucket, key, { upload: { ...upload, id }, tail })
  }
  const number = upload.parts.length + 1
  const etag = await bucket.putPart(key, { id, number, bytes })
  return { ...upload, id, parts: [...upload.parts, { number, etag, size: bytes.length }] }
}

async function finish(bucket: Bucket, key: string, size: number): Promise<void> {
  const there = await bucket.head(key)
  if (there === undefined) {
    const upload = await openUpload(bucket, key)
    if (upload.received !== size)
      throw new ParleyError('conflict', `The blob has ${upload.received} bytes, not ${size}.`)
    await complete(bucket, key, upload)
  } else if (there.size !== size)
    throw new ParleyError('conflict', `The blob has ${there.size} bytes, not ${size}.`)
  await bucket.remove(stateKey(key))
}

async function complete(bucket: Bucket, key: string, upload: OpenUpload): Promise<void> {
  const tail = upload.tailBytes > 0 ? await readTail(bucket, key) : new Uint8Array()
  if (upload.id === undefined || upload.parts.length === 0) {
    await bucket.put(key, tail)
    if (upload.id !== undefined) await bucket.abortUpload(key, upload.id)
    return
  }
  const { parts } = tail.length > 0 ? await sendPart(bucket, key, { upload, bytes: tail }) : upload
  await bucket.completeUpload(key, upload.id, parts)
}

async function* read(bucket: Bucket, name: () => string, range?: ByteRange): AsyncIterable<Uint8Array> {
  const key = name()
  if (range !== undefined && range.start >= range.end) return
  const bytes = await bucket.get(key, range)
  if (bytes === undefined) throw new ParleyError('not_found', 'There is no such blob.')
  yield* bytes
}

async function remove(bucket: Bucket, key: string): Promise<void> {
  const upload = await openUpload(bucket, key)
  if (upload.id !== undefined) await bucket.abortUpload(key, upload.id)
  await bucket.remove(key)
  if (upload.isThere) await bucket.remove(stateKey(key))
}

function sum({ parts }: OpenUpload): number {
  return parts.reduce((bytes, { size }) => bytes + size, 0)
}
