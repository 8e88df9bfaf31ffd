import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationId } from '../channel-names.ts'
import { chatLimits } from '../model.ts'
import type { ChatHandlers } from '../parts.ts'
import { sql } from '../rows.ts'

const message = `
  SELECT c.conv, c.receipts, c.members, x.author, x.thread, m.user AS member,
    coalesce((SELECT receipts FROM chat_settings WHERE app = ?1 AND user = ?2), 1) AS own
  FROM chat_conversations c
    LEFT JOIN chat_members m ON m.conv = c.conv AND m.user = ?2
    LEFT JOIN chat_messages x ON x.conv = c.conv AND x.seq = ?4 AND x.deleted_at IS NULL
  WHERE c.app = ?1 AND c.id = ?3`

// Markers at or behind the message, of those who were there already when it was sent and do not hide what they read.
const readers = `
  FROM chat_markers k
    JOIN chat_members m ON m.conv = k.conv AND m.user = k.user AND m.joined_seq = k.joined AND m.joined_seq < ?4
    LEFT JOIN chat_settings u ON u.app = ?1 AND u.user = k.user
  WHERE k.conv = ?2 AND k.thread = ?3 AND k.seq >= ?4 AND k.user <> ?5 AND coalesce(u.receipts, 1) = 1`

export const seenBy: ChatHandlers<'seenBy'>['seenBy'] = async (ctx, { channel, seq, after = '', limit }) => {
  const [row] = await ctx.query(sql(message, ctx.app, requireUser(ctx), conversationId(channel), seq))
  if (row?.member == null) throw new ParleyError('chat.not_a_member', 'Only members see who has read.')
  if (row.receipts !== 1)
    throw new ParleyError('chat.receipts_are_off', 'The conversation does not show who has read.')
  if (row.own !== 1)
    throw new ParleyError(
      'chat.receipts_are_off',
      'You do not show others what you have read, and see as little of them. Switch it on in your settings.',
    )
  if (row.author === null)
    throw new ParleyError('chat.no_such_message', `There is no message ${seq}, or it was deleted.`)
  const of = [ctx.app, row.conv ?? 0, row.thread ?? 0, seq, row.author ?? ''] as const
  if (Number(row.members) > chatLimits.seenBy) {
    const [counted] = await ctx.query(sql(`SELECT count(*) AS count ${readers}`, ...of))
    return { count: Number(counted?.count), users: [] }
  }
  const rows = await ctx.query(sql(`SELECT k.user, k.at ${readers} ORDER BY k.user`, ...of))
  const found = rows.map(({ user, at }) => ({ user: String(user), at: Number(at) }))
  const rest = found.filter(({ user }) => user > after)
  const users = rest.slice(0, limit)
  const last = users.at(-1)
  return {
    count: found.length,
    users,
    ...(rest.length > limit && last !== undefined ? { next: last.user } : {}),
  }
}
