import { describe, expect, test } from 'vitest'
import { backend, say, textsOf, together } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'
import type { SlashCommand } from './slash/slash-commands.ts'

const channel = 'conversation:general'
const secret = 'xyzzyplugh'

/** Shows what the log holds, as commands that read logs do. */
const log: SlashCommand = {
  name: 'log',
  summary: 'Show the log.',
  usage: '/log',
  run: async (ctx) => ({ text: JSON.stringify(await ctx.channels.history({ channel, limit: 1_000 })) }),
}

/** Everything that the server tells somebody about the conversation, in one text. */
async function everythingTold(t: ChatNode, user: string): Promise<string> {
  const { position } = await t.as(user, 'history', { channel })
  const late = await t.client(user, { grants: [] })
  await late.subscribe(channel, { from: { epoch: position.epoch, offset: 0 } })
  const told: unknown[] = [late.frames]
  for (const [command, input] of [
    ['history', { channel }],
    ['pins', { channel }],
    ['export', { channel }],
    ['mentions', {}],
    ['threads', {}],
    ['search', { text: secret }],
    ['runCommand', { channel, name: 'log' }],
  ] as const)
    told.push(await late.call(`chat.${command}`, input))
  return JSON.stringify(told).replaceAll(`"words":["${secret}"]`, '')
}

async function startRoom(): Promise<ChatNode> {
  const t = await startChat({}, { commands: [log] })
  await makeRoom(t, 'general', 'ada', 'bob')
  return t
}

async function restart(t: ChatNode): Promise<ChatNode> {
  await t.node.stop()
  return startChat({ disk: t.store.disk }, { commands: [log] })
}

describe('for all', () => {
  test('the words of a message, and of all that it said before, are told nobody any more', async () => {
    const t = await startRoom()
    const bob = await t.client('bob', { grants: [] })
    await bob.subscribe(channel)
    const seq = await say(t, 'ada', { channel, text: `Hello @bob ${secret}` })
    await t.as('ada', 'edit', { channel, seq, text: `Hello @bob ${secret} once more` })
    await t.as('ada', 'edit', { channel, seq, text: 'Hello @bob' })
    await t.as('bob', 'react', { channel, seq, emoji: '👍' })
    await t.as('bob', 'pin', { channel, seq })
    await say(t, 'bob', { channel, text: 'A reply', thread: seq })
    expect(await everythingTold(t, 'ada')).toContain(secret)
    await t.as('ada', 'delete', { channel, seq })
    expect(await everythingTold(t, 'ada')).not.toContain(secret)
    expect(await everythingTold(t, 'bob')).not.toContain(secret)
    const [message] = (await t.as('bob', 'history', { channel })).messages
    expect(message).toEqual({
      ...{ channel, seq, author: 'ada', text: '', reactions: [] },
      id: expect.any(String),
      at: expect.any(Number),
      deleted: { at: expect.any(Number), by: 'ada' },
      replies: { count: 1, lastAt: expect.any(Number), users: ['bob'] },
    })
    expect(bob.of(channel).at(-1)).toMatchObject({ type: 'chat.deleted', data: { seq } })
    expect(await t.as('bob', 'unread', {})).toMatchObject({ mentions: 0 })
    for (const command of ['message', 'edits', 'reactions'] as const)
      expect([command, await t.refusal('ada', command, { channel, seq })]).toEqual([
        command,
        'chat.no_such_message',
      ])
    expect(await t.refusal('ada', 'edit', { channel, seq, text: 'Back' })).toBe('chat.no_such_message')
    expect(await t.refusal('ada', 'delete', { channel, seq })).toBe('chat.no_such_message')
    for (const table of ['words', 'edits', 'mentions', 'reactions', 'pins']) {
      const left = await t.store.query({
        sql: `SELECT * FROM chat_${table} WHERE seq = ?`,
        parameters: [seq],
      })
      expect([table, left]).toEqual([table, []])
    }
    const later = await restart(t)
    expect(await everythingTold(later, 'bob')).not.toContain(secret)
  })

  test('the author, admins and owners delete for all, and nobody else', async () => {
    const t = await startChat()
    await makeRoom(t, 'general', 'ada', 'bob', 'eve')
    const seq = await say(t, 'bob', { channel, text: 'Mine' })
    expect(await t.refusal('eve', 'delete', { channel, seq })).toBe('chat.not_the_author')
    await t.as('ada', 'setRole', { channel, user: 'eve', role: 'admin' })
    expect(await t.refusal('eve', 'delete', { channel, seq })).toBe('ok')
    const other = await say(t, 'ada', { channel, text: 'By the owner' })
    expect(await t.refusal('bob', 'delete', { channel, seq: other })).toBe('chat.not_the_author')
    await t.call(backend, 'chat.delete', { channel, seq: other })
    expect(await textsOf(t, 'bob', channel)).toEqual([undefined, undefined])
    expect(await t.refusal('ada', 'delete', { channel, seq: 1 })).toBe('chat.no_such_message')
  })

  test('in a direct conversation everybody deletes their own', async () => {
    const t = await startChat()
    const { channel: direct } = await t.as('ada', 'direct', { users: ['bob'] })
    const seq = await say(t, 'ada', { channel: direct, text: 'Between us' })
    expect(await t.refusal('bob', 'delete', { channel: direct, seq })).toBe('chat.not_the_author')
    expect(await t.refusal('ada', 'delete', { channel: direct, seq })).toBe('ok')
  })

  test('an author deletes their words also where nobody writes any more', async () => {
    const t = await startChat()
    await makeRoom(t, 'general', 'ada', 'bob')
    const seq = await say(t, 'bob', { channel, text: 'Mine' })
    await t.as('ada', 'archive', { channel })
    expect(await t.refusal('bob', 'delete', { channel, seq })).toBe('ok')
  })

  test('edited and deleted at the same moment, a message is deleted, with all its words', async () => {
    for (const swap of [false, true]) {
      const t = await startRoom()
      const seq = await say(t, 'ada', { channel, text: 'Hello' })
      const calls = [
        ['ada', 'edit', { channel, seq, text: secret }],
        ['ada', 'delete', { channel, seq }],
      ] as const
      const outcomes = await together(t, ...(swap ? calls.toReversed() : calls))
      expect(outcomes[swap ? 0 : 1]?.code).toBeUndefined()
      expect(await everythingTold(t, 'ada')).not.toContain(secret)
      expect(await textsOf(t, 'bob', channel)).toEqual([undefined])
    }
  })

  test('the unread messages of others are counted without it', async () => {
    const t = await startChat()
    await makeRoom(t, 'general', 'ada', 'bob')
    const [first] = [
      await say(t, 'ada', { channel, text: 'One' }),
      await say(t, 'ada', { channel, text: 'Two' }),
    ]
    expect(await t.as('bob', 'unread', {})).toMatchObject({ total: 2 })
    await t.as('ada', 'delete', { channel, seq: first })
    expect(await t.as('bob', 'unread', {})).toMatchObject({ total: 1 })
  })
})
