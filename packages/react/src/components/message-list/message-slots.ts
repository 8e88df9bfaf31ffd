import type { ReactNode } from 'react'
import type { Attachment, ChatMessage } from '../../chat/message.ts'
import type { MessagesActions } from '../../chat/messages.ts'

/** What a slot of a message gets. */
export interface MessageSlot {
  readonly message: ChatMessage
  /** Written soon after another one of the same author: author and time need not be repeated. */
  readonly isContinued: boolean
  /** What can be done with the messages. */
  readonly actions: MessagesActions
}

/** Parts of a list that an application can make itself. Functions that stay the same spare renders. */
export interface MessageSlots {
  /** The whole message instead of the usual one. */
  readonly renderMessage?: ((slot: MessageSlot) => ReactNode) | undefined
  readonly renderAvatar?: ((user: string) => ReactNode) | undefined
  /** Instead of the Markdown of the text. */
  readonly renderText?: ((slot: MessageSlot) => ReactNode) | undefined
  readonly renderAttachment?: ((attachment: Attachment, slot: MessageSlot) => ReactNode) | undefined
  /** Buttons of a message, shown while it is pointed at or has the focus. `usual`: those that there would be. */
  readonly renderActions?: ((slot: MessageSlot, usual: ReactNode) => ReactNode) | undefined
}

/** What a user can begin at a message. */
export interface MessageHandlers {
  readonly onReply?: ((message: ChatMessage) => void) | undefined
  readonly onOpenThread?: ((seq: number) => void) | undefined
  readonly onEdit?: ((message: ChatMessage) => void) | undefined
  /** Somebody's name or mention was activated. */
  readonly onUser?: ((user: string) => void) | undefined
}

/** What a row needs to know of the list. */
export interface RowContext extends MessageSlots, MessageHandlers {
  readonly channel: string
  readonly actions: MessagesActions
  readonly me: string | undefined
  readonly findMessage: (seq: number) => ChatMessage | undefined
  readonly onShow: (seq: number) => void
  readonly canDeleteAll: boolean
}
