import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { inboxOf } from '../channel-names.ts'
import { managerAssertion } from '../conversations/assertions.ts'
import { manages } from '../conversations/rules.ts'
import type { ChatHandlers, ChatParts } from '../parts.ts'
import { postingRemovals } from '../search/postings.ts'
import { assembleMessages } from './assemble.ts'
import { searchableOf, unchangedAssertion } from './edit.ts'
import { detachFiles } from './sending/attachments.ts'
import { type FoundMessage, findEdits, requireMessage } from './store.ts'

/** Tables whose rows hang on a message by `conv` and `seq`. Who hid it is not shown that it was deleted. */
const hanging = ['chat_edits', 'chat_mentions', 'chat_reactions', 'chat_pins'] as const

/** `delete`. */
export function deleting(parts: ChatParts): ChatHandlers<'delete'> {
  return {
    delete: async (ctx, { channel, seq, for: whom }) => {
      const found = await requireMessage(ctx, { channel, seq })
      if (whom === 'me') hide(ctx, channel, found)
      else await erase(ctx, parts, channel, found)
      return {}
    },
  }
}

function hide(ctx: Context, channel: string, { conv, message }: FoundMessage): void {
  const user = requireUser(ctx)
  const { seq, thread } = message
  ctx.write({
    sql: 'INSERT OR IGNORE INTO chat_hidden (user, conv, thread, seq) VALUES (?, ?, ?, ?)',
    parameters: [user, conv, thread, seq],
  })
  ctx.append({ channel: inboxOf(user), type: 'chat.hidden', data: { channel, ...placeOf(message) } })
}

/** Redacts all events that hold words of the message, and removes all rows but its own. */
async function erase(
  ctx: Context,
  { secret }: ChatParts,
  channel: string,
  found: FoundMessage,
): Promise<void> {
  const { conv, message } = found
  const { seq, thread, author, at, id, textAt } = message
  assertMayErase(ctx, found)
  const offsets = new Set([seq, textAt, ...(await findEdits(ctx, conv, seq))])
  const [last] = await assembleMessages(ctx, { conv, channel }, [message], undefined)
  ctx.assert(unchangedAssertion(conv, message))
  for (const offset of offsets) ctx.redact(channel, offset)
  ctx.append({ channel, type: 'chat.deleted', data: placeOf(message) })
  ctx.write(
    {
      sql: `UPDATE chat_messages SET deleted_at = ?, deleted_by = ?, text_at = seq, edits = 0, edited_at = NULL
        WHERE conv = ? AND seq = ?`,
      parameters: [ctx.clock.now(), ctx.user ?? '', conv, seq],
    },
    {
      sql: 'UPDATE chat_streams SET live = live - 1 WHERE conv = ? AND thread = ?',
      parameters: [conv, thread],
    },
    ...hanging.map((table) => ({
      sql: `DELETE FROM ${table} WHERE conv = ? AND seq = ?`,
      parameters: [conv, seq],
    })),
  )
  if (last === undefined) return
  ctx.write(...postingRemovals(secret(), { conv, at, seq }, searchableOf(last)))
  const files = last.attachments?.map(({ file }) => file) ?? []
  await detachFiles(ctx, { channel, author, id }, files)
}

/** @throws ParleyError `chat.not_the_author` */
function assertMayErase(ctx: Context, { conv, role, message }: FoundMessage): void {
  if (ctx.user === undefined || ctx.user === message.author) return
  if (role === undefined || !manages(role))
    throw new ParleyError(
      'chat.not_the_author',
      'Only the author, an admin or an owner deletes a message for all. You can delete it for yourself.',
    )
  ctx.assert(managerAssertion(conv, ctx.user))
}

function placeOf({ seq, thread }: { readonly seq: number; readonly thread: number }) {
  return thread === 0 ? { seq } : { seq, thread }
}
