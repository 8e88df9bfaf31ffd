import type { BuiltIn, ChannelEvent, EventOf } from '@parley/client'
import type { Message, Reaction } from '../message.ts'

/** An event that a module's contract declares. */
export type ChatEvent = EventOf<BuiltIn>

const shownUsers = 10

/** The events of a conversation come from the server, which keeps to the contract. */
export function asChatEvent(event: ChannelEvent): ChatEvent | undefined {
  return event.data === null || typeof event.data !== 'object' ? undefined : (event as ChatEvent)
}

/** The message that a `chat.sent` event brings. */
export function messageOf(event: Extract<ChatEvent, { type: 'chat.sent' }>): Message {
  const { channel, offset, at, by = '', data } = event
  return { ...data, channel, seq: offset, author: by, at, reactions: [] }
}

/** What remains of a message whose words were erased. */
export function erased(message: Message, at: number, by: string): Message {
  const { id, channel, seq, author, thread, replies } = message
  return {
    id,
    channel,
    seq,
    author,
    at: message.at,
    text: '',
    reactions: [],
    deleted: { at, by },
    ...(thread === undefined ? {} : { thread }),
    ...(replies === undefined ? {} : { replies }),
  }
}

/** The message after an event that concerns it; the same object when it changes nothing. */
export function changed(message: Message, event: ChatEvent, me: string | undefined): Message {
  switch (event.type) {
    case 'chat.edited':
      return withText(message, event)
    case 'chat.deleted':
      return message.deleted === undefined ? erased(message, event.at, event.by ?? '') : message
    case 'chat.reacted': {
      const { emoji, on } = event.data
      return withReaction(message, { emoji, on, user: event.by ?? '', isMe: event.by === me })
    }
    case 'chat.pinned':
      return withPin(message, event.data.on ? { by: event.by ?? '', at: event.at } : undefined)
    default:
      return message
  }
}

function withText(message: Message, { at, data }: Extract<ChatEvent, { type: 'chat.edited' }>): Message {
  const { text, mentions, mentionsAll, count } = data
  if (message.deleted !== undefined || count <= (message.edited?.count ?? 0)) return message
  const { mentions: _m, mentionsAll: _a, ...rest } = message
  return {
    ...rest,
    text,
    edited: { at, count },
    ...(mentions === undefined ? {} : { mentions }),
    ...(mentionsAll === undefined ? {} : { mentionsAll }),
  }
}

interface Reacting {
  readonly emoji: string
  readonly on: boolean
  readonly user: string
  readonly isMe: boolean
}

/** The message with an emoji more or less. What is so already changes nothing. */
export function withReaction(message: Message, { emoji, on, user, isMe }: Reacting): Message {
  const before = message.reactions.find((reaction) => reaction.emoji === emoji)
  const isThere = before?.users.includes(user) === true || (isMe && before?.mine === true)
  if (message.deleted !== undefined || (on && isThere) || (!on && before === undefined)) return message
  // Only the first ten are named: of a larger count, somebody else takes the emoji away.
  if (!on && !isThere && (isMe || before?.count === before?.users.length)) return message
  const { count = 0, users = [], mine = false } = before ?? {}
  const others = users.filter((name) => name !== user)
  const after: Reaction = {
    emoji,
    count: count + (on ? 1 : -1),
    users: on && others.length < shownUsers ? [...others, user] : others,
    mine: isMe ? on : mine,
  }
  const reactions =
    before === undefined
      ? [...message.reactions, after]
      : message.reactions.map((reaction) => (reaction === before ? after : reaction))
  return { ...message, reactions: reactions.filter((reaction) => reaction.count > 0) }
}

export function withPin(message: Message, pinned: Message['pinned']): Message {
  if (message.deleted !== undefined || (pinned === undefined) === (message.pinned === undefined))
    return message
  const { pinned: _gone, ...rest } = message
  return pinned === undefined ? rest : { ...rest, pinned }
}

/** The root of a thread after a reply was written or deleted. */
export function withReply(message: Message, reply: { at: number; by: string; isGone: boolean }): Message {
  const { count = 0, lastAt = 0, users = [] } = message.replies ?? {}
  // A page may know more than its position says: then the reply is counted already.
  if (!reply.isGone && reply.at < lastAt) return message
  const { replies: _before, ...rest } = message
  const left = count + (reply.isGone ? -1 : 1)
  if (left <= 0) return rest
  return {
    ...rest,
    replies: {
      count: left,
      lastAt: reply.isGone ? lastAt : Math.max(lastAt, reply.at),
      users:
        reply.isGone || users.includes(reply.by) || users.length >= shownUsers ? users : [...users, reply.by],
    },
  }
}
