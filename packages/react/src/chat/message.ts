import type { BuiltIn, InputOfCommand, OutputOfCommand, ParleyError } from '@parley/client'

/** A message as the server has it. */
export type Message = OutputOfCommand<BuiltIn, 'chat.message'>
/** A file of a message. */
export type Attachment = NonNullable<Message['attachments']>[number]
/** An emoji on a message, and who put it there. */
export type Reaction = Message['reactions'][number]
/** What a conversation is, and what the user is in it. */
export type ConversationInfo = OutputOfCommand<BuiltIn, 'chat.get'>
/** Somebody's place in a conversation. */
export type Membership = OutputOfCommand<BuiltIn, 'chat.setRole'>
/** How far the user has read in a conversation or thread, and what waits. */
export type ReadState = OutputOfCommand<BuiltIn, 'chat.markRead'>
/** A slash command that works in a conversation. */
export type SlashCommand = OutputOfCommand<BuiltIn, 'chat.commands'>['commands'][number]
/** How much a message matters. */
export type MessagePriority = NonNullable<InputOfCommand<BuiltIn, 'chat.send'>['priority']>

/**
 * `sending`: on its way · `stored`: the server has it on disk · `seen`: somebody else has read it (own messages) ·
 * `failed`: refused; it stays until it is sent again or discarded.
 */
export type MessageState = 'sending' | 'stored' | 'seen' | 'failed'

/** What a member may do to a stored message. */
export type MessageAction = 'edit' | 'delete' | 'react' | 'pin'

/** A message as components show it: with what the user did to it and the server has not confirmed yet. */
export interface ChatMessage extends Omit<Message, 'seq'> {
  /** Its place in the conversation; undefined until it is stored. */
  readonly seq: number | undefined
  /** The same from writing to stored, and different from all others: for React. */
  readonly key: string
  readonly state: MessageState
  readonly isMine: boolean
  /** Why it was not sent. */
  readonly error?: ParleyError
  /** A change of the user's that is on its way. */
  readonly changing?: MessageAction
  /** A change of the user's that was refused and taken back; shown until it is dismissed. */
  readonly refused?: { readonly action: MessageAction; readonly error: ParleyError }
}

/** What is sent. */
export interface NewMessage {
  readonly text: string
  readonly replyTo?: number | undefined
  /** Files that are uploaded already. */
  readonly attachments?: readonly Attachment[] | undefined
  readonly priority?: MessagePriority | undefined
}
