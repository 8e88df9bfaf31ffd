import { expect, test } from 'vitest'
import { together } from '../testing/calls.ts'
import { makeRoom, startChat } from '../testing/chat-node.ts'

const hour = 3_600_000

test('a member invites, and who is invited joins when they like', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada', 'bob')
  const eve = await t.client('eve', { grants: [] })
  await eve.subscribe('inbox:eve')
  expect(await t.as('bob', 'invite', { channel, users: ['eve', 'ada', 'eve'] })).toEqual({ invited: ['eve'] })
  expect(await t.as('bob', 'invite', { channel, users: ['eve'] })).toEqual({ invited: [] })
  const { invitations } = await t.as('eve', 'invitations', {})
  expect(invitations).toMatchObject([{ channel, title: 'secret', by: 'bob' }])
  expect(eve.of('inbox:eve').map(({ data }) => data)).toEqual([{ channel, title: 'secret', by: 'bob' }])
  expect(await t.refusal('eve', 'history', { channel })).toBe('forbidden')
  expect(await t.as('eve', 'join', { channel })).toMatchObject({ members: 3 })
  expect(await t.as('eve', 'invitations', {})).toEqual({ invitations: [] })
  expect(await t.refusal('dan', 'invite', { channel, users: ['dan'] })).toBe('forbidden')
})

test('an invitation is declined, or taken back, and then it is none', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada', 'bob')
  await t.as('bob', 'invite', { channel, users: ['eve', 'dan'] })
  const eve = await t.client('eve', { grants: [] })
  await eve.subscribe('inbox:eve')
  await t.as('eve', 'decline', { channel })
  expect(eve.of('inbox:eve').at(-1)).toMatchObject({ type: 'chat.invitation_ended', data: { channel } })
  expect(await t.refusal('eve', 'join', { channel })).toBe('chat.not_invited')
  expect(await t.refusal('bob', 'decline', { channel, user: 'dan' })).toBe('forbidden')
  await t.as('ada', 'decline', { channel, user: 'dan' })
  expect(await t.refusal('dan', 'join', { channel })).toBe('chat.not_invited')
})

test('a ban is forgiven by who manages, not by a friend', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada', 'bob', 'eve')
  await t.as('ada', 'removeMember', { channel, user: 'eve', ban: true })
  expect(await t.as('bob', 'invite', { channel, users: ['eve'] })).toEqual({ invited: [] })
  expect(await t.as('ada', 'invite', { channel, users: ['eve'] })).toEqual({ invited: ['eve'] })
  expect(await t.refusal('eve', 'join', { channel })).toBe('ok')
})

test('an invitation that is taken back while it is used lets nobody in half', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada')
  await t.as('ada', 'invite', { channel, users: ['eve'] })
  const [, joined] = await together(
    t,
    ['ada', 'decline', { channel, user: 'eve' }],
    ['eve', 'join', { channel }],
  )
  const { members } = await t.as('ada', 'get', { channel })
  expect([members, joined?.code]).toEqual(
    joined?.code === undefined ? [2, undefined] : [1, 'chat.not_invited'],
  )
})

test('a link lets in as many as it says, for as long as it says', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada', 'bob')
  const link = await t.as('ada', 'createLink', { channel, maxUses: 1, expiresInHours: 2 })
  expect(link).toMatchObject({ channel, role: 'member', createdBy: 'ada', uses: 0, maxUses: 1 })
  expect(await t.as('eve', 'joinByLink', { token: link.token })).toMatchObject({ channel, members: 3 })
  expect(await t.as('ada', 'links', { channel })).toMatchObject({ links: [{ link: link.link, uses: 1 }] })
  expect(JSON.stringify(await t.as('ada', 'links', { channel }))).not.toContain(link.token)
  expect(await t.refusal('dan', 'joinByLink', { token: link.token })).toBe('chat.link_is_dead')
  const short = await t.as('ada', 'createLink', { channel, expiresInHours: 1 })
  expect(await t.as('bob', 'joinByLink', { token: short.token })).toMatchObject({ members: 3 })
  await t.clock.advance(hour)
  expect(await t.refusal('dan', 'joinByLink', { token: short.token })).toBe('chat.link_is_dead')
  expect(await t.refusal('bob', 'createLink', { channel })).toBe('forbidden')
  expect(await t.refusal('bob', 'links', { channel })).toBe('forbidden')
})

test('a revoked link and a made-up one are the same, and a ban outlives a link', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada', 'eve')
  const { token, link } = await t.as('ada', 'createLink', { channel })
  await t.as('ada', 'removeMember', { channel, user: 'eve', ban: true })
  expect(await t.refusal('eve', 'joinByLink', { token })).toBe('chat.link_is_dead')
  await t.as('ada', 'revokeLink', { channel, link })
  expect(await t.refusal('dan', 'joinByLink', { token })).toBe('chat.link_is_dead')
  expect(await t.refusal('dan', 'joinByLink', { token: 'x'.repeat(24) })).toBe('chat.link_is_dead')
})

test('of two who use the last place of a link one gets in', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'secret', 'ada')
  const { token } = await t.as('ada', 'createLink', { channel, maxUses: 1 })
  const outcomes = await together(t, ['eve', 'joinByLink', { token }], ['dan', 'joinByLink', { token }])
  expect(outcomes.map(({ code }) => code).toSorted()).toEqual(['chat.link_is_dead', undefined])
  expect(await t.as('ada', 'get', { channel })).toMatchObject({ members: 2 })
})
