import { expect, test } from 'vitest'
import { backend, say } from '../../testing/calls.ts'
import { makeRoom, startChat } from '../../testing/chat-node.ts'

test('members who are named are told; others, and the author, are not', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob', 'grace.hopper')
  const [bob, eve] = [await t.client('bob', { grants: [] }), await t.client('eve', { grants: [] })]
  await bob.subscribe('inbox:bob')
  await eve.subscribe('inbox:eve')
  const text = 'Hello @bob, @grace.hopper. @eve @ada `@bob` x@bob'
  const seq = await say(t, 'ada', { channel, text, id: 'm-1' })
  expect(await t.as('bob', 'message', { channel, seq })).toMatchObject({
    text,
    mentions: ['bob', 'grace.hopper'],
  })
  expect(bob.of('inbox:bob').map(({ type, data }) => [type, data])).toEqual([
    ['chat.mentioned', { channel, id: 'm-1', by: 'ada' }],
  ])
  expect(eve.of('inbox:eve')).toEqual([])
  expect(await t.as('bob', 'mentions', {})).toMatchObject({ messages: [{ channel, seq }] })
  expect(await t.as('ada', 'mentions', {})).toEqual({ messages: [] })
  expect(await t.as('bob', 'unread', {})).toMatchObject({ mentions: 1 })
})

test('@room means who is a member; @here who is there', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
  const here = await t.client('eve', { grants: [] })
  await here.subscribe(channel, { presence: true } as never)
  const room = await say(t, 'ada', { channel, text: '@room dinner' })
  const now = await say(t, 'ada', { channel, text: '@here quick' })
  const mentionsOf = async (user: string) => (await t.as(user, 'mentions', {})).messages.map(({ seq }) => seq)
  expect(await mentionsOf('eve')).toEqual([now, room])
  expect(await mentionsOf('bob')).toEqual([room])
  expect(await t.as('bob', 'message', { channel, seq: now })).toMatchObject({ mentionsAll: 'here' })
  await t.as('ada', 'addMembers', { channel, users: ['dan'] })
  expect(await mentionsOf('dan')).toEqual([])
})

test('what mentions somebody is listed page by page, and only while they may read it', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const other = await makeRoom(t, 'other', 'ada', 'bob')
  for (const [index, where] of [channel, other, channel].entries()) {
    await t.clock.advance(1_000)
    await say(t, 'ada', { channel: where, text: `@bob ${index}` })
  }
  const first = await t.as('bob', 'mentions', { limit: 2 })
  expect(first.messages.map(({ text }) => text)).toEqual(['@bob 2', '@bob 1'])
  const second = await t.as('bob', 'mentions', { limit: 2, after: first.next })
  expect([second.messages.map(({ text }) => text), second.next]).toEqual([['@bob 0'], undefined])
  await t.as('bob', 'leave', { channel: other })
  expect((await t.as('bob', 'mentions', {})).messages.map(({ text }) => text)).toEqual(['@bob 2', '@bob 0'])
  await t.as('bob', 'delete', { channel, seq: first.messages[0]?.seq as number, for: 'me' })
  expect((await t.as('bob', 'mentions', {})).messages.map(({ text }) => text)).toEqual(['@bob 0'])
  expect(await t.refusal('bob', 'mentions', { after: 'nonsense' })).toBe('bad_request')
})

test('in a very large conversation only admins call everybody', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  for (let hundred = 0; hundred < 10; hundred++)
    await t.call(backend, 'chat.addMembers', {
      channel,
      users: Array.from({ length: 100 }, (_, n) => `u${hundred}-${n}`),
    })
  expect(await t.refusal('bob', 'send', { channel, text: '@room' })).toBe('chat.too_many_to_mention')
  expect(await t.refusal('bob', 'send', { channel, text: '`@room`' })).toBe('ok')
  expect(await t.refusal('ada', 'send', { channel, text: '@room' })).toBe('ok')
})

test('an edit moves the mentions', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
  const [bob, eve] = [await t.client('bob', { grants: [] }), await t.client('eve', { grants: [] })]
  await bob.subscribe('inbox:bob')
  await eve.subscribe('inbox:eve')
  const seq = await say(t, 'ada', { channel, text: '@bob look' })
  await t.as('ada', 'edit', { channel, seq, text: '@eve look' })
  expect(await t.as('bob', 'mentions', {})).toEqual({ messages: [] })
  expect(await t.as('eve', 'mentions', {})).toMatchObject({ messages: [{ seq, mentions: ['eve'] }] })
  await t.as('ada', 'edit', { channel, seq, text: '@eve look again' })
  expect(eve.of('inbox:eve')).toHaveLength(1)
  expect(bob.of('inbox:bob')).toHaveLength(1)
  await t.as('ada', 'edit', { channel, seq, text: '@room look' })
  expect(await t.as('bob', 'mentions', {})).toMatchObject({ messages: [{ seq, mentionsAll: 'room' }] })
  expect(await t.as('eve', 'unread', {})).toMatchObject({ mentions: 1 })
})
