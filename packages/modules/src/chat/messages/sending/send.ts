import type { Context } from '@parley/kernel'
import { ParleyError, type Position } from '@parley/protocol'
import { requireUser } from '../../caller.ts'
import { notAMember, requireWriter } from '../../conversations/refusals.ts'
import { writeRefusal } from '../../conversations/rules.ts'
import type { ChatHandlers, ChatParts } from '../../parts.ts'
import { sql } from '../../rows.ts'
import { findMentions } from '../mentions/mentions.ts'
import { findNewFollowers } from '../mentions/thread-followers.ts'
import { readTyped, type SlashCommand } from '../slash/slash-commands.ts'
import { findById, noSuchMessage } from '../store.ts'
import { attachFiles, detachFiles } from './attachments.ts'
import { appendMessage, type Draft, nothingEnclosed, type Sender } from './message-unit.ts'

const idBits = 96

interface Input extends Omit<Draft, 'id'> {
  readonly id?: string | undefined
  readonly attachments?: readonly string[] | undefined
}

/** What is answered; the place of a message that was sent just now comes with its unit. */
interface Sent {
  readonly id: string
  readonly at?: { readonly seq: number; readonly epoch: string }
}

/**
 * `send`. The first attempt rests on what is remembered, and asks nobody: what it rests on is asserted in the commit.
 * Only a second attempt looks closely, and finds the reason.
 */
export function sendHandler(parts: ChatParts): ChatHandlers<'send'>['send'] {
  return {
    run: (ctx: Context, input: Input): Sent | Promise<Sent> => {
      const typed = readTyped(parts.slashCommands, input.text)
      const { id = ctx.clock.secret(idBits) } = input
      if ('command' in typed) return runInstead(ctx, { ...typed, id }, input)
      const draft: Draft = { ...input, id, text: typed.text }
      const user = requireUser(ctx)
      parts.onSend({ app: ctx.app, channel: draft.channel, user })
      const sender = ctx.attempt === 1 ? recallSender(ctx, parts, draft.channel, user) : undefined
      const files = input.attachments ?? []
      if (sender === undefined || files.length > 0 || draft.thread !== undefined || draft.text.includes('@'))
        return sendCarefully(ctx, parts, draft, files)
      appendMessage(ctx, parts, sender, { draft, ...nothingEnclosed })
      return { id }
    },
    complete: ({ id, at }: Sent, positions: readonly Position[]) => {
      const [position] = positions
      if (at !== undefined) return { id, ...at }
      if (position === undefined) throw new ParleyError('internal', 'A message was given no position.')
      return { id, seq: position.offset, epoch: position.epoch }
    },
  }
}

async function runInstead(
  ctx: Context,
  { command, args, id }: { readonly command: SlashCommand; readonly args: string; readonly id: string },
  { channel, thread }: Input,
): Promise<Sent> {
  const { seq = 0 } = await command.run(ctx, { channel, thread, args, id })
  const { epoch } = await ctx.channels.top(channel)
  return { id, at: { seq, epoch } }
}

/** The caller as far as it is remembered, if they may write by that. */
function recallSender(
  ctx: Context,
  { directory }: ChatParts,
  channel: string,
  user: string,
): Sender | undefined {
  const known = directory.recall(ctx.app, channel, user)
  if (known === undefined || writeRefusal(known.conversation, known.member.role) !== undefined)
    return undefined
  return { user, ...known }
}

async function sendCarefully(
  ctx: Context,
  parts: ChatParts,
  draft: Draft,
  files: readonly string[],
): Promise<Sent> {
  const user = requireUser(ctx)
  const { channel, id } = draft
  const of = { channel, author: user, id }
  try {
    const sender = await requireSender(ctx, parts, channel)
    if (ctx.attempt === 2) {
      const sent = await lookClosely(ctx, sender, draft)
      if (sent !== undefined) return { id, at: sent }
    }
    const { conversation, member } = sender
    const mentioning = { conversation, author: user, role: member.role }
    const mentions = await findMentions(ctx, parts.directory, mentioning, draft.text)
    const attachments = files.length === 0 ? [] : await attachFiles(ctx, of, files)
    const { thread } = draft
    const readers = [user, ...mentions.users]
    const followers =
      thread === undefined ? [] : await findNewFollowers(ctx, { conv: conversation.conv, thread }, readers)
    appendMessage(ctx, parts, sender, { draft, mentions, attachments, followers })
    return { id }
  } catch (error) {
    // The first attempt had attached them.
    if (ctx.attempt === 2 && files.length > 0) await detachFiles(ctx, of, files)
    throw error
  }
}

/** @throws ParleyError `chat.not_a_member`, `chat.archived`, `chat.locked` */
async function requireSender(ctx: Context, parts: ChatParts, channel: string): Promise<Sender> {
  const user = requireUser(ctx)
  const known = ctx.attempt === 1 ? recallSender(ctx, parts, channel, user) : undefined
  if (known !== undefined) return known
  const standing = await parts.directory.standing(ctx.app, channel, user)
  if (standing?.member === undefined) throw notAMember(channel)
  const { conversation, member } = standing
  requireWriter(conversation, member.role)
  return { user, conversation, member }
}

/**
 * Finds out why the commit refused a message: it was sent before (then that is where it is), it came too soon after
 * another one, or what it hangs on is gone.
 *
 * @throws ParleyError `chat.slow_mode`, `chat.no_such_message`
 */
async function lookClosely(
  ctx: Context,
  { user, conversation, member }: Sender,
  { channel, id, thread, replyTo }: Draft,
): Promise<Sent['at']> {
  const { conv, slowSeconds } = conversation
  const seq = await findById(ctx, conv, user, id)
  if (seq !== undefined) return { seq, epoch: (await ctx.channels.top(channel)).epoch }
  if (member.role === 'member' && slowSeconds > 0) await requirePatience(ctx, conv, user, slowSeconds)
  const needed = [
    ...(thread === undefined ? [] : [{ seq: thread, isRoot: true }]),
    ...(replyTo === undefined ? [] : [{ seq: replyTo, isRoot: false }]),
  ]
  for (const one of needed) {
    const [row] = await ctx.query(
      sql(
        'SELECT thread FROM chat_messages WHERE conv = ? AND seq = ? AND deleted_at IS NULL',
        conv,
        one.seq,
      ),
    )
    if (row === undefined || (one.isRoot && row.thread !== 0)) throw noSuchMessage(channel, one.seq)
  }
  return undefined
}

async function requirePatience(ctx: Context, conv: number, user: string, slowSeconds: number): Promise<void> {
  const [row] = await ctx.query(
    sql('SELECT spoke_at FROM chat_members WHERE conv = ? AND user = ?', conv, user),
  )
  const waitMs = Number(row?.spoke_at ?? 0) + slowSeconds * 1000 - ctx.clock.now()
  if (waitMs > 0)
    throw new ParleyError('chat.slow_mode', `Members write every ${slowSeconds} s here. Wait ${waitMs} ms.`, {
      retry: 'later',
      retryAfterMs: waitMs,
    })
}
