import type { Clock } from '@parley/kernel'
import { conversationId } from '../channel-names.ts'
import { type Row, type RowReader, sql } from '../rows.ts'
import type { ConversationType, Role, Visibility } from './rules.ts'

/** What every message needs to know of its conversation. */
export interface ConversationFacts {
  /** The number of the conversation in all tables: no other app has one of the same number. */
  readonly conv: number
  readonly app: string
  readonly channel: string
  readonly type: ConversationType
  readonly visibility: Visibility
  readonly locked: boolean
  readonly archived: boolean
  /** Whether members see who has read. */
  readonly receipts: boolean
  readonly slowSeconds: number
  /** How many members there are. */
  readonly members: number
}

/** What every message needs to know of a member. */
export interface MemberFacts {
  readonly role: Role
  /** Offset in the channel at which they became a member; what lies before it counts as read. */
  readonly joinedSeq: number
  readonly notify: 'all' | 'mentions' | 'none'
}

/** A conversation, and what a user is in it. */
export interface Standing {
  readonly conversation: ConversationFacts
  /** Undefined when they are no member. */
  readonly member: MemberFacts | undefined
  /** Taken out, and not to come back by themselves. */
  readonly isBanned: boolean
}

const maxEntries = 20_000
const lifetimeMs = 60_000

interface Entry<T> {
  readonly value: T
  readonly until: number
}

/**
 * Remembers conversations and members, so that a message needs no query. What it says may be up to a minute old: a unit
 * asserts what it rests on (see `assertions.ts`), and a handler that is run again, because that did not hold, calls
 * `forget` first. "No" is never remembered.
 */
export class Directory {
  readonly #reader: RowReader
  readonly #clock: () => Clock
  readonly #conversations = new Map<string, Entry<ConversationFacts>>()
  readonly #members = new Map<string, Entry<MemberFacts>>()

  /** @param clock asked for when needed: a module knows its clock when the node starts */
  constructor(reader: RowReader, clock: () => Clock) {
    this.#reader = reader
    this.#clock = clock
  }

  /** A conversation and a member of it, when both are remembered. */
  recall(
    app: string,
    channel: string,
    user: string,
  ): { readonly conversation: ConversationFacts; readonly member: MemberFacts } | undefined {
    const conversation = this.#recall(this.#conversations, `${app}\n${channel}`)
    if (conversation === undefined) return undefined
    const member = this.#recall(this.#members, `${conversation.conv}\n${user}`)
    return member === undefined ? undefined : { conversation, member }
  }

  /** A conversation; at once when it is remembered. */
  find(app: string, channel: string): ConversationFacts | Promise<ConversationFacts | undefined> {
    const known = this.#recall(this.#conversations, `${app}\n${channel}`)
    if (known !== undefined) return known
    return this.#load(app, channel, '').then((standing) => standing?.conversation)
  }

  /** A member; at once when they are remembered. */
  member(conv: number, user: string): MemberFacts | Promise<MemberFacts | undefined> {
    return this.#recall(this.#members, `${conv}\n${user}`) ?? this.#loadMember(conv, user)
  }

  /** What a user is in a conversation, as it is in the tables now. Undefined when there is no such conversation. */
  standing(app: string, channel: string, user: string): Promise<Standing | undefined> {
    return this.#load(app, channel, user)
  }

  /** Those among some users who are members. */
  async membersAmong(conv: number, users: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all(users.map((user) => this.member(conv, user)))
    return new Set(users.filter((_, index) => found[index] !== undefined))
  }

  /** To be called when a conversation, or a user's place in it, has changed or may have. */
  forget(app: string, channel: string, user?: string): void {
    const key = `${app}\n${channel}`
    const conv = this.#conversations.get(key)?.value.conv
    this.#conversations.delete(key)
    if (conv !== undefined && user !== undefined) this.#members.delete(`${conv}\n${user}`)
  }

  async #load(app: string, channel: string, user: string): Promise<Standing | undefined> {
    const [row] = await this.#reader.query(sql(standingQuery, user, app, conversationId(channel)))
    if (row === undefined) return undefined
    const conversation = toFacts(app, channel, row)
    const member = row.role === null ? undefined : toMember(row)
    this.#keep(this.#conversations, `${app}\n${channel}`, conversation)
    if (member !== undefined) this.#keep(this.#members, `${conversation.conv}\n${user}`, member)
    else this.#members.delete(`${conversation.conv}\n${user}`)
    return { conversation, member, isBanned: row.banned !== null }
  }

  async #loadMember(conv: number, user: string): Promise<MemberFacts | undefined> {
    const [row] = await this.#reader.query(
      sql('SELECT role, joined_seq, notify FROM chat_members WHERE conv = ? AND user = ?', conv, user),
    )
    if (row === undefined) return undefined
    const member = toMember(row)
    this.#keep(this.#members, `${conv}\n${user}`, member)
    return member
  }

  #recall<T>(entries: Map<string, Entry<T>>, key: string): T | undefined {
    const entry = entries.get(key)
    return entry !== undefined && entry.until > this.#clock().elapsed() ? entry.value : undefined
  }

  #keep<T>(entries: Map<string, Entry<T>>, key: string, value: T): void {
    entries.delete(key)
    if (entries.size >= maxEntries) entries.delete(entries.keys().next().value as string)
    entries.set(key, { value, until: this.#clock().elapsed() + lifetimeMs })
  }
}

const standingQuery = `
  SELECT c.conv, c.type, c.visibility, c.locked, c.archived, c.receipts, c.slow_seconds, c.members,
    m.role, m.joined_seq, m.notify, b.user AS banned
  FROM chat_conversations c
  LEFT JOIN chat_members m ON m.conv = c.conv AND m.user = ?1
  LEFT JOIN chat_bans b ON b.conv = c.conv AND b.user = ?1
  WHERE c.app = ?2 AND c.id = ?3`

function toFacts(app: string, channel: string, row: Row): ConversationFacts {
  return {
    ...{ app, channel },
    conv: Number(row.conv),
    type: row.type as ConversationType,
    visibility: row.visibility as Visibility,
    locked: row.locked === 1,
    archived: row.archived === 1,
    receipts: row.receipts === 1,
    slowSeconds: Number(row.slow_seconds),
    members: Number(row.members),
  }
}

function toMember(row: Row): MemberFacts {
  return {
    role: row.role as Role,
    joinedSeq: Number(row.joined_seq),
    notify: row.notify as MemberFacts['notify'],
  }
}
