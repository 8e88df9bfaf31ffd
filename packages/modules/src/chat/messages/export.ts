import { noSuchConversation } from '../conversations/refusals.ts'
import type { ChatHandlers } from '../parts.ts'
import { listOf, sql } from '../rows.ts'
import { assembleMessages, type Message, messageColumns, pickEvents, toMessageRow } from './assemble.ts'
import { versionsOf } from './edit.ts'
import { findConv } from './store.ts'

/** Characters of text that a page holds, about: the next message begins the next page. */
const maxPageText = 1_000_000

/** Messages that are read at once. */
const sliceSize = 200

/** `export`. */
export const exporting: ChatHandlers<'export'> = {
  export: async (ctx, { channel, after, limit }) => {
    const conv = await findConv(ctx, ctx.app, channel)
    if (conv === undefined) throw noSuchConversation(channel)
    const messages: (Message & { versions?: { text: string; at: number }[] })[] = []
    let last = after
    for (let text = 0; messages.length < limit && text < maxPageText; ) {
      const size = Math.min(sliceSize, limit - messages.length)
      const rows = await ctx.query(
        sql(
          `SELECT ${messageColumns} FROM chat_messages m WHERE m.conv = ? AND m.seq > ?
            ORDER BY m.seq LIMIT ?`,
          conv,
          last,
          size,
        ),
      )
      const slice = await assembleMessages(ctx, { conv, channel }, rows.map(toMessageRow), undefined)
      const edits = await ctx.query(
        sql(
          `SELECT seq, text_at FROM chat_edits WHERE conv = ? AND seq IN (SELECT value FROM json_each(?))
            ORDER BY seq, text_at`,
          conv,
          listOf(slice.map(({ seq }) => seq)),
        ),
      )
      const events = await pickEvents(
        ctx,
        channel,
        edits.map((row) => Number(row.text_at)),
      )
      const bySeq = Map.groupBy(edits, (row) => Number(row.seq))
      for (const message of slice) {
        const offsets = bySeq.get(message.seq)?.map((row) => Number(row.text_at))
        const versions = offsets && versionsOf(offsets, events)
        messages.push({ ...message, ...(versions === undefined ? {} : { versions }) })
        text += [message, ...(versions ?? [])].reduce((sum, one) => sum + one.text.length, 0)
        last = message.seq
      }
      if (slice.length < size) return { messages }
    }
    return { messages, next: last }
  },
}
