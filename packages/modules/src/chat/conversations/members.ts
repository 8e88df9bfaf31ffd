import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import type { ChatHandlers, ChatParts } from '../parts.ts'
import { roleAssertion, strangerAssertion } from './assertions.ts'
import type { ConversationFacts } from './directory.ts'
import { addToConversation, removeFromConversation, requireRoom } from './membership.ts'
import { noSuchConversation, requireNotDirect, requireOpen } from './refusals.ts'
import { manages, mayAssign, outranks, type Role, roleOnJoining, successor } from './rules.ts'
import { requireInfo, requireManaging } from './settings.ts'
import { findCandidates, findMember, findMembers, findOtherOwner } from './store.ts'

/** Somebody who changes members: a member, or a back end, which stands above all. */
interface Actor {
  readonly user: string | undefined
  readonly role: Role
}

/**
 * Whoever calls, as one who changes members.
 *
 * @throws ParleyError `forbidden` when they are an admin or owner no longer
 */
async function requireManager(ctx: Context, conv: number): Promise<Actor> {
  if (ctx.user === undefined) return { user: undefined, role: 'owner' }
  const member = await findMember(ctx, conv, ctx.user)
  if (member === undefined || !manages(member.role))
    throw new ParleyError('forbidden', 'Only admins and owners do this.')
  return { user: ctx.user, role: member.role }
}

/** A back end stands above owners too. */
function isAbove(actor: Actor, role: Role): boolean {
  return actor.user === undefined || outranks(actor.role, role)
}

function assertRole(ctx: Context, conv: number, { user, role }: Actor): void {
  if (user !== undefined) ctx.assert(roleAssertion(conv, user, role))
}

/** Another owner is there when the unit is committed. */
function assertOtherOwner(ctx: Context, conv: number, user: string): void {
  ctx.assert({
    sql: "SELECT 1 FROM chat_members WHERE conv = ? AND role = 'owner' AND user <> ?",
    parameters: [conv, user],
    expect: 'some',
  })
}

function changeRole(
  ctx: Context,
  place: { readonly conv: number; readonly channel: string },
  to: {
    readonly user: string
    readonly role: Role
  },
): void {
  const { conv, channel } = place
  const { user, role } = to
  ctx.write({
    sql: 'UPDATE chat_members SET role = ? WHERE conv = ? AND user = ?',
    parameters: [role, conv, user],
  })
  const by = ctx.user === undefined ? {} : { by: ctx.user }
  ctx.append({ channel, type: 'chat.role_changed', data: { user, role, ...by } })
  ctx.change({ type: 'permissions', user, channel })
}

/** `join`: who is a member already stays one. */
async function join(ctx: Context, { directory }: ChatParts, channel: string) {
  const user = requireUser(ctx)
  const standing = await directory.standing(ctx.app, channel, user)
  if (standing?.member !== undefined) return (await requireInfo(ctx, channel)).info
  const conversation = standing?.conversation
  if (conversation === undefined || !(await mayJoin(ctx, conversation, standing?.isBanned === true)))
    throw new ParleyError(
      'chat.not_invited',
      `You may not join ${channel} by yourself: it is private, or you were taken out. Ask for an invitation.`,
    )
  return joinConversation(ctx, conversation)
}

async function mayJoin(ctx: Context, conversation: ConversationFacts, isBanned: boolean): Promise<boolean> {
  if (conversation.visibility === 'public' && !isBanned) return true
  const invited = await ctx.query(invitationOf(ctx, conversation.conv))
  return invited.length > 0
}

function invitationOf(ctx: Context, conv: number) {
  return {
    sql: 'SELECT 1 AS invited FROM chat_invitations WHERE app = ? AND user = ? AND conv = ?',
    parameters: [ctx.app, requireUser(ctx), conv],
  }
}

function joinConversation(ctx: Context, conversation: ConversationFacts) {
  const { conv } = conversation
  const user = requireUser(ctx)
  ctx.assert({
    sql: `SELECT 1 FROM chat_conversations c WHERE c.conv = ?1
      AND (EXISTS (SELECT 1 FROM chat_invitations WHERE app = c.app AND user = ?2 AND conv = ?1)
        OR (c.visibility = 'public' AND NOT EXISTS (SELECT 1 FROM chat_bans WHERE conv = ?1 AND user = ?2)))`,
    parameters: [conv, user],
    expect: 'some',
  })
  return becomeMember(ctx, conversation)
}

/**
 * Makes the caller a member and answers what they see then. What entitles them is asserted by whoever calls this.
 *
 * @throws ParleyError `chat.archived`, `limit_exceeded`
 */
export async function becomeMember(ctx: Context, conversation: ConversationFacts) {
  const { conv, channel } = conversation
  const user = requireUser(ctx)
  requireOpen(conversation)
  requireRoom(conversation, 1)
  const { info } = await requireInfo(ctx, channel)
  const role = roleOnJoining(info.members)
  if (role === 'owner')
    ctx.assert({
      sql: 'SELECT 1 FROM chat_conversations WHERE conv = ? AND members = 0',
      parameters: [conv],
      expect: 'some',
    })
  addToConversation(ctx, conversation, [user], { role })
  const mine = { role, notify: 'all' as const, starred: false, joinedAt: ctx.clock.now() }
  return { ...info, members: info.members + 1, mine }
}

/** `leave`: who is no member has left already. */
async function leave(ctx: Context, { directory }: ChatParts, channel: string) {
  const user = requireUser(ctx)
  const standing = await directory.standing(ctx.app, channel, user)
  if (standing?.member === undefined) return {}
  const { conversation, member } = standing
  const { conv } = conversation
  requireNotDirect(conversation)
  ctx.assert(roleAssertion(conv, user, member.role))
  if (member.role === 'owner') await handOver(ctx, conversation, user)
  removeFromConversation(ctx, conversation, { user, reason: 'left' })
  directory.forget(ctx.app, channel, user)
  return {}
}

/** Sees to it that an owner is left. */
async function handOver(ctx: Context, conversation: ConversationFacts, user: string): Promise<void> {
  const { conv } = conversation
  if ((await findOtherOwner(ctx, conv, user)) !== undefined) {
    assertOtherOwner(ctx, conv, user)
    return
  }
  const next = successor(await findCandidates(ctx, conv, user))
  if (next === undefined) {
    ctx.assert({
      sql: 'SELECT 1 FROM chat_members WHERE conv = ? AND user <> ?',
      parameters: [conv, user],
      expect: 'none',
    })
    return
  }
  ctx.assert(roleAssertion(conv, next.user, next.role))
  changeRole(ctx, conversation, { user: next.user, role: 'owner' })
}

/** `removeMember`. */
async function removeMember(
  ctx: Context,
  { directory }: ChatParts,
  {
    channel,
    user,
    ban = false,
  }: { readonly channel: string; readonly user: string; readonly ban?: boolean | undefined },
) {
  const standing = await directory.standing(ctx.app, channel, user)
  if (standing === undefined) throw noSuchConversation(channel)
  const { conversation, member } = standing
  const { conv } = conversation
  requireNotDirect(conversation)
  const actor = await requireManager(ctx, conv)
  if (member === undefined && !ban)
    throw new ParleyError('not_found', `\`${user}\` is no member of ${channel}.`)
  if (member !== undefined && !isAbove(actor, member.role)) throw outranked(user)
  assertRole(ctx, conv, actor)
  if (ban) forbidReturn(ctx, conversation, user)
  if (member === undefined) {
    ctx.assert(strangerAssertion(conv, user))
    ctx.change({ type: 'unsubscribe', user, channel, reason: 'banned' })
  } else {
    ctx.assert(roleAssertion(conv, user, member.role))
    removeFromConversation(ctx, conversation, { user, by: ctx.user, reason: ban ? 'banned' : 'removed' })
  }
  directory.forget(ctx.app, channel, user)
  return {}
}

function forbidReturn(ctx: Context, { conv, app }: ConversationFacts, user: string): void {
  ctx.write(
    { sql: 'INSERT OR IGNORE INTO chat_bans (conv, user) VALUES (?, ?)', parameters: [conv, user] },
    {
      sql: 'DELETE FROM chat_invitations WHERE app = ? AND user = ? AND conv = ?',
      parameters: [app, user, conv],
    },
  )
}

function outranked(user: string): ParleyError {
  return new ParleyError(
    'chat.outranked',
    `\`${user}\` has the same or a higher role than you, or would get one. Ask an owner.`,
  )
}

/** `setRole`. */
async function setRole(
  ctx: Context,
  { directory }: ChatParts,
  { channel, user, role }: { readonly channel: string; readonly user: string; readonly role: Role },
) {
  const { conv, info } = await requireInfo(ctx, channel)
  requireNotDirect(info)
  const actor = await requireManager(ctx, conv)
  const member = await findMember(ctx, conv, user)
  if (member === undefined) throw new ParleyError('not_found', `\`${user}\` is no member of ${channel}.`)
  const change = { from: member.role, to: role, isSelf: user === actor.user }
  if (actor.user !== undefined && !mayAssign(actor.role, change)) throw outranked(user)
  if (member.role === role) return member
  if (member.role === 'owner') {
    if ((await findOtherOwner(ctx, conv, user)) === undefined)
      throw new ParleyError('chat.last_owner', 'A conversation keeps an owner. Make somebody else one first.')
    assertOtherOwner(ctx, conv, user)
  }
  assertRole(ctx, conv, actor)
  ctx.assert(roleAssertion(conv, user, member.role))
  changeRole(ctx, { conv, channel }, { user, role })
  directory.forget(ctx.app, channel, user)
  return { ...member, role }
}

/** `addMembers`. */
async function addMembers(
  ctx: Context,
  { channel, users }: { readonly channel: string; readonly users: readonly string[] },
) {
  const { conv, info } = await requireInfo(ctx, channel)
  requireNotDirect(info)
  requireOpen(info)
  const known = await findMembers(ctx, conv, users)
  const added = [...new Set(users)].filter((user) => !known.has(user))
  if (added.length === 0) return { added }
  requireRoom(info, added.length)
  requireManaging(ctx, { conv, info })
  const { app } = ctx
  addToConversation(ctx, { conv, channel, app, type: info.type }, added, { role: 'member', by: ctx.user })
  return { added }
}

/** Commands that change who is in a conversation, and as what. */
export function members(
  parts: ChatParts,
): ChatHandlers<'join' | 'leave' | 'addMembers' | 'removeMember' | 'setRole'> {
  return {
    join: (ctx, { channel }) => join(ctx, parts, channel),
    leave: (ctx, { channel }) => leave(ctx, parts, channel),
    addMembers,
    removeMember: (ctx, input) => removeMember(ctx, parts, input),
    setRole: (ctx, input) => setRole(ctx, parts, input),
  }
}
