import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationChannel, inboxOf } from '../channel-names.ts'
import { memberAssertion } from '../conversations/assertions.ts'
import { notAMember } from '../conversations/refusals.ts'
import type { ChatHandlers } from '../parts.ts'
import { everyPlacedState, toPlacedState } from '../reading/read-states.ts'
import { type Row, sql } from '../rows.ts'
import { assembleMessages, type Message, messageColumns, toMessageRow } from './assemble.ts'
import { noSuchMessage, requireMessage } from './store.ts'

const beyondAll = Number.MAX_SAFE_INTEGER

// Threads with replies, newest reply first.
const threadsQuery = `
  SELECT c.id AS room, c.conv, s.last_at AS moved_at, ${messageColumns}
  FROM chat_followers f
  JOIN chat_members p ON p.conv = f.conv AND p.user = f.user
  JOIN chat_conversations c ON c.conv = f.conv
  JOIN chat_streams s ON s.conv = f.conv AND s.thread = f.thread
  JOIN chat_messages m ON m.conv = f.conv AND m.seq = f.thread
  WHERE f.app = ?1 AND f.user = ?2 AND (s.last_at, f.conv, f.thread) < (?3, ?4, ?5)
  ORDER BY s.last_at DESC, f.conv DESC, f.thread DESC LIMIT ?6`

// What names the user, and what names everybody in a conversation since the user is a member.
const mentionsQuery = `
  SELECT c.id AS room, c.conv, n.at AS moved_at, ${messageColumns}
  FROM (
    SELECT conv, seq, at FROM chat_mentions WHERE app = ?1 AND user = ?2
    UNION
    SELECT a.conv, a.seq, a.at FROM chat_members p JOIN chat_mentions a ON a.conv = p.conv AND a.user = ''
      WHERE p.app = ?1 AND p.user = ?2 AND a.seq > p.joined_seq) n
  JOIN chat_members p ON p.conv = n.conv AND p.user = ?2
  JOIN chat_conversations c ON c.conv = n.conv
  JOIN chat_messages m ON m.conv = n.conv AND m.seq = n.seq
  WHERE m.deleted_at IS NULL AND m.author <> ?2 AND (n.at, n.conv, n.seq) < (?3, ?4, ?5)
    AND NOT EXISTS (SELECT 1 FROM chat_hidden h
      WHERE h.conv = n.conv AND h.user = ?2 AND h.thread = m.thread AND h.seq = n.seq)
  ORDER BY n.at DESC, n.conv DESC, n.seq DESC LIMIT ?6`

function readCursor(after: string | undefined): readonly [number, number, number] {
  if (after === undefined) return [beyondAll, 0, 0]
  const [, at, conv, seq] = /^(\d{1,15})[.](\d{1,15})[.](\d{1,15})$/.exec(after) ?? []
  if (at === undefined)
    throw new ParleyError('bad_request', '`after` is no cursor: pass `next` of the page before.')
  return [Number(at), Number(conv), Number(seq)]
}

function nextOf(rows: readonly Row[], limit: number): { readonly next?: string } {
  const last = rows.length === limit ? rows.at(-1) : undefined
  return last === undefined ? {} : { next: `${last.moved_at}.${last.conv}.${last.seq}` }
}

/** Messages of several conversations, in the order of their rows. */
async function assembleAcross(ctx: Context, rows: readonly Row[]): Promise<Message[]> {
  const byConv = Map.groupBy(rows, (row) => Number(row.conv))
  const found = new Map<string, Message>()
  await Promise.all(
    [...byConv].map(async ([conv, group]) => {
      const channel = conversationChannel(String(group[0]?.room))
      const messages = await assembleMessages(ctx, { conv, channel }, group.map(toMessageRow), ctx.user)
      for (const message of messages) found.set(`${conv}.${message.seq}`, message)
    }),
  )
  return rows.flatMap((row) => found.get(`${row.conv}.${row.seq}`) ?? [])
}

/** What a user follows, and what names them, in all their conversations. */
export const following: ChatHandlers<'follow' | 'threads' | 'mentions'> = {
  follow: async (ctx, { channel, thread, on }) => {
    const user = requireUser(ctx)
    const { conv, role, message } = await requireMessage(ctx, { channel, seq: thread })
    if (role === undefined) throw notAMember(channel)
    if (message.thread !== 0) throw noSuchMessage(channel, thread)
    const which = [ctx.app, user, conv, thread]
    const [now] = await ctx.query(
      sql(
        'SELECT 1 AS followed FROM chat_followers WHERE app = ? AND user = ? AND conv = ? AND thread = ?',
        ...which,
      ),
    )
    if ((now !== undefined) === on) return {}
    ctx.assert(memberAssertion(conv, user))
    ctx.write({
      sql: on
        ? 'INSERT OR IGNORE INTO chat_followers (app, user, conv, thread) VALUES (?, ?, ?, ?)'
        : 'DELETE FROM chat_followers WHERE app = ? AND user = ? AND conv = ? AND thread = ?',
      parameters: which,
    })
    ctx.append({ channel: inboxOf(user), type: 'chat.thread_followed', data: { channel, thread, on } })
    return {}
  },

  threads: async (ctx, { limit, after }) => {
    const user = requireUser(ctx)
    const rows = await ctx.query(sql(threadsQuery, ctx.app, user, ...readCursor(after), limit))
    const states = new Map<string, { readonly unread: number; readonly mentions: number }>()
    if (rows.length > 0)
      for (const row of await ctx.query(everyPlacedState(ctx.app, user))) {
        const { conv, state } = toPlacedState(row)
        states.set(`${conv}.${state.thread}`, state)
      }
    const roots = await assembleAcross(ctx, rows)
    return {
      threads: roots.map((root, index) => {
        const { unread = 0, mentions = 0 } = states.get(`${rows[index]?.conv}.${root.seq}`) ?? {}
        return { root, unread, mentions }
      }),
      ...nextOf(rows, limit),
    }
  },

  mentions: async (ctx, { limit, after }) => {
    const user = requireUser(ctx)
    const rows = await ctx.query(sql(mentionsQuery, ctx.app, user, ...readCursor(after), limit))
    return { messages: await assembleAcross(ctx, rows), ...nextOf(rows, limit) }
  },
}
