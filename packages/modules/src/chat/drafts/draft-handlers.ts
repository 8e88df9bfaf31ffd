import type { Assertion, Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationChannel, conversationId, draftsOf } from '../channel-names.ts'
import { chatLimits } from '../model.ts'
import type { ChatHandlers } from '../parts.ts'
import { sql } from '../rows.ts'
import { readTexts } from './drafts-channel.ts'

/** A draft of the caller's that is there, or is to be. */
interface Draft {
  readonly user: string
  readonly conv: number
  readonly channel: string
  readonly thread: number
  /** Offset of the event that holds its words now. */
  readonly textAt: number | undefined
  /** Drafts that the user has. */
  readonly count: number
}

/** The handlers of what is being written. */
export const draftTexts: ChatHandlers<'saveDraft' | 'drafts'> = {
  saveDraft: async (ctx, { channel, thread = 0, text }) => {
    const user = requireUser(ctx)
    if (text !== '') await ctx.require('read', channel)
    const at = ctx.clock.now()
    const draft = await find(ctx, user, channel, thread)
    if (draft !== undefined && text !== '') keep(ctx, draft, text, at)
    else if (draft?.textAt !== undefined) drop(ctx, draft, at)
    return { at }
  },

  drafts: async (ctx) => {
    const user = requireUser(ctx)
    const rows = await ctx.query(
      sql(
        `SELECT c.id, d.thread, d.text_at, d.at FROM chat_drafts d JOIN chat_conversations c ON c.conv = d.conv
          WHERE d.app = ? AND d.user = ? ORDER BY d.at DESC LIMIT ${chatLimits.drafts}`,
        ctx.app,
        user,
      ),
    )
    const texts = await readTexts(
      ctx,
      user,
      rows.map(({ text_at }) => Number(text_at)),
    )
    return {
      drafts: rows.flatMap(({ id, thread, text_at, at }) => {
        const text = texts.get(Number(text_at))
        if (text === undefined) return []
        return [{ ...placeOf(conversationChannel(String(id)), Number(thread)), text, at: Number(at) }]
      }),
    }
  },
}

function placeOf(channel: string, thread: number) {
  return thread === 0 ? { channel } : { channel, thread }
}

async function find(ctx: Context, user: string, channel: string, thread: number): Promise<Draft | undefined> {
  const [row] = await ctx.query(
    sql(
      `SELECT c.conv, d.text_at, (SELECT count(*) FROM chat_drafts WHERE app = ?1 AND user = ?2) AS count
        FROM chat_conversations c
          LEFT JOIN chat_drafts d ON d.app = c.app AND d.user = ?2 AND d.conv = c.conv AND d.thread = ?4
        WHERE c.app = ?1 AND c.id = ?3`,
      ctx.app,
      user,
      conversationId(channel),
      thread,
    ),
  )
  if (row === undefined) return undefined
  return {
    ...{ user, channel, thread },
    conv: Number(row.conv),
    textAt: row.text_at === null ? undefined : Number(row.text_at),
    count: Number(row.count),
  }
}

/** Two devices that save at once: the second one finds what the first has left, so that no words stay behind. */
function unchanged(ctx: Context, { user, conv, thread, textAt }: Draft): Assertion {
  return {
    ...sql(
      'SELECT 1 FROM chat_drafts WHERE app = ? AND user = ? AND conv = ? AND thread = ? AND text_at = coalesce(?, text_at)',
      ctx.app,
      user,
      conv,
      thread,
      textAt ?? null,
    ),
    expect: textAt === undefined ? 'none' : 'some',
  }
}

function keep(ctx: Context, draft: Draft, text: string, at: number): void {
  const { user, conv, channel, thread, textAt, count } = draft
  if (textAt === undefined && count >= chatLimits.drafts)
    throw new ParleyError(
      'chat.too_many_drafts',
      `There are ${count} drafts, as many as can be kept. Send or drop some.`,
    )
  ctx.assert(unchanged(ctx, draft))
  const data = { ...placeOf(channel, thread), text, at }
  const saved = ctx.append({ channel: draftsOf(user), type: 'chat.draft_saved', data })
  ctx.write({
    sql: `INSERT INTO chat_drafts (app, user, conv, thread, text_at, at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (app, user, conv, thread) DO UPDATE SET text_at = excluded.text_at, at = excluded.at`,
    parameters: [ctx.app, user, conv, thread, { offsetOf: saved }, at],
  })
  if (textAt !== undefined) ctx.redact(draftsOf(user), textAt)
}

function drop(ctx: Context, draft: Draft, at: number): void {
  const { user, conv, channel, thread, textAt } = draft
  ctx.assert(unchanged(ctx, draft))
  const data = { ...placeOf(channel, thread), at }
  ctx.append({ channel: draftsOf(user), type: 'chat.draft_dropped', data })
  ctx.write(
    sql(
      'DELETE FROM chat_drafts WHERE app = ? AND user = ? AND conv = ? AND thread = ?',
      ctx.app,
      user,
      conv,
      thread,
    ),
  )
  if (textAt !== undefined) ctx.redact(draftsOf(user), textAt)
}
