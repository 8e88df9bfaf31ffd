import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { writerAssertion } from '../conversations/assertions.ts'
import { notAMember, requireWriter } from '../conversations/refusals.ts'
import type { ChatHandlers, ChatParts } from '../parts.ts'
import { postingChanges, type Searchable } from '../search/postings.ts'
import { assembleMessages, type Message, type MessageRow, pickEvents } from './assemble.ts'
import {
  findMentions,
  type Mentions,
  mentionRemovals,
  mentionWrites,
  tellMentioned,
} from './mentions/mentions.ts'
import { findNewFollowers, follow } from './mentions/thread-followers.ts'
import { type FoundMessage, findEdits, requireMessage } from './store.ts'

/** The message is what it was read as when the unit is committed. */
export function unchangedAssertion(conv: number, { seq, edits }: MessageRow) {
  return {
    sql: 'SELECT 1 FROM chat_messages WHERE conv = ? AND seq = ? AND edits = ? AND deleted_at IS NULL',
    parameters: [conv, seq, edits],
    expect: 'some' as const,
  }
}

/** What search knows of a message, from what it is now. */
export function searchableOf({ author, text, mentions, attachments }: Message): Searchable {
  return { author, text, mentions, attachments }
}

/** `edit` and `edits`. */
export function editing(parts: ChatParts): ChatHandlers<'edit' | 'edits'> {
  return {
    edit: async (ctx, { channel, seq, text }) => {
      const user = requireUser(ctx)
      const found = await requireMessage(ctx, { channel, seq })
      const { conv, role, message } = found
      if (message.author !== user)
        throw new ParleyError('chat.not_the_author', 'Only its author edits a message.')
      if (role === undefined) throw notAMember(channel)
      requireWriter(found, role)
      const [before] = await assembleMessages(ctx, { conv, channel }, [message], user)
      const mentioning = { conversation: { ...found, channel }, author: user, role }
      const mentions = await findMentions(ctx, parts.directory, mentioning, text)
      const edited = { at: ctx.clock.now(), count: message.edits + 1 }
      ctx.assert(writerAssertion(conv, user), unchangedAssertion(conv, message))
      appendEdit(ctx, found, { channel, text, mentions, edited })
      if (before !== undefined) {
        const after = { ...searchableOf(before), text, mentions: mentions.users }
        const place = { conv, seq, at: message.at }
        ctx.write(...postingChanges(parts.secret(), place, { before: searchableOf(before), after }))
        await moveMentions(ctx, found, before, { channel, mentions })
      }
      return { edited }
    },

    edits: async (ctx, { channel, seq }) => {
      const { conv } = await requireMessage(ctx, { channel, seq })
      const offsets = await findEdits(ctx, conv, seq)
      const events = await pickEvents(ctx, channel, offsets)
      return { versions: versionsOf(offsets, events) }
    },
  }
}

/** Earlier texts of a message, from the events that hold them. */
export function versionsOf(offsets: readonly number[], events: Awaited<ReturnType<typeof pickEvents>>) {
  return offsets.flatMap((offset) => {
    const event = events.get(offset)
    return event === undefined ? [] : [{ text: (event.data as { readonly text: string }).text, at: event.at }]
  })
}

function appendEdit(
  ctx: Context,
  { conv, message }: FoundMessage,
  edit: {
    readonly channel: string
    readonly text: string
    readonly mentions: Mentions
    readonly edited: { readonly at: number; readonly count: number }
  },
): void {
  const { seq, thread, textAt } = message
  const { channel, text, mentions, edited } = edit
  const textEvent = ctx.append({
    channel,
    type: 'chat.edited',
    data: {
      ...{ seq, text, count: edited.count },
      thread: thread === 0 ? undefined : thread,
      mentions: mentions.users.length === 0 ? undefined : mentions.users,
      mentionsAll: mentions.all,
    },
  })
  ctx.write(
    {
      sql: 'INSERT INTO chat_edits (conv, seq, text_at) VALUES (?, ?, ?)',
      parameters: [conv, seq, textAt],
    },
    {
      sql: 'UPDATE chat_messages SET text_at = ?, edits = ?, edited_at = ? WHERE conv = ? AND seq = ?',
      parameters: [{ offsetOf: textEvent }, edited.count, edited.at, conv, seq],
    },
  )
}

/** Rows of those whom the new text means in place of those whom the old one did; who is new is told. */
async function moveMentions(
  ctx: Context,
  { conv, message }: FoundMessage,
  before: Message,
  { channel, mentions }: { readonly channel: string; readonly mentions: Mentions },
): Promise<void> {
  const earlier = new Set(before.mentions ?? [])
  const added = mentions.users.filter((user) => !earlier.has(user))
  const isSame = added.length === 0 && earlier.size === mentions.users.length
  if (isSame && before.mentionsAll === mentions.all) return
  const { seq, thread, at, author, id } = message
  ctx.write(...mentionRemovals({ conv, seq }))
  ctx.write(...mentionWrites(ctx.app, { conv, seq, thread, at }, mentions))
  if (thread !== 0) {
    const fresh = await findNewFollowers(ctx, { conv, thread }, added)
    follow(ctx, { conv, channel, thread }, { all: added, fresh })
  }
  tellMentioned(ctx, added, { channel, id, thread: before.thread, by: author })
}
