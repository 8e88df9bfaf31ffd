import { expect, test } from 'vitest'
import { say } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

const channel = 'conversation:general'

async function threadsOf(t: ChatNode, user: string) {
  const { threads } = await t.as(user, 'threads', {})
  return threads.map(({ root, unread, mentions }) => [root.text, unread, mentions])
}

test('who starts, writes in or is mentioned in a thread follows it', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob', 'eve', 'dan')
  const thread = await say(t, 'ada', { channel, text: 'Root' })
  await say(t, 'bob', { channel, text: 'Look @eve', thread })
  expect(await threadsOf(t, 'ada')).toEqual([['Root', 1, 0]])
  expect(await threadsOf(t, 'bob')).toEqual([['Root', 0, 0]])
  expect(await threadsOf(t, 'eve')).toEqual([['Root', 1, 1]])
  expect(await threadsOf(t, 'dan')).toEqual([])
})

test('who begins to follow a thread is told once, on all devices', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob', 'eve')
  const told = async (user: string) => {
    const client = await t.client(user, { grants: [] })
    await client.subscribe(`inbox:${user}`)
    return () => client.of(`inbox:${user}`).filter(({ type }) => type === 'chat.thread_followed')
  }
  const [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map(told))
  const thread = await say(t, 'ada', { channel, text: 'Root' })
  await say(t, 'bob', { channel, text: 'One', thread })
  const edited = await say(t, 'bob', { channel, text: 'Two', thread })
  await say(t, 'ada', { channel, text: 'Three', thread })
  await t.as('bob', 'edit', { channel, seq: edited, text: 'Two, @eve' })
  await say(t, 'bob', { channel, text: 'Four, @eve', thread })
  for (const events of [ada, bob, eve])
    expect(events?.().map(({ data }) => data)).toEqual([{ channel, thread, on: true }])
})

test('who no longer follows is left alone, until they write or ask again', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob')
  const ada = await t.client('ada', { grants: [] })
  await ada.subscribe('inbox:ada')
  const thread = await say(t, 'ada', { channel, text: 'Root' })
  await say(t, 'bob', { channel, text: 'One', thread })
  await t.as('ada', 'follow', { channel, thread, on: false })
  await t.as('ada', 'follow', { channel, thread, on: false })
  await say(t, 'bob', { channel, text: 'Two', thread })
  expect(await threadsOf(t, 'ada')).toEqual([])
  await t.as('ada', 'follow', { channel, thread })
  expect(await threadsOf(t, 'ada')).toEqual([['Root', 2, 0]])
  expect(ada.of('inbox:ada').map(({ type, data }) => [type, data])).toEqual([
    ['chat.thread_followed', { channel, thread, on: true }],
    ['chat.thread_followed', { channel, thread, on: false }],
    ['chat.thread_followed', { channel, thread, on: true }],
  ])
})

test('a thread is followed by members, and only where there is one', async () => {
  const t = await startChat()
  await t.as('ada', 'create', { id: 'general', visibility: 'public' })
  const thread = await say(t, 'ada', { channel, text: 'Root' })
  const reply = await say(t, 'ada', { channel, text: 'Leaf', thread })
  expect(await t.refusal('eve', 'follow', { channel, thread })).toBe('chat.not_a_member')
  expect(await t.refusal('ada', 'follow', { channel, thread: reply })).toBe('chat.no_such_message')
  expect(await t.refusal('ada', 'follow', { channel, thread: 99 })).toBe('chat.no_such_message')
})

test('threads are listed by their newest reply, across conversations, page by page', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob')
  const other = await makeRoom(t, 'other', 'ada', 'bob')
  const roots = new Map<string, { channel: string; thread: number }>()
  for (const [index, where] of [channel, other, channel].entries())
    roots.set(`${index}`, {
      channel: where,
      thread: await say(t, 'ada', { channel: where, text: `${index}` }),
    })
  for (const root of ['1', '2', '0']) {
    await t.clock.advance(1_000)
    await say(t, 'bob', { ...(roots.get(root) as { channel: string; thread: number }), text: 'Reply' })
  }
  const first = await t.as('ada', 'threads', { limit: 2 })
  expect(first.threads.map(({ root }) => [root.text, root.channel])).toEqual([
    ['0', channel],
    ['2', channel],
  ])
  const second = await t.as('ada', 'threads', { limit: 2, after: first.next })
  expect(second.threads.map(({ root }) => [root.text, root.channel])).toEqual([['1', other]])
  await t.as('ada', 'leave', { channel: other })
  expect((await threadsOf(t, 'ada')).map(([text]) => text)).toEqual(['0', '2'])
})
