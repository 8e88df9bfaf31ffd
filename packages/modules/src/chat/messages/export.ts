import type { Context } from '@parley/kernel'
import { noSuchConversation } from '../conversations/refusals.ts'
import type { ChatHandlers } from '../parts.ts'
import { listOf, sql } from '../rows.ts'
import {
  assembleMessages,
  type Message,
  messageColumns,
  type Place,
  pickEvents,
  toMessageRow,
} from './assemble.ts'
import { versionsOf } from './edit.ts'
import { findConv } from './store.ts'

/** Characters of text that a page holds, about: the next message begins the next page. */
const maxPageText = 1_000_000

/** Messages that are read at once. */
const sliceSize = 200

type Exported = Message & { readonly versions?: { text: string; at: number }[] }

/** `export`. */
export const exporting: ChatHandlers<'export'> = {
  export: async (ctx, { channel, after, limit }) => {
    const conv = await findConv(ctx, ctx.app, channel)
    if (conv === undefined) throw noSuchConversation(channel)
    const messages: Exported[] = []
    let left = maxPageText
    for (;;) {
      // One more than the page takes tells whether there is another page.
      const size = Math.min(sliceSize, limit - messages.length + 1)
      const slice = await readSlice(ctx, { conv, channel }, messages.at(-1)?.seq ?? after, size)
      for (const message of slice) {
        if (left <= 0 || messages.length === limit) return { messages, next: messages.at(-1)?.seq }
        messages.push(message)
        left -= textLength(message)
      }
      if (slice.length < size) return { messages }
    }
  },
}

function textLength({ text, versions = [] }: Exported): number {
  return versions.reduce((sum, version) => sum + version.text.length, text.length)
}

/** Messages behind a seq, of the conversation itself and of all its threads. */
async function readSlice(ctx: Context, place: Place, after: number, size: number): Promise<Exported[]> {
  const { conv, channel } = place
  const rows = await ctx.query(
    sql(
      `SELECT ${messageColumns} FROM chat_messages m WHERE m.conv = ? AND m.seq > ? ORDER BY m.seq LIMIT ?`,
      ...[conv, after, size],
    ),
  )
  const messages = await assembleMessages(ctx, place, rows.map(toMessageRow), undefined)
  const edits = await ctx.query(
    sql(
      `SELECT seq, text_at FROM chat_edits WHERE conv = ? AND seq IN (SELECT value FROM json_each(?))
        ORDER BY seq, text_at`,
      ...[conv, listOf(messages.map(({ seq }) => seq))],
    ),
  )
  const offsets = edits.map((row) => Number(row.text_at))
  const events = await pickEvents(ctx, channel, offsets)
  const bySeq = Map.groupBy(offsets, (_, index) => Number(edits[index]?.seq))
  return messages.map((message) => {
    const earlier = bySeq.get(message.seq)
    return earlier === undefined ? message : { ...message, versions: versionsOf(earlier, events) }
  })
}
