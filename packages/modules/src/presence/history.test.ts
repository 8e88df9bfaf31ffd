import { type TestClient, type TestNode, testIdentity } from '@parley/kernel/testing'
import { describe, expect, test } from 'vitest'
import { backend, presenceNode } from './testing/presence-node.ts'

interface History {
  readonly changes: readonly { readonly at: number; readonly availability: string }[]
  readonly next?: number
}

const history = async (t: TestNode, input: object = {}, who = testIdentity('ada')) =>
  (await t.call(who, 'presence.history', input)) as History

const day = 24 * 3_600_000

async function comeAndGo(t: TestNode): Promise<void> {
  const client = await t.client('ada')
  await t.clock.advance(60_000)
  client.wire.close(1000)
  await t.clock.advance(60_000)
}

describe('history', () => {
  test('tells when a user was available, page by page', async () => {
    const t = await presenceNode()
    const from = t.clock.now()
    await comeAndGo(t)
    await comeAndGo(t)
    const { changes } = await history(t)
    expect(changes.map(({ at, availability }) => [Math.round((at - from) / 1_000), availability])).toEqual([
      [0, 'online'],
      [60, 'offline'],
      [120, 'online'],
      [180, 'offline'],
    ])
    const page = await history(t, { limit: 3 })
    expect(page.changes).toHaveLength(3)
    expect(await history(t, { after: page.next, limit: 3 })).toEqual({ changes: changes.slice(3) })
  })

  test('is for its user and for who may manage them, and for nobody after thirty days', async () => {
    const t = await presenceNode()
    await comeAndGo(t)
    const eve = testIdentity('eve', { grants: [{ pattern: 'presence:*', actions: ['read'] }] })
    await expect(history(t, { user: 'ada' }, eve)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await history(t, { user: 'ada' }, backend)).changes).toHaveLength(2)
    t.clock.jump(29 * day)
    expect((await history(t)).changes).toHaveLength(2)
    t.clock.jump(2 * day)
    expect((await history(t)).changes).toEqual([])
  })

  test('is not kept of who does not want it; invisible time is told as offline', async () => {
    const t = await presenceNode()
    await t.call(testIdentity('ada'), 'presence.setSettings', { history: false })
    await comeAndGo(t)
    expect((await history(t)).changes).toEqual([])
    await t.call(testIdentity('ada'), 'presence.setSettings', { history: true, invisible: true })
    await comeAndGo(t)
    expect((await history(t)).changes).toEqual([])
  })

  test('of somebody who comes and goes all the time is thin, and ends with what is true', async () => {
    const t = await presenceNode()
    for (let n = 0; n < 100; n++) {
      const client = await t.client('ada')
      await t.clock.advance(500)
      client.wire.close(1000)
      await t.clock.advance(500)
    }
    const last = await t.client('ada')
    await t.clock.advance(20_000)
    const { changes } = await history(t)
    expect(changes.length).toBeLessThan(16)
    expect(changes.at(-1)?.availability).toBe('online')
    expect(last.closeCode).toBeUndefined()
  })
})

describe('members of a channel', () => {
  const members = async (client: TestClient, input: object) =>
    (await client.call('presence.members', { channel: 'room:a', ...input })).ok as {
      readonly members: readonly { readonly user: string; readonly sessions: number }[]
      readonly next?: string
      readonly sessions: number
      readonly users: number
    }

  test('come by name, page by page, each user once', async () => {
    const t = await presenceNode()
    const names = Array.from({ length: 250 }, (_, n) => `u${String((n * 7919) % 250).padStart(3, '0')}`)
    for (const user of [...names, 'u007', 'u007']) await (await t.client(user)).subscribe('room:a')
    const reader = await t.client('reader')
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await members(reader, { limit: 100, ...(after === undefined ? {} : { after }) })
      expect([page.sessions, page.users]).toEqual([252, 250])
      found.push(...page.members.map(({ user }) => user))
      after = page.next
    } while (after !== undefined)
    expect(found).toEqual([...names].sort())
    const { members: few } = await members(reader, { after: 'u006', limit: 1 })
    expect(few).toEqual([{ user: 'u007', sessions: 3 }])
  })

  test('need the right to see them, and a kind that keeps presence', async () => {
    const t = await presenceNode()
    const none = testIdentity('eve', { grants: [{ pattern: 'room:*', actions: ['read'] }] })
    const asked = { channel: 'room:a' }
    await expect(t.call(none, 'presence.members', asked)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await t.call(testIdentity('ada'), 'presence.members', asked)).toEqual({
      sessions: 0,
      users: 0,
      members: [],
    })
    await expect(t.call(backend, 'presence.members', { channel: 'devices:ada' })).rejects.toMatchObject({
      code: 'presence.not_kept',
    })
  })
})
