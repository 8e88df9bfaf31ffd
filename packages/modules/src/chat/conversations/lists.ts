import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationId } from '../channel-names.ts'
import type { ChatHandlers } from '../parts.ts'
import { sql } from '../rows.ts'
import { noSuchConversation } from './refusals.ts'
import { type ConversationInfo, findInfo, infoColumns, readInfos, toCandidate } from './store.ts'

// Newest activity first: of the newest message, or of the beginning.
const mineQuery = `
  SELECT * FROM (
    SELECT ${infoColumns}, coalesce(s.last_at, c.created_at) AS active_at
    FROM chat_members m JOIN chat_conversations c ON c.conv = m.conv
    LEFT JOIN chat_streams s ON s.conv = c.conv AND s.thread = 0
    WHERE m.app = ?1 AND m.user = ?2 AND c.archived <= ?3)
  WHERE (active_at, conv) < (?4, ?5)
  ORDER BY active_at DESC, conv DESC LIMIT ?6`

const publicQuery = `
  SELECT ${infoColumns}
  FROM chat_conversations c LEFT JOIN chat_members m ON m.conv = c.conv AND m.user = ?1
  WHERE c.app = ?2 AND c.visibility = 'public' AND c.archived = 0
    AND (c.title, c.conv) > (?3, ?4) AND c.title LIKE ?5 ESCAPE '\\'
  ORDER BY c.title, c.conv LIMIT ?6`

const membersQuery = `
  SELECT m.user, m.role, m.joined_at
  FROM chat_conversations c JOIN chat_members m ON m.conv = c.conv
  WHERE c.app = ? AND c.id = ? AND m.user > ? ORDER BY m.user LIMIT ?`

/** A cursor: a number, and a text or another number behind it. */
function readCursor(cursor: string): readonly [number, string] {
  const [, number, rest] = /^(\d{1,15})[.](.*)$/su.exec(cursor) ?? []
  if (number === undefined || rest === undefined)
    throw new ParleyError('bad_request', '`after` is no cursor: pass `next` of the page before.')
  return [Number(number), rest]
}

/** Commands that read conversations. */
export const lists: ChatHandlers<'get' | 'list' | 'browse' | 'members'> = {
  get: async (ctx, { channel }) => {
    const found = await findInfo(ctx, ctx.app, channel, ctx.user)
    if (found === undefined) throw noSuchConversation(channel)
    return found.info
  },

  list: async (ctx, { limit, after, archived }) => {
    const user = requireUser(ctx)
    const [conv, activeAt] = after === undefined ? [0, Number.MAX_SAFE_INTEGER] : readCursor(after)
    const rows = await ctx.query(
      sql(mineQuery, ctx.app, user, Number(archived), Number(activeAt), conv, limit),
    )
    const last = rows.length === limit ? rows.at(-1) : undefined
    return {
      conversations: infosOf(await readInfos(ctx, rows, user)),
      ...(last === undefined ? {} : { next: `${last.conv}.${last.active_at}` }),
    }
  },

  browse: async (ctx, { title = '', limit, after }) => {
    const [conv, afterTitle] = after === undefined ? [0, ''] : readCursor(after)
    const pattern = `%${title.replace(/[\\%_]/g, '\\$&')}%`
    const rows = await ctx.query(sql(publicQuery, ctx.user ?? '', ctx.app, afterTitle, conv, pattern, limit))
    const last = rows.length === limit ? rows.at(-1) : undefined
    return {
      conversations: infosOf(await readInfos(ctx, rows, ctx.user)),
      ...(last === undefined ? {} : { next: `${last.conv}.${last.title}` }),
    }
  },

  members: async (ctx, { channel, limit, after = '' }) => {
    const rows = await ctx.query(sql(membersQuery, ctx.app, conversationId(channel), after, limit))
    const last = rows.length === limit ? rows.at(-1)?.user : undefined
    return {
      members: rows.map(toCandidate),
      ...(last === undefined ? {} : { next: String(last) }),
    }
  },
}

function infosOf(found: readonly { readonly info: ConversationInfo }[]): ConversationInfo[] {
  return found.map(({ info }) => info)
}
