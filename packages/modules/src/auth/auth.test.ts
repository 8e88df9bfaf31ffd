import type { Identity } from '@parley/kernel'
import { testIdentity, testNode } from '@parley/kernel/testing'
import type { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { authModule, type DevelopmentSignIn, type SignInClaims } from './index.ts'
import { userIdOf } from './rules.ts'

const backend = testIdentity(undefined)

async function start(developmentSignIn?: DevelopmentSignIn) {
  const t = await testNode({
    modules: [authModule({ maxTokenLifetimeMs: 60_000, developmentSignIn })],
  })
  const code = (identity: Identity | undefined, command: string, input: unknown) =>
    t.call(identity, `auth.${command}`, input).then(
      () => 'ok',
      (error: ParleyError) => error.code,
    )
  const signedIn = (identity: Identity) =>
    t.node.authenticate({ kind: 'bearer', token: JSON.stringify(identity) }).then(
      () => 'ok',
      (error: ParleyError) => error.code,
    )
  return { ...t, code, signedIn }
}

test('a revoked token is refused, its session is closed, and others go on', async () => {
  const t = await start()
  const [lost, kept] = [testIdentity('ada', { tokenId: 'lost' }), testIdentity('ada', { tokenId: 'kept' })]
  const [client, other] = [await t.connect(lost), await t.connect(kept)]
  expect(await t.call(backend, 'auth.revoke', { tokenId: 'lost', reason: 'stolen' })).toMatchObject({
    id: 'token:lost',
  })
  await t.clock.advance(10)
  expect([client.closeCode, other.closeCode]).toEqual([4007, undefined])
  expect([await t.signedIn(lost), await t.signedIn(kept)]).toEqual(['token_revoked', 'ok'])
})

test('revoking a user reaches the tokens issued until now, and no later ones', async () => {
  const t = await start()
  const now = t.clock.now()
  await t.clock.advance(5_000)
  await t.call(backend, 'auth.revoke', { user: 'ada' })
  const issued = (user: string, issuedAt: number) => t.signedIn(testIdentity(user, { issuedAt }))
  expect([await issued('ada', now), await issued('ada', now + 5_000), await issued('bob', now)]).toEqual([
    'token_revoked',
    'ok',
    'ok',
  ])
})

test('a later revocation never makes an earlier one weaker', async () => {
  const t = await start()
  const now = t.clock.now()
  await t.call(backend, 'auth.revoke', { user: 'ada', issuedBefore: now - 1_000 })
  await t.call(backend, 'auth.revoke', { user: 'ada', issuedBefore: now - 9_000 })
  const { revocations } = (await t.call(backend, 'auth.revocations', {})) as { revocations: unknown[] }
  expect(revocations).toMatchObject([{ id: 'user:ada', issuedBefore: now - 1_000, expiresAt: now + 59_000 }])
})

test('revocations outlive a restart, and are listed until the last token has expired', async () => {
  const t = await start()
  await t.call(backend, 'auth.revoke', { tokenId: 'lost' })
  await t.node.stop()
  const next = await testNode({ modules: [authModule()], disk: t.store.disk })
  const again = next.node.authenticate({
    kind: 'bearer',
    token: JSON.stringify(testIdentity('ada', { tokenId: 'lost' })),
  })
  await expect(again).rejects.toMatchObject({ code: 'token_revoked' })
  await next.clock.advance(60_001)
  expect(await next.call(backend, 'auth.revocations', {})).toMatchObject({ revocations: [] })
})

test('what makes no sense, or is not allowed, is refused', async () => {
  const t = await start()
  expect(await t.code(backend, 'revoke', {})).toBe('bad_request')
  expect(await t.code(backend, 'revoke', { tokenId: 'a', user: 'b' })).toBe('bad_request')
  expect(await t.code(backend, 'revoke', { issuedBefore: t.clock.now() + 1 })).toBe('bad_request')
  expect(await t.code(testIdentity('ada', { grants: [] }), 'revoke', { user: 'bob' })).toBe('forbidden')
  expect(await t.code(undefined, 'whoami', {})).toBe('unauthenticated')
})

test('whoami shows the caller what it is and may do', async () => {
  const t = await start()
  const ada = testIdentity('ada', {
    grants: [{ pattern: 'chat:*', actions: ['read'] }],
    profile: { name: 'Ada' },
    expiresAt: 9,
  })
  expect(await t.call(ada, 'auth.whoami', {})).toMatchObject({
    app: 'default',
    user: 'ada',
    role: 'user',
    grants: [{ pattern: 'chat:*', actions: ['read'] }],
    profile: { name: 'Ada' },
    expiresAt: 9,
  })
})

test('sign-in by name gives a token where the profile has it, and is disabled elsewhere', async () => {
  expect(await (await start()).code(undefined, 'signIn', { name: 'Ada' })).toBe('disabled')
  const signed: SignInClaims[] = []
  const t = await start({
    sign: async (claims) => String(signed.push(claims)),
    capabilities: (user) => ({ [`user:${user}`]: ['read'] }),
    lifetimeMs: 1_000,
  })
  const now = t.clock.now()
  expect(await t.call(undefined, 'auth.signIn', { name: ' Ada Lovelace ' })).toEqual({
    token: '1',
    user: 'ada-lovelace',
    expiresAt: now + 1_000,
  })
  expect(signed).toMatchObject([
    {
      user: 'ada-lovelace',
      name: 'Ada Lovelace',
      issuedAt: now,
      expiresAt: now + 1_000,
      capabilities: { 'user:ada-lovelace': ['read'] },
    },
  ])
  expect(await t.code(undefined, 'signIn', { name: '!!!' })).toBe('bad_request')
})

test('names become user ids that a channel may carry', () => {
  const ids = ['Ada', 'Zoë Žák', '  a  b  ', '../../etc', '日本 太郎', '🙂', '-x-'].map(userIdOf)
  expect(ids).toEqual(['ada', 'zoë-žák', 'a-b', 'etc', '日本-太郎', undefined, 'x'])
})
