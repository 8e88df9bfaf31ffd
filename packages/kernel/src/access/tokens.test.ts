import { closeCodes } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { AccessChange } from '../context.ts'
import type { Identity } from '../ports/authenticator.ts'
import { type TestNode, testIdentity, testNode, testToken } from '../testing/test-node.ts'

const backend = testIdentity(undefined)

const change = (t: TestNode, changed: AccessChange, identity = backend) =>
  t.call(identity, 'test.change', { change: changed })

describe('a token that expires', () => {
  test('is announced at its expiry, good for 25 s more, and then ends the connection', async () => {
    const t = await testNode()
    const alice = await t.client('alice', { expiresAt: t.clock.now() + 10_000 })
    await t.clock.advance(9_500)
    expect(alice.all('expiring')).toEqual([])
    await t.clock.advance(1_500)
    expect(alice.all('expiring')).toHaveLength(1)
    expect(alice.all('expiring')[0]?.inMs).toBeGreaterThan(23_000)
    expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
    await t.clock.advance(23_000)
    expect(alice.closeCode).toBeUndefined()
    await t.clock.advance(2_000)
    expect(alice.all('error')).toMatchObject([{ error: { code: 'token_expired' } }])
    expect(alice.closeCode).toBe(closeCodes.token_expired)
  })

  test('within seconds of connecting is announced in time', async () => {
    const t = await testNode()
    const alice = await t.client('alice', { expiresAt: t.clock.now() + 1_000 })
    await t.clock.advance(1_500)
    expect(alice.all('expiring')).toHaveLength(1)
    const late = await t.client('alice', { expiresAt: t.clock.now() - 1_000 })
    expect(late.frames.map(({ op }) => op)).toEqual(['reply', 'expiring'])
  })

  test('is noticed when the wall clock jumps', async () => {
    const t = await testNode()
    const alice = await t.client('alice', { expiresAt: t.clock.now() + 3_600_000 })
    t.clock.jump(3_700_000)
    await t.clock.advance(31_000)
    expect(alice.closeCode).toBe(closeCodes.token_expired)
  })

  test('is refreshed without a disconnect; the announcement comes again for the next one', async () => {
    const t = await testNode()
    const alice = await t.client('alice', { expiresAt: t.clock.now() + 10_000 })
    await alice.subscribe('durable:a')
    await t.clock.advance(11_000)
    const expiresAt = t.clock.now() + 20_000
    expect((await alice.ask({ op: 'refresh', token: testToken('alice', { expiresAt }) })).ok).toEqual({
      expiresAt,
    })
    await t.clock.advance(18_000)
    expect(alice.closeCode).toBeUndefined()
    expect(alice.all('expiring')).toHaveLength(1)
    await t.clock.advance(4_000)
    expect(alice.all('expiring')).toHaveLength(2)
    expect((await alice.ask({ op: 'refresh', token: testToken('alice') })).ok).toEqual({})
    await t.clock.advance(600_000)
    expect(alice.closeCode).toBeUndefined()
    expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
    expect(alice.of('durable:a')).toHaveLength(1)
  })

  test('a refresh to a token that expires sooner is kept to', async () => {
    const t = await testNode()
    const alice = await t.client('alice', { expiresAt: t.clock.now() + 3_600_000 })
    await alice.ask({ op: 'refresh', token: testToken('alice', { expiresAt: t.clock.now() + 1_000 }) })
    await t.clock.advance(1_500)
    expect(alice.all('expiring')).toHaveLength(1)
  })
})

describe('refresh', () => {
  test.each([
    ['another user', 'bob', {}],
    ['another app', 'alice', { app: 'other' }],
  ] as const)('of %s is refused, and the old token stays in force', async (_what, user, over) => {
    const t = await testNode({ apps: ['other'] })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    expect((await alice.ask({ op: 'refresh', token: testToken(user, over) })).error?.code).toBe('forbidden')
    expect((await alice.ask({ op: 'refresh', token: 'nonsense' })).error?.code).toBe('unauthenticated')
    await alice.publish('durable:a', 1)
    expect(alice.of('durable:a')).toMatchObject([{ by: 'alice' }])
  })

  test('drops at once what the new token does not allow', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    for (const channel of ['durable:a', 'durable:b']) await alice.subscribe(channel)
    const grants = [{ pattern: 'durable:b', actions: ['read'] }] as const
    expect((await alice.ask({ op: 'refresh', token: testToken('alice', { grants }) })).ok).toEqual({})
    expect(alice.all('unsubscribed')).toMatchObject([
      { channel: 'durable:a', code: 'forbidden', resubscribe: false },
    ])
    expect((await alice.publish('durable:b', 1)).error?.code).toBe('forbidden')
    for (const channel of ['durable:a', 'durable:b'])
      await t.call(backend, 'test.publish', { channel, data: 1 })
    expect(alice.events.map(({ channel }) => channel)).toEqual(['durable:b'])
  })

  test('two refreshes without waiting: the second is the one in force, however long the first takes', async () => {
    let delays = [50, 1]
    const t = await testNode({
      authenticator: {
        authenticate: async ({ token }) => {
          const identity = JSON.parse(token) as Identity
          const ms = identity.expiresAt === undefined ? 0 : (delays.shift() ?? 0)
          if (ms > 0) await new Promise<void>((resolve) => void t.clock.after(ms, resolve))
          return identity
        },
      },
    })
    const alice = await t.client('alice')
    delays = [50, 1]
    const later = t.clock.now() + 100_000
    const first = alice.post({ op: 'refresh', token: testToken('alice', { expiresAt: later }) })
    const second = alice.post({
      op: 'refresh',
      token: testToken('alice', { expiresAt: later + 1, grants: [] }),
    })
    await t.clock.advance(200)
    expect([first, second].map((id) => alice.reply(id).ok)).toEqual([
      { expiresAt: later },
      { expiresAt: later + 1 },
    ])
    expect((await alice.subscribe('durable:a')).error?.code).toBe('forbidden')
  })
})

describe('revocation', () => {
  const cases: [string, AccessChange][] = [
    ['by token', { type: 'revoke', tokenId: 'stolen' }],
    ['by user', { type: 'revoke', user: 'alice' }],
    ['by user and time of issue', { type: 'revoke', user: 'alice', issuedBefore: 1_000 }],
    ['of everybody by time of issue', { type: 'revoke', issuedBefore: 1_000 }],
  ]
  const over = { tokenId: 'stolen', issuedAt: 500 }

  test.each(cases)(
    '%s ends sessions at once and refuses the token from then on',
    async (_how, revocation) => {
      const t = await testNode({ apps: ['other'] })
      const alice = await t.client('alice', over)
      await alice.subscribe('durable:a')
      const others = [
        await t.client('bob', { tokenId: 'fine', issuedAt: 2_000 }),
        await t.client('alice', { app: 'other', ...over }),
      ]
      const secret = { channel: 'durable:a', data: 'secret' }
      await t.call(backend, 'test.change', { change: revocation, say: secret })
      expect(alice.closeCode).toBe(closeCodes.token_revoked)
      expect(alice.events).toEqual([])
      expect(others.map(({ closeCode }) => closeCode)).toEqual([undefined, undefined])
      const again = t.stranger()
      const { error } = await again.connect(testToken('alice', over), alice.session)
      expect(error?.code).toBe('token_revoked')
      expect(again.closeCode).toBe(closeCodes.token_revoked)
      await expect(
        t.node.authenticate({ kind: 'bearer', token: testToken('alice', over) }),
      ).rejects.toMatchObject({ code: 'token_revoked' })
      expect(
        (
          await others[0]!.ask({
            op: 'refresh',
            token: testToken('bob', { tokenId: 'fine', issuedAt: 2_000 }),
          })
        ).ok,
      ).toEqual({})
    },
  )

  test.each(cases)(
    '%s is stored, and known after a restart before the first client connects',
    async (_how, revocation) => {
      const t = await testNode()
      const { type: _type, ...stored } = revocation
      const write = { table: 'revocations', key: 'one', value: JSON.stringify(stored) }
      await t.store.commit({ app: 'default', assertions: [], events: [], writes: [write] })
      t.store.crash()
      const after = await testNode({ clock: t.clock, disk: t.store.disk })
      const alice = after.stranger()
      expect((await alice.connect(testToken('alice', over))).error?.code).toBe('token_revoked')
      const bob = after.stranger()
      expect((await bob.connect(testToken('bob', { tokenId: 'x', issuedAt: 2_000 }))).ok).toBeDefined()
    },
  )

  test('a page of more revocations than one read is loaded whole', async () => {
    const t = await testNode()
    const writes = Array.from({ length: 1_100 }, (_, n) => ({
      table: 'revocations',
      key: `r${n}`,
      value: JSON.stringify({ tokenId: `token-${n}` }),
    }))
    await t.store.commit({ app: 'default', assertions: [], events: [], writes })
    const after = await testNode({ clock: t.clock, disk: t.store.disk })
    for (const tokenId of ['token-0', 'token-999', 'token-1099']) {
      const client = after.stranger()
      expect((await client.connect(testToken('alice', { tokenId }))).error?.code).toBe('token_revoked')
    }
  })

  test('while a token is being looked at does not let it in, in whatever order answers come', async () => {
    const revocation = { change: { type: 'revoke', tokenId: 'stolen' } }
    for (let round = 0; round < 30; round++) {
      const [ticks, isOpenFirst] = [round >> 1, round % 2 === 0]
      const gates: (() => void)[] = []
      const gate = () => new Promise<void>((resolve) => void gates.push(resolve))
      const t = await testNode({
        authenticator: {
          authenticate: async ({ token }) => {
            await gate()
            return JSON.parse(token) as Identity
          },
        },
        aroundStore: (store) => ({
          ...store,
          commit: async (unit) => {
            const result = await store.commit(unit)
            await gate()
            return result
          },
        }),
      })
      const alice = t.stranger()
      alice.post({ op: 'connect', token: testToken('alice', { tokenId: 'stolen' }) })
      void t.node.call(backend, 'test.change', revocation)
      await t.clock.settle()
      const [open, revoke] = gates as [() => void, () => void]
      const [first, second] = isOpenFirst ? [open, revoke] : [revoke, open]
      first()
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
      second()
      await t.clock.settle()
      expect([ticks, alice.closeCode, t.node.status().sessions]).toEqual([ticks, closeCodes.token_revoked, 0])
    }
  })

  test('a token without a time of issue counts as old; app keys are revoked by their id alone', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    const key = await t.connect({ ...backend, tokenId: 'key-1' })
    await change(t, { type: 'revoke', issuedBefore: 1 })
    expect([alice.closeCode, key.closeCode]).toEqual([closeCodes.token_revoked, undefined])
    await change(t, { type: 'revoke', tokenId: 'key-1' })
    expect(key.closeCode).toBe(closeCodes.token_revoked)
    await change(t, { type: 'revoke' })
    expect((await t.client('bob', { issuedAt: 5 })).closeCode).toBeUndefined()
  })

  test('a refresh with a revoked token is refused, and the session goes on with the one it has', async () => {
    const t = await testNode()
    const alice = await t.client('alice', { tokenId: 'good' })
    await change(t, { type: 'revoke', tokenId: 'bad' })
    expect(
      (await alice.ask({ op: 'refresh', token: testToken('alice', { tokenId: 'bad' }) })).error?.code,
    ).toBe('token_revoked')
    expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
  })
})
