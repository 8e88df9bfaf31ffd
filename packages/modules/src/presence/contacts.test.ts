import { type TestClient, type TestNode, testIdentity, testNode } from '@parley/kernel/testing'
import { describe, expect, test } from 'vitest'
import { presenceModule } from './index.ts'
import type { PresenceOf } from './model.ts'
import { backend, presenceNode, presenceOf, seen, timeline } from './testing/presence-node.ts'

const channel = 'contacts:ada'
const ada = testIdentity('ada')

const add = (t: TestNode, ...contacts: string[]) => t.call(ada, 'presence.addContacts', { contacts })

async function follower(t: TestNode): Promise<TestClient> {
  const client = await t.client('ada')
  await client.subscribe(channel, { state: true })
  return client
}

describe('contacts', () => {
  test('are added, listed by name with their presence, and removed', async () => {
    const t = await presenceNode()
    await t.client('grace')
    expect(await add(t, 'mary', 'grace', 'alan', 'mary')).toEqual({ contacts: 3 })
    expect(await add(t, 'grace')).toEqual({ contacts: 3 })
    const page = { contacts: [{ user: 'alan' }, { user: 'grace', availability: 'online' }], next: 'grace' }
    expect(await t.call(ada, 'presence.contacts', { limit: 2 })).toMatchObject(page)
    expect(await t.call(ada, 'presence.contacts', { after: 'grace' })).toEqual({
      contacts: [{ user: 'mary', availability: 'offline' }],
    })
    expect(await t.call(ada, 'presence.removeContacts', { contacts: ['mary', 'nobody'] })).toEqual({
      contacts: 2,
    })
  })

  test('are a thousand at most, also when they are added at the same time', async () => {
    const t = await presenceNode()
    const names = Array.from({ length: 1_050 }, (_, n) => `u${n}`)
    const calls: Promise<unknown>[] = []
    for (let from = 0; from < 1_050; from += 50) {
      const call = t.node.call(ada, 'presence.addContacts', { contacts: names.slice(from, from + 50) })
      calls.push(call.catch((error: { readonly code: string }) => error.code))
    }
    await t.clock.advance(1_000)
    const answers = await Promise.all(calls)
    expect(answers.filter((answer) => answer === 'presence.too_many_contacts')).toHaveLength(1)
    expect(await t.call(ada, 'presence.removeContacts', { contacts: ['nobody'] })).toEqual({
      contacts: 1_000,
    })
  })

  test('one subscription shows all of them, and follows who is added and removed', async () => {
    const t = await presenceNode()
    await t.client('grace')
    await t.client('eve')
    await add(t, 'grace', 'mary')
    const client = await t.client('ada')
    const { ok } = await client.subscribe(channel, { state: true })
    expect(ok?.state?.entries).toMatchObject([{ user: 'grace', value: { availability: 'online' } }])
    await t.client('mary')
    await add(t, 'eve', 'nobody')
    expect(Object.keys(client.state(channel)).sort()).toEqual(['eve', 'grace', 'mary'])
    await t.call(ada, 'presence.removeContacts', { contacts: ['grace'] })
    expect(Object.keys(client.state(channel)).sort()).toEqual(['eve', 'mary'])
    await t.call(testIdentity('grace'), 'presence.setStatus', { text: 'not for ada' })
    await t.clock.advance(1_000)
    expect(Object.keys(client.state(channel)).sort()).toEqual(['eve', 'mary'])
  })

  test('nobody reads those of somebody else, and a channel without readers holds nothing', async () => {
    const t = await presenceNode()
    await add(t, 'grace')
    const eve = await t.client('eve')
    expect((await eve.subscribe(channel, { state: true })).error?.code).toBe('forbidden')
    const client = await follower(t)
    await t.client('grace')
    expect(seen(client, channel, 'grace')).toBeDefined()
    client.wire.close(1000)
    await t.clock.advance(1_000)
    await t.call(testIdentity('grace'), 'presence.setStatus', { text: 'Hi' })
    await t.clock.advance(120_000)
    const again = await follower(t)
    expect(seen(again, channel, 'grace')?.status).toEqual({ text: 'Hi' })
  })
})

describe('who sees whom', () => {
  const hide = (t: TestNode, user: string, settings: object) =>
    t.call(testIdentity(user), 'presence.setSettings', settings)

  test('contacts only: the others are told nothing, at once and from then on', async () => {
    const t = await presenceNode()
    await t.client('grace')
    await add(t, 'grace')
    const client = await follower(t)
    await client.subscribe('presence:grace', { state: true })
    expect(await hide(t, 'grace', { visibility: 'contacts' })).toMatchObject({ visibility: 'contacts' })
    expect(seen(client, channel, 'grace')).toBeUndefined()
    expect(client.all('unsubscribed')).toMatchObject([{ channel: 'presence:grace', code: 'forbidden' }])
    expect(await presenceOf(t, 'grace', 'ada')).toBeUndefined()
    expect(await t.call(ada, 'presence.contacts', {})).toEqual({
      contacts: [{ user: 'grace', availability: 'offline' }],
    })
    // Grace lets ada in again by taking her among her contacts.
    await t.call(testIdentity('grace'), 'presence.addContacts', { contacts: ['ada'] })
    expect(seen(client, channel, 'grace')?.availability).toBe('online')
    expect((await client.subscribe('presence:grace', { state: true })).ok).toBeDefined()
    expect(await presenceOf(t, 'grace', 'ada')).toMatchObject({ availability: 'online' })
    expect(await presenceOf(t, 'grace', 'grace')).toMatchObject({ availability: 'online' })
    await t.call(testIdentity('grace'), 'presence.removeContacts', { contacts: ['ada'] })
    expect(seen(client, channel, 'grace')).toBeUndefined()
    expect(client.all('unsubscribed')).toHaveLength(2)
  })

  test('invisible: offline for everybody but oneself, with the time of going', async () => {
    const t = await presenceNode()
    await t.client('grace')
    await add(t, 'grace')
    const client = await follower(t)
    await t.clock.advance(10_000)
    const wentAt = t.clock.now()
    await hide(t, 'grace', { invisible: true })
    await t.clock.advance(10_000)
    expect(timeline(client, channel, 'grace').at(-1)).toBe('offline')
    expect(await presenceOf(t, 'grace', 'ada')).toEqual({
      user: 'grace',
      availability: 'offline',
      lastSeen: wentAt,
    })
    expect(await presenceOf(t, 'grace', 'grace')).toMatchObject({ availability: 'online' })
    const second = await t.client('grace')
    await second.call('presence.set', { activity: 'typing' })
    await t.clock.advance(1_000)
    expect(seen(client, channel, 'grace')).toBeUndefined()
    await hide(t, 'grace', { invisible: false })
    expect(seen(client, channel, 'grace')).toMatchObject({ availability: 'online', activity: 'typing' })
  })

  test('last seen: for everyone, for contacts, for nobody', async () => {
    const t = await presenceNode()
    const grace = await t.client('grace')
    await t.call(testIdentity('grace'), 'presence.addContacts', { contacts: ['ada'] })
    grace.wire.close(1000)
    await t.clock.advance(2_000)
    const lastSeen = async (viewer: string) => (await presenceOf(t, 'grace', viewer))?.lastSeen !== undefined
    const table: boolean[][] = []
    for (const setting of ['everyone', 'contacts', 'nobody']) {
      await hide(t, 'grace', { lastSeen: setting })
      table.push([await lastSeen('eve'), await lastSeen('ada'), await lastSeen('grace')])
    }
    expect(table).toEqual([
      [true, true, true],
      [false, true, true],
      [false, false, true],
    ])
    const asked = (await t.call(backend, 'presence.of', { users: ['grace'] })) as { users: PresenceOf[] }
    expect(asked.users[0]).toHaveProperty('lastSeen')
  })

  test('a server may ask for a capability, and can switch presence off', async () => {
    const t = await testNode({ modules: [presenceModule({ view: 'granted' })] })
    await t.client('grace')
    const none = testIdentity('eve', { grants: [] })
    const some = testIdentity('ada', { grants: [{ pattern: 'presence:*', actions: ['read'] }] })
    const asked = { users: ['grace', 'eve'] }
    expect(await t.call(none, 'presence.of', asked)).toEqual({ users: [] })
    expect(await t.call(some, 'presence.of', asked)).toMatchObject({
      users: [{ user: 'grace' }, { user: 'eve' }],
    })
    const eve = await t.connect(none)
    expect((await eve.subscribe('presence:grace')).error?.code).toBe('forbidden')
    const reader = await t.connect(some)
    await reader.subscribe('presence:grace')
    const forged = { op: 'set', channel: 'presence:grace', name: 'mood', value: 'forged' }
    expect((await reader.ask(forged)).error?.code).toBe('forbidden')
    t.node.flags.set('presenceManagement', false)
    await expect(t.call(some, 'presence.of', asked)).rejects.toMatchObject({ code: 'disabled' })
  })

  test('one call asks for five hundred users at most', async () => {
    const t = await presenceNode()
    const users = Array.from({ length: 501 }, (_, n) => `u${n}`)
    const of = (asked: string[]) => t.call(ada, 'presence.of', { users: asked })
    await expect(of(users)).rejects.toMatchObject({ code: 'bad_request' })
    expect(((await of(users.slice(1))) as { users: unknown[] }).users).toHaveLength(500)
  })
})
