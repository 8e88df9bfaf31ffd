import { ParleyError } from '@parley/protocol'
import { noSuchFile } from '../access.ts'
import type { FileRecord } from '../model.ts'
import type { FilesParts } from '../parts.ts'
import { lockKey, removeFile } from '../removal.ts'
import { blobKey } from '../rules.ts'
import { findFile, readWords, type Words } from '../store.ts'
import type { PartDigest } from './checked-parts.ts'
import { untilStopped } from './locks.ts'
import { finishUpload } from './uploads.ts'

/** Who sends a file: an owner, or (without one) somebody with the ticket of the upload. */
export interface Sender {
  readonly app: string
  readonly owner?: string
}

/** Bytes of a file, from an offset on. */
interface Part {
  readonly offset: number
  readonly bytes: AsyncIterable<Uint8Array>
  readonly digest: PartDigest | undefined
}

/** A file that is being sent, in the words of its sender. */
export interface Upload {
  readonly record: FileRecord
  readonly words: Words | undefined
}

/** @throws ParleyError `not_found` when it is somebody else's */
export function findUpload(parts: FilesParts, { app, owner }: Sender, file: string): Promise<Upload> {
  return parts.services().run(app, async (ctx) => {
    const { record } = (await findFile(ctx, file)) ?? {}
    const isTheirs = owner === undefined || owner === record?.owner
    if (record === undefined || record.status === 'removing' || !isTheirs) throw noSuchFile(file)
    return { record, words: (await readWords(ctx, record.owner, [[file, record]])).get(file) }
  })
}

/** How much of an upload is here. Whoever was sending is asked to stop. */
export function standing(parts: FilesParts, sender: Sender, file: string): Promise<number> {
  return parts.locks.run(lockKey({ app: sender.app, file }), () => stands(parts, sender, file))
}

/** An upload whose bytes are all here is finished, should a crash have come in between. */
async function stands(parts: FilesParts, sender: Sender, file: string): Promise<number> {
  const { app } = sender
  const { record } = await findUpload(parts, sender, file)
  if (record.status !== 'uploading') return record.size
  const key = blobKey(app, file)
  const received = (await parts.blobs.size(key)) ?? (await parts.blobs.received(key))
  if (received === record.size) await finishUpload(parts, { app, file }, record)
  return received
}

/** Takes a part in, and finishes the upload if it was the last. Answers how much is here. */
export function receive(
  parts: FilesParts,
  sender: Sender,
  file: string,
  { offset, bytes, digest }: Part,
): Promise<number> {
  const { app } = sender
  return parts.locks.run(lockKey({ app, file }), async (stopped) => {
    const received = await stands(parts, sender, file)
    if (received !== offset)
      throw new ParleyError('files.offset_mismatch', `The upload stands at ${received}, not at ${offset}.`, {
        details: { offset: received },
      })
    const { record } = await findUpload(parts, sender, file)
    if (record.status !== 'uploading') return received
    const part = bounded(untilStopped(bytes, stopped), record.size - offset)
    const store = (checked: AsyncIterable<Uint8Array>) =>
      parts.blobs.append(blobKey(app, file), offset, checked)
    const size = await (digest === undefined ? store(part) : parts.checked.hold(digest, part, store))
    if (size === record.size) await finishUpload(parts, { app, file }, record)
    return size
  })
}

/** Gives an upload up; a file that is finished stays. */
export async function giveUp(parts: FilesParts, sender: Sender, file: string): Promise<void> {
  const { record } = await findUpload(parts, sender, file)
  const isUnfinished = ({ status }: FileRecord) => status === 'uploading'
  if (!isUnfinished(record)) throw noSuchFile(file)
  await removeFile(parts, { app: sender.app, file, owner: record.owner }, 'removed', isUnfinished)
}

/** @throws ParleyError `payload_too_large` when more comes than was announced */
async function* bounded(bytes: AsyncIterable<Uint8Array>, most: number): AsyncIterable<Uint8Array> {
  let left = most
  for await (const piece of bytes) {
    left -= piece.length
    if (left < 0)
      throw new ParleyError('payload_too_large', 'More bytes came than the upload was announced to have.')
    yield piece
  }
}
