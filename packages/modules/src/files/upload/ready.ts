import type { Context } from '@parley/kernel'
import type { FileLimits } from '../limits.ts'
import type { FileRecord } from '../model.ts'
import { channelOf, nextDue, userOf } from '../rules.ts'
import { type FoundFile, saveFile } from '../store.ts'

/** What was found out about a file. */
type Found = Pick<FileRecord, 'isInline' | 'hasThumbnail' | 'width' | 'height'> & { readonly type: string }

/** Makes a file one that can be attached and fetched, and says so in its owner's channel. */
export async function saveReady(
  ctx: Context,
  file: string,
  {
    before,
    found,
    placeholder,
    limits,
  }: {
    readonly before: FoundFile
    readonly found: Found
    readonly placeholder?: string | undefined
    readonly limits: FileLimits
  },
): Promise<void> {
  const { owner, size } = before.record
  const channel = channelOf(owner)
  const { head } = await ctx.channels.top(channel)
  const after = { ...before.record, ...found, status: 'ready', finished: head + 1 } as const
  saveFile(ctx, file, { before, after: { ...after, due: nextDue(after, ctx.clock.now(), limits) } })
  const { type, width, height, hasThumbnail: thumbnail = false } = found
  ctx.append({
    channel,
    type: 'files.finished',
    data: { file, type, size, width, height, placeholder, thumbnail },
    by: userOf(owner),
  })
}
