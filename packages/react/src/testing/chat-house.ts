import type { Message, ReadState } from '../chat/message.ts'
import { House, Refusal } from './house.ts'

interface Where {
  readonly channel: string
  readonly thread?: number
  readonly seq: number
}

interface Mark {
  seq: number
  version: number
}

/** A chat server in memory: as little as the views need, and written differently from them. */
export class ChatHouse extends House {
  readonly messages = new Map<string, Message[]>()
  readonly members = new Map<string, Set<string>>()
  readonly drafts = new Map<string, { channel: string; thread?: number; text: string; at: number }>()
  readonly #marks = new Map<string, Mark>()

  constructor() {
    super((house) => commandsOf(house as ChatHouse))
  }

  /** A conversation with members, and so many messages of the first of them. */
  open(channel: string, users: readonly string[], messages = 0): void {
    this.members.set(channel, new Set(users))
    this.messages.set(channel, [])
    for (let count = 1; count <= messages; count++) this.say(channel, users[0] ?? '', `message ${count}`)
  }

  say(channel: string, user: string, text: string, more: Partial<Message> = {}): number {
    const id = more.id ?? `${channel}-${this.channel(channel).head + 1}`
    const { thread, replyTo, mentions } = more
    const data = {
      id,
      text,
      ...(thread && { thread }),
      ...(replyTo && { replyTo }),
      ...(mentions && { mentions }),
    }
    const list = this.messages.get(channel) ?? []
    const known = list.find((message) => message.id === id && message.author === user)
    if (known !== undefined) return known.seq
    const seq = this.channel(channel).head + 1
    const message: Message = { ...data, channel, seq, author: user, at: this.now + 1, reactions: [] }
    list.push(message)
    this.messages.set(channel, list)
    if (user !== '') this.mark(user, channel, thread).seq = seq
    this.append(channel, 'chat.sent', data, user)
    return seq
  }

  find({ channel, seq }: Where): Message {
    const message = this.messages.get(channel)?.find((other) => other.seq === seq)
    if (message === undefined || message.deleted !== undefined) throw new Refusal('chat.no_such_message')
    return message
  }

  change(where: Where, make: (message: Message) => Message): void {
    const list = this.messages.get(where.channel) ?? []
    this.messages.set(
      where.channel,
      list.map((message) => (message.seq === where.seq ? make(message) : message)),
    )
  }

  react(user: string, where: Where, emoji: string, on = true): void {
    const message = this.find(where)
    const users = new Set(message.reactions.find((reaction) => reaction.emoji === emoji)?.users)
    if (users.has(user) === on) return
    if (on) users.add(user)
    else users.delete(user)
    const others = message.reactions.filter((reaction) => reaction.emoji !== emoji)
    const own = { emoji, count: users.size, users: [...users], mine: false }
    this.change(where, (before) => ({ ...before, reactions: users.size === 0 ? others : [...others, own] }))
    this.append(where.channel, 'chat.reacted', { ...placeIn(message), emoji, on }, user)
  }

  edit(user: string, where: Where, text: string): NonNullable<Message['edited']> {
    const message = this.find(where)
    const edited = { at: this.now, count: (message.edited?.count ?? 0) + 1 }
    this.change(where, (before) => ({ ...before, text, edited }))
    this.append(where.channel, 'chat.edited', { ...placeIn(message), text, count: edited.count }, user)
    return edited
  }

  remove(user: string, where: Where): void {
    const message = this.find(where)
    const { id, channel, seq, author, at, thread } = message
    const deleted = { at: this.now, by: user }
    const left = { id, channel, seq, author, at, text: '', reactions: [], deleted, ...(thread && { thread }) }
    this.change(where, () => left)
    const stored = this.channel(channel).events
    const index = stored.findIndex((event) => event.offset === seq)
    if (index >= 0) stored[index] = { ...stored[index], data: null, redacted: true } as never
    this.append(channel, 'chat.deleted', placeIn(message), user)
  }

  mark(user: string, channel: string, thread?: number): Mark {
    const key = `${user} ${channel} ${thread ?? ''}`
    const mark = this.#marks.get(key) ?? { seq: 0, version: 0 }
    this.#marks.set(key, mark)
    return mark
  }

  readState(user: string, channel: string, thread?: number): ReadState {
    const { seq, version } = this.mark(user, channel, thread)
    const stream = (this.messages.get(channel) ?? []).filter((message) => message.thread === thread)
    const waiting = stream.filter((one) => one.seq > seq && one.author !== user && one.deleted === undefined)
    const last = stream.at(-1)
    return {
      channel,
      ...(thread && { thread }),
      seq,
      version,
      unread: waiting.length,
      mentions: waiting.filter(({ mentions }) => mentions?.includes(user)).length,
      head: last?.seq ?? 0,
      ...(last && { lastAt: last.at }),
    }
  }

  /** The channels that a user is a member of. */
  channelsOf(user: string): readonly string[] {
    return [...this.members].filter(([, users]) => users.has(user)).map(([channel]) => channel)
  }
}

function placeIn({ seq, thread }: Message) {
  return { seq, ...(thread && { thread }) }
}

function seenBy(house: ChatHouse, message: Message, user: string): Message {
  const replies = (house.messages.get(message.channel) ?? []).filter(
    (other) => other.thread === message.seq && other.deleted === undefined,
  )
  const last = replies.at(-1)
  return {
    ...message,
    reactions: message.reactions.map((reaction) => ({ ...reaction, mine: reaction.users.includes(user) })),
    ...(last && {
      replies: {
        count: replies.length,
        lastAt: last.at,
        users: [...new Set(replies.map(({ author }) => author))],
      },
    }),
  }
}

interface HistoryInput extends Where {
  readonly before?: number
  readonly after?: number
  readonly around?: number
  readonly at?: number
  readonly limit: number
}

function history(house: ChatHouse, input: HistoryInput, user: string) {
  const { channel, thread, before, after, around, at, limit } = input
  if (house.members.get(channel)?.has(user) !== true) throw new Refusal('forbidden')
  const stream = (house.messages.get(channel) ?? []).filter((message) => message.thread === thread)
  let begin = Math.max(0, stream.length - limit)
  let end = stream.length
  if (before !== undefined) {
    end = stream.filter(({ seq }) => seq < before).length
    begin = Math.max(0, end - limit)
  } else if (after !== undefined) {
    begin = stream.filter(({ seq }) => seq <= after).length
    end = begin + limit
  } else if (around !== undefined || at !== undefined) {
    const isBefore = (one: Message): boolean => (around === undefined ? one.at < (at ?? 0) : one.seq < around)
    begin = Math.max(0, stream.filter(isBefore).length - Math.floor(limit / 2))
    end = begin + limit
  }
  return {
    messages: stream.slice(begin, end).map((message) => seenBy(house, message, user)),
    hasBefore: begin > 0,
    hasAfter: end < stream.length,
    position: { epoch: house.channel(channel).epoch, offset: house.channel(channel).head },
  }
}

function marking(house: ChatHouse, user: string, { channel, thread, seq }: Where, back: boolean): ReadState {
  const mark = house.mark(user, channel, thread)
  if (back) {
    mark.seq = Math.min(mark.seq, seq - 1)
    mark.version += 1
  } else mark.seq = Math.max(mark.seq, seq)
  const state = house.readState(user, channel, thread)
  house.append(`inbox:${user}`, 'chat.read', state, user)
  return state
}

function saveDraft(
  house: ChatHouse,
  user: string,
  { channel, thread, text }: Where & { readonly text: string },
) {
  const key = `${user} ${channel} ${thread ?? ''}`
  const draft = { channel, ...(thread && { thread }), text, at: house.now }
  if (text === '') house.drafts.delete(key)
  else house.drafts.set(key, draft)
  const { text: _words, ...place } = draft
  if (text === '') house.append(`drafts:${user}`, 'chat.draft_dropped', place, user)
  else house.append(`drafts:${user}`, 'chat.draft_saved', draft, user)
  return { at: draft.at }
}

function infoOf(house: ChatHouse, channel: string, user: string) {
  const members = house.members.get(channel)
  if (members === undefined) throw new Refusal('forbidden')
  return {
    ...{ channel, type: 'room', visibility: 'private', title: channel, topic: '', createdBy: '' },
    ...{
      createdAt: 1,
      members: members.size,
      locked: false,
      archived: false,
      receipts: true,
      slowSeconds: 0,
    },
    ...(members.has(user) && { mine: { role: 'member', notify: 'all', starred: false, joinedAt: 1 } }),
  }
}

function commandsOf(house: ChatHouse): Readonly<Record<string, (input: never, user: string) => unknown>> {
  const found = (channel: string): readonly string[] => [...(house.members.get(channel) ?? [])]
  return {
    'chat.history': (input: HistoryInput, user) => history(house, input, user),
    'chat.send': (input: Where & { text: string; id: string }, user) => {
      const seq = house.say(input.channel, user, input.text, { ...input, attachments: undefined } as never)
      return { id: input.id, seq, epoch: 'e1' }
    },
    'chat.edit': (input: Where & { text: string }, user) => ({ edited: house.edit(user, input, input.text) }),
    'chat.delete': (input: Where & { for: string }, user) =>
      input.for === 'me'
        ? house.append(`inbox:${user}`, 'chat.hidden', { channel: input.channel, seq: input.seq }, user)
        : house.remove(user, input),
    'chat.react': (input: Where & { emoji: string; on: boolean }, user) =>
      house.react(user, input, input.emoji, input.on),
    'chat.pin': (input: Where & { on: boolean }, user) => {
      const { pinned: _gone, ...message } = house.find(input)
      house.change(input, () => (input.on ? { ...message, pinned: { by: user, at: house.now } } : message))
      house.append(input.channel, 'chat.pinned', { seq: input.seq, on: input.on }, user)
    },
    'chat.unread': (_input, user) => {
      const conversations = house.channelsOf(user).map((channel) => house.readState(user, channel))
      return { conversations, threads: [], total: 0, mentions: 0 }
    },
    'chat.threads': () => ({ threads: [] }),
    'chat.markRead': (input: Where, user) => marking(house, user, input, false),
    'chat.markUnread': (input: Where, user) => marking(house, user, input, true),
    'chat.seenBy': ({ channel, seq }: Where, user) => {
      const users = found(channel).filter((one) => one !== user && house.mark(one, channel).seq >= seq)
      return { count: users.length, users: users.map((one) => ({ user: one, at: 1 })) }
    },
    'chat.drafts': (_input, user) => ({
      drafts: [...house.drafts].filter(([key]) => key.startsWith(`${user} `)).map(([, draft]) => draft),
    }),
    'chat.saveDraft': (input: Where & { text: string }, user) => saveDraft(house, user, input),
    'chat.list': (_input, user) => ({
      conversations: house.channelsOf(user).map((channel) => infoOf(house, channel, user)),
    }),
    'chat.get': ({ channel }: Where, user) => infoOf(house, channel, user),
    'chat.members': ({ channel }: Where) => ({
      members: found(channel).map((user) => ({ user, role: 'member', joinedAt: 1 })),
    }),
    'chat.invitations': () => ({ invitations: [] }),
    'chat.commands': () => ({ commands: [{ name: 'me', summary: 'Say what you do.', usage: '/me text' }] }),
    'presence.of': ({ users }: { users: readonly string[] }) => ({
      users: users.map((user) => ({ user, availability: 'offline', lastSeen: 5 })),
    }),
  }
}
