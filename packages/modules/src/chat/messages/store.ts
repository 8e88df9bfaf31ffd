import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { conversationId } from '../channel-names.ts'
import type { ConversationType, Role } from '../conversations/rules.ts'
import { type RowReader, sql } from '../rows.ts'
import { type MessageRow, messageColumns, toMessageRow } from './assemble.ts'

/** A message, and what the caller is where it is. */
export interface FoundMessage {
  readonly conv: number
  readonly type: ConversationType
  /** Undefined when the caller is no member. */
  readonly role: Role | undefined
  readonly locked: boolean
  readonly archived: boolean
  readonly members: number
  readonly message: MessageRow
}

const messageQuery = `
  SELECT c.conv, c.type, c.locked, c.archived, c.members, p.role, ${messageColumns}
  FROM chat_conversations c JOIN chat_messages m ON m.conv = c.conv
  LEFT JOIN chat_members p ON p.conv = c.conv AND p.user = ?
  WHERE c.app = ? AND c.id = ? AND m.seq = ? AND m.deleted_at IS NULL`

/**
 * A message that is not deleted.
 *
 * @throws ParleyError `chat.no_such_message`
 */
export async function requireMessage(
  ctx: Context,
  { channel, seq }: { readonly channel: string; readonly seq: number },
): Promise<FoundMessage> {
  const [row] = await ctx.query(sql(messageQuery, ctx.user ?? '', ctx.app, conversationId(channel), seq))
  if (row === undefined) throw noSuchMessage(channel, seq)
  return {
    conv: Number(row.conv),
    type: row.type as ConversationType,
    role: row.role === null ? undefined : (row.role as Role),
    locked: row.locked === 1,
    archived: row.archived === 1,
    members: Number(row.members),
    message: toMessageRow(row),
  }
}

export function noSuchMessage(channel: string, seq: number): ParleyError {
  return new ParleyError('chat.no_such_message', `${channel} has no message ${seq}, or it was deleted.`)
}

/** The number of a conversation. */
export async function findConv(reader: RowReader, app: string, channel: string): Promise<number | undefined> {
  const [row] = await reader.query(
    sql('SELECT conv FROM chat_conversations WHERE app = ? AND id = ?', app, conversationId(channel)),
  )
  return row === undefined ? undefined : Number(row.conv)
}

/** Offsets of the events that hold earlier texts of a message, oldest first. */
export async function findEdits(reader: RowReader, conv: number, seq: number): Promise<readonly number[]> {
  const rows = await reader.query(
    sql('SELECT text_at FROM chat_edits WHERE conv = ? AND seq = ? ORDER BY text_at', conv, seq),
  )
  return rows.map((row) => Number(row.text_at))
}

/** The seq of the message to which its author gave an id. */
export async function findById(
  reader: RowReader,
  conv: number,
  author: string,
  id: string,
): Promise<number | undefined> {
  const [row] = await reader.query(
    sql('SELECT seq FROM chat_messages WHERE conv = ? AND author = ? AND id = ?', conv, author, id),
  )
  return row === undefined ? undefined : Number(row.seq)
}
