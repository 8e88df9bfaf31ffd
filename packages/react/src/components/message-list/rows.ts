import type { ChatMessage } from '../../chat/message.ts'

/** A line of the list. */
export type Row =
  | { readonly type: 'day'; readonly key: string; readonly place: number; readonly at: number }
  | { readonly type: 'unread'; readonly key: string; readonly place: number }
  | {
      /** `root`: the message that a thread hangs on. */
      readonly type: 'message' | 'root'
      readonly key: string
      /** The seq; of a message that has none yet, that of the one before it. */
      readonly place: number
      readonly message: ChatMessage
      /** Written soon after another one of the same author. */
      readonly isContinued: boolean
    }

/** Within so long, author and time are not repeated. */
const soonMs = 5 * 60_000

/**
 * The lines of a list: messages, a sign before each day, and one before the first unread message.
 *
 * @param readUpTo the user has read up to this seq; undefined: no sign
 * @param root the message that the others answer; it stands before them
 */
export function rowsOf(
  messages: readonly ChatMessage[],
  readUpTo: number | undefined,
  root?: ChatMessage,
): readonly Row[] {
  const rows: Row[] = []
  let before: ChatMessage | undefined
  let place = 0
  let isMarked = readUpTo === undefined
  if (root !== undefined)
    rows.push({ type: 'root', key: 'root', place: 0, message: root, isContinued: false })
  for (const message of messages) {
    place = message.seq ?? place
    const isNewDay = before === undefined || dayOf(before.at) !== dayOf(message.at)
    if (isNewDay) rows.push({ type: 'day', key: `day ${dayOf(message.at)}`, place, at: message.at })
    const isFirstUnread =
      !isMarked && message.seq !== undefined && message.seq > (readUpTo ?? 0) && !message.isMine
    if (isFirstUnread) {
      // Before the first message there is, everything is new: a line there would divide nothing.
      if (before !== undefined || root !== undefined) rows.push({ type: 'unread', key: 'unread', place })
      isMarked = true
    }
    const isContinued = !isNewDay && !isFirstUnread && before !== undefined && continues(before, message)
    rows.push({ type: 'message', key: message.key, place, message, isContinued })
    before = message
  }
  return rows
}

function continues(before: ChatMessage, message: ChatMessage): boolean {
  return (
    before.author === message.author &&
    message.at - before.at < soonMs &&
    message.replyTo === undefined &&
    before.deleted === undefined
  )
}

function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}
