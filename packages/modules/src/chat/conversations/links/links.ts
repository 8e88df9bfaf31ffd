import { requireUser } from '../../caller.ts'
import { conversationChannel } from '../../channel-names.ts'
import type { ChatHandlers, ChatParts } from '../../parts.ts'
import { type Row, sql } from '../../rows.ts'
import { becomeMember } from '../members.ts'
import { deadLink, requireNotDirect } from '../refusals.ts'
import { requireInfo, requireManaging } from '../settings.ts'
import { sha256 } from './sha-256.ts'

const tokenBits = 144
const nameBits = 48
const hourMs = 3_600_000

const columns = 'link, created_by, expires_at, max_uses, uses'

/** Links by which anybody of the app joins. The rows hold digests: who reads them cannot join by them. */
export function links({
  directory,
}: ChatParts): ChatHandlers<'createLink' | 'links' | 'revokeLink' | 'joinByLink'> {
  return {
    createLink: async (ctx, { channel, expiresInHours, maxUses }) => {
      const { conv, info } = await requireInfo(ctx, channel)
      requireNotDirect(info)
      const token = ctx.clock.secret(tokenBits)
      const link = ctx.clock.secret(nameBits)
      const createdBy = ctx.user ?? ''
      const expiresAt = expiresInHours === undefined ? undefined : ctx.clock.now() + expiresInHours * hourMs
      requireManaging(ctx, { conv, info })
      ctx.write({
        sql: `INSERT INTO chat_links (link, conv, digest, created_by, expires_at, max_uses)
          VALUES (?, ?, ?, ?, ?, ?)`,
        parameters: [link, conv, sha256(token), createdBy, expiresAt ?? null, maxUses ?? null],
      })
      return {
        ...{ token, link, channel, createdBy, uses: 0, role: 'member' as const },
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(maxUses === undefined ? {} : { maxUses }),
      }
    },

    links: async (ctx, { channel }) => {
      const { conv } = await requireInfo(ctx, channel)
      const rows = await ctx.query(
        sql(`SELECT ${columns} FROM chat_links WHERE conv = ? ORDER BY link LIMIT 1000`, conv),
      )
      return { links: rows.map((row) => toLink(channel, row)) }
    },

    revokeLink: async (ctx, { channel, link }) => {
      const { conv, info } = await requireInfo(ctx, channel)
      requireManaging(ctx, { conv, info })
      ctx.write({ sql: 'DELETE FROM chat_links WHERE link = ? AND conv = ?', parameters: [link, conv] })
      return {}
    },

    joinByLink: async (ctx, { token }) => {
      const user = requireUser(ctx)
      const digest = sha256(token)
      const now = ctx.clock.now()
      const live = {
        sql: `SELECT c.id FROM chat_links l JOIN chat_conversations c ON c.conv = l.conv
          WHERE l.digest = ? AND c.app = ? AND (l.expires_at IS NULL OR l.expires_at > ?)
            AND (l.max_uses IS NULL OR l.uses < l.max_uses)
            AND NOT EXISTS (SELECT 1 FROM chat_bans WHERE conv = l.conv AND user = ?)`,
        parameters: [digest, ctx.app, now, user],
      }
      const [found] = await ctx.query(live)
      if (found === undefined) throw deadLink()
      const channel = conversationChannel(String(found.id))
      const standing = await directory.standing(ctx.app, channel, user)
      if (standing === undefined) throw deadLink()
      if (standing.member !== undefined) return (await requireInfo(ctx, channel)).info
      ctx.assert({ ...live, expect: 'some' })
      ctx.write({ sql: 'UPDATE chat_links SET uses = uses + 1 WHERE digest = ?', parameters: [digest] })
      return becomeMember(ctx, standing.conversation)
    },
  }
}

function toLink(channel: string, row: Row) {
  return {
    ...{ channel, role: 'member' as const },
    link: String(row.link),
    createdBy: String(row.created_by),
    uses: Number(row.uses),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
    ...(row.max_uses === null ? {} : { maxUses: Number(row.max_uses) }),
  }
}
