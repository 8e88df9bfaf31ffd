import type { Context } from '@parley/kernel'
import type { CommandParsed } from '@parley/protocol'
import { noSuchConversation } from '../conversations/refusals.ts'
import type { ChatHandlers } from '../parts.ts'
import { type RowReader, sql } from '../rows.ts'
import { assembleMessages, type MessageRow, messageColumns, toMessageRow } from './assemble.ts'
import type { messageCommands } from './contract.ts'
import { findConv, requireMessage } from './store.ts'

/** The messages that one may see of a stream: a conversation (thread 0), or one of its threads. */
interface Stream {
  readonly conv: number
  readonly thread: number
  readonly viewer: string
  /** Lowest offset that the channel still holds. */
  readonly first: number
}

type Direction = 'ASC' | 'DESC'

// Between two bounds, neither of them in. One bound a side: of two, the database may begin at the one that is farther.
const visible = (low: string, high: string): string => `m.conv = ?1 AND m.thread = ?2
  AND m.seq > ${low} AND m.seq < ${high} AND NOT EXISTS (
    SELECT 1 FROM chat_hidden h WHERE h.conv = ?1 AND h.user = ?3 AND h.thread = ?2 AND h.seq = m.seq)`

const pageSql = (direction: Direction): string =>
  `SELECT ${messageColumns} FROM chat_messages m WHERE ${visible('?4', '?5')} ORDER BY m.seq ${direction} LIMIT ?6`
const pages: Readonly<Record<Direction, string>> = { ASC: pageSql('ASC'), DESC: pageSql('DESC') }

/** Rows beyond a seq, in ascending order either way. */
async function page(
  reader: RowReader,
  { conv, thread, first, viewer }: Stream,
  direction: Direction,
  { beyond, limit }: { readonly beyond: number; readonly limit: number },
): Promise<MessageRow[]> {
  if (limit === 0) return []
  const below = first - 1
  const [low, high] = direction === 'ASC' ? [Math.max(beyond, below), newest] : [below, beyond]
  const rows = await reader.query(sql(pages[direction], conv, thread, viewer, low, high, limit))
  const messages = rows.map(toMessageRow)
  return direction === 'ASC' ? messages : messages.reverse()
}

// ?4 below what is held, ?5 ?6 first and last of the page, ?7 above everything
const surroundings = `SELECT
  EXISTS (SELECT 1 FROM chat_messages m WHERE ${visible('?4', '?5')}) AS has_before,
  EXISTS (SELECT 1 FROM chat_messages m WHERE ${visible('?6', '?7')}) AS has_after`

/** Where to read. */
interface Wanted {
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly around?: number | undefined
  readonly limit: number
}

const newest = Number.MAX_SAFE_INTEGER

async function readRows(
  reader: RowReader,
  stream: Stream,
  { before, after, around, limit }: Wanted,
): Promise<MessageRow[]> {
  if (after !== undefined) return page(reader, stream, 'ASC', { beyond: after, limit })
  if (around === undefined) return page(reader, stream, 'DESC', { beyond: before ?? newest, limit })
  const lower = await page(reader, stream, 'DESC', { beyond: around, limit: Math.floor(limit / 2) })
  const upper = await page(reader, stream, 'ASC', { beyond: around - 1, limit: limit - lower.length })
  return [...lower, ...upper]
}

/** The offset of the first event from a time on: the log knows its times. */
async function offsetSince(ctx: Context, channel: string, at: number): Promise<number | undefined> {
  const { events } = await ctx.channels.history({ channel, since: at, limit: 1 })
  return events[0]?.offset
}

/** Where a page begins and ends; an empty one is a place between messages. */
function edgesOf(rows: readonly MessageRow[], { before, after }: Wanted): readonly [number, number] {
  const [low, high] = [rows[0]?.seq, rows.at(-1)?.seq]
  if (low !== undefined && high !== undefined) return [low, high]
  if (after !== undefined) return [after + 1, after]
  return before === undefined ? [newest, newest] : [before, before - 1]
}

type HistoryInput = CommandParsed<(typeof messageCommands)['history']>

/** How often a page is read, so that it is as of its position: in a lively conversation something comes meanwhile. */
const maxReads = 3

/**
 * A page and its position. What the page counts (replies, reactions) is counted on by what comes after the position: a
 * page that is newer would have some of it twice.
 */
async function readHistory(ctx: Context, input: HistoryInput) {
  for (let left = maxReads; ; left--) {
    const page = await readOnce(ctx, input)
    if (left === 1 || (await ctx.channels.top(input.channel)).head === page.position.offset) return page
  }
}

async function readOnce(ctx: Context, { channel, thread = 0, at, ...given }: HistoryInput) {
  // The position before the rows: what is sent meanwhile may come twice, but nothing is missed.
  const [{ epoch, head, first }, conv] = await Promise.all([
    ctx.channels.top(channel),
    findConv(ctx, ctx.app, channel),
  ])
  if (conv === undefined) throw noSuchConversation(channel)
  const stream: Stream = { conv, thread, first, viewer: ctx.user ?? '' }
  const wanted = at === undefined ? given : { ...given, around: await offsetSince(ctx, channel, at) }
  const rows = await readRows(ctx, stream, wanted)
  const [low, high] = edgesOf(rows, wanted)
  const [[around], messages] = await Promise.all([
    ctx.query(sql(surroundings, conv, thread, stream.viewer, first - 1, low, high, newest)),
    assembleMessages(ctx, { conv, channel }, rows, ctx.user),
  ])
  return {
    messages,
    hasBefore: around?.has_before === 1,
    hasAfter: around?.has_after === 1,
    position: { epoch, offset: head },
  }
}

/** Commands that read messages of one conversation. */
export const histories: ChatHandlers<'message' | 'history' | 'pins'> = {
  history: readHistory,

  message: async (ctx, { channel, seq }) => {
    const { conv, message } = await requireMessage(ctx, { channel, seq })
    const [found] = await assembleMessages(ctx, { conv, channel }, [message], ctx.user)
    return found as NonNullable<typeof found>
  },

  pins: async (ctx, { channel }) => {
    const conv = await findConv(ctx, ctx.app, channel)
    if (conv === undefined) throw noSuchConversation(channel)
    const rows = await ctx.query(
      sql(
        `SELECT ${messageColumns} FROM chat_pins p JOIN chat_messages m ON m.conv = p.conv AND m.seq = p.seq
          WHERE p.conv = ? ORDER BY p.at DESC, p.seq DESC`,
        conv,
      ),
    )
    return { messages: await assembleMessages(ctx, { conv, channel }, rows.map(toMessageRow), ctx.user) }
  },
}
