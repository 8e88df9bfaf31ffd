import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { FileInfo, FileRecord } from './model.ts'
import type { FilesParts } from './parts.ts'
import { blobKey, ownerOf } from './rules.ts'
import { type FoundFile, findFile, readWords, type Words } from './store.ts'

/** What somebody wants with a file: to know of it, or to have its bytes. */
type Wish = 'know' | 'fetch'

/**
 * A file that the caller may see. Who sent it may always know of it. Its bytes are for who sent it until it is attached,
 * and from then on for those who may read a channel that it is attached to.
 *
 * @throws ParleyError `not_found`, also for files that others have
 */
export async function visibleFile(
  { digest }: FilesParts,
  ctx: Context,
  file: string,
  wish: Wish,
): Promise<FoundFile> {
  const found = await findFile(ctx, file)
  if (found === undefined || found.record.status === 'removing') throw noSuchFile(file)
  const { owner, attached } = found.record
  const isOwn = owner === ownerOf(ctx.identity, digest)
  if (isOwn && (wish === 'know' || attached.length === 0)) return found
  if (await mayManage(ctx)) return found
  for (const channel of new Set(attached.map(({ to }) => to)))
    if (await isGranted(ctx.require('read', channel))) return found
  throw noSuchFile(file)
}

/** Whether the caller is a back end that may do everything in the app. */
export async function mayManage(ctx: Context): Promise<boolean> {
  return ctx.identity.role === 'backend' && (await isGranted(ctx.require('manage')))
}

/** The answer to somebody who asks for a file that is not there, or not for them. */
export function noSuchFile(file: string): ParleyError {
  return new ParleyError('not_found', `There is no file \`${file}\`, or this identity may not see it.`)
}

async function isGranted(asked: Promise<void>): Promise<boolean> {
  try {
    await asked
    return true
  } catch (error) {
    // A channel whose kind is gone is read by nobody.
    if (error instanceof ParleyError && ['forbidden', 'unknown_kind'].includes(error.code)) return false
    throw error
  }
}

/** Files as they are shown, in the order given. */
export async function describeFiles(
  parts: FilesParts,
  ctx: Context,
  files: readonly (readonly [file: string, record: FileRecord])[],
): Promise<readonly FileInfo[]> {
  const owners = new Set(files.map(([, { owner }]) => owner))
  const words = await Promise.all(
    [...owners].map((owner) =>
      readWords(
        ctx,
        owner,
        files.filter(([, record]) => record.owner === owner),
      ),
    ),
  )
  const wordsOf = new Map(words.flatMap((some) => [...some]))
  return Promise.all(
    files.map(async ([file, record]) => {
      const received =
        record.status === 'uploading' ? await parts.blobs.received(blobKey(ctx.app, file)) : undefined
      return infoOf(parts, ctx, { file, record, words: wordsOf.get(file), received })
    }),
  )
}

interface Shown {
  readonly file: string
  readonly record: FileRecord
  readonly words: Words | undefined
  readonly received: number | undefined
}

function infoOf({ digest }: FilesParts, ctx: Context, { file, record, words, received }: Shown): FileInfo {
  const { owner, size, status, type, width, height, hasThumbnail, createdAt, due } = record
  return {
    file,
    name: words?.name ?? 'file',
    type: type ?? words?.type ?? 'application/octet-stream',
    size,
    status: status === 'removing' ? 'ready' : status,
    ...(received === undefined ? {} : { received }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(words?.placeholder === undefined ? {} : { placeholder: words.placeholder }),
    thumbnail: hasThumbnail === true,
    ...(words?.purpose === undefined ? {} : { purpose: words.purpose }),
    own: owner === ownerOf(ctx.identity, digest),
    createdAt,
    ...(due === undefined || status === 'processing' ? {} : { expiresAt: due }),
  }
}
