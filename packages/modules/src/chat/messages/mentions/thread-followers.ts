import type { Context, Write } from '@parley/kernel'
import { inboxOf } from '../../channel-names.ts'
import { listOf, sql } from '../../rows.ts'

/** A thread, by the seq of its root. */
export interface Thread {
  readonly conv: number
  readonly channel: string
  readonly thread: number
}

// ?1 app, ?2 conv, ?3 thread, ?4 users. Who began the thread follows it from its first reply on, if still a member.
const newFollowers = `
  SELECT user FROM (
    SELECT value AS user FROM json_each(?4)
    UNION SELECT m.author FROM chat_messages m JOIN chat_members p ON p.conv = m.conv AND p.user = m.author
      WHERE m.conv = ?2 AND m.seq = ?3
        AND NOT EXISTS (SELECT 1 FROM chat_streams s WHERE s.conv = ?2 AND s.thread = ?3))
  WHERE user NOT IN (SELECT user FROM chat_followers WHERE conv = ?2 AND thread = ?3 AND app = ?1)`

/** Those who begin to follow a thread when some users write in it, or are mentioned there. */
export async function findNewFollowers(
  ctx: Context,
  { conv, thread }: Pick<Thread, 'conv' | 'thread'>,
  users: readonly string[],
): Promise<readonly string[]> {
  const rows = await ctx.query(sql(newFollowers, ctx.app, conv, thread, listOf(users)))
  return rows.map(({ user }) => String(user))
}

/** Makes users follow a thread, and tells all devices of those of whom it is new. */
export function follow(
  ctx: Context,
  { conv, channel, thread }: Thread,
  followers: { readonly all: readonly string[]; readonly fresh: readonly string[] },
): void {
  ctx.write(...followWrites(ctx.app, { conv, thread }, followers.all))
  for (const user of followers.fresh)
    ctx.append({ channel: inboxOf(user), type: 'chat.thread_followed', data: { channel, thread, on: true } })
}

function followWrites(
  app: string,
  { conv, thread }: Pick<Thread, 'conv' | 'thread'>,
  users: readonly string[],
): Write[] {
  if (users.length === 0) return []
  return [
    {
      sql: `INSERT OR IGNORE INTO chat_followers (app, user, conv, thread)
        SELECT ?, value, ?, ? FROM json_each(?)`,
      parameters: [app, conv, thread, listOf(users)],
    },
  ]
}
