import { expect, test } from 'vitest'
import { backend, say } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

const channel = 'conversation:general'

/** A room with ten messages, one a second; between them stand events that are no messages. */
async function tenMessages(): Promise<{ readonly t: ChatNode; readonly seqs: readonly number[] }> {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob')
  const seqs: number[] = []
  for (let n = 0; n < 10; n++) {
    await t.clock.advance(1_000)
    seqs.push(await say(t, n % 2 === 0 ? 'ada' : 'bob', { channel, text: `${n}` }))
    await t.as('bob', 'react', { channel, seq: seqs[n] as number, emoji: '👍' })
  }
  return { t, seqs }
}

test('a page is read backward, forward, around a message and around a time', async () => {
  const { t, seqs } = await tenMessages()
  const page = async (input: object) => {
    const { messages, hasBefore, hasAfter } = await t.as('bob', 'history', { channel, ...input })
    return [messages.map(({ text }) => text).join(''), hasBefore, hasAfter]
  }
  expect(await page({})).toEqual(['0123456789', false, false])
  expect(await page({ limit: 3 })).toEqual(['789', true, false])
  expect(await page({ limit: 3, before: seqs[7] })).toEqual(['456', true, true])
  expect(await page({ limit: 3, before: seqs[2] })).toEqual(['01', false, true])
  expect(await page({ limit: 3, before: seqs[0] })).toEqual(['', false, true])
  expect(await page({ limit: 3, after: 0 })).toEqual(['012', false, true])
  expect(await page({ limit: 3, after: seqs[6] })).toEqual(['789', true, false])
  expect(await page({ limit: 3, after: seqs[9] })).toEqual(['', true, false])
  expect(await page({ limit: 4, around: seqs[5] })).toEqual(['3456', true, true])
  expect(await page({ limit: 1, around: seqs[5] })).toEqual(['5', true, true])
  expect(await page({ limit: 4, around: seqs[0] })).toEqual(['0123', false, true])
  const start = (await t.as('bob', 'message', { channel, seq: seqs[0] as number })).at
  expect(await page({ limit: 4, at: start + 4_500 })).toEqual(['3456', true, true])
  expect(await page({ limit: 4, at: start + 60_000 })).toEqual(['6789', true, false])
  expect(await page({ limit: 4, at: 0 })).toEqual(['0123', false, true])
  expect(await t.refusal('bob', 'history', { channel, before: 3, after: 1 })).toBe('bad_request')
})

test('who subscribes at the position of a history misses nothing', async () => {
  const { t } = await tenMessages()
  const { position } = await t.as('bob', 'history', { channel })
  const bob = await t.client('bob', { grants: [] })
  await say(t, 'ada', { channel, text: 'Meanwhile' })
  await bob.subscribe(channel, { from: position })
  expect(bob.of(channel).map(({ data }) => data)).toMatchObject([{ text: 'Meanwhile' }])
})

test('a page counts the replies up to its position, whenever one is written', async () => {
  const { t, seqs } = await tenMessages()
  const thread = seqs[4] as number
  const replies: number[] = []
  for (let ticks = 0; ticks < 40; ticks++) {
    const reading = t.as('bob', 'history', { channel })
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    const [{ messages, position }, seq] = await Promise.all([
      reading,
      say(t, 'ada', { channel, text: `Reply ${ticks}`, thread }),
    ])
    replies.push(seq)
    const counted = messages.find((message) => message.seq === thread)?.replies?.count ?? 0
    expect(counted).toBe(replies.filter((reply) => reply <= position.offset).length)
  }
})

test('a thread has a history of its own, and its root counts the replies', async () => {
  const { t, seqs } = await tenMessages()
  const root = seqs[4] as number
  for (const [user, text] of [
    ['ada', 'first'],
    ['bob', 'second'],
  ] as const)
    await say(t, user, { channel, text, thread: root })
  const thread = await t.as('bob', 'history', { channel, thread: root })
  expect(thread.messages.map(({ text }) => text)).toEqual(['first', 'second'])
  const [message] = (await t.as('bob', 'history', { channel, around: root, limit: 1 })).messages
  expect(message?.replies).toMatchObject({ count: 2, users: ['bob', 'ada'] })
  await t.as('ada', 'delete', { channel, seq: thread.messages[0]?.seq as number })
  expect((await t.as('bob', 'message', { channel, seq: root })).replies).toMatchObject({
    count: 1,
    users: ['bob'],
  })
})

test('what somebody deleted for themselves is gone for them alone', async () => {
  const { t, seqs } = await tenMessages()
  const bob = await t.client('bob', { grants: [] })
  await bob.subscribe('inbox:bob')
  await t.as('bob', 'delete', { channel, seq: seqs[0] as number, for: 'me' })
  await t.as('bob', 'delete', { channel, seq: seqs[9] as number, for: 'me' })
  expect(await t.as('bob', 'history', { channel, limit: 8 })).toMatchObject({
    hasBefore: false,
    hasAfter: false,
  })
  expect((await t.as('bob', 'history', { channel })).messages).toHaveLength(8)
  expect((await t.as('ada', 'history', { channel })).messages).toHaveLength(10)
  expect(bob.of('inbox:bob').map(({ type, data }) => [type, data])).toEqual([
    ['chat.hidden', { channel, seq: seqs[0] }],
    ['chat.hidden', { channel, seq: seqs[9] }],
  ])
})

test('messages that retention no longer holds are in no history', async () => {
  const t = await startChat({}, { retention: { maxEvents: 5 } })
  await makeRoom(t, 'general', 'ada')
  for (let n = 0; n < 10; n++) await say(t, 'ada', { channel, text: `${n}` })
  await t.store.trim('default', channel, { maxEvents: 5, maxAgeMs: 1e12, maxBytes: 1e12 }, t.clock.now())
  const { messages, hasBefore } = await t.as('ada', 'history', { channel })
  expect([messages.map(({ text }) => text), hasBefore]).toEqual([['5', '6', '7', '8', '9'], false])
})

test('an export has every message with its earlier versions, page by page', async () => {
  const { t, seqs } = await tenMessages()
  const edited = seqs[3] as number
  for (const text of ['three', 'drei']) await t.as('bob', 'edit', { channel, seq: edited, text })
  await t.as('ada', 'delete', { channel, seq: seqs[6] as number })
  await say(t, 'bob', { channel, text: 'in a thread', thread: edited })
  const all: unknown[] = []
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: { messages: object[]; next?: number | undefined } = await t.as('ada', 'export', {
      channel,
      after,
      limit: 4,
    })
    all.push(...page.messages)
    after = page.next
  }
  expect(all).toHaveLength(11)
  expect(all[3]).toMatchObject({ text: 'drei', versions: [{ text: '3' }, { text: 'three' }] })
  expect(all[6]).toMatchObject({ text: '', deleted: { by: 'ada' } })
  expect(all[10]).toMatchObject({ text: 'in a thread', thread: edited })
  expect(await t.refusal('bob', 'export', { channel })).toBe('forbidden')
  expect(await t.call(backend, 'chat.export', { channel })).toMatchObject({ messages: { length: 11 } })
})

test('an export takes long texts in portions', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada')
  for (let n = 0; n < 120; n++) await say(t, 'ada', { channel, text: `${n} ${'x'.repeat(19_000)}` })
  const first = await t.as('ada', 'export', { channel, limit: 1_000 })
  expect(first.messages.length).toBeLessThan(120)
  const second = await t.as('ada', 'export', { channel, limit: 1_000, after: first.next })
  expect(second.messages[0]?.text.split(' ')[0]).toBe(`${first.messages.length}`)
})
