'use client'

import type { ReactNode, Ref } from 'react'
import type { Attachment, ChatMessage, SlashCommand } from '../../chat/message.ts'

/** Sends a file and answers with what a message needs of it. Aborted when the user takes the file out. */
export type Upload = (
  file: File,
  options: { readonly onProgress: (fraction: number) => void; readonly signal: AbortSignal },
) => Promise<Attachment>

/** Somebody who can be mentioned. */
export interface Mentionable {
  readonly user: string
  readonly name?: string | undefined
}

export interface ComposerHandle {
  focus(): void
  /** Puts text where the caret is. */
  insert(text: string): void
  /** Adds files as if they had been dropped here. */
  addFiles(files: Iterable<File>): void
}

export interface ComposerProps {
  readonly channel: string
  readonly thread?: number | undefined
  readonly placeholder?: string | undefined
  readonly label?: string | undefined
  /** The message that is answered; shown above the field. */
  readonly replyTo?: ChatMessage | undefined
  /** The message that is edited instead of writing a new one. */
  readonly editing?: ChatMessage | undefined
  /** The reply or the edit is over: sent or given up. */
  readonly onDone?: (() => void) | undefined
  /** ArrowUp in an empty field: the user wants to edit their last message. */
  readonly onEditLast?: ((message: ChatMessage) => void) | undefined
  /** Without it, files are not taken. */
  readonly upload?: Upload | undefined
  /** Files at most; default 10. */
  readonly maxFiles?: number | undefined
  /** Who can be mentioned; default: the members of the conversation that are loaded. */
  readonly mentionable?: ((query: string) => readonly Mentionable[] | Promise<readonly Mentionable[]>) | undefined
  /** Emoji by name; default: a few dozen common ones. */
  readonly emoji?: Readonly<Record<string, string>> | undefined
  /** Slash commands; default: those that the server names. */
  readonly commands?: readonly SlashCommand[] | undefined
  /** What a slash command answered for the user alone; default: shown under the field. */
  readonly onAnswer?: ((text: string) => void) | undefined
  readonly onSent?: ((seq: number) => void) | undefined
  /** Why nothing can be written; shown instead of the field. */
  readonly closed?: string | undefined
  /** Beside the send button. */
  readonly renderExtra?: (() => ReactNode) | undefined
  readonly className?: string | undefined
  readonly ref?: Ref<ComposerHandle> | undefined
}

/** Writes messages: Enter sends, Shift + Enter begins a new line. Keeps a draft and tells others that one is writing. */
export function Composer(props: ComposerProps): ReactNode {
  throw new Error(`not yet ${props}`)
}
