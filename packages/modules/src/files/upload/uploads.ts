import type { Identity } from '@parley/kernel'
import { detectedBytes } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { FileRecord } from '../model.ts'
import { change, type FileName, type FilesParts } from '../parts.ts'
import { removeHeldFile } from '../removal.ts'
import { blobKey, channelOf, cleanName, isShowable, isTaken, nextDue, ownerOf, userOf } from '../rules.ts'
import { findFile, readWords, saveFile } from '../store.ts'
import { decideType } from './detect.ts'
import { saveReady } from './ready.ts'

/** What somebody wants to send. */
export interface Announcement {
  readonly name: string
  readonly size: number
  readonly type?: string | undefined
  readonly purpose?: string | undefined
}

const idBits = 120

/**
 * Makes room for a file and gives it an id.
 *
 * @throws ParleyError `files.too_large`, `files.quota_exceeded`, `files.type_refused`
 */
export async function beginUpload(
  parts: FilesParts,
  identity: Identity,
  announced: Announcement,
): Promise<{ readonly file: string; readonly expiresAt: number }> {
  const { limits, usage } = parts
  const { size, type, purpose } = announced
  const { app } = identity
  if (size > limits.maxFileBytes)
    throw new ParleyError(
      'files.too_large',
      `A file has at most ${limits.maxFileBytes} bytes, not ${size}.`,
      {
        details: { limit: limits.maxFileBytes },
      },
    )
  if (type !== undefined && !isTaken(type, limits)) throw typeRefused(`Files of type ${type}`)
  const owner = ownerOf(identity, parts.digest)
  await usage.reserve(app, owner, size)
  try {
    return await change(parts, { app, owner }, async (ctx) => {
      const channel = channelOf(owner)
      const { head } = await ctx.channels.top(channel)
      const file = ctx.clock.secret(idBits)
      const createdAt = ctx.clock.now()
      const begun = { owner, size, status: 'uploading', createdAt, begun: head + 1, attached: [] } as const
      const due = nextDue(begun, createdAt, limits)
      saveFile(ctx, file, { after: { ...begun, due } })
      const name = cleanName(announced.name)
      ctx.append({
        channel,
        type: 'files.begun',
        data: { file, name, size, type, purpose },
        by: userOf(owner),
      })
      return { file, expiresAt: due ?? createdAt }
    })
  } catch (error) {
    usage.release(app, owner, size)
    throw error
  }
}

/**
 * Finishes an upload whose bytes are all here: finds out what they are, and has a thumbnail made. By who holds the lock.
 *
 * @throws ParleyError `files.type_refused`, and the file is gone
 */
export async function finishUpload(
  parts: FilesParts,
  { app, file }: FileName,
  record: FileRecord,
): Promise<void> {
  const { owner, size } = record
  await parts.blobs.finish(blobKey(app, file), size)
  const type = await typeOf(parts, { app, file }, record)
  if (type === undefined || !isTaken(type, parts.limits)) {
    await removeHeldFile(parts, { app, file, owner }, 'refused')
    throw typeRefused(
      type === undefined ? 'Files that are not what their type says' : `Files of type ${type}`,
    )
  }
  const isPicture = parts.pictures.takes(type, size)
  await change(parts, { app, owner }, async (ctx) => {
    const before = await findFile(ctx, file)
    if (before === undefined || before.record.status !== 'uploading') return
    const { record: begun } = before
    if (isPicture)
      saveFile(ctx, file, { before, after: { ...begun, status: 'processing', type, due: ctx.clock.now() } })
    else
      await saveReady(ctx, file, {
        before,
        found: { type, isInline: isShowable(type) },
        limits: parts.limits,
      })
  })
  if (isPicture) parts.pictures.enqueue({ app, file })
}

async function typeOf(
  parts: FilesParts,
  { app, file }: FileName,
  record: FileRecord,
): Promise<string | undefined> {
  const { blobs, detectType } = parts
  const beginning = await gather(
    blobs.read(blobKey(app, file), { start: 0, end: Math.min(record.size, detectedBytes) }),
  )
  const words = await parts.services().run(app, (ctx) => readWords(ctx, record.owner, [[file, record]]))
  const { name = '', type: declared } = words.get(file) ?? {}
  const detected = await detectType(beginning)
  const verdict = decideType({ detected, declared, name, beginning, size: record.size })
  return 'type' in verdict ? verdict.type : undefined
}

/** All the bytes, which are few. */
export async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function typeRefused(what: string): ParleyError {
  return new ParleyError('files.type_refused', `${what} are not taken here.`)
}
