import type { Assertion } from '@parley/kernel'
import { conversationChannel } from '../channel-names.ts'
import { type Row, sql } from '../rows.ts'

/** A message that waits for its time. */
export interface Scheduled {
  readonly app: string
  readonly user: string
  /** Given by the user, unique among theirs. */
  readonly id: string
  readonly channel: string
  readonly thread: number
  readonly dueAt: number
  /** Offset in the user's drafts channel of the event that holds its words. */
  readonly textAt: number
  /** Why it was refused when it was due. */
  readonly problem: string | undefined
  /** It is on its way, and cannot be called back. */
  readonly isSending: boolean
}

/** Selects {@link Scheduled} rows, as `s`; a condition follows. */
export const scheduledRows = `SELECT s.app, s.user, s.id, s.thread, s.due_at, s.text_at, s.problem, s.sending,
    c.id AS conversation
  FROM chat_scheduled s JOIN chat_conversations c ON c.conv = s.conv WHERE`

export function toScheduled(row: Row): Scheduled {
  return {
    app: String(row.app),
    user: String(row.user),
    id: String(row.id),
    channel: conversationChannel(String(row.conversation)),
    thread: Number(row.thread),
    dueAt: Number(row.due_at),
    textAt: Number(row.text_at),
    problem: row.problem === null ? undefined : String(row.problem),
    isSending: row.sending === 1,
  }
}

/** It waits, as it was read, when the unit is committed. */
export function waitingAssertion({ app, user, id, textAt }: Scheduled): Assertion {
  return {
    ...sql(
      'SELECT 1 FROM chat_scheduled WHERE app = ? AND user = ? AND id = ? AND text_at = ? AND sending = 0',
      ...[app, user, id, textAt],
    ),
    expect: 'some',
  }
}
