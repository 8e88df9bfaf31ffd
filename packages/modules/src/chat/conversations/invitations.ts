import { requireUser } from '../caller.ts'
import { conversationChannel, inboxOf } from '../channel-names.ts'
import type { ChatHandlers, ChatParts } from '../parts.ts'
import { listOf, sql } from '../rows.ts'
import { managerAssertion, memberAssertion } from './assertions.ts'
import { requireNotDirect, requireOpen } from './refusals.ts'
import { manages } from './rules.ts'
import { requireInfo } from './settings.ts'

/** Invitations that are shown at once. */
const maxShown = 500

// Users who can be invited: no members, not invited yet, and not banned unless whoever invites may forgive.
const invitableQuery = `
  SELECT value AS user FROM json_each(?1) WHERE value NOT IN (
    SELECT user FROM chat_members WHERE conv = ?2 AND user IN (SELECT value FROM json_each(?1))
    UNION ALL SELECT user FROM chat_invitations
      WHERE app = ?3 AND user IN (SELECT value FROM json_each(?1)) AND conv = ?2
    UNION ALL SELECT user FROM chat_bans
      WHERE conv = ?2 AND user IN (SELECT value FROM json_each(?1)) AND ?4 = 0)`

const mineQuery = `
  SELECT c.id, c.title, i.by, i.at FROM chat_invitations i JOIN chat_conversations c ON c.conv = i.conv
  WHERE i.app = ? AND i.user = ? ORDER BY i.at DESC, c.conv LIMIT ${maxShown}`

/** Commands around invitations. */
export function invitations({ directory }: ChatParts): ChatHandlers<'invite' | 'invitations' | 'decline'> {
  return {
    invite: async (ctx, { channel, users }) => {
      const { conv, info } = await requireInfo(ctx, channel)
      requireNotDirect(info)
      requireOpen(info)
      const forgives = ctx.user === undefined || (info.mine !== undefined && manages(info.mine.role))
      const wanted = listOf([...new Set(users)])
      const rows = await ctx.query(sql(invitableQuery, wanted, conv, ctx.app, Number(forgives)))
      const invited = rows.map(({ user }) => String(user))
      if (invited.length === 0) return { invited }
      const by = ctx.user ?? ''
      if (ctx.user !== undefined)
        ctx.assert(forgives ? managerAssertion(conv, ctx.user) : memberAssertion(conv, ctx.user))
      const list = listOf(invited)
      ctx.write({
        sql: `INSERT OR IGNORE INTO chat_invitations (app, user, conv, by, at)
          SELECT ?, value, ?, ?, ? FROM json_each(?)`,
        parameters: [ctx.app, conv, by, ctx.clock.now(), list],
      })
      if (forgives)
        ctx.write({
          sql: 'DELETE FROM chat_bans WHERE conv = ? AND user IN (SELECT value FROM json_each(?))',
          parameters: [conv, list],
        })
      for (const user of invited) {
        const data = { channel, title: info.title, by }
        ctx.append({ channel: inboxOf(user), type: 'chat.invited', data })
      }
      return { invited }
    },

    invitations: async (ctx) => {
      const rows = await ctx.query(sql(mineQuery, ctx.app, requireUser(ctx)))
      return {
        invitations: rows.map(({ id, title, by, at }) => ({
          channel: conversationChannel(String(id)),
          title: String(title),
          by: String(by),
          at: Number(at),
        })),
      }
    },

    decline: async (ctx, { channel, user = requireUser(ctx) }) => {
      if (user !== ctx.user) await ctx.require('manage', channel)
      const conversation = await directory.find(ctx.app, channel)
      if (conversation === undefined) return {}
      const which = [ctx.app, user, conversation.conv] as const
      const found = await ctx.query(
        sql('SELECT 1 AS invited FROM chat_invitations WHERE app = ? AND user = ? AND conv = ?', ...which),
      )
      if (found.length === 0) return {}
      if (user !== ctx.user && ctx.user !== undefined)
        ctx.assert(managerAssertion(conversation.conv, ctx.user))
      ctx.write({
        sql: 'DELETE FROM chat_invitations WHERE app = ? AND user = ? AND conv = ?',
        parameters: which,
      })
      ctx.append({ channel: inboxOf(user), type: 'chat.invitation_ended', data: { channel } })
      return {}
    },
  }
}
