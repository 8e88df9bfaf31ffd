import type { ReadState } from '../message.ts'

/** What waits for the user, everywhere. */
export interface UnreadSnapshot {
  /** By channel. */
  readonly conversations: ReadonlyMap<string, ReadState>
  /** Followed threads with something unread, by `channel/seq` of the root. */
  readonly threads: ReadonlyMap<string, ReadState>
  readonly total: number
  readonly mentions: number
  /** False until the server has said. */
  readonly isKnown: boolean
}

export interface UnreadActions {
  /**
   * Everything up to `seq` is read. Calls are collected: about one a second goes out for each conversation. Where the
   * user has said `markUnread`, `seen` alone changes nothing.
   */
  markRead(channel: string, seq: number, thread?: number): void
  /** As `markRead`, for what came into view by itself. */
  seen(channel: string, seq: number, thread?: number): void
  /** The user looks at the conversation anew: after `markUnread`, `seen` counts again. */
  lookAgain(channel: string, thread?: number): void
  /** `seq` and all after it are unread, until the user looks again or says otherwise. */
  markUnread(channel: string, seq: number, thread?: number): Promise<void>
  markAllRead(): Promise<void>
}

/** The name of a conversation or thread among all. */
export function placeOf(channel: string, thread: number | undefined): string {
  return thread === undefined ? channel : `${channel}/${thread}`
}
