import type { Context, UnitValue, Write } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { inboxOf } from '../../channel-names.ts'
import type { ConversationFacts, Directory } from '../../conversations/directory.ts'
import { manages, type Role } from '../../conversations/rules.ts'
import { chatLimits } from '../../model.ts'
import { listOf } from '../../rows.ts'
import { mentionsIn } from './mention-words.ts'

/** Whom a message means. */
export interface Mentions {
  /** Members named by `@user`, the author not among them. */
  readonly users: readonly string[]
  readonly all?: 'room' | 'here'
  /** Members who are there now, for `@here`. */
  readonly present: readonly string[]
}

export const noMentions: Mentions = { users: [], present: [] }

/** Who mentions, and where. */
export interface Mentioning {
  readonly conversation: Pick<ConversationFacts, 'conv' | 'channel' | 'members'>
  readonly author: string
  readonly role: Role
}

/**
 * Finds out whom a text means: only members count.
 *
 * @throws ParleyError `chat.too_many_to_mention`
 */
export async function findMentions(
  ctx: Context,
  directory: Directory,
  { conversation, author, role }: Mentioning,
  text: string,
): Promise<Mentions> {
  const words = mentionsIn(text)
  const { conv, channel, members } = conversation
  if (words.users.length === 0 && words.all === undefined) return noMentions
  if (words.all !== undefined && members > chatLimits.broadcastMembers && !manages(role))
    throw new ParleyError(
      'chat.too_many_to_mention',
      `@room and @here are for admins in a conversation of more than ${chatLimits.broadcastMembers} members.`,
    )
  const known = await directory.membersAmong(conv, words.users.flat())
  const users = new Set(words.users.flatMap((readings) => readings.find((name) => known.has(name)) ?? []))
  users.delete(author)
  const present = words.all === 'here' ? await presentMembers(ctx, directory, conv, channel) : []
  return {
    users: [...users],
    ...(words.all === undefined ? {} : { all: words.all }),
    present: present.filter((user) => user !== author && !users.has(user)),
  }
}

async function presentMembers(
  ctx: Context,
  directory: Directory,
  conv: number,
  channel: string,
): Promise<readonly string[]> {
  const users = new Set<string>()
  await ctx.channels.gather(channel)
  for (let after: string | undefined; users.size < chatLimits.broadcastMembers; ) {
    const page = ctx.channels.state(channel, after)
    for (const { name, user } of page.entries) if (name === 'presence' && user !== undefined) users.add(user)
    if (page.next === undefined) break
    after = page.next
  }
  return [...(await directory.membersAmong(conv, [...users]))]
}

/** A message in tables, perhaps one that is about to get its offset. */
export interface MessagePlace {
  readonly conv: number
  readonly seq: UnitValue
  readonly thread: number
  readonly at: number
}

/** The rows by which mentions are counted and listed; user '' stands for everybody. */
export function mentionWrites(app: string, place: MessagePlace, mentions: Mentions): Write[] {
  const users = [...mentions.users, ...mentions.present, ...(mentions.all === 'room' ? [''] : [])]
  if (users.length === 0) return []
  const { conv, seq, thread, at } = place
  return [
    {
      sql: `INSERT OR IGNORE INTO chat_mentions (conv, user, thread, seq, app, at)
        SELECT ?, value, ?, ?, ?, ? FROM json_each(?)`,
      parameters: [conv, thread, seq, app, at, listOf(users)],
    },
  ]
}

/** Rows of a mention that a new text no longer makes. */
export function mentionRemovals({ conv, seq }: Pick<MessagePlace, 'conv' | 'seq'>): Write[] {
  return [{ sql: 'DELETE FROM chat_mentions WHERE conv = ? AND seq = ?', parameters: [conv, seq] }]
}

/** Tells those who are mentioned, wherever they are. */
export function tellMentioned(
  ctx: Context,
  users: readonly string[],
  data: {
    readonly channel: string
    readonly id: string
    readonly thread?: number | undefined
    readonly by: string
  },
): void {
  for (const user of users) ctx.append({ channel: inboxOf(user), type: 'chat.mentioned', data })
}
