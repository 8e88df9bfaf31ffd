import type { Context, Kind } from '@parley/kernel'
import { draftsOf } from '../channel-names.ts'

const day = 24 * 60 * 60 * 1000

/** How far ahead a message can be scheduled. */
export const maxAheadMs = 366 * day

/** Retention of the channels that hold drafts: longer than anything waits in them. */
export const draftsRetention: Partial<Kind['retention']> = { maxEvents: 1_000_000, maxAgeMs: 3 * maxAheadMs }

/** The words of drafts or scheduled messages, by the offsets of their events; none where they are gone. */
export async function readTexts(
  ctx: Pick<Context, 'channels'>,
  user: string,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const texts = new Map<number, string>()
  if (offsets.length === 0) return texts
  for (const event of await ctx.channels.pick(draftsOf(user), offsets))
    if (event !== undefined && event.redacted !== true)
      texts.set(event.offset, (event.data as { readonly text: string }).text)
  return texts
}
