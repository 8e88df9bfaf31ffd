import type { Context } from '@parley/kernel'
import { conversationChannel } from '../channel-names.ts'
import { type MessageRow, messageColumns, pickEvents, toMessageRow } from '../messages/assemble.ts'
import { sql } from '../rows.ts'
import type { Found } from './cursor.ts'
import { type Searchable, searchableText } from './postings.ts'
import { holds, type Wanted } from './query.ts'

/** A message that says what was looked for. */
export interface Confirmed {
  readonly conv: number
  readonly channel: string
  readonly row: MessageRow
}

type Body = Pick<Searchable, 'text' | 'attachments'>

const rowsQuery = `
  SELECT m.conv, c.id AS conversation, ${messageColumns}
  FROM json_each(?) AS f
    JOIN chat_messages m ON m.conv = f.value ->> 0 AND m.seq = f.value ->> 1
    JOIN chat_conversations c ON c.conv = m.conv
  WHERE m.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM chat_hidden h
    WHERE h.conv = m.conv AND h.user = ? AND h.thread = m.thread AND h.seq = m.seq)
  ORDER BY f.key`

/**
 * Those among some messages that the caller sees and whose text, as it is now, holds what is wanted: different words
 * may have one digest, and a phrase is more than its words.
 */
export async function confirm(ctx: Context, found: readonly Found[], wanted: Wanted): Promise<Confirmed[]> {
  if (found.length === 0) return []
  const places = JSON.stringify(found.map(({ conv, seq }) => [conv, seq]))
  const rows = (await ctx.query(sql(rowsQuery, places, ctx.user ?? ''))).map((row) => ({
    conv: Number(row.conv),
    channel: conversationChannel(String(row.conversation)),
    row: toMessageRow(row),
  }))
  if (wanted.sequences.length === 0) return rows
  const texts = new Map<string, string>()
  await Promise.all(
    [...Map.groupBy(rows, ({ channel }) => channel)].map(async ([channel, some]) => {
      const events = await pickEvents(
        ctx,
        channel,
        some.flatMap(({ row: { seq, textAt } }) => (seq === textAt ? [seq] : [seq, textAt])),
      )
      for (const { row } of some) {
        const now = events.get(row.textAt)?.data as Body | undefined
        const { attachments } = (events.get(row.seq)?.data ?? {}) as Partial<Body>
        if (now !== undefined)
          texts.set(`${channel}\n${row.seq}`, searchableText({ text: now.text, attachments }))
      }
    }),
  )
  return rows.filter(({ channel, row }) => holds(texts.get(`${channel}\n${row.seq}`) ?? '', wanted))
}
