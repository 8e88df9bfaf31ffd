import { describe, expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, testIdentity, testNode, testToken } from '../testing/test-node.ts'

const apps = ['red', 'blue'] as const
const backends = {
  red: testIdentity(undefined, { app: 'red' }),
  blue: testIdentity(undefined, { app: 'blue' }),
}
const channels = ['durable:room', 'recent:room', 'live:room'] as const

interface World {
  readonly t: TestNode
  readonly red: TestClient
  readonly blue: TestClient
}

/** Two apps with the same users in the same channels. */
async function twoApps(options: Parameters<typeof testNode>[0] = {}): Promise<World> {
  const t = await testNode({ apps, ...options })
  const [red, blue] = [await t.client('alice', { app: 'red' }), await t.client('alice', { app: 'blue' })]
  for (const client of [red, blue])
    for (const channel of channels) await client.subscribe(channel, { state: true })
  return { t, red, blue }
}

describe('two apps with the same channels and users', () => {
  test('events, offsets, epochs and history do not cross', async () => {
    const { t, red, blue } = await twoApps()
    for (const channel of channels) {
      await red.publish(channel, 'red')
      await red.publish(channel, 'red')
      await blue.publish(channel, 'blue')
    }
    for (const channel of channels) {
      expect(red.of(channel).map(({ data, offset }) => [data, offset])).toEqual([
        ['red', 1],
        ['red', 2],
      ])
      expect(blue.of(channel).map(({ data, offset }) => [data, offset])).toEqual([['blue', 1]])
      expect(red.positions.get(channel)?.epoch).not.toBe(blue.positions.get(channel)?.epoch)
    }
    const history = (await t.call(backends.blue, 'test.history', { channel: 'durable:room' })) as {
      events: { data: unknown }[]
    }
    expect(history.events.map(({ data }) => data)).toEqual(['blue'])
    // A position of one app is worth nothing in the other.
    const thief = await t.client('alice', { app: 'blue' })
    const { ok } = await thief.subscribe('durable:room', { from: red.positions.get('durable:room')! })
    expect(ok).toMatchObject({ recovered: false, reason: 'epoch_changed' })
    expect(thief.of('durable:room')).toEqual([])
  })

  test('keyed state and presence do not cross', async () => {
    const { t, red, blue } = await twoApps()
    await red.ask({ op: 'set', channel: 'durable:room', name: 'mood', value: 'red' })
    expect(blue.state('durable:room', 'mood')).toEqual({})
    expect(blue.states.get('durable:room')?.entries.size).toBe(1)
    await t.client('bob', { app: 'red' }).then((bob) => bob.subscribe('durable:room'))
    expect(Object.keys(red.state('durable:room'))).toEqual(['alice', 'bob'])
    expect(Object.keys(blue.state('durable:room'))).toEqual(['alice'])
  })

  test('sessions are resumed in their own app only', async () => {
    const { t, red } = await twoApps()
    const thief = t.stranger()
    const { ok } = await thief.connect(testToken('alice', { app: 'blue' }), red.session)
    expect(ok).toMatchObject({ resumed: false, app: 'blue' })
    expect(red.closeCode).toBeUndefined()
  })

  test('access changes act in their own app only', async () => {
    const { t, red, blue } = await twoApps()
    const other = { user: 'alice', channel: 'durable:room' }
    const changes = [
      { type: 'unsubscribe', ...other, reason: '' },
      { type: 'subscribe', user: 'alice', channel: 'durable:other' },
      { type: 'permissions', user: 'alice' },
      { type: 'revoke', user: 'alice' },
      { type: 'revoke', issuedBefore: 10 ** 15 },
      { type: 'disconnect', user: 'alice', reason: '', reconnect: false },
      { type: 'disconnect', session: blue.session?.session, reason: '', reconnect: false },
    ]
    for (const change of changes) await t.call(backends.red, 'test.change', { change })
    expect(red.closeCode).toBeDefined()
    expect(blue.closeCode).toBeUndefined()
    expect(blue.all('unsubscribed')).toEqual([])
    expect(blue.all('subscribed')).toEqual([])
    expect((await blue.publish('durable:room', 1)).ok).toMatchObject({ offset: 1 })
    expect(blue.of('durable:room')).toHaveLength(1)
    const again = t.stranger()
    expect((await again.connect(testToken('alice', { app: 'blue' }))).ok).toBeDefined()
  })

  test('records, receipts and counters do not cross', async () => {
    const { red, blue } = await twoApps()
    const count = (client: TestClient, key: string) =>
      client.call('test.count', { channel: 'durable:room' }, key)
    expect((await count(red, 'k')).ok).toEqual({ count: 1 })
    expect((await count(red, 'k2')).ok).toEqual({ count: 2 })
    expect((await count(blue, 'k')).ok).toEqual({ count: 1 })
  })

  test('cached permissions and redactions do not cross', async () => {
    const kinds = {
      ...testKinds,
      asked: { authorize: async ({ identity }: { identity: { app: string } }) => identity.app === 'red' },
    }
    const { t, red, blue } = await twoApps({ modules: [testModule(kinds)] })
    expect((await red.publish('asked:a', 1)).ok).toBeDefined()
    expect((await blue.publish('asked:a', 1)).error?.code).toBe('forbidden')
    await red.publish('durable:room', 'red')
    await blue.publish('durable:room', 'blue')
    await t.call(backends.red, 'test.redact', { channel: 'durable:room', offset: 1 })
    const history = async (app: 'red' | 'blue') =>
      (
        (await t.call(backends[app], 'test.history', { channel: 'durable:room' })) as {
          events: { data: unknown }[]
        }
      ).events[0]?.data
    expect([await history('red'), await history('blue')]).toEqual([null, 'blue'])
  })

  test('a listing, a user’s sessions and what is here are of the caller’s app', async () => {
    const seen: unknown[] = []
    const before = (
      name: string,
      ctx: {
        channels: {
          list(options: { limit: number }): Promise<readonly { channel: string }[]>
          sessions(user: string): Promise<readonly unknown[]>
          presence(channel: string): unknown
        }
      },
    ) => {
      if (name !== 'history') return undefined
      const look = async () => {
        const sessions = await ctx.channels.sessions('alice')
        seen.push(sessions.length, ctx.channels.presence('durable:room'))
        const list = await ctx.channels.list({ limit: 100 })
        seen.push(list.map(({ channel }) => channel))
      }
      return look()
    }
    const { t, red } = await twoApps({ modules: [testModule(testKinds, before)] })
    await red.publish('durable:secret', 1)
    const bob = await t.client('alice', { app: 'red' })
    await bob.subscribe('durable:room')
    await t.call(backends.blue, 'test.history', { channel: 'durable:room' })
    expect(seen).toEqual([1, { sessions: 1, users: 1 }, []])
  })

  test('what one app does wrong costs the other nothing: rates are per app', async () => {
    const off = { perSecond: 0, burst: 0 }
    const rates = {
      connection: off,
      user: { perSecond: 1, burst: 3 },
      ip: off,
      app: { perSecond: 1, burst: 5 },
      connectPerIp: off,
    }
    const { red, blue } = await twoApps({ rates })
    for (let n = 0; n < 20; n++) await red.publish('live:room', n)
    expect((await red.publish('live:room', 1)).error?.code).toBe('rate_limited')
    expect((await blue.publish('live:room', 1)).ok).toBeDefined()
  })
})
