import { expect, test } from 'vitest'
import { say, together } from '../testing/calls.ts'
import { makeRoom, startChat } from '../testing/chat-node.ts'

const channel = 'conversation:general'

test('an author changes the text; what it was stays readable', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob')
  const bob = await t.client('bob', { grants: [] })
  await bob.subscribe(channel)
  const seq = await say(t, 'ada', { channel, text: 'Helo' })
  await t.clock.advance(1_000)
  const { edited } = await t.as('ada', 'edit', { channel, seq, text: 'Hello' })
  expect(edited.count).toBe(1)
  await t.as('ada', 'edit', { channel, seq, text: 'Hello all' })
  expect(await t.as('bob', 'message', { channel, seq })).toMatchObject({
    text: 'Hello all',
    edited: { count: 2 },
  })
  const { versions } = await t.as('bob', 'edits', { channel, seq })
  expect(versions.map(({ text }) => text)).toEqual(['Helo', 'Hello'])
  expect(versions[1]?.at).toBe(edited.at)
  expect(bob.of(channel).map(({ type, data }) => [type, data])).toMatchObject([
    ['chat.sent', { text: 'Helo' }],
    ['chat.edited', { seq, text: 'Hello', count: 1 }],
    ['chat.edited', { seq, text: 'Hello all', count: 2 }],
  ])
})

test('nobody edits the words of others, not even an owner', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob')
  const seq = await say(t, 'bob', { channel, text: 'Mine' })
  expect(await t.refusal('ada', 'edit', { channel, seq, text: 'Yours' })).toBe('chat.not_the_author')
  expect(await t.refusal('bob', 'edit', { channel, seq: 99, text: 'None' })).toBe('chat.no_such_message')
  expect(await t.refusal('bob', 'edit', { channel, seq, text: '' })).toBe('bad_request')
  await t.as('bob', 'leave', { channel })
  expect(await t.refusal('bob', 'edit', { channel, seq, text: 'From outside' })).toBe('forbidden')
})

test('two edits at the same moment both happen, one after the other', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada')
  const seq = await say(t, 'ada', { channel, text: 'One' })
  const outcomes = await together(
    t,
    ['ada', 'edit', { channel, seq, text: 'Two' }],
    ['ada', 'edit', { channel, seq, text: 'Three' }],
  )
  expect(outcomes.map(({ ok }) => ok)).toMatchObject([{ edited: { count: 1 } }, { edited: { count: 2 } }])
  expect(await t.as('ada', 'message', { channel, seq })).toMatchObject({
    text: 'Three',
    edited: { count: 2 },
  })
  expect((await t.as('ada', 'edits', { channel, seq })).versions.map(({ text }) => text)).toEqual([
    'One',
    'Two',
  ])
})

test('an edited message is found by its new words alone', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada')
  const seq = await say(t, 'ada', { channel, text: 'The harbour at night' })
  await t.as('ada', 'edit', { channel, seq, text: 'The harbour by day' })
  const found = async (text: string) => (await t.as('ada', 'search', { text })).messages.map((one) => one.seq)
  expect([await found('night'), await found('day'), await found('harbour')]).toEqual([[], [seq], [seq]])
})
