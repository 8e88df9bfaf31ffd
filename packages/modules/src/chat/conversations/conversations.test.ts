import { testIdentity } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { backend } from '../testing/calls.ts'
import { makeRoom, startChat } from '../testing/chat-node.ts'

const general = 'conversation:general'

test('a room belongs to who creates it, and its members hear of it', async () => {
  const t = await startChat()
  const bob = await t.client('bob')
  await bob.subscribe('inbox:bob')
  const created = await t.as('ada', 'create', { id: 'general', title: 'General', members: ['bob', 'ada'] })
  expect(created).toMatchObject({
    channel: general,
    visibility: 'private',
    members: 2,
    mine: { role: 'owner' },
  })
  expect(bob.of('inbox:bob').map(({ type, data }) => [type, data])).toEqual([
    ['chat.added', { channel: general }],
  ])
  expect(await t.as('bob', 'get', { channel: general })).toMatchObject({
    title: 'General',
    createdBy: 'ada',
    mine: { role: 'member' },
  })
  const { members } = await t.as('bob', 'members', { channel: general })
  expect(members.map(({ user, role }) => [user, role])).toEqual([
    ['ada', 'owner'],
    ['bob', 'member'],
  ])
})

test('an id is taken once, a group is never public, and what is not given has a default', async () => {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada')
  expect(await t.refusal('bob', 'create', { id: 'general' })).toBe('chat.exists')
  expect(await t.refusal('bob', 'create', { type: 'group', visibility: 'public' })).toBe('bad_request')
  const room = await t.as('bob', 'create', { id: 'quiet' })
  expect(room).toMatchObject({ title: 'quiet', topic: '', receipts: true, locked: false, slowSeconds: 0 })
  const group = await t.as('bob', 'create', { type: 'group', members: ['ada'] })
  expect(group).toMatchObject({ title: '', type: 'group', with: ['ada'] })
  expect(group.channel).toMatch(/^conversation:c[\w-]{16}$/)
})

test('of two who take an id at the same moment one gets it', async () => {
  const t = await startChat()
  const both = ['ada', 'bob'].map((user) =>
    t.node.call(testIdentity(user, { grants: [] }), 'chat.create', { id: 'general' }).then(
      () => 'ok',
      ({ code }) => code,
    ),
  )
  await t.clock.settle()
  expect((await Promise.all(both)).sort()).toEqual(['chat.exists', 'ok'])
})

test('the same users always meet in the same direct conversation', async () => {
  const t = await startChat()
  const first = await t.as('ada', 'direct', { users: ['bob'] })
  expect(first).toMatchObject({ type: 'direct', members: 2, with: ['bob'], mine: { role: 'member' } })
  const second = await t.as('bob', 'direct', { users: ['ada', 'bob'] })
  expect(second).toMatchObject({ channel: first.channel, with: ['ada'] })
  const notes = await t.as('ada', 'direct', { users: ['ada'] })
  expect(notes).toMatchObject({ members: 1, with: [] })
  expect(notes.channel).not.toBe(first.channel)
  expect(await t.refusal('eve', 'get', { channel: first.channel })).toBe('forbidden')
  const [one, other] = await Promise.all(
    ['eve', 'dan'].map(async (user) => {
      const call = t.node.call(testIdentity(user, { grants: [] }), 'chat.direct', { users: ['eve', 'dan'] })
      await t.clock.settle()
      return (await call) as { channel: string }
    }),
  )
  expect(one?.channel).toBe(other?.channel)
})

test('nobody governs a direct conversation', async () => {
  const t = await startChat()
  const { channel } = await t.as('ada', 'direct', { users: ['bob'] })
  expect(await t.refusal('ada', 'leave', { channel })).toBe('chat.direct_is_closed')
  expect(await t.refusal('ada', 'invite', { channel, users: ['eve'] })).toBe('chat.direct_is_closed')
  for (const command of ['addMembers', 'removeMember', 'archive', 'update', 'createLink', 'export'] as const)
    expect([
      command,
      await t.refusal('ada', command, { channel, users: ['eve'], user: 'bob' } as never),
    ]).toEqual([command, expect.stringMatching(/forbidden|bad_request/)])
  await expect(t.call(backend, 'chat.addMembers', { channel, users: ['eve'] })).rejects.toMatchObject({
    code: 'chat.direct_is_closed',
  })
})

test('a private conversation looks like none to who is not in it; a public one is read by everybody', async () => {
  const t = await startChat()
  const secret = await makeRoom(t, 'secret', 'ada')
  await t.as('ada', 'create', { id: 'general', visibility: 'public' })
  await t.as('ada', 'send', { channel: general, text: 'Come in' })
  for (const channel of [secret, 'conversation:nowhere']) {
    for (const command of ['get', 'history', 'members', 'pins'] as const)
      expect([command, await t.refusal('eve', command, { channel })]).toEqual([command, 'forbidden'])
    expect(await t.refusal('eve', 'send', { channel, text: 'Hello' })).toBe('forbidden')
    expect(await t.refusal('eve', 'join', { channel })).toBe('chat.not_invited')
    expect(await t.refusal('eve', 'leave', { channel })).toBe('ok')
    expect(await t.refusal('eve', 'decline', { channel })).toBe('ok')
  }
  const eve = await t.client('eve', { grants: [] })
  expect((await eve.subscribe(secret)).error?.code).toBe('forbidden')
  expect((await eve.subscribe(general)).error).toBeUndefined()
  expect((await t.as('eve', 'get', { channel: general })).mine).toBeUndefined()
  expect((await t.as('eve', 'history', { channel: general })).messages).toHaveLength(1)
  expect(await t.refusal('eve', 'send', { channel: general, text: 'Hello' })).toBe('chat.not_a_member')
  expect(await t.refusal('eve', 'update', { channel: general, topic: 'Mine' })).toBe('forbidden')
})

test('a room that becomes private is closed at once for those who only read it', async () => {
  const t = await startChat()
  await t.as('ada', 'create', { id: 'general', visibility: 'public', members: ['bob'] })
  const [eve, bob] = [await t.client('eve', { grants: [] }), await t.client('bob', { grants: [] })]
  await eve.subscribe(general)
  await bob.subscribe(general)
  await t.as('ada', 'update', { channel: general, visibility: 'private' })
  await t.as('ada', 'send', { channel: general, text: 'Among us' })
  expect(eve.of(general).filter(({ type }) => type === 'chat.sent')).toEqual([])
  expect(eve.all('unsubscribed')).toHaveLength(1)
  expect(bob.of(general).at(-1)?.type).toBe('chat.sent')
})

test('settings are changed by who manages, and the channel hears which', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const bob = await t.client('bob', { grants: [] })
  await bob.subscribe(channel)
  const changed = await t.as('ada', 'update', { channel, topic: 'Boats', slowSeconds: 5, title: 'general' })
  expect(changed).toMatchObject({ topic: 'Boats', slowSeconds: 5 })
  expect(await t.as('bob', 'get', { channel })).toMatchObject({ topic: 'Boats', slowSeconds: 5 })
  expect(bob.of(channel).at(-1)).toMatchObject({
    type: 'chat.changed',
    data: { fields: ['topic', 'slowSeconds'] },
  })
  await t.as('ada', 'update', { channel, topic: 'Boats' })
  expect(bob.of(channel).filter(({ type }) => type === 'chat.changed')).toHaveLength(1)
  expect(await t.refusal('bob', 'update', { channel, topic: 'Mine' })).toBe('forbidden')
  expect(await t.refusal('ada', 'update', { channel, slowSeconds: -1 })).toBe('bad_request')
  await expect(t.call(backend, 'chat.get', { channel: 'conversation:nowhere' })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('an archived conversation is read and not written, until it is opened again', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const { seq } = await t.as('bob', 'send', { channel, text: 'Still here' })
  await t.as('ada', 'archive', { channel })
  for (const user of ['ada', 'bob'])
    expect(await t.refusal(user, 'send', { channel, text: 'Anybody?' })).toBe('chat.archived')
  expect(await t.refusal('bob', 'edit', { channel, seq, text: 'Gone' })).toBe('chat.archived')
  expect(await t.refusal('bob', 'react', { channel, seq, emoji: '👍' })).toBe('chat.archived')
  expect(await t.refusal('bob', 'invite', { channel, users: ['eve'] })).toBe('chat.archived')
  expect(await t.refusal('ada', 'addMembers', { channel, users: ['eve'] })).toBe('chat.archived')
  expect((await t.as('bob', 'history', { channel })).messages).toHaveLength(1)
  expect((await t.as('bob', 'list', {})).conversations).toEqual([])
  expect((await t.as('bob', 'list', { archived: true })).conversations).toHaveLength(1)
  await t.as('ada', 'archive', { channel, archived: false })
  expect(await t.refusal('bob', 'send', { channel, text: 'Back' })).toBe('ok')
  expect(await t.refusal('bob', 'archive', { channel })).toBe('forbidden')
})

test('conversations are listed by their newest message, page by page', async () => {
  const t = await startChat()
  for (const id of ['one', 'two', 'three']) {
    await t.clock.advance(1_000)
    await makeRoom(t, id, 'ada', 'bob')
  }
  await t.clock.advance(1_000)
  await t.as('bob', 'send', { channel: 'conversation:one', text: 'Up' })
  const first = await t.as('ada', 'list', { limit: 2 })
  expect(first.conversations.map(({ title }) => title)).toEqual(['one', 'three'])
  const second = await t.as('ada', 'list', { limit: 2, after: first.next })
  expect([second.conversations.map(({ title }) => title), second.next]).toEqual([['two'], undefined])
  expect((await t.as('eve', 'list', {})).conversations).toEqual([])
  expect(await t.refusal('ada', 'list', { after: 'nonsense' })).toBe('bad_request')
  await expect(t.call(backend, 'chat.list', {})).rejects.toMatchObject({ code: 'forbidden' })
})

test('public rooms are found by a part of their title, whatever it holds', async () => {
  const t = await startChat()
  for (const title of ['Boats', 'Books', '100% wool', 'Private books'])
    await t.as('ada', 'create', { title, visibility: title.startsWith('Private') ? 'private' : 'public' })
  const titles = async (input: object) =>
    (await t.as('eve', 'browse', input)).conversations.map(({ title }) => title)
  expect(await titles({})).toEqual(['100% wool', 'Boats', 'Books'])
  expect(await titles({ title: 'BO' })).toEqual(['Boats', 'Books'])
  expect(await titles({ title: '0%' })).toEqual(['100% wool'])
  expect(await titles({ title: '_' })).toEqual([])
  const first = await t.as('eve', 'browse', { limit: 2 })
  expect(await titles({ limit: 2, after: first.next })).toEqual(['Books'])
})

test('preferences are their owner’s, and follow them to other devices', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  await t.as('ada', 'create', { id: 'open', visibility: 'public' })
  const phone = await t.client('bob', { grants: [] })
  await phone.subscribe('inbox:bob')
  const set = await t.as('bob', 'setPreferences', { channel, notify: 'mentions' })
  expect(set.mine).toMatchObject({ notify: 'mentions', starred: false })
  await t.as('bob', 'setPreferences', { channel, starred: true })
  await t.as('bob', 'setPreferences', { channel, starred: true })
  expect(phone.of('inbox:bob').map(({ data }) => data)).toEqual([
    { channel, notify: 'mentions', starred: false },
    { channel, notify: 'mentions', starred: true },
  ])
  expect((await t.as('ada', 'get', { channel })).mine).toMatchObject({ notify: 'all', starred: false })
  expect(await t.refusal('bob', 'setPreferences', { channel: 'conversation:open', starred: true })).toBe(
    'chat.not_a_member',
  )
  const spy = await t.client('eve', { grants: [] })
  expect((await spy.subscribe('inbox:bob')).error?.code).toBe('forbidden')
})

test('the conversations of one app are nothing to another', async () => {
  const t = await startChat({ apps: ['default', 'other'] })
  await t.as('ada', 'create', { id: 'general', visibility: 'public', title: 'Ours' })
  const elsewhere = testIdentity('ada', { app: 'other', grants: [] })
  await expect(t.call(elsewhere, 'chat.get', { channel: general })).rejects.toMatchObject({
    code: 'forbidden',
  })
  expect(await t.call(elsewhere, 'chat.browse', {})).toEqual({ conversations: [] })
  await t.call(elsewhere, 'chat.create', { id: 'general', title: 'Theirs' })
  expect((await t.as('ada', 'get', { channel: general })).title).toBe('Ours')
})

test('in the open room everybody is, once they have come, until they leave', async () => {
  const t = await startChat({}, { openRoom: { id: 'general', title: 'General' } })
  expect((await t.as('eve', 'browse', {})).conversations).toMatchObject([{ channel: general, members: 0 }])
  const ada = await t.client('ada', { grants: [] })
  await t.client('bob', { grants: [] })
  expect(await t.as('ada', 'get', { channel: general })).toMatchObject({
    members: 2,
    mine: { role: 'owner' },
  })
  await t.as('bob', 'leave', { channel: general })
  await t.client('bob', { grants: [] })
  expect((await t.as('bob', 'get', { channel: general })).mine).toBeUndefined()
  expect((await ada.subscribe(general)).error).toBeUndefined()
})
