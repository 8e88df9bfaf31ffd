import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { inboxOf } from '../channel-names.ts'
import { chatLimits } from '../model.ts'
import { listOf } from '../rows.ts'
import type { ConversationFacts } from './directory.ts'
import type { Role } from './rules.ts'

/** The conversation that members come to or go from. */
export type Membership = Pick<ConversationFacts, 'conv' | 'channel' | 'type' | 'app'>

/**
 * Makes users members: rows, events, and what they may do from now on. Asserts that none of them is a member, and that
 * a group does not grow too large.
 */
export function addToConversation(
  ctx: Context,
  conversation: Membership,
  users: readonly string[],
  by: { readonly role: Role; readonly by?: string | undefined },
): void {
  const { conv, channel, type, app } = conversation
  const list = listOf(users)
  ctx.assert({
    sql: 'SELECT 1 FROM chat_members WHERE conv = ? AND user IN (SELECT value FROM json_each(?))',
    parameters: [conv, list],
    expect: 'none',
  })
  if (type === 'group')
    ctx.assert({
      sql: 'SELECT 1 FROM chat_conversations WHERE conv = ? AND members <= ?',
      parameters: [conv, chatLimits.membersOfGroup - users.length],
      expect: 'some',
    })
  let joined = 0
  for (const user of users) {
    const data = { user, role: by.role, ...(by.by === undefined ? {} : { by: by.by }) }
    joined = ctx.append({ channel, type: 'chat.member_joined', data })
    ctx.append({ channel: inboxOf(user), type: 'chat.added', data: { channel } })
    ctx.change({ type: 'permissions', user, channel })
  }
  ctx.write(
    {
      sql: `INSERT INTO chat_members (conv, user, app, role, joined_at, joined_seq)
        SELECT ?, value, ?, ?, ?, ? FROM json_each(?)`,
      parameters: [conv, app, by.role, ctx.clock.now(), { offsetOf: joined }, list],
    },
    {
      sql: 'UPDATE chat_conversations SET members = members + ? WHERE conv = ?',
      parameters: [users.length, conv],
    },
    {
      sql: 'DELETE FROM chat_bans WHERE conv = ? AND user IN (SELECT value FROM json_each(?))',
      parameters: [conv, list],
    },
    {
      sql: `DELETE FROM chat_invitations
        WHERE app = ? AND user IN (SELECT value FROM json_each(?)) AND conv = ?`,
      parameters: [app, list, conv],
    },
  )
}

/** Why somebody is no longer a member, for them and for the room. */
export interface Departure {
  readonly user: string
  /** Who took them out; absent when they left. */
  readonly by?: string | undefined
  readonly reason: string
}

/** Ends a membership: rows, events, and every subscription, before anything that comes later in the channel. */
export function removeFromConversation(
  ctx: Context,
  { conv, channel, app }: Membership,
  { user, by, reason }: Departure,
): void {
  ctx.change({ type: 'unsubscribe', user, channel, reason })
  ctx.append({
    channel,
    type: 'chat.member_left',
    data: { user, ...(by === undefined ? {} : { by }) },
  })
  ctx.append({ channel: inboxOf(user), type: 'chat.removed', data: { channel, reason } })
  ctx.write(
    { sql: 'DELETE FROM chat_members WHERE conv = ? AND user = ?', parameters: [conv, user] },
    { sql: 'UPDATE chat_conversations SET members = members - 1 WHERE conv = ?', parameters: [conv] },
    {
      sql: 'DELETE FROM chat_followers WHERE app = ? AND user = ? AND conv = ?',
      parameters: [app, user, conv],
    },
  )
}

/** @throws ParleyError `limit_exceeded` when a group would have more members than it can */
export function requireRoom(
  conversation: { readonly type: string; readonly members: number },
  more: number,
): void {
  const { membersOfGroup } = chatLimits
  if (conversation.type !== 'group' || conversation.members + more <= membersOfGroup) return
  throw new ParleyError(
    'limit_exceeded',
    `A group has at most ${membersOfGroup} members. Create a room for more.`,
    { details: { limit: 'membersOfGroup', value: membersOfGroup } },
  )
}
