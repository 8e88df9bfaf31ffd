'use client'

export { RealtimeProvider, type RealtimeProviderProps, useClient } from './provider.tsx'
export type { Offline, OfflineCache, OfflineItem, OfflineOutbox } from './views/offline.ts'
export { type Realtime, useRealtime } from './use-realtime.ts'
export { type ChannelState, useChannel, type UseChannelOptions, useSuspenseChannel } from './use-channel.ts'
export type { ChannelStart } from './event-list.ts'
export { type CommandState, type RunCommand, useCommand } from './use-command.ts'
export type { ChannelOptions, ChannelSnapshot, PublishOptions } from './channel-view.ts'
export type { OutgoingEvent } from './outgoing.ts'
export type {
  Attachment,
  ChatMessage,
  ConversationInfo,
  Membership,
  Message,
  MessageAction,
  MessagePriority,
  MessageState,
  NewMessage,
  Reaction,
  ReadState,
  SlashCommand,
} from './chat/message.ts'
export type { MessagesActions, MessagesSnapshot, Place, ThreadSnapshot } from './chat/messages.ts'
export { type Messages, useMessages, type UseMessagesOptions } from './chat/use-messages.ts'
export { type ThreadMessages, useThread } from './chat/use-thread.ts'
export { type Unread, type UnreadIn, useUnread } from './chat/use-unread.ts'
export type { UnreadActions, UnreadSnapshot } from './chat/reading/unread.ts'
export { type Draft, type DraftActions, useDraft, useDraftPlaces } from './chat/use-draft.ts'
export type { DraftSnapshot } from './chat/drafts/drafts-view.ts'
export { type Conversations, useConversation, useConversations } from './chat/use-conversations.ts'
export type { ConversationsSnapshot, Invitation } from './chat/lists/conversations-view.ts'
export type { ConversationState } from './chat/lists/conversation-info-view.ts'
export { type Members, useMembers } from './chat/use-members.ts'
export type { MembersSnapshot } from './chat/lists/members-view.ts'
export { type SeenBy, useSeenBy } from './chat/use-seen-by.ts'
export type { Availability, Presence } from './presence/presence.ts'
export { type PresenceState, usePresence, usePresenceOf } from './presence/use-presence.ts'
export type { TypingActivity, TypingPerson, TypingSnapshot } from './presence/typing-view.ts'
export { type TypingState, useTyping } from './presence/use-typing.ts'
export {
  type ChatUi,
  ChatUiProvider,
  type ChatUiProviderProps,
  useChatUi,
  type UserInfo,
} from './components/chat-ui.tsx'
export { englishTexts, type Texts } from './components/texts.ts'
export {
  MessageList,
  type MessageListHandle,
  type MessageListProps,
} from './components/message-list/message-list.tsx'
export type { MessageHandlers, MessageSlot, MessageSlots } from './components/message-list/message-slots.ts'
export {
  Composer,
  type ComposerHandle,
  type ComposerProps,
  type Mentionable,
  type Upload,
} from './components/composer/composer.tsx'
export { Thread, type ThreadProps } from './components/thread.tsx'
export { Avatar, type AvatarProps } from './components/avatar.tsx'
export { PresenceAvatars, type PresenceAvatarsProps } from './components/presence-avatars.tsx'
export { TypingIndicator, type TypingIndicatorProps } from './components/typing-indicator.tsx'
export { ConnectionStatus, type ConnectionStatusProps } from './components/connection-status.tsx'
export { UnreadBadge, type UnreadBadgeProps } from './components/unread-badge.tsx'
export { Markdown, type MarkdownProps } from './components/markdown/markdown.tsx'
