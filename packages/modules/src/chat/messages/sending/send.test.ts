import { describe, expect, test } from 'vitest'
import { backend, meanwhile, say, slowStore, textsOf, together } from '../../testing/calls.ts'
import { makeRoom, startChat } from '../../testing/chat-node.ts'

test('a message has the place of its event, and everybody there sees it', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const bob = await t.client('bob', { grants: [] })
  await bob.subscribe(channel)
  const sent = await t.as('ada', 'send', { channel, text: 'Hello **all**', id: 'm-1', priority: 'urgent' })
  const [event] = bob.of(channel)
  expect(event).toMatchObject({
    type: 'chat.sent',
    by: 'ada',
    offset: sent.seq,
    data: { id: 'm-1', text: 'Hello **all**', priority: 'urgent' },
  })
  expect(sent).toEqual({ id: 'm-1', seq: event?.offset, epoch: bob.positions.get(channel)?.epoch })
  expect(await t.as('bob', 'message', { channel, seq: sent.seq })).toMatchObject({
    author: 'ada',
    text: 'Hello **all**',
    priority: 'urgent',
    reactions: [],
  })
})

test('an empty message is none, and neither is one that is too long', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  expect(await t.refusal('ada', 'send', { channel, text: ' \n ' })).toBe('bad_request')
  expect(await t.refusal('ada', 'send', { channel, text: 'x'.repeat(20_001) })).toBe('bad_request')
  expect(await t.refusal('ada', 'send', { channel, text: '漢'.repeat(20_000) })).toBe('ok')
  await expect(t.call(backend, 'chat.send', { channel, text: 'Hello' })).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('the same id is the same message: for its author, in its conversation', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const other = await makeRoom(t, 'other', 'ada')
  const first = await t.as('ada', 'send', { channel, text: 'Once', id: 'm-1' })
  expect(await t.as('ada', 'send', { channel, text: 'Once', id: 'm-1' })).toEqual(first)
  expect(await t.as('ada', 'send', { channel, text: 'Another text', id: 'm-1' })).toEqual(first)
  const twins = await together(
    t,
    ['bob', 'send', { channel, text: 'Twice', id: 'm-1' }],
    ['bob', 'send', { channel, text: 'Twice', id: 'm-1' }],
  )
  expect(twins[0]?.ok).toEqual(twins[1]?.ok)
  await t.as('ada', 'send', { channel: other, text: 'Elsewhere', id: 'm-1' })
  expect(await textsOf(t, 'ada', channel)).toEqual(['Once', 'Twice'])
  expect(await textsOf(t, 'ada', other)).toEqual(['Elsewhere'])
})

test('a repeat with the same key is answered as the first was', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  const first = await t.as('ada', 'send', { channel, text: 'Once' }, 'key')
  expect(await t.as('ada', 'send', { channel, text: 'Once' }, 'key')).toEqual(first)
  expect(await textsOf(t, 'ada', channel)).toEqual(['Once'])
})

test('messages that one client sends without waiting stand in their order', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  const ada = await t.client('ada', { grants: [] })
  const texts = Array.from({ length: 50 }, (_, n) => (n % 10 === 3 ? `@ada ${n}` : `${n}`))
  for (const text of texts) ada.post({ op: 'call', command: 'chat.send', input: { channel, text } })
  await t.clock.settle()
  expect(await textsOf(t, 'ada', channel)).toEqual(texts)
})

test('in a locked conversation members are silent', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const seq = await say(t, 'bob', { channel, text: 'Before' })
  await t.as('ada', 'update', { channel, locked: true })
  expect(await t.refusal('bob', 'send', { channel, text: 'After' })).toBe('chat.locked')
  expect(await t.refusal('bob', 'edit', { channel, seq, text: 'After' })).toBe('chat.locked')
  expect(await t.refusal('bob', 'pin', { channel, seq })).toBe('chat.locked')
  expect(await t.refusal('ada', 'send', { channel, text: 'Announcement' })).toBe('ok')
  await t.as('ada', 'update', { channel, locked: false })
  expect(await t.refusal('bob', 'send', { channel, text: 'After' })).toBe('ok')
})

test('in slow mode a member waits, is told how long, and admins do not wait', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
  await say(t, 'bob', { channel, text: 'Fast' })
  await t.as('ada', 'update', { channel, slowSeconds: 10 })
  await say(t, 'bob', { channel, text: 'The first of the slow ones' })
  await t.clock.advance(4_000)
  await expect(t.as('bob', 'send', { channel, text: 'Too soon' })).rejects.toMatchObject({
    code: 'chat.slow_mode',
    retryable: true,
    retryAfterMs: 6_000,
  })
  expect(await t.refusal('bob', 'send', { channel, text: 'A thread is no way around', thread: 2 })).toBe(
    'chat.slow_mode',
  )
  expect(await t.refusal('eve', 'send', { channel, text: 'Another member' })).toBe('ok')
  for (const text of ['An admin', 'waits for nobody']) await say(t, 'ada', { channel, text })
  await t.clock.advance(6_000)
  expect(await t.refusal('bob', 'send', { channel, text: 'Now' })).toBe('ok')
  const both = ['One', 'Two'].map((text) => ['eve', 'send', { channel, text }] as const)
  await t.clock.advance(10_000)
  expect((await together(t, ...both)).map(({ code }) => code)).toEqual([undefined, 'chat.slow_mode'])
})

describe('what a message hangs on', () => {
  test('a reply names a message that is there', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    const seq = await say(t, 'ada', { channel, text: 'First' })
    const reply = await say(t, 'ada', { channel, text: 'Second', replyTo: seq })
    expect(await t.as('ada', 'message', { channel, seq: reply })).toMatchObject({ replyTo: seq })
    expect(await t.refusal('ada', 'send', { channel, text: 'Lost', replyTo: 999 })).toBe(
      'chat.no_such_message',
    )
    await t.as('ada', 'delete', { channel, seq })
    expect(await t.refusal('ada', 'send', { channel, text: 'Late', replyTo: seq })).toBe(
      'chat.no_such_message',
    )
  })

  test('a thread hangs on a message of the conversation itself', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    const seq = await say(t, 'ada', { channel, text: 'Root' })
    const reply = await say(t, 'ada', { channel, text: 'Leaf', thread: seq })
    expect(await t.refusal('ada', 'send', { channel, text: 'Twig', thread: reply })).toBe(
      'chat.no_such_message',
    )
    expect(await t.refusal('ada', 'send', { channel, text: 'Lost', thread: 1 })).toBe('chat.no_such_message')
    expect(await textsOf(t, 'ada', channel)).toEqual(['Root'])
  })
})

describe('at the same moment', () => {
  test.each([
    ['removed', 'removeMember', { user: 'bob' }, 'chat.not_a_member'],
    ['locked out', 'update', { locked: true }, 'chat.locked'],
    ['closed out', 'archive', {}, 'chat.archived'],
  ])('a member who is %s has sent before or not at all', async (_what, command, input, code) => {
    const store = slowStore()
    const t = await startChat(store)
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    await say(t, 'bob', { channel, text: 'Known to be a member' })
    const send = (text: string) => ['bob', 'send', { channel, text }] as const
    const change = ['ada', command, { channel, ...input }] as const
    expect(await meanwhile(t, store, send('Before'), change)).toMatchObject([{ ok: {} }, { ok: {} }])
    expect(await textsOf(t, 'ada', channel)).toEqual(['Known to be a member', 'Before'])

    const other = await startChat(store)
    await makeRoom(other, 'general', 'ada', 'bob')
    await say(other, 'bob', { channel, text: 'Known to be a member' })
    expect(await meanwhile(other, store, change, send('After'))).toMatchObject([{ ok: {} }, { code }])
    expect(await textsOf(other, 'ada', channel)).toEqual(['Known to be a member'])
  })

  test('slow mode counts from the first message behind it', async () => {
    const store = slowStore()
    const t = await startChat(store)
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    await say(t, 'bob', { channel, text: 'Fast' })
    const slow = ['ada', 'update', { channel, slowSeconds: 60 }] as const
    const first = ['bob', 'send', { channel, text: 'The first of the slow ones' }] as const
    expect(await meanwhile(t, store, slow, first)).toMatchObject([{ ok: {} }, { ok: {} }])
    expect(await t.refusal('bob', 'send', { channel, text: 'Too soon' })).toBe('chat.slow_mode')
  })

  test('nothing hangs on a message that is being deleted', async () => {
    const store = slowStore()
    const t = await startChat(store)
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    for (const [command, over] of [
      ['send', (seq: number) => ({ text: 'Reply', replyTo: seq })],
      ['send', (seq: number) => ({ text: 'Reply', thread: seq })],
      ['react', (seq: number) => ({ seq, emoji: '👍' })],
      ['pin', (seq: number) => ({ seq })],
      ['edit', (seq: number) => ({ seq, text: 'Other words' })],
    ] as const) {
      const seq = await say(t, 'bob', { channel, text: 'Root' })
      const change = ['bob', command, { channel, ...over(seq) }] as const
      const [deleted, changed] = await meanwhile(t, store, ['ada', 'delete', { channel, seq }], change)
      expect([command, deleted?.code, changed?.code]).toEqual([command, undefined, 'chat.no_such_message'])
    }
  })

  test('who is taken out while many write sees nothing from there on', async () => {
    const store = slowStore()
    const t = await startChat(store)
    const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
    const [ada, eve] = [await t.client('ada', { grants: [] }), await t.client('eve', { grants: [] })]
    for (const client of [ada, eve]) await client.subscribe(channel)
    store.delayMs = 3
    for (let round = 0; round < 20; round++) {
      ada.post({ op: 'call', command: 'chat.send', input: { channel, text: `${round}` } })
      if (round === 10)
        ada.post({ op: 'call', command: 'chat.removeMember', input: { channel, user: 'eve' } })
      eve.post({ op: 'call', command: 'chat.send', input: { channel, text: `eve ${round}` } })
      await t.clock.advance(1)
    }
    await t.clock.advance(100)
    const left = ada.of(channel).find(({ type }) => type === 'chat.member_left')
    expect(left).toBeDefined()
    expect(Math.max(...eve.of(channel).map(({ offset }) => offset))).toBeLessThan(left?.offset as number)
    const byEve = ada.of(channel).filter(({ by }) => by === 'eve')
    expect(Math.max(...byEve.map(({ offset }) => offset))).toBeLessThan(left?.offset as number)
    expect(ada.faults).toEqual([])
  })
})

test('a member who was asked about before is asked about again when the memory is old', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  await say(t, 'bob', { channel, text: 'One' })
  await t.clock.advance(61_000)
  await say(t, 'bob', { channel, text: 'Two' })
  expect(await textsOf(t, 'bob', channel)).toEqual(['One', 'Two'])
})
