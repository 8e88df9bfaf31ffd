import { describe, expect, test } from 'vitest'
import { backend, meanwhile, slowStore, together } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

async function roles(t: ChatNode, channel: string, viewer: string): Promise<Record<string, string>> {
  const { members } = await t.as(viewer, 'members', { channel, limit: 200 })
  return Object.fromEntries(members.map(({ user, role }) => [user, role]))
}

describe('joining and leaving', () => {
  test('a public room is joined by whoever likes, once', async () => {
    const t = await startChat()
    await t.as('ada', 'create', { id: 'general', visibility: 'public' })
    const channel = 'conversation:general'
    const ada = await t.client('ada', { grants: [] })
    await ada.subscribe(channel)
    expect(await t.as('bob', 'join', { channel })).toMatchObject({ members: 2, mine: { role: 'member' } })
    expect(await t.as('bob', 'join', { channel })).toMatchObject({ members: 2 })
    expect(ada.of(channel).map(({ type, data }) => [type, data])).toEqual([
      ['chat.member_joined', { user: 'bob', role: 'member' }],
    ])
    expect(await t.refusal('bob', 'send', { channel, text: 'Hello' })).toBe('ok')
    await t.as('bob', 'leave', { channel })
    expect(await t.refusal('bob', 'send', { channel, text: 'Hello' })).toBe('chat.not_a_member')
    expect(await t.as('ada', 'get', { channel })).toMatchObject({ members: 1 })
    expect(ada.of(channel).at(-1)).toMatchObject({ type: 'chat.member_left', data: { user: 'bob' } })
  })

  test('joined twice at the same moment, a member counts once', async () => {
    const t = await startChat()
    await t.as('ada', 'create', { id: 'general', visibility: 'public' })
    const channel = 'conversation:general'
    const outcomes = await together(t, ['bob', 'join', { channel }], ['bob', 'join', { channel }])
    expect(outcomes.map(({ code }) => code)).toEqual([undefined, undefined])
    expect(await t.as('bob', 'get', { channel })).toMatchObject({ members: 2 })
  })

  test('who leaves sees nothing more of it, on any device', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    const devices = [await t.client('bob', { grants: [] }), await t.client('bob', { grants: [] })]
    for (const device of devices) await device.subscribe(channel)
    await devices[0]?.subscribe('inbox:bob')
    await t.as('bob', 'leave', { channel })
    await t.as('ada', 'send', { channel, text: 'They are gone' })
    for (const device of devices) {
      expect(device.of(channel)).toEqual([])
      expect(device.all('unsubscribed')).toHaveLength(1)
    }
    expect(devices[0]?.of('inbox:bob').map(({ type, data }) => [type, data])).toEqual([
      ['chat.removed', { channel, reason: 'left' }],
    ])
    expect((await t.as('bob', 'list', {})).conversations).toEqual([])
    expect(await t.refusal('bob', 'history', { channel })).toBe('forbidden')
  })

  test('the last owner hands over to the admin who came first, else to the first member', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    await t.clock.advance(1)
    await t.as('ada', 'addMembers', { channel, users: ['dan', 'eve'] })
    await t.as('ada', 'setRole', { channel, user: 'eve', role: 'admin' })
    const dan = await t.client('dan', { grants: [] })
    await dan.subscribe(channel)
    await t.as('ada', 'leave', { channel })
    expect(await roles(t, channel, 'bob')).toEqual({ bob: 'member', dan: 'member', eve: 'owner' })
    expect(dan.of(channel).map(({ type }) => type)).toEqual(['chat.role_changed', 'chat.member_left'])
    await t.as('eve', 'leave', { channel })
    expect(await roles(t, channel, 'bob')).toEqual({ bob: 'owner', dan: 'member' })
    expect(await t.refusal('bob', 'update', { channel, topic: 'Mine now' })).toBe('ok')
  })

  test('two owners who leave at the same moment leave an owner behind', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
    await t.as('ada', 'setRole', { channel, user: 'bob', role: 'owner' })
    await together(t, ['ada', 'leave', { channel }], ['bob', 'leave', { channel }])
    expect(await roles(t, channel, 'eve')).toEqual({ eve: 'owner' })
    await t.as('eve', 'leave', { channel })
    expect(await t.refusal('eve', 'get', { channel })).toBe('forbidden')
  })

  test('an heir who is leaving too is passed over', async () => {
    const store = slowStore()
    const t = await startChat(store)
    const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
    await t.as('ada', 'setRole', { channel, user: 'bob', role: 'admin' })
    expect(
      await meanwhile(t, store, ['bob', 'leave', { channel }], ['ada', 'leave', { channel }]),
    ).toMatchObject([{ ok: {} }, { ok: {} }])
    expect(await roles(t, channel, 'eve')).toEqual({ eve: 'owner' })
  })

  test('who is losing their role changes nothing with it', async () => {
    for (const [command, input] of [
      ['setRole', { user: 'eve', role: 'admin' }],
      ['removeMember', { user: 'eve' }],
      ['addMembers', { users: ['dan'] }],
      ['update', { topic: 'Mine' }],
      ['createLink', {}],
      ['invite', { users: ['mallory'] }],
    ] as const) {
      const store = slowStore()
      const t = await startChat(store)
      const channel = await makeRoom(t, 'general', 'ada', 'bob', 'eve')
      await t.as('ada', 'setRole', { channel, user: 'bob', role: 'admin' })
      await t.as('ada', 'removeMember', { channel, user: 'mallory', ban: true })
      await t.as('bob', 'update', { channel, topic: 'Known to be an admin' })
      const demote = ['ada', 'setRole', { channel, user: 'bob', role: 'member' }] as const
      const [, outcome] = await meanwhile(t, store, demote, ['bob', command, { channel, ...input }])
      if (command === 'invite') expect(outcome?.ok).toEqual({ invited: [] })
      else expect([command, outcome?.code]).toEqual([command, 'forbidden'])
    }
  })

  test('an empty public room belongs to who comes next', async () => {
    const t = await startChat()
    await t.as('ada', 'create', { id: 'general', visibility: 'public' })
    const channel = 'conversation:general'
    await t.as('ada', 'leave', { channel })
    await together(t, ['bob', 'join', { channel }], ['eve', 'join', { channel }])
    expect(Object.values(await roles(t, channel, 'bob')).sort()).toEqual(['member', 'owner'])
  })
})

describe('adding and taking out', () => {
  test('an admin adds users, who can read what was written before', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    await t.as('ada', 'send', { channel, text: 'Before' })
    expect(await t.as('ada', 'addMembers', { channel, users: ['eve', 'bob', 'eve'] })).toEqual({
      added: ['eve'],
    })
    expect((await t.as('eve', 'history', { channel })).messages).toMatchObject([{ text: 'Before' }])
    expect(await t.refusal('bob', 'addMembers', { channel, users: ['dan'] })).toBe('forbidden')
    expect(await t.as('ada', 'get', { channel })).toMatchObject({ members: 3 })
  })

  test('somebody who was told that they may not read can do so as soon as they are added', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    const eve = await t.client('eve', { grants: [] })
    expect((await eve.subscribe(channel)).error?.code).toBe('forbidden')
    await t.as('ada', 'addMembers', { channel, users: ['eve'] })
    expect((await eve.subscribe(channel)).error).toBeUndefined()
  })

  test('who is taken out is told why, and comes back only where everybody may', async () => {
    const t = await startChat()
    await t.as('ada', 'create', { id: 'general', visibility: 'public', members: ['bob', 'eve'] })
    const channel = 'conversation:general'
    const bob = await t.client('bob', { grants: [] })
    await bob.subscribe('inbox:bob')
    await t.as('ada', 'removeMember', { channel, user: 'bob' })
    expect(bob.of('inbox:bob').at(-1)?.data).toEqual({ channel, reason: 'removed' })
    expect(await t.refusal('bob', 'join', { channel })).toBe('ok')
    await t.as('ada', 'removeMember', { channel, user: 'bob', ban: true })
    expect(bob.of('inbox:bob').at(-1)?.data).toEqual({ channel, reason: 'banned' })
    expect(await t.refusal('bob', 'join', { channel })).toBe('chat.not_invited')
    expect(await t.refusal('bob', 'history', { channel })).toBe('forbidden')
    expect((await bob.subscribe(channel)).error?.code).toBe('forbidden')
    await t.as('ada', 'addMembers', { channel, users: ['bob'] })
    expect(await t.refusal('bob', 'send', { channel, text: 'Back' })).toBe('ok')
    expect(await t.refusal('ada', 'removeMember', { channel, user: 'nobody' })).toBe('not_found')
  })

  test('a reader of a public room is banned without having been a member', async () => {
    const t = await startChat()
    await t.as('ada', 'create', { id: 'general', visibility: 'public' })
    const channel = 'conversation:general'
    const eve = await t.client('eve', { grants: [] })
    await eve.subscribe(channel)
    await t.as('ada', 'removeMember', { channel, user: 'eve', ban: true })
    await t.as('ada', 'send', { channel, text: 'Not for Eve' })
    expect(eve.of(channel)).toEqual([])
    expect(await t.refusal('eve', 'join', { channel })).toBe('chat.not_invited')
    expect(await t.as('ada', 'get', { channel })).toMatchObject({ members: 1 })
  })

  test('nobody takes out their like; a back end takes out whomever it wants', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob', 'dan', 'eve')
    for (const user of ['bob', 'dan']) await t.as('ada', 'setRole', { channel, user, role: 'admin' })
    expect(await t.refusal('bob', 'removeMember', { channel, user: 'ada' })).toBe('chat.outranked')
    expect(await t.refusal('bob', 'removeMember', { channel, user: 'dan' })).toBe('chat.outranked')
    expect(await t.refusal('eve', 'removeMember', { channel, user: 'bob' })).toBe('forbidden')
    expect(await t.refusal('bob', 'removeMember', { channel, user: 'eve' })).toBe('ok')
    await t.call(backend, 'chat.removeMember', { channel, user: 'dan' })
    expect(await roles(t, channel, 'ada')).toEqual({ ada: 'owner', bob: 'admin' })
  })

  test('a group has a bound', async () => {
    const t = await startChat()
    const { channel } = await t.as('ada', 'create', { type: 'group' })
    for (let hundred = 0; hundred < 5; hundred++) {
      const users = Array.from({ length: hundred === 4 ? 99 : 100 }, (_, n) => `u${hundred}-${n}`)
      await t.as('ada', 'addMembers', { channel, users })
    }
    expect(await t.as('ada', 'get', { channel })).toMatchObject({ members: 500 })
    expect(await t.refusal('ada', 'addMembers', { channel, users: ['bob'] })).toBe('limit_exceeded')
  })
})

describe('roles', () => {
  test('an owner makes admins and owners, an admin neither owners nor fewer admins', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob', 'dan', 'eve')
    const bob = await t.client('bob', { grants: [] })
    await bob.subscribe(channel)
    const made = await t.as('ada', 'setRole', { channel, user: 'bob', role: 'admin' })
    expect(made).toMatchObject({ user: 'bob', role: 'admin' })
    expect(bob.of(channel).at(-1)?.data).toEqual({ user: 'bob', role: 'admin', by: 'ada' })
    expect(await t.refusal('bob', 'setRole', { channel, user: 'dan', role: 'admin' })).toBe('ok')
    expect(await t.refusal('bob', 'setRole', { channel, user: 'dan', role: 'member' })).toBe('chat.outranked')
    expect(await t.refusal('bob', 'setRole', { channel, user: 'eve', role: 'owner' })).toBe('chat.outranked')
    expect(await t.refusal('eve', 'setRole', { channel, user: 'eve', role: 'admin' })).toBe('forbidden')
    expect(await t.refusal('ada', 'setRole', { channel, user: 'nobody', role: 'admin' })).toBe('not_found')
    expect(await t.refusal('bob', 'setRole', { channel, user: 'bob', role: 'member' })).toBe('ok')
    expect(await t.refusal('bob', 'update', { channel, topic: 'Mine' })).toBe('forbidden')
  })

  test('the last owner stays one, even when two step down at the same moment', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada', 'bob')
    expect(await t.refusal('ada', 'setRole', { channel, user: 'ada', role: 'member' })).toBe(
      'chat.last_owner',
    )
    await t.as('ada', 'setRole', { channel, user: 'bob', role: 'owner' })
    const outcomes = await together(
      t,
      ['ada', 'setRole', { channel, user: 'ada', role: 'member' }],
      ['bob', 'setRole', { channel, user: 'bob', role: 'member' }],
    )
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual(['chat.last_owner', undefined])
    expect(Object.values(await roles(t, channel, 'ada')).sort()).toEqual(['member', 'owner'])
  })
})

test('members are listed by name, page by page', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'eve', 'bob')
  const first = await t.as('ada', 'members', { channel, limit: 2 })
  expect(first.members.map(({ user }) => user)).toEqual(['ada', 'bob'])
  const second = await t.as('ada', 'members', { channel, limit: 2, after: first.next })
  expect([second.members.map(({ user }) => user), second.next]).toEqual([['eve'], undefined])
})
