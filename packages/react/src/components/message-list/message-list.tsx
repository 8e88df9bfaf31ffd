'use client'

import type { ReactNode, Ref } from 'react'
import type { Attachment, ChatMessage } from '../../chat/message.ts'
import type { Messages } from '../../chat/use-messages.ts'

/** What a slot of a message gets. */
export interface MessageSlot {
  readonly message: ChatMessage
  /** Written soon after another one of the same author: author and time need not be repeated. */
  readonly isContinued: boolean
  readonly messages: Messages
}

export interface MessageSlots {
  /** The whole row instead of the usual one. */
  readonly renderMessage?: ((slot: MessageSlot) => ReactNode) | undefined
  readonly renderAvatar?: ((user: string) => ReactNode) | undefined
  /** Instead of the Markdown of the text. */
  readonly renderText?: ((slot: MessageSlot) => ReactNode) | undefined
  readonly renderAttachment?: ((attachment: Attachment, slot: MessageSlot) => ReactNode) | undefined
  /** Buttons of a message; shown on hover and focus. Default: react, reply, edit, delete as far as they apply. */
  readonly renderActions?: ((slot: MessageSlot) => ReactNode) | undefined
  /** When there is no message. */
  readonly renderEmpty?: (() => ReactNode) | undefined
  /** Before the first message there is. */
  readonly renderBeginning?: (() => ReactNode) | undefined
}

/** For the application around a list. */
export interface MessageListHandle {
  /** Shows a message, loading what is around it where necessary. */
  scrollTo(seq: number): Promise<void>
  scrollToNewest(): void
  focus(): void
}

export interface MessageListProps extends MessageSlots {
  readonly channel: string
  /** Shows the replies of this message instead of the conversation. */
  readonly thread?: number | undefined
  /** What it is called for screen readers; default "Messages". */
  readonly label?: string | undefined
  /** Marks messages as read when they have been in view; default true. */
  readonly marksRead?: boolean | undefined
  /** Begins around this message and marks it for a moment. */
  readonly highlight?: number | undefined
  readonly onReply?: ((message: ChatMessage) => void) | undefined
  readonly onOpenThread?: ((seq: number) => void) | undefined
  readonly onEdit?: ((message: ChatMessage) => void) | undefined
  /** Somebody's name or mention was activated. */
  readonly onUser?: ((user: string) => void) | undefined
  readonly className?: string | undefined
  readonly ref?: Ref<MessageListHandle> | undefined
}

/** The messages of a conversation or thread: virtualised, live at the end, older ones as the reader goes up. */
export function MessageList(props: MessageListProps): ReactNode {
  throw new Error(`not yet ${props}`)
}
