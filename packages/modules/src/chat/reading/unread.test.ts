import { testIdentity } from '@parley/kernel/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Message } from '../messages/assemble.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'
import type { ReadState } from './read-states.ts'

const users = ['ada', 'ben', 'cleo'] as const
const rooms = ['red', 'blue'] as const

/** Counted from the newest. */
const pick = fc.nat({ max: 8 })
const who = fc.constantFrom(...users)
const where = fc.constantFrom(rooms[0], ...rooms)
const names = fc.subarray([...users, 'room'])
const stale = fc.constantFrom('none', 'now', 'old' as const)

/** Something that somebody does. What it refers to is picked among what is there. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), who, where, names, thread: fc.option(pick) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), where, pick, names }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('delete' as const), who, where, pick, all: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      who,
      where,
      pick,
      stale,
      thread: fc.option(pick),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('unread' as const), who, where, pick, thread: fc.option(pick) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('readAll' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('comeOrGo' as const), who, where, kicked: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('follow' as const), who, where, pick, on: fc.boolean() }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Marker {
  readonly seq: number
  readonly version: number
}

/** Tries steps, and knows where every marker must stand: a marker is a number that the contract tells how to move. */
class Conversations {
  readonly t: ChatNode
  /** By room: seq, thread and author of each message. */
  readonly sent = new Map<string, { seq: number; thread: number; author: string; isDeleted: boolean }[]>()
  /** By room and user: where their membership began. */
  readonly joined = new Map<string, number>()
  /** By room, user and thread. */
  readonly markers = new Map<string, Marker>()

  constructor(t: ChatNode) {
    this.t = t
  }

  async open(): Promise<void> {
    for (const room of rooms) {
      await makeRoom(this.t, room, 'ada', 'ben')
      await this.t.as('ada', 'update', { channel: channelOf(room), visibility: 'public' })
      this.sent.set(room, [])
      for (const user of ['ada', 'ben']) await this.begin(room, user)
    }
  }

  /** Whoever comes has nothing to read. */
  async begin(room: string, user: string): Promise<void> {
    const { conversations } = await this.t.as(user, 'unread', { channel: channelOf(room) })
    const [state] = conversations
    expect(state).toMatchObject({ unread: 0, mentions: 0 })
    expect(state?.seq).toBeGreaterThanOrEqual(this.headOfStream(room, 0))
    this.joined.set(`${room} ${user}`, state?.seq ?? 0)
  }

  async headOf(room: string): Promise<number> {
    const reader = testIdentity('ada', { grants: [] })
    const { position } = (await this.t.call(reader, 'chat.history', { channel: channelOf(room) })) as {
      position: { offset: number }
    }
    return position.offset
  }

  marker(room: string, user: string, thread: number): Marker {
    return (
      this.markers.get(`${room} ${user} ${thread}`) ?? {
        seq: this.joined.get(`${room} ${user}`) ?? 0,
        version: 0,
      }
    )
  }

  isMember(room: string, user: string): boolean {
    return this.joined.has(`${room} ${user}`)
  }

  one(room: string, index: number) {
    const sent = this.sent.get(room) ?? []
    return sent.at(-1 - index)
  }

  thread(room: string, index: number | null | undefined): number {
    const roots = (this.sent.get(room) ?? []).filter(({ thread, isDeleted }) => thread === 0 && !isDeleted)
    return index == null ? 0 : (roots.at(-1 - (index % 3))?.seq ?? 0)
  }

  headOfStream(room: string, thread: number): number {
    return Math.max(
      0,
      ...(this.sent.get(room) ?? []).filter((one) => one.thread === thread).map(({ seq }) => seq),
    )
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'readAll') return this.readAll(step.who)
    const channel = channelOf(step.where)
    if (step.do === 'edit') {
      const message = this.one(step.where, step.pick)
      if (message === undefined || message.isDeleted || !this.isMember(step.where, message.author)) return
      await this.t.as(message.author, 'edit', { channel, seq: message.seq, text: textOf(step.names) })
      return
    }
    if (step.do === 'comeOrGo') return this.comeOrGo(step)
    if (!this.isMember(step.where, step.who)) return
    if (step.do === 'send') await this.send(step)
    else if (step.do === 'delete') await this.delete(step)
    else if (step.do === 'read') await this.read(step)
    else if (step.do === 'unread') await this.unread(step)
    else {
      const thread = this.thread(step.where, step.pick)
      if (thread !== 0) await this.t.as(step.who, 'follow', { channel, thread, on: step.on })
    }
  }

  async send({ who, where, names, thread: root }: Extract<Step, { do: 'send' }>): Promise<void> {
    const thread = this.thread(where, root)
    const place = thread === 0 ? {} : { thread }
    const { seq } = await this.t.as(who, 'send', { channel: channelOf(where), text: textOf(names), ...place })
    this.sent.get(where)?.push({ seq, thread, author: who, isDeleted: false })
    this.markers.set(`${where} ${who} ${thread}`, { seq, version: this.marker(where, who, thread).version })
  }

  async delete({ who, where, pick: index, all }: Extract<Step, { do: 'delete' }>): Promise<void> {
    const message = this.one(where, index)
    if (message === undefined || message.isDeleted || (all && message.author !== who)) return
    const input = {
      channel: channelOf(where),
      seq: message.seq,
      for: all ? ('all' as const) : ('me' as const),
    }
    await this.t.as(who, 'delete', input)
    if (all) message.isDeleted = true
  }

  async read({ who, where, pick: at, stale, thread: root }: Extract<Step, { do: 'read' }>): Promise<void> {
    const thread = this.thread(where, root)
    const before = this.marker(where, who, thread)
    const head = await this.headOf(where)
    const seq = Math.max(head + 2 - at * 2, 1)
    const version = { none: undefined, now: before.version, old: before.version - 1 }[stale]
    if (version !== undefined && version < 0) return
    const input = { channel: channelOf(where), seq, ...(thread === 0 ? {} : { thread }) }
    const state = await this.t.as(who, 'markRead', version === undefined ? input : { ...input, version })
    const isIgnored = version !== undefined && version < before.version
    const to = Math.max(before.seq, Math.min(seq, this.headOfStream(where, thread)))
    const after = isIgnored ? before : { ...before, seq: to }
    this.markers.set(`${where} ${who} ${thread}`, after)
    expect({ seq: state.seq, version: state.version }).toEqual(after)
  }

  async unread({ who, where, pick: at, thread: root }: Extract<Step, { do: 'unread' }>): Promise<void> {
    const thread = this.thread(where, root)
    const before = this.marker(where, who, thread)
    const seq = Math.max((await this.headOf(where)) + 1 - at * 2, 1)
    const input = { channel: channelOf(where), seq, ...(thread === 0 ? {} : { thread }) }
    const state = await this.t.as(who, 'markUnread', input)
    const after = { seq: Math.min(before.seq, seq - 1), version: before.version + 1 }
    this.markers.set(`${where} ${who} ${thread}`, after)
    expect({ seq: state.seq, version: state.version }).toEqual(after)
  }

  async readAll(user: string): Promise<void> {
    const { conversations, threads } = await this.t.as(user, 'unread', {})
    const { conversations: count } = await this.t.as(user, 'markAllRead', {})
    expect(count).toBe(conversations.filter(({ unread }) => unread > 0).length)
    expect(await this.t.as(user, 'unread', {})).toMatchObject({ threads: [], total: 0, mentions: 0 })
    for (const room of rooms) {
      if (!this.isMember(room, user)) continue
      const followed = (await this.followed(user)).filter(({ channel }) => channel === channelOf(room))
      for (const thread of [0, ...followed.map(({ seq }) => seq)]) {
        const before = this.marker(room, user, thread)
        const seq = Math.max(before.seq, this.headOfStream(room, thread))
        this.markers.set(`${room} ${user} ${thread}`, { ...before, seq })
      }
    }
    expect(threads.every(({ unread, mentions }) => unread + mentions > 0)).toBe(true)
  }

  async comeOrGo({ who, where, kicked }: Extract<Step, { do: 'comeOrGo' }>): Promise<void> {
    if (who === 'ada') return
    const channel = channelOf(where)
    const key = `${where} ${who}`
    if (!this.joined.has(key)) {
      await this.t.as(who, 'join', { channel })
      await this.begin(where, who)
      for (const [place, { version }] of this.markers)
        if (place.startsWith(`${key} `))
          this.markers.set(place, { seq: this.joined.get(key) as number, version })
      return
    }
    if (kicked) await this.t.as('ada', 'removeMember', { channel, user: who })
    else await this.t.as(who, 'leave', { channel })
    this.joined.delete(key)
  }

  async followed(user: string): Promise<Message[]> {
    const { threads } = await this.t.as(user, 'threads', { limit: 200 })
    return threads.map(({ root }) => root)
  }

  /** Counts again, from what the user sees of every message. */
  async recount(user: string, room: string, thread: number): Promise<Pick<ReadState, 'unread' | 'mentions'>> {
    const place = thread === 0 ? {} : { thread }
    const input = { channel: channelOf(room), limit: 200, ...place }
    const { messages } = await this.t.as(user, 'history', input)
    const { seq: marker } = this.marker(room, user, thread)
    const waiting = messages.filter(
      ({ seq, author, deleted }) => seq > marker && author !== user && deleted === undefined,
    )
    const named = waiting.filter((one) => one.mentions?.includes(user) || one.mentionsAll === 'room')
    return { unread: waiting.length, mentions: named.length }
  }

  async check(): Promise<void> {
    for (const user of users) {
      const found = await this.t.as(user, 'unread', {})
      const expected: object[] = []
      for (const room of rooms) {
        if (!this.isMember(room, user)) continue
        const counts = await this.recount(user, room, 0)
        expected.push({ channel: channelOf(room), ...this.marker(room, user, 0), ...counts })
      }
      const sorted = [...found.conversations].sort((one, other) => rank(one) - rank(other))
      expect(sorted.map(shown), `${user} in conversations`).toEqual(expected)
      const threads = new Map<string, object>()
      let waiting = 0
      for (const { channel, seq } of await this.followed(user)) {
        const room = channel.slice('conversation:'.length)
        const counts = await this.recount(user, room, seq)
        waiting += counts.unread
        if (counts.unread + counts.mentions > 0)
          threads.set(`${channel} ${seq}`, { channel, ...this.marker(room, user, seq), ...counts })
      }
      const shownThreads = new Map(
        found.threads.map((state) => [`${state.channel} ${state.thread}`, shown(state)]),
      )
      expect(shownThreads, `${user} in threads`).toEqual(threads)
      const inRooms = found.conversations.reduce((sum, { unread }) => sum + unread, 0)
      expect(found.total).toBe(inRooms + waiting)
    }
  }
}

const channelOf = (room: string): string => `conversation:${room}`
const rank = ({ channel }: ReadState): number => rooms.findIndex((room) => channelOf(room) === channel)
const textOf = (names: readonly string[]): string => `hello ${names.map((name) => `@${name}`).join(' ')}`
const shown = ({ channel, seq, version, unread, mentions }: ReadState) => ({
  ...{ channel, seq, version, unread, mentions },
})

test('counts equal a recount, whatever happens', async () => {
  const runs = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
    async (steps) => {
      const t = await startChat()
      const conversations = new Conversations(t)
      await conversations.open()
      for (const [index, one] of steps.entries()) {
        await conversations.take(one)
        if (index % 5 === 0) await conversations.check()
      }
      await conversations.check()
      await t.node.stop()
    },
  )
  await fc.assert(runs, { numRuns: 40 })
}, 120_000)
