import type { ChannelEvent } from '@parley/protocol'
import type { z } from 'zod'
import type { message, messageBody } from '../model.ts'
import { listOf, type Row, type RowReader, sql } from '../rows.ts'

/** A message as it stands now. */
export type Message = z.output<typeof message>
type Body = z.output<typeof messageBody>
type Text = Pick<Body, 'text' | 'mentions' | 'mentionsAll'>

/** Where messages are read from: a context is one. */
export interface MessageReader extends RowReader {
  readonly channels: {
    pick(channel: string, offsets: readonly number[]): Promise<readonly (ChannelEvent | undefined)[]>
  }
}

/** A row of `chat_messages`: what {@link messageColumns} select. */
export interface MessageRow {
  readonly seq: number
  readonly thread: number
  readonly id: string
  readonly author: string
  readonly at: number
  /** Offset of the event that holds its text. */
  readonly textAt: number
  readonly edits: number
  readonly editedAt: number | undefined
  readonly deleted: { readonly at: number; readonly by: string } | undefined
}

/** The columns of `chat_messages` (as `m`) that {@link toMessageRow} reads. */
export const messageColumns =
  'm.seq, m.thread, m.id, m.author, m.at, m.text_at, m.edits, m.edited_at, m.deleted_at, m.deleted_by'

export function toMessageRow(row: Row): MessageRow {
  return {
    seq: Number(row.seq),
    thread: Number(row.thread),
    id: String(row.id),
    author: String(row.author),
    at: Number(row.at),
    textAt: Number(row.text_at),
    edits: Number(row.edits),
    editedAt: row.edited_at === null ? undefined : Number(row.edited_at),
    deleted: row.deleted_at === null ? undefined : { at: Number(row.deleted_at), by: String(row.deleted_by) },
  }
}

/** The conversation that messages are of. */
export interface Place {
  readonly conv: number
  readonly channel: string
}

/** What hangs on messages, by seq. */
interface Attached {
  readonly events: ReadonlyMap<number, ChannelEvent>
  readonly reactions: ReadonlyMap<number, Message['reactions']>
  readonly replies: ReadonlyMap<number, NonNullable<Message['replies']>>
  readonly pins: ReadonlyMap<number, NonNullable<Message['pinned']>>
}

/**
 * The messages of some rows of one conversation, in the order of the rows, as `viewer` sees them. The number of queries
 * does not depend on the number of rows.
 */
export async function assembleMessages(
  reader: MessageReader,
  place: Place,
  rows: readonly MessageRow[],
  viewer: string | undefined,
): Promise<Message[]> {
  if (rows.length === 0) return []
  const seqs = listOf(rows.map(({ seq }) => seq))
  const [events, reactions, replies, pins] = await Promise.all([
    pickEvents(reader, place.channel, rows.filter((row) => row.deleted === undefined).flatMap(textOffsets)),
    readReactions(reader, place.conv, seqs, viewer),
    readReplies(reader, place.conv, seqs),
    readPins(reader, place.conv, seqs),
  ])
  const attached: Attached = { events, reactions, replies, pins }
  return rows.map((row) => toMessage(place.channel, row, attached))
}

function textOffsets({ seq, textAt }: MessageRow): number[] {
  return seq === textAt ? [seq] : [seq, textAt]
}

/** Offsets that one `pick` takes. */
const maxPicked = 1_000

/** Events by their offset; those that are not held, or were redacted, are left out. */
export async function pickEvents(
  reader: MessageReader,
  channel: string,
  offsets: readonly number[],
): Promise<Map<number, ChannelEvent>> {
  const found = new Map<number, ChannelEvent>()
  for (let start = 0; start < offsets.length; start += maxPicked) {
    const events = await reader.channels.pick(channel, offsets.slice(start, start + maxPicked))
    for (const event of events)
      if (event !== undefined && event.redacted !== true) found.set(event.offset, event)
  }
  return found
}

function toMessage(channel: string, row: MessageRow, attached: Attached): Message {
  const { seq, thread, id, author, at, edits, editedAt, deleted } = row
  const sent = attached.events.get(seq)?.data as Body | undefined
  const text = (row.textAt === seq ? sent : attached.events.get(row.textAt)?.data) as Text | undefined
  const replies = attached.replies.get(seq)
  const pinned = attached.pins.get(seq)
  return {
    ...{ channel, seq, id, author, at },
    ...(thread === 0 ? {} : { thread }),
    ...wordsOf(sent, text),
    ...(editedAt === undefined ? {} : { edited: { at: editedAt, count: edits } }),
    ...(deleted === undefined ? {} : { deleted }),
    reactions: attached.reactions.get(seq) ?? [],
    ...(replies === undefined ? {} : { replies }),
    ...(pinned === undefined ? {} : { pinned }),
  }
}

/** What a message says: the text as it is now, and what came with it at first. */
function wordsOf(sent: Body | undefined, text: Text | undefined) {
  const { replyTo, attachments, priority } = sent ?? {}
  const { mentions, mentionsAll } = text ?? {}
  return {
    text: text?.text ?? '',
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(mentions === undefined ? {} : { mentions }),
    ...(mentionsAll === undefined ? {} : { mentionsAll }),
    ...(priority === undefined ? {} : { priority }),
  }
}

const usersShown = 10

const reactionsQuery = `
  SELECT seq, emoji, user, at, total, place FROM (
    SELECT seq, emoji, user, at, count(*) OVER (PARTITION BY seq, emoji) AS total,
      row_number() OVER (PARTITION BY seq, emoji ORDER BY at, user) AS place
    FROM chat_reactions WHERE conv = ?1 AND seq IN (SELECT value FROM json_each(?2)))
  WHERE place <= ${usersShown} OR user = ?3
  ORDER BY seq, place`

async function readReactions(
  reader: RowReader,
  conv: number,
  seqs: string,
  viewer: string | undefined,
): Promise<Attached['reactions']> {
  const rows = await reader.query(sql(reactionsQuery, conv, seqs, viewer ?? ''))
  const bySeq = new Map<number, Map<string, Message['reactions'][number] & { readonly since: number }>>()
  for (const row of rows) {
    const emoji = String(row.emoji)
    const seq = Number(row.seq)
    const reactions = bySeq.get(seq) ?? new Map()
    bySeq.set(seq, reactions)
    const known = reactions.get(emoji) ?? {
      ...{ emoji, count: Number(row.total), users: [], mine: false, since: Number(row.at) },
    }
    reactions.set(emoji, known)
    if (Number(row.place) <= usersShown) known.users.push(String(row.user))
    if (row.user === viewer) known.mine = true
  }
  return new Map(
    [...bySeq].map(([seq, reactions]) => [
      seq,
      [...reactions.values()]
        .sort((one, other) => one.since - other.since || (one.emoji < other.emoji ? -1 : 1))
        .map(({ emoji, count, users, mine }) => ({ emoji, count, users, mine })),
    ]),
  )
}

const repliersShown = 5

// Who wrote in a thread lately: looked for among its newest replies only.
const repliesQuery = `
  SELECT s.thread, s.live, s.last_at, m.author, max(m.seq) AS newest
  FROM chat_streams s LEFT JOIN chat_messages m ON m.conv = s.conv AND m.thread = s.thread
    AND m.deleted_at IS NULL AND m.seq > coalesce((SELECT seq FROM chat_messages WHERE conv = s.conv AND thread = s.thread
      ORDER BY seq DESC LIMIT 1 OFFSET 20), 0)
  WHERE s.conv = ? AND s.thread IN (SELECT value FROM json_each(?)) AND s.live > 0
  GROUP BY s.thread, m.author ORDER BY s.thread, newest DESC`

async function readReplies(reader: RowReader, conv: number, seqs: string): Promise<Attached['replies']> {
  const rows = await reader.query(sql(repliesQuery, conv, seqs))
  const found = new Map<number, NonNullable<Message['replies']>>()
  for (const row of rows) {
    const thread = Number(row.thread)
    const replies = found.get(thread) ?? { count: Number(row.live), lastAt: Number(row.last_at), users: [] }
    found.set(thread, replies)
    if (row.author !== null && replies.users.length < repliersShown) replies.users.push(String(row.author))
  }
  return found
}

async function readPins(reader: RowReader, conv: number, seqs: string): Promise<Attached['pins']> {
  const rows = await reader.query(
    sql(
      'SELECT seq, by, at FROM chat_pins WHERE conv = ? AND seq IN (SELECT value FROM json_each(?))',
      conv,
      seqs,
    ),
  )
  return new Map(rows.map((row) => [Number(row.seq), { by: String(row.by), at: Number(row.at) }]))
}
