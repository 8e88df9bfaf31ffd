import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { liveMessageAssertion, writerAssertion } from '../conversations/assertions.ts'
import { notAMember, requireWriter } from '../conversations/refusals.ts'
import { chatLimits } from '../model.ts'
import type { ChatHandlers, ChatParts } from '../parts.ts'
import { sql } from '../rows.ts'
import { traitWrites } from '../search/postings.ts'
import { type FoundMessage, requireMessage } from './store.ts'

/**
 * A message that the caller may put something on.
 *
 * @throws ParleyError `chat.no_such_message`, `chat.not_a_member`, `chat.archived`, `chat.locked`
 */
async function requireTarget(
  ctx: Context,
  user: string,
  place: { readonly channel: string; readonly seq: number },
): Promise<FoundMessage> {
  const found = await requireMessage(ctx, place)
  if (found.role === undefined) throw notAMember(place.channel)
  requireWriter(found, found.role)
  ctx.assert(writerAssertion(found.conv, user), liveMessageAssertion(found.conv, place.seq))
  return found
}

function placeOf({ message: { seq, thread } }: FoundMessage) {
  return thread === 0 ? { seq } : { seq, thread }
}

const reactionQuery = `SELECT
  EXISTS (SELECT 1 FROM chat_reactions WHERE conv = ?1 AND seq = ?2 AND emoji = ?3 AND user = ?4) AS mine,
  EXISTS (SELECT 1 FROM chat_reactions WHERE conv = ?1 AND seq = ?2 AND emoji = ?3) AS known,
  (SELECT count(DISTINCT emoji) FROM chat_reactions WHERE conv = ?1 AND seq = ?2) AS emoji`

// Room for one more, or it is there already.
const roomForEmoji = `SELECT 1 WHERE EXISTS (
    SELECT 1 FROM chat_reactions WHERE conv = ?1 AND seq = ?2 AND emoji = ?3)
  OR (SELECT count(DISTINCT emoji) FROM chat_reactions WHERE conv = ?1 AND seq = ?2) < ${chatLimits.emoji}`

async function react(
  ctx: Context,
  { secret }: ChatParts,
  {
    channel,
    seq,
    emoji,
    on,
  }: {
    readonly channel: string
    readonly seq: number
    readonly emoji: string
    readonly on: boolean
  },
) {
  const user = requireUser(ctx)
  const found = await requireTarget(ctx, user, { channel, seq })
  const { conv } = found
  const [now] = await ctx.query(sql(reactionQuery, conv, seq, emoji, user))
  if ((now?.mine === 1) === on) return {}
  if (on && now?.known !== 1 && Number(now?.emoji) >= chatLimits.emoji)
    throw new ParleyError(
      'chat.too_many_emoji',
      `A message has at most ${chatLimits.emoji} different emoji. Choose one that is there.`,
    )
  const row = [conv, seq, emoji, user]
  ctx.assert({
    sql: 'SELECT 1 FROM chat_reactions WHERE conv = ? AND seq = ? AND emoji = ? AND user = ?',
    parameters: row,
    expect: on ? 'none' : 'some',
  })
  if (on) ctx.assert({ sql: roomForEmoji, parameters: [conv, seq, emoji], expect: 'some' })
  ctx.write(
    on
      ? {
          sql: 'INSERT INTO chat_reactions (conv, seq, emoji, user, at) VALUES (?, ?, ?, ?, ?)',
          parameters: [...row, ctx.clock.now()],
        }
      : {
          sql: 'DELETE FROM chat_reactions WHERE conv = ? AND seq = ? AND emoji = ? AND user = ?',
          parameters: row,
        },
    ...traitWrites(secret(), 'reaction', { conv, seq }),
  )
  ctx.append({ channel, type: 'chat.reacted', data: { ...placeOf(found), emoji, on } })
  return {}
}

async function pin(
  ctx: Context,
  { secret }: ChatParts,
  { channel, seq, on }: { readonly channel: string; readonly seq: number; readonly on: boolean },
) {
  const user = requireUser(ctx)
  const found = await requireTarget(ctx, user, { channel, seq })
  const { conv } = found
  const [now] = await ctx.query(
    sql(
      `SELECT EXISTS (SELECT 1 FROM chat_pins WHERE conv = ?1 AND seq = ?2) AS pinned,
        (SELECT count(*) FROM chat_pins WHERE conv = ?1) AS pins`,
      conv,
      seq,
    ),
  )
  if ((now?.pinned === 1) === on) return {}
  if (on && Number(now?.pins) >= chatLimits.pins)
    throw new ParleyError(
      'chat.too_many_pins',
      `A conversation has at most ${chatLimits.pins} pins. Take one out first.`,
    )
  ctx.assert(
    {
      sql: 'SELECT 1 FROM chat_pins WHERE conv = ? AND seq = ?',
      parameters: [conv, seq],
      expect: on ? 'none' : 'some',
    },
    {
      sql: `SELECT 1 WHERE (SELECT count(*) FROM chat_pins WHERE conv = ?) < ${chatLimits.pins} + ?`,
      parameters: [conv, on ? 0 : 1],
      expect: 'some',
    },
  )
  ctx.write(
    on
      ? {
          sql: 'INSERT INTO chat_pins (conv, seq, by, at) VALUES (?, ?, ?, ?)',
          parameters: [conv, seq, user, ctx.clock.now()],
        }
      : { sql: 'DELETE FROM chat_pins WHERE conv = ? AND seq = ?', parameters: [conv, seq] },
    ...traitWrites(secret(), 'pin', { conv, seq }),
  )
  ctx.append({ channel, type: 'chat.pinned', data: { ...placeOf(found), on } })
  return {}
}

const whoQuery = `SELECT emoji, user, at FROM chat_reactions
  WHERE conv = ?1 AND seq = ?2 AND (?3 = '' OR emoji = ?3) AND (emoji, user) > (?4, ?5)
  ORDER BY emoji, user LIMIT ?6`

/** Reactions and pins. */
export function reactions(parts: ChatParts): ChatHandlers<'react' | 'reactions' | 'pin'> {
  return {
    react: (ctx, input) => react(ctx, parts, input),
    pin: (ctx, input) => pin(ctx, parts, input),

    reactions: async (ctx, { channel, seq, emoji = '', after = '', limit }) => {
      const { conv } = await requireMessage(ctx, { channel, seq })
      const [afterEmoji = '', afterUser = ''] = after.split(' ')
      const rows = await ctx.query(sql(whoQuery, conv, seq, emoji, afterEmoji, afterUser, limit))
      const last = rows.length === limit ? rows.at(-1) : undefined
      return {
        reactions: rows.map((row) => ({
          emoji: String(row.emoji),
          user: String(row.user),
          at: Number(row.at),
        })),
        ...(last === undefined ? {} : { next: `${last.emoji} ${last.user}` }),
      }
    },
  }
}
