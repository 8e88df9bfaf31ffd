import type { Context } from '@parley/kernel'
import type { z } from 'zod'
import type { ConversationFacts, MemberFacts } from '../../conversations/directory.ts'
import { manages } from '../../conversations/rules.ts'
import type { priority } from '../../model.ts'
import type { ChatParts } from '../../parts.ts'
import { ownMessageMark } from '../../reading/markers.ts'
import { postingWrites } from '../../search/postings.ts'
import { type Mentions, mentionWrites, noMentions, tellMentioned } from '../mentions/mentions.ts'
import { follow } from '../mentions/thread-followers.ts'
import type { Attachment } from './attachments.ts'

/** A message that is to be sent. */
export interface Draft {
  readonly channel: string
  readonly text: string
  readonly id: string
  readonly thread?: number | undefined
  readonly replyTo?: number | undefined
  readonly priority?: z.output<typeof priority> | undefined
}

/** What else belongs to it, once it has been looked up. */
export interface Enclosed {
  readonly mentions: Mentions
  readonly attachments: readonly Attachment[]
  /** Who begins to follow the thread that it is written in. */
  readonly followers: readonly string[]
}

export const nothingEnclosed: Enclosed = { mentions: noMentions, attachments: [], followers: [] }

/** Who sends, and where. */
export interface Sender {
  readonly user: string
  readonly conversation: ConversationFacts
  readonly member: MemberFacts
}

// What the decision to send rests on: an open conversation, a member who may write there now, and an id that is new.
const mayStillSend = `
  SELECT 1 FROM chat_members m JOIN chat_conversations c ON c.conv = m.conv
  WHERE m.conv = ?1 AND m.user = ?2 AND c.archived = 0
    AND (m.role <> 'member' OR (c.locked = 0 AND c.slow_seconds = ?3 AND m.spoke_at <= ?4))
    AND NOT EXISTS (SELECT 1 FROM chat_messages WHERE conv = ?1 AND author = ?2 AND id = ?5)`

const isThere = 'SELECT 1 FROM chat_messages WHERE conv = ? AND seq = ? AND deleted_at IS NULL'
const isRoot = `${isThere} AND thread = 0`

/** Makes the unit of a message: its event, the assertions that it rests on, and its rows. */
export function appendMessage(
  ctx: Context,
  { secret }: ChatParts,
  { user, conversation, member }: Sender,
  { draft, mentions, attachments, followers }: Enclosed & { readonly draft: Draft },
): void {
  const { conv, slowSeconds } = conversation
  const { channel, id, text, thread = 0, replyTo } = draft
  const at = ctx.clock.now()
  const isSlowed = slowSeconds > 0 && !manages(member.role)
  const notSince = isSlowed ? at - slowSeconds * 1000 : Number.MAX_SAFE_INTEGER
  ctx.assert({
    sql: mayStillSend,
    parameters: [conv, user, slowSeconds, notSince, id],
    expect: 'some',
  })
  if (thread !== 0) ctx.assert({ sql: isRoot, parameters: [conv, thread], expect: 'some' })
  if (replyTo !== undefined) ctx.assert({ sql: isThere, parameters: [conv, replyTo], expect: 'some' })
  const seq = {
    offsetOf: ctx.append({ channel, type: 'chat.sent', data: bodyOf(draft, mentions, attachments) }),
  }
  writeRows(ctx, { conv, thread, at, seq, user, id })
  const searchable = { author: user, text, mentions: mentions.users, attachments }
  ctx.write(...postingWrites(secret(), { conv, at, seq }, searchable))
  if (isSlowed)
    ctx.write({
      sql: 'UPDATE chat_members SET spoke_at = ? WHERE conv = ? AND user = ?',
      parameters: [at, conv, user],
    })
  if (thread !== 0) {
    writeThread(ctx, conv, thread)
    follow(ctx, { conv, channel, thread }, { all: [user, ...mentions.users], fresh: followers })
  }
  if (mentions !== noMentions) {
    ctx.write(...mentionWrites(ctx.app, { conv, seq, thread, at }, mentions))
    tellMentioned(ctx, mentions.users, { channel, id, thread: draft.thread, by: user })
  }
}

function bodyOf(draft: Draft, mentions: Mentions, attachments: readonly Attachment[]) {
  const { id, text, thread, replyTo, priority } = draft
  return {
    ...{ id, text, thread, replyTo },
    attachments: attachments.length === 0 ? undefined : attachments,
    mentions: mentions.users.length === 0 ? undefined : mentions.users,
    mentionsAll: mentions.all,
    priority: priority === 'normal' ? undefined : priority,
  }
}

function writeRows(
  ctx: Context,
  row: {
    readonly conv: number
    readonly thread: number
    readonly at: number
    readonly seq: { readonly offsetOf: number }
    readonly user: string
    readonly id: string
  },
): void {
  const { conv, thread, at, seq, user, id } = row
  ctx.write(
    {
      sql: `INSERT INTO chat_streams (conv, thread, last_seq, last_ordinal, last_at, live)
        VALUES (?, ?, ?, 1, ?, 1) ON CONFLICT (conv, thread) DO UPDATE SET last_seq = excluded.last_seq,
          last_ordinal = last_ordinal + 1, last_at = excluded.last_at, live = live + 1`,
      parameters: [conv, thread, seq, at],
    },
    {
      sql: `INSERT INTO chat_messages (conv, seq, thread, ordinal, id, author, at, text_at)
        SELECT conv, last_seq, thread, last_ordinal, ?, ?, ?, last_seq FROM chat_streams
        WHERE conv = ? AND thread = ?`,
      parameters: [id, user, at, conv, thread],
    },
    // Who writes has read what is above.
    ownMessageMark({ conv, thread, seq }, { user, at }),
  )
}

/** Whoever began a thread follows it from the first reply on. */
function writeThread(ctx: Context, conv: number, thread: number): void {
  ctx.write({
    sql: `INSERT OR IGNORE INTO chat_followers (app, user, conv, thread)
        SELECT p.app, p.user, p.conv, m.seq FROM chat_messages m
        JOIN chat_members p ON p.conv = m.conv AND p.user = m.author
        JOIN chat_streams s ON s.conv = m.conv AND s.thread = m.seq AND s.last_ordinal = 1
        WHERE m.conv = ? AND m.seq = ?`,
    parameters: [conv, thread],
  })
}
