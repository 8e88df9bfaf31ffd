import type { FileRecord } from './model.ts'
import { change, type FileName, type FilesParts } from './parts.ts'
import { blobKey, channelOf, thumbnailKey, userOf } from './rules.ts'
import { eraseFile, findFile, saveFile, wordOffsets } from './store.ts'

/** Why a file is removed. */
export type Reason = 'removed' | 'detached' | 'expired' | 'refused'

/** A file, and whose it is. */
export interface OwnedFile extends FileName {
  readonly owner: string
}

/** Asked again when the removal is stored: somebody may have attached the file in between. */
type Condition = (record: FileRecord) => boolean

/**
 * Removes a file: name and bytes are in no file afterwards. The wish is stored first, so that a removal that breaks off
 * is carried on by the sweep.
 */
export async function removeFile(
  parts: FilesParts,
  named: OwnedFile,
  reason: Reason,
  condition: Condition = () => true,
): Promise<void> {
  if (!(await retire(parts, named, reason, condition))) return
  // Who still writes to it is asked to stop.
  await parts.locks.run(lockKey(named), () => purge(parts, named))
}

/** As {@link removeFile}, by who holds the lock of the file. */
export async function removeHeldFile(parts: FilesParts, named: OwnedFile, reason: Reason): Promise<void> {
  if (await retire(parts, named, reason, () => true)) await purge(parts, named)
}

/** The key under which a file's bytes are written by one at a time. */
export function lockKey({ app, file }: FileName): string {
  return `${app}/${file}`
}

/** From here on nobody sees the file, and its name is gone. Answers whether it is to be purged. */
async function retire(
  parts: FilesParts,
  { app, file, owner }: OwnedFile,
  reason: Reason,
  condition: Condition,
): Promise<boolean> {
  const { isRetired, freed } = await change(parts, { app, owner }, async (ctx) => {
    const before = await findFile(ctx, file)
    if (before === undefined) return { isRetired: false, freed: undefined }
    const { record } = before
    if (record.status === 'removing') return { isRetired: true, freed: undefined }
    if (!condition(record)) return { isRetired: false, freed: undefined }
    const channel = channelOf(owner)
    for (const offset of await wordOffsets(ctx, file, record)) ctx.redact(channel, offset)
    const due = ctx.clock.now()
    saveFile(ctx, file, { before, after: { ...record, status: 'removing', due, attached: [] } })
    ctx.append({ channel, type: 'files.removed', data: { file, reason }, by: userOf(owner) })
    return { isRetired: true, freed: record.size }
  })
  if (freed !== undefined) parts.usage.release(app, owner, freed)
  return isRetired
}

async function purge(parts: FilesParts, { app, file, owner }: OwnedFile): Promise<void> {
  await parts.blobs.remove(blobKey(app, file))
  await parts.blobs.remove(thumbnailKey(app, file))
  await change(parts, { app, owner }, async (ctx) => {
    const found = await findFile(ctx, file)
    if (found !== undefined) eraseFile(ctx, file, found)
  })
}
