import type { Context, UnitValue } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { inboxOf } from '../channel-names.ts'
import type { ChatHandlers, ChatParts } from '../parts.ts'
import { managerAssertion, memberAssertion } from './assertions.ts'
import { noSuchConversation } from './refusals.ts'
import { manages } from './rules.ts'
import { type ConversationInfo, type Found, findInfo } from './store.ts'

/** What may be changed of a conversation, and the column that holds it. */
const columns = {
  title: 'title',
  topic: 'topic',
  visibility: 'visibility',
  locked: 'locked',
  receipts: 'receipts',
  slowSeconds: 'slow_seconds',
  archived: 'archived',
} as const

type Field = keyof typeof columns
type Changes = { readonly [F in Field]?: ConversationInfo[F] | undefined }

/**
 * A conversation as the caller sees it, read afresh.
 *
 * @throws ParleyError `not_found`
 */
export async function requireInfo(ctx: Context, channel: string): Promise<Found> {
  const found = await findInfo(ctx, ctx.app, channel, ctx.user)
  if (found === undefined) throw noSuchConversation(channel)
  return found
}

/**
 * Sees to it that the caller manages the conversation, now and when the unit is committed. A back end does.
 *
 * @throws ParleyError `forbidden`
 */
export function requireManaging(ctx: Context, { conv, info }: Found): void {
  if (ctx.user === undefined) return
  if (info.mine === undefined || !manages(info.mine.role))
    throw new ParleyError('forbidden', `Only admins and owners of ${info.channel} do this.`)
  ctx.assert(managerAssertion(conv, ctx.user))
}

/** `update`, `archive` and `setPreferences`. */
export function settings({ directory }: ChatParts): ChatHandlers<'update' | 'archive' | 'setPreferences'> {
  const change = async (ctx: Context, channel: string, changes: Changes): Promise<ConversationInfo> => {
    const { conv, info } = await requireInfo(ctx, channel)
    const fields = (Object.keys(columns) as Field[]).filter(
      (field) => changes[field] !== undefined && changes[field] !== info[field],
    )
    if (info.type !== 'room' && changes.visibility === 'public')
      throw new ParleyError('bad_request', 'Only rooms are public. Create a room to be found by everybody.')
    if (fields.length === 0) return info
    requireManaging(ctx, { conv, info })
    ctx.write({
      sql: `UPDATE chat_conversations SET ${fields.map((field) => `${columns[field]} = ?`).join(', ')}
        WHERE conv = ?`,
      parameters: [...fields.map((field) => toColumn(changes[field])), conv],
    })
    ctx.append({ channel, type: 'chat.changed', data: { fields } })
    // Who may read it has changed for everybody who is no member.
    if (fields.includes('visibility')) ctx.change({ type: 'permissions', channel })
    directory.forget(ctx.app, channel)
    return { ...info, ...definedOf(changes) }
  }
  return {
    update: (ctx, { channel, ...changes }) => change(ctx, channel, changes),
    archive: (ctx, { channel, archived }) => change(ctx, channel, { archived }),
    setPreferences: async (ctx, { channel, ...wanted }) => {
      const user = requireUser(ctx)
      const { conv, info } = await requireInfo(ctx, channel)
      if (info.mine === undefined)
        throw new ParleyError('chat.not_a_member', 'Only members have preferences. Join first.')
      const mine = { ...info.mine, ...definedOf(wanted) }
      if (mine.notify === info.mine.notify && mine.starred === info.mine.starred) return info
      ctx.assert(memberAssertion(conv, user))
      ctx.write({
        sql: 'UPDATE chat_members SET notify = ?, starred = ? WHERE conv = ? AND user = ?',
        parameters: [mine.notify, Number(mine.starred), conv, user],
      })
      const { notify, starred } = mine
      ctx.append({
        channel: inboxOf(user),
        type: 'chat.preferences_changed',
        data: { channel, notify, starred },
      })
      directory.forget(ctx.app, channel, user)
      return { ...info, mine }
    },
  }
}

function toColumn(value: Changes[Field]): UnitValue {
  return typeof value === 'boolean' ? Number(value) : (value as string | number)
}

/** An object without the fields that are undefined. */
function definedOf<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, given]) => given !== undefined)) as never
}
