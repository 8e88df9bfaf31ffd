import type { ParleyError } from '@parley/client'
import type { ChatMessage, NewMessage } from './message.ts'

/** A message by its seq, or the first one from a time on (ms since 1970). */
export type Place = { readonly seq: number } | { readonly at: number }

/** What a component sees of a conversation or a thread. */
export interface MessagesSnapshot {
  /** In order; own messages that are not stored yet come last. Unchanged messages are the same objects as before. */
  readonly messages: readonly ChatMessage[]
  /** `loading` until the first page is there; `failed`: see `error`. Messages that are known are shown in any case. */
  readonly status: 'idle' | 'loading' | 'ready' | 'failed'
  readonly error: ParleyError | undefined
  /** New messages arrive by themselves. False while the connection is down. */
  readonly isLive: boolean
  readonly hasOlder: boolean
  /** The window lies in the past: `jumpToNewest` brings it back. */
  readonly hasNewer: boolean
  readonly isLoadingOlder: boolean
  readonly isLoadingNewer: boolean
  /** Messages that came while the window lay in the past. */
  readonly missed: number
  /** Seq of the newest message of the conversation that is known; 0 when there is none. */
  readonly newest: number
  /** By user, the seq up to which others have read, where they show it. */
  readonly seen: ReadonlyMap<string, number>
}

/**
 * What can be done. The functions stay the same for the life of the conversation. Promises may be ignored: what goes
 * wrong is shown in the message too.
 */
export interface MessagesActions {
  /** Shows the message at once and sends it. Resolves with its seq. */
  send(message: NewMessage | string): Promise<number>
  /** Sends a failed message again; it is never stored twice. */
  retry(key: string): Promise<number>
  /** Gives a failed message up. */
  discard(key: string): void
  edit(seq: number, text: string): Promise<void>
  /** Deletes for everybody, or for the user alone. */
  remove(seq: number, scope?: 'all' | 'me'): Promise<void>
  /** Puts an emoji on a message or takes it away; without `on` the other of what it is now. */
  react(seq: number, emoji: string, on?: boolean): Promise<void>
  pin(seq: number, on?: boolean): Promise<void>
  /** Forgets why a change was refused. */
  dismiss(seq: number): void
  /** Reads a page in; resolves with whether there are more. Calls that overlap share one page. */
  loadOlder(): Promise<boolean>
  loadNewer(): Promise<boolean>
  /** Shows what was said around a message or a time. Resolves with the seq found, or undefined. */
  jumpTo(place: Place): Promise<number | undefined>
  jumpToNewest(): Promise<void>
  /** Loads anew, after an error. */
  reload(): void
}

/** What a component sees of a thread. */
export interface ThreadSnapshot extends MessagesSnapshot {
  /** The message that the thread hangs on. */
  readonly root: ChatMessage | undefined
}
