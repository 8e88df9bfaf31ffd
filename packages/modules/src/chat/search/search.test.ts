import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { say } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

const users = ['ada', 'ben', 'cleo'] as const
const rooms = ['red', 'green', 'blue'] as const
const channelOf = (room: string): string => `conversation:${room}`

// Few pieces, so that they meet: accents, cases, scripts without spaces, a link, punctuation.
const pieces = [
  'Launch',
  'LAUNCH',
  'lunch',
  'Café',
  'cafe',
  '東京',
  '東京都',
  '京',
  '2025',
  'https://a.example/x',
  '—',
  '@ben',
]
const text = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
  .map((some) => some.join(' '))
const newest = fc.nat({ max: 12 })
const who = fc.constantFrom(...users)
const where = fc.constantFrom(rooms[0], ...rooms)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('send' as const), who, where, text, inThread: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), newest, text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), newest }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide' as const), newest, who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pin' as const), newest, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('react' as const), newest, who, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), where }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 5 }) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const word = fc.constantFrom(
  'launch',
  'CAFÉ',
  '東京',
  '京',
  '2025',
  '"cafe launch"',
  '"東京 2025"',
  'nowhere',
  'a',
)
const filters = {
  channel: fc.constantFrom(...rooms.map(channelOf)),
  author: who,
  mentions: who,
  has: fc.constantFrom('link', 'pin', 'reaction' as const),
  since: fc.nat({ max: 20 }),
  until: fc.nat({ max: 20 }),
}
const noText = { text: fc.constant('') }
const query: fc.Arbitrary<Query> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ text: word, ...filters }, { requiredKeys: ['text'] }) },
  fc.record({ text: word }),
  fc.record({ text: fc.tuple(word, word).map((both) => both.join(' ')) }),
  fc.record({ ...noText, has: filters.has }),
  fc.record({ ...noText, author: who }),
  fc.record({ ...noText, mentions: fc.constant('ben') }),
  fc.record({ ...noText, since: filters.since }),
  fc.record(noText),
)
interface Query {
  readonly text?: string
  readonly channel?: string
  readonly author?: string
  readonly mentions?: string
  readonly has?: 'link' | 'pin' | 'reaction'
  readonly since?: number
  readonly until?: number
}

interface Said {
  readonly room: (typeof rooms)[number]
  readonly seq: number
  readonly at: number
  readonly author: string
  text: string
  mentions: boolean
  isDeleted: boolean
  isPinned: boolean
  readonly hiddenFrom: Set<string>
  readonly reactedBy: Set<string>
}

/** What everybody said, in plain lists. */
class Archive {
  readonly t: ChatNode
  readonly said: Said[] = []
  readonly benIsIn = new Set<string>(rooms)
  readonly begin: number

  constructor(t: ChatNode) {
    this.t = t
    this.begin = t.clock.now()
  }

  isIn(user: string, room: string): boolean {
    return user !== 'ben' || this.benIsIn.has(room)
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'wait') return this.t.clock.advance(step.ms)
    if (step.do === 'send') return this.send(step)
    if (step.do === 'leave') {
      if (!this.benIsIn.delete(step.where)) return
      await this.t.as('ben', 'leave', { channel: channelOf(step.where) })
      return
    }
    const live = this.said.filter(({ isDeleted }) => !isDeleted)
    const message = live.at(-1 - step.newest)
    if (message !== undefined) await this.change(message, step)
  }

  async send({ who, where, text, inThread }: Extract<Step, { do: 'send' }>): Promise<void> {
    if (!this.isIn(who, where)) return
    const thread = inThread ? this.roots(where).at(-1)?.seq : undefined
    const message = { channel: channelOf(where), text, ...(thread === undefined ? {} : { thread }) }
    const seq = await say(this.t, who, message)
    if (thread !== undefined) this.replies.add(`${where} ${seq}`)
    this.said.push({
      ...{
        room: where,
        seq,
        author: who,
        text,
        at: this.t.clock.now(),
        mentions: this.names(where, who, text),
      },
      ...{ isDeleted: false, isPinned: false, hiddenFrom: new Set(), reactedBy: new Set() },
    })
  }

  readonly replies = new Set<string>()
  roots(room: string): Said[] {
    return this.said.filter(
      (one) => one.room === room && !one.isDeleted && !this.replies.has(`${room} ${one.seq}`),
    )
  }

  /** Whether ben is meant. */
  names(room: string, author: string, text: string): boolean {
    return text.includes('@ben') && author !== 'ben' && this.isIn('ben', room)
  }

  async change(message: Said, step: Exclude<Step, { do: 'send' | 'wait' | 'leave' }>): Promise<void> {
    const { room, seq, author } = message
    const place = { channel: channelOf(room), seq }
    const actor = 'who' in step ? step.who : author
    if (!this.isIn(actor, room)) return
    if (step.do === 'edit') {
      await this.t.as(author, 'edit', { ...place, text: step.text })
      message.text = step.text
      message.mentions = this.names(room, author, step.text)
    } else if (step.do === 'delete') {
      await this.t.as(author, 'delete', place)
      message.isDeleted = true
    } else if (step.do === 'hide') {
      await this.t.as(actor, 'delete', { ...place, for: 'me' })
      message.hiddenFrom.add(actor)
    } else if (step.do === 'pin') {
      await this.t.as(author, 'pin', { ...place, on: step.on })
      message.isPinned = step.on
    } else {
      await this.t.as(actor, 'react', { ...place, emoji: '👍', on: step.on })
      if (step.on) message.reactedBy.add(actor)
      else message.reactedBy.delete(actor)
    }
  }

  /** Looks at every message, one after the other. */
  scan(user: string, { text = '', ...filters }: Query): string[] {
    return this.said
      .filter((one) => !one.isDeleted && !one.hiddenFrom.has(user) && this.isIn(user, one.room))
      .filter(
        (one) => matches(one, filters, this.begin) && readings(text).every((part) => stands(part, one.text)),
      )
      .sort((one, other) => other.at - one.at || rank(other) - rank(one) || other.seq - one.seq)
      .map(({ room, seq }) => `${room} ${seq}`)
  }

  /** Searches page by page. */
  async search(user: string, { since, until, ...query }: Query, limit: number): Promise<string[]> {
    const found: string[] = []
    const range = {
      ...(since === undefined ? {} : { since: this.begin + since }),
      ...(until === undefined ? {} : { until: this.begin + until }),
    }
    for (let after: string | undefined; ; ) {
      const input = { ...query, ...range, limit, ...(after === undefined ? {} : { after }) }
      const { messages, next } = await this.t.as(user, 'search', input)
      expect(messages.length).toBeLessThanOrEqual(limit)
      found.push(...messages.map(({ channel, seq }) => `${channel.slice('conversation:'.length)} ${seq}`))
      if (next === undefined) return found
      after = next
    }
  }
}

const rank = ({ room }: Said): number => rooms.indexOf(room)

function matches(message: Said, filters: Omit<Query, 'text'>, begin: number): boolean {
  const { channel, author, mentions, has, since = 0, until = 1_000 } = filters
  const isHad = {
    link: message.text.includes('http'),
    pin: message.isPinned,
    reaction: message.reactedBy.size > 0,
  }
  return (
    (channel === undefined || channelOf(message.room) === channel) &&
    (author === undefined || message.author === author) &&
    (mentions === undefined || (mentions === 'ben' && message.mentions)) &&
    (has === undefined || isHad[has]) &&
    message.at >= begin + since &&
    message.at <= begin + until
  )
}

const readings = (text: string): string[] =>
  (text.match(/"[^"]*"|\S+/g) ?? []).map((part) => part.replaceAll('"', ''))
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')

/** Whether words stand in a text: whole, unless they are of a script without spaces. */
function stands(part: string, text: string): boolean {
  const wanted = plain(part)
  const edge = (letter: string | undefined): string => (/[a-z0-9]/.test(letter ?? '') ? ' ' : '')
  return ` ${plain(text)} `.includes(`${edge(wanted[0])}${wanted}${edge(wanted.at(-1))}`)
}

async function check(
  archive: Archive,
  { who, query, limit }: { who: string; query: Query; limit: number },
): Promise<void> {
  const isEmpty = Object.keys(query).every((key) => key === 'text') && (query.text ?? '') === ''
  const room = query.channel?.slice('conversation:'.length)
  const refusal = () => archive.t.refusal(who, 'search', query)
  if (isEmpty) expect(await refusal()).toBe('chat.nothing_to_look_for')
  else if (room !== undefined && !archive.isIn(who, room)) expect(await refusal()).toBe('forbidden')
  else
    expect(await archive.search(who, query, limit), JSON.stringify(query)).toEqual(archive.scan(who, query))
}

test('finds what a scan of everything finds, in the same order', async () => {
  const plan = fc.record({
    steps: fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
    queries: fc.array(fc.record({ who, query, limit: fc.integer({ min: 1, max: 6 }) }), {
      minLength: 5,
      maxLength: 15,
    }),
  })
  const runs = fc.asyncProperty(plan, async ({ steps, queries }) => {
    const t = await startChat()
    for (const room of rooms) {
      await makeRoom(t, room, 'ada', 'cleo', 'ben')
      for (const user of ['ben', 'cleo'] as const)
        await t.as('ada', 'setRole', { channel: channelOf(room), user, role: 'admin' })
    }
    const archive = new Archive(t)
    for (const one of steps) await archive.take(one)
    for (const one of queries) await check(archive, one)
    await t.node.stop()
  })
  await fc.assert(runs, { numRuns: 40 })
}, 120_000)

describe('search', () => {
  test('answers messages as they stand, and the words to highlight', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'ben')
    const seq = await say(t, 'ada', { channel, text: 'The *launch* is on monday' })
    await t.as('ada', 'edit', { channel, seq, text: 'The launch is on Tuesday' })
    await t.as('ada', 'react', { channel, seq, emoji: '👍' })
    const found = await t.as('ben', 'search', { text: 'LAUNCH "on tuesday"' })
    expect(found).toMatchObject({
      words: ['launch', 'on tuesday'],
      messages: [
        {
          channel,
          seq,
          text: 'The launch is on Tuesday',
          edited: { count: 1 },
          reactions: [{ mine: false }],
        },
      ],
    })
    expect((await t.as('ben', 'search', { text: 'monday' })).messages).toEqual([])
  })

  test('looks in public rooms only when they are named, and in private ones never', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    await say(t, 'ada', { channel, text: 'secret' })
    expect((await t.as('ben', 'search', { text: 'secret' })).messages).toEqual([])
    expect(await t.refusal('ben', 'search', { text: 'secret', channel })).toBe('forbidden')
    expect(await t.refusal('ben', 'search', { text: 'x', channel: 'conversation:none' })).toBe('forbidden')
    await t.as('ada', 'update', { channel, visibility: 'public' })
    expect((await t.as('ben', 'search', { text: 'secret', channel })).messages).toHaveLength(1)
    expect((await t.as('ben', 'search', { text: 'secret' })).messages).toEqual([])
  })

  test('knows what a message has now', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'ben')
    const seq = await say(t, 'ada', { channel, text: 'hello' })
    const count = async (has: 'pin' | 'reaction' | 'link') =>
      (await t.as('ada', 'search', { has })).messages.length
    for (const on of [true, false]) {
      await t.as('ada', 'pin', { channel, seq, on })
      expect(await count('pin')).toBe(on ? 1 : 0)
    }
    for (const user of ['ada', 'ben']) await t.as(user, 'react', { channel, seq, emoji: '👍' })
    await t.as('ada', 'react', { channel, seq, emoji: '👍', on: false })
    expect(await count('reaction')).toBe(1)
    await t.as('ben', 'react', { channel, seq, emoji: '👍', on: false })
    expect(await count('reaction')).toBe(0)
    await t.as('ada', 'edit', { channel, seq, text: 'see https://parley.example' })
    expect(await count('link')).toBe(1)
  })

  test('refuses cursors that it has not given, and queries of nothing', async () => {
    const t = await startChat()
    for (const after of ['x', '1-2', '1-2-3-4', '-1-2-3', 'zzzzzzzzzzz-1-1', "1-1-1'"])
      expect(await t.refusal('ada', 'search', { text: 'x', after })).toBe('bad_request')
    expect(await t.refusal('ada', 'search', {})).toBe('chat.nothing_to_look_for')
    expect(await t.refusal('ada', 'search', { text: '?! …' })).toBe('chat.nothing_to_look_for')
    expect(await t.refusal('ada', 'search', { text: '?!', author: 'ben' })).toBe('ok')
  })

  test('is bounded: a search among much that is nearly right goes on with its cursor', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    const seq = await say(t, 'ada', { channel, text: 'one two' })
    for (let index = 0; index < 1_100; index++) {
      await say(t, 'ada', { channel, text: 'two one' })
      if (index % 10 === 0) await t.clock.advance(1)
    }
    const found: number[] = []
    let pages = 0
    for (let after: string | undefined; ; pages++) {
      const input = { text: '"one two"', ...(after === undefined ? {} : { after }) }
      const { messages, next } = await t.as('ada', 'search', input)
      found.push(...messages.map((message) => message.seq))
      if (next === undefined) break
      after = next
    }
    expect(found).toEqual([seq])
    expect(pages).toBeGreaterThan(1)
  })
})
