import { conversationKind, draftsKind, inboxKind } from './model.ts'

/** The channel of the conversation that has an id in its app. */
export function conversationChannel(id: string): string {
  return `${conversationKind}:${id}`
}

/** The id of a conversation, from its channel. */
export function conversationId(channel: string): string {
  return channel.slice(conversationKind.length + 1)
}

/** Where a user hears of what concerns them in any conversation. */
export function inboxOf(user: string): string {
  return `${inboxKind}:${user}`
}

/** Where the words of a user's drafts are. */
export function draftsOf(user: string): string {
  return `${draftsKind}:${user}`
}
