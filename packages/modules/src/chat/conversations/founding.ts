import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationChannel, conversationId, inboxOf } from '../channel-names.ts'
import type { ChatHandlers } from '../parts.ts'
import { listOf } from '../rows.ts'
import { directKey, type Role } from './rules.ts'
import { type ConversationInfo, findDirect, findInfo } from './store.ts'

const idBits = 96

/** Nobody's choice; it begins with a letter, as names of channels may not begin with `-`. */
function madeId(ctx: Context): string {
  return `c${ctx.clock.secret(idBits)}`
}

/** How a conversation begins. */
export interface Foundation {
  readonly channel: string
  readonly type: ConversationInfo['type']
  readonly visibility: ConversationInfo['visibility']
  readonly title: string
  readonly topic: string
  readonly locked: boolean
  readonly receipts: boolean
  readonly slowSeconds: number
  /** The first is its owner, except in direct conversations, where all are the same. */
  readonly members: readonly string[]
  readonly directKey?: string
}

/** Begins a conversation: rows, events, and what its members may do. Asserts that there is none of this channel. */
export function found(ctx: Context, foundation: Foundation): ConversationInfo {
  const { channel, title, members, ...rest } = foundation
  const { app } = ctx
  const id = conversationId(channel)
  const at = ctx.clock.now()
  ctx.assert({
    sql: 'SELECT 1 FROM chat_conversations WHERE app = ? AND id = ?',
    parameters: [app, id],
    expect: 'none',
  })
  const created = ctx.append({ channel, type: 'chat.created', data: { title } })
  ctx.write(
    {
      sql: `INSERT INTO chat_conversations (app, id, type, visibility, title, topic, created_by, created_at,
          locked, receipts, slow_seconds, members, direct_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      parameters: [
        ...[app, id, rest.type, rest.visibility, title, rest.topic, ctx.user ?? '', at],
        ...[Number(rest.locked), Number(rest.receipts), rest.slowSeconds, members.length],
        rest.directKey ?? null,
      ],
    },
    {
      sql: `INSERT INTO chat_members (conv, user, app, role, joined_at, joined_seq)
        SELECT c.conv, j.value, c.app, CASE WHEN j.value = ? THEN 'owner' ELSE 'member' END, ?, ?
        FROM chat_conversations c, json_each(?) AS j WHERE c.app = ? AND c.id = ?`,
      parameters: [ownerOf(foundation) ?? '', at, { offsetOf: created }, listOf(members), app, id],
    },
  )
  for (const user of members) ctx.append({ channel: inboxOf(user), type: 'chat.added', data: { channel } })
  // Somebody may have been told already that they may not read what was not there.
  ctx.change({ type: 'permissions', channel })
  return foundedInfo(ctx, foundation, at)
}

function ownerOf({ type, members }: Foundation): string | undefined {
  return type === 'direct' ? undefined : members[0]
}

function foundedInfo(ctx: Context, foundation: Foundation, at: number): ConversationInfo {
  const { channel, type, visibility, title, topic, locked, receipts, slowSeconds, members } = foundation
  const role: Role = ctx.user === ownerOf(foundation) ? 'owner' : 'member'
  const isMember = ctx.user !== undefined && members.includes(ctx.user)
  return {
    ...{ channel, type, visibility, title, topic, locked, receipts, slowSeconds },
    createdBy: ctx.user ?? '',
    createdAt: at,
    members: members.length,
    archived: false,
    ...(isMember ? { mine: { role, notify: 'all', starred: false, joinedAt: at } } : {}),
    ...(type === 'room' ? {} : { with: members.filter((user) => user !== ctx.user).sort() }),
  }
}

const settingsByDefault = { topic: '', locked: false, receipts: true, slowSeconds: 0 } as const

/** `create` and `direct`. */
export const founding: ChatHandlers<'create' | 'direct'> = {
  create: async (ctx, input) => {
    const { id = madeId(ctx), type, visibility = 'private' } = input
    if (type === 'group' && visibility === 'public')
      throw new ParleyError('bad_request', 'A group is private. Create a room to be found by everybody.')
    const channel = conversationChannel(id)
    if ((await findInfo(ctx, ctx.app, channel, ctx.user)) !== undefined)
      throw new ParleyError('chat.exists', `There is a conversation \`${id}\` already. Choose another id.`)
    const first = ctx.user === undefined ? [] : [ctx.user]
    return found(ctx, {
      ...{ channel, type, visibility },
      title: input.title ?? (type === 'room' ? id : ''),
      topic: input.topic ?? settingsByDefault.topic,
      locked: input.locked ?? settingsByDefault.locked,
      receipts: input.receipts ?? settingsByDefault.receipts,
      slowSeconds: input.slowSeconds ?? settingsByDefault.slowSeconds,
      members: [...new Set([...first, ...input.members])],
    })
  },

  direct: async (ctx, { users }) => {
    const user = requireUser(ctx)
    const members = [...new Set([user, ...users])]
    const key = directKey(members)
    const known = await findDirect(ctx, ctx.app, key, user)
    if (known !== undefined) return known.info
    ctx.assert({
      sql: 'SELECT 1 FROM chat_conversations WHERE app = ? AND direct_key = ?',
      parameters: [ctx.app, key],
      expect: 'none',
    })
    return found(ctx, {
      ...settingsByDefault,
      channel: conversationChannel(madeId(ctx)),
      ...{ type: 'direct', visibility: 'private', title: '', members, directKey: key },
    })
  },
}
