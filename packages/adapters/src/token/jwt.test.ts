import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type JwtOptions, jwtAuthenticator, jwtSigner } from './jwt.ts'

const secret = 'a-secret-of-the-default-app-0123456789'
const otherSecret = 'a-secret-of-another-app-9876543210-abc'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')
const pem = (key: KeyObject, type: 'spki' | 'pkcs8') => key.export({ type, format: 'pem' }).toString()
const rsaPublic = pem(rsa.publicKey, 'spki')

const startAt = 1_800_000_000_000
const seconds = startAt / 1000

const keys = [
  { app: 'default', algorithm: 'HS256', key: secret },
  { app: 'shop', algorithm: 'HS256', key: otherSecret, kid: 'shop-1' },
  { app: 'default', algorithm: 'RS256', key: rsaPublic },
  { app: 'shop', algorithm: 'EdDSA', key: pem(ed.publicKey, 'spki'), kid: 'ed-1' },
] as const

function start(options: Partial<JwtOptions> = {}) {
  let now = startAt
  const authenticator = jwtAuthenticator({ keys, clock: { now: () => now }, ...options })
  const check = async (token: string, kind: 'bearer' | 'key' = 'bearer') =>
    (await authenticator).authenticate({ token, kind })
  const code = (token: string, kind?: 'bearer' | 'key') =>
    check(token, kind).then(
      () => 'ok',
      (error) => error.code as string,
    )
  return { check, code, pass: (ms: number) => (now += ms) }
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token by hand, so that it can be as wrong as a test wants it. */
function token(claims: object, header: object = {}, key: string = secret): string {
  const text = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part({ sub: 'ada', exp: seconds + 60, ...claims })}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

test('a good token becomes an identity with all that it says', async () => {
  const { check } = start()
  const claims = {
    iat: seconds - 5,
    jti: 't-1',
    name: 'Ada',
    picture: 'https://example.org/ada.png',
    capabilities: { 'chat:*': ['read', 'write'], 'user:ada': ['*'] },
    filters: { 'chat:*': { field: 'type', eq: 'news' } },
  }
  expect(await check(token(claims))).toEqual({
    app: 'default',
    role: 'user',
    user: 'ada',
    tokenId: 't-1',
    issuedAt: startAt - 5_000,
    expiresAt: startAt + 60_000,
    profile: { name: 'Ada', picture: 'https://example.org/ada.png' },
    grants: [
      { pattern: 'chat:*', actions: ['read', 'write'], filter: { field: 'type', eq: 'news' } },
      { pattern: 'user:ada', actions: ['*'] },
    ],
  })
})

test.each([
  ['HS256', secret, undefined, 'default'],
  ['HS256', otherSecret, 'shop-1', 'shop'],
  ['RS256', pem(rsa.privateKey, 'pkcs8'), undefined, 'default'],
  ['EdDSA', pem(ed.privateKey, 'pkcs8'), 'ed-1', 'shop'],
] as const)('what the signer makes with %s is taken (%#)', async (algorithm, key, kid, app) => {
  const sign = await jwtSigner({ algorithm, key, kid })
  const made = await sign({
    user: 'ada',
    tokenId: 'x',
    issuedAt: startAt,
    expiresAt: startAt + 60_000,
    capabilities: { 'chat:*': ['read'] },
  })
  expect(await start().check(made)).toMatchObject({
    app,
    user: 'ada',
    tokenId: 'x',
    issuedAt: startAt,
    grants: [{ pattern: 'chat:*' }],
  })
})

test('expired tokens are told apart, skew is allowed on both ends, and `exp` is required', async () => {
  const { code } = start({ clockSkewMs: 5_000 })
  expect(await code(token({ exp: seconds - 4 }))).toBe('ok')
  expect(await code(token({ exp: seconds - 6 }))).toBe('token_expired')
  expect(await code(token({ nbf: seconds + 4 }))).toBe('ok')
  expect(await code(token({ nbf: seconds + 6 }))).toBe('unauthenticated')
  expect(await code(token({ iat: seconds + 4 }))).toBe('ok')
  expect(await code(token({ iat: seconds + 6 }))).toBe('unauthenticated')
  expect(await code(token({ exp: undefined }))).toBe('unauthenticated')
  expect(await code(token({ exp: 'soon' }))).toBe('unauthenticated')
})

test('the message of an expired token names the time and the next step', async () => {
  await expect(start().check(token({ exp: seconds - 60 }))).rejects.toThrow(
    'The token expired at 2027-01-15T07:59:00.000Z. Sign in again, or give the client a `getToken` callback.',
  )
})

test('a remembered token is refused when its time has come', async () => {
  const { check, code, pass } = start({ clockSkewMs: 0 })
  const made = token({})
  expect(await check(made)).toBe(await check(made))
  pass(60_000)
  expect(await code(made)).toBe('token_expired')
  expect(await code(made)).toBe('token_expired')
})

test('no token lives longer than allowed, with or without a time of issue', async () => {
  const { code, check } = start({ maxLifetimeMs: 3_600_000 })
  expect(await code(token({ exp: seconds + 3_601 }))).toBe('unauthenticated')
  expect(await code(token({ iat: seconds - 3_600, exp: seconds + 60 }))).toBe('unauthenticated')
  expect(await code(token({ exp: 1e300 }))).toBe('unauthenticated')
  // Without `iat` it counts as issued as early as could be, so that revocations by time reach it.
  expect(await check(token({}))).toMatchObject({ issuedAt: startAt + 60_000 - 3_600_000 })
})

test('the header never decides how a key is used', async () => {
  const { code } = start()
  const unsigned = (alg: string) => `${part({ alg })}.${part({ sub: 'ada', exp: seconds + 60 })}.`
  for (const alg of ['none', 'None', 'NONE', '']) expect(await code(unsigned(alg))).toBe('unauthenticated')
  // The public key used as an HMAC secret, in each form in which an attacker may have it.
  for (const key of [rsaPublic, rsaPublic.trim(), rsaPublic.replace(/\n/g, '\r\n')])
    expect(await code(token({}, {}, key))).toBe('unauthenticated')
  for (const alg of ['RS256', 'HS512', 'HS384', 'ES256', 'PS256', 'EdDSA'])
    expect(await code(token({}, { alg }))).toBe('unauthenticated')
  const rs512 = `${part({ alg: 'RS512' })}.${part({ sub: 'ada', exp: seconds + 60 })}`
  expect(
    await code(`${rs512}.${signBytes('sha512', Buffer.from(rs512), rsa.privateKey).toString('base64url')}`),
  ).toBe('unauthenticated')
  expect(
    await code(token({}, { jwk: { kty: 'oct', k: part('x') } }, 'a-key-of-the-attackers-own-0123456789')),
  ).toBe('unauthenticated')
  expect(await code(token({}, { crit: ['exp'] }))).toBe('unauthenticated')
})

test('forged, cut and garbled tokens are refused', async () => {
  const { code } = start()
  const good = token({})
  const [header, , signature] = good.split('.')
  const forged = [
    `${header}.${part({ sub: 'root', exp: seconds + 60 })}.${signature}`,
    token({}, {}, 'another-secret-0123456789-0123456789'),
    good.slice(0, -2),
    `${good}.x`,
    good.split('.').slice(0, 2).join('.'),
    'garbage',
    '',
    '..',
    `${part('text')}.${part('text')}.x`,
    `${part({ alg: 'HS256', kid: 5 })}.${part(null)}.x`,
    '\u0000'.repeat(10),
    'x'.repeat(9_000),
  ]
  for (const one of forged) expect(await code(one)).toBe('unauthenticated')
})

test('the app comes from the key: a claim of another app, or the key of another app, is refused or counts as its own', async () => {
  const { code, check } = start()
  expect(await code(token({ app: 'shop' }))).toBe('unauthenticated')
  expect(await code(token({ app: 'default' }))).toBe('ok')
  expect(await check(token({}, { kid: 'shop-1' }, otherSecret))).toMatchObject({ app: 'shop' })
  expect(await code(token({ app: 'default' }, { kid: 'shop-1' }, otherSecret))).toBe('unauthenticated')
  // A key id chooses: the secret of one app does not open the key of another.
  expect(await code(token({}, { kid: 'shop-1' }, secret))).toBe('unauthenticated')
  // An unknown key id is looked for among the keys without one.
  expect(await code(token({}, { kid: 'issuer-7' }))).toBe('ok')
  expect(await code(token({}, { kid: 'issuer-7' }, otherSecret))).toBe('unauthenticated')
})

test('audience and issuer are checked where they are configured', async () => {
  const { code } = start({ audience: ['parley'], issuer: ['https://id.example.org'] })
  const right = { aud: ['other', 'parley'], iss: 'https://id.example.org' }
  expect(await code(token(right))).toBe('ok')
  expect(await code(token({ ...right, aud: 'other' }))).toBe('unauthenticated')
  expect(await code(token({ ...right, iss: 'https://evil.example' }))).toBe('unauthenticated')
  expect(await code(token({ iss: right.iss }))).toBe('unauthenticated')
  await expect(start({ audience: ['parley'] }).check(token({}))).rejects.toThrow(
    'The claim `aud` of the token is missing.',
  )
})

test('claims that are too large or malformed are refused with their name', async () => {
  const { check } = start()
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`c:${n}`, ['read']]))
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ sub: 'a b' }, /`sub`/],
    [{ sub: '../x' }, /`sub`/],
    [{ sub: 'a\u0000b' }, /`sub`/],
    [{ sub: 'x'.repeat(129) }, /`sub`/],
    [{ sub: 5 }, /`sub`/],
    [{ jti: 'x'.repeat(257) }, /`jti`/],
    [{ name: 'x'.repeat(201) }, /`name`/],
    [{ name: {} }, /`name`/],
    [{ picture: 'javascript:alert(1)' }, /`picture`/],
    [{ capabilities: [] }, /`capabilities`/],
    [{ capabilities: 'all' }, /`capabilities`/],
    [{ capabilities: many }, /101 patterns; at most 100/],
    [{ capabilities: { 'chat:*': 'read' } }, /`capabilities` of `chat:\*`/],
    [{ capabilities: { 'chat:*': ['own'] } }, /`capabilities` of `chat:\*`/],
    [{ capabilities: { 'ch*t:a': ['read'] } }, /A pattern/],
    [{ capabilities: { '': ['read'] } }, /A pattern/],
    [{ capabilities: { 'chat:a b': ['read'] } }, /A pattern/],
    [
      { capabilities: { 'chat:*': ['read'] }, filters: { 'room:*': { field: 'type', eq: 'x' } } },
      /`filters` names a pattern/,
    ],
    [
      { capabilities: { 'chat:*': ['read'] }, filters: { 'chat:*': { field: 'nope', eq: 'x' } } },
      /`filters` of/,
    ],
    [{ capabilities: { 'chat:*': ['read'] }, filters: [] }, /`filters`/],
  ]
  for (const [claims, message] of wrong) {
    await expect(check(token(claims))).rejects.toThrow(message)
    await expect(check(token(claims))).rejects.toMatchObject({ code: 'unauthenticated' })
  }
})

test('a token without a user is nobody in particular', async () => {
  expect(await start().check(token({ sub: undefined }))).not.toHaveProperty('user')
})

test('the memory of verified tokens is bounded', async () => {
  const { check } = start({ maxRemembered: 2 })
  const [a, b, c] = ['a', 'b', 'c'].map((jti) => token({ jti })) as [string, string, string]
  const first = await check(a)
  await check(b)
  expect(await check(a)).toBe(first)
  const second = await check(b)
  await check(c)
  expect(await check(b)).toBe(second)
  expect(await check(a)).not.toBe(first)
})

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

test('app keys open with their secret and with nothing else', async () => {
  const apiKeys = [
    { app: 'shop', id: 'back', secretHash: hash('s3cret:with:colons') },
    { app: 'shop', id: 'limited', secretHash: hash('s2'), capabilities: { 'feed:*': ['write'] } },
  ]
  const { check, code } = start({ apiKeys })
  expect(await check('back:s3cret:with:colons', 'key')).toEqual({
    app: 'shop',
    role: 'backend',
    tokenId: 'key:back',
    grants: [{ pattern: '*', actions: ['*'] }],
  })
  expect(await check('limited:s2', 'key')).toMatchObject({
    grants: [{ pattern: 'feed:*', actions: ['write'] }],
  })
  for (const wrong of [
    'back:wrong',
    'back:',
    'back',
    ':s2',
    '',
    'unknown:s2',
    `back:${hash('s3cret:with:colons')}`,
    'limited:s3cret:with:colons',
  ])
    expect(await code(wrong, 'key')).toBe('unauthenticated')
  // A token is no app key and an app key no token.
  expect(await code(token({}), 'key')).toBe('unauthenticated')
  expect(await code('back:s3cret:with:colons')).toBe('unauthenticated')
})

test('keys that cannot be used are refused at start, by name and without showing them', async () => {
  const use = (key: object) =>
    jwtAuthenticator({ keys: [{ app: 'default', ...key }] as never, clock: { now: () => 0 } })
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const wrong: readonly (readonly [object, string])[] = [
    [
      { algorithm: 'HS256', key: 'sesame' },
      'The HS256 key of app `default` has 6 bytes; HS256 needs 32 or more.',
    ],
    [
      { algorithm: 'HS256', key: rsaPublic },
      'The HS256 key of app `default` is a PEM; an HS256 key is a random text that nobody knows.',
    ],
    [
      { algorithm: 'RS256', key: 'sesame', kid: 'k' },
      'The RS256 key `k` of app `default` cannot be read: give the public key as PEM (BEGIN PUBLIC KEY) or JWK.',
    ],
    [
      { algorithm: 'RS256', key: pem(rsa.privateKey, 'pkcs8') },
      'The RS256 key of app `default` is a private key. Give the public key: the server only checks.',
    ],
    [
      { algorithm: 'RS256', key: pem(small, 'spki') },
      'The RS256 key of app `default` has 1024 bits; RS256 needs 2048 or more.',
    ],
    [
      { algorithm: 'EdDSA', key: rsaPublic },
      'The EdDSA key of app `default` cannot be read: give the public key as PEM (BEGIN PUBLIC KEY) or JWK.',
    ],
    [
      { algorithm: 'RS256', key: JSON.stringify({ kty: 'oct', k: 'c2VzYW1l' }) },
      'The RS256 key of app `default` cannot be read: give the public key as PEM (BEGIN PUBLIC KEY) or JWK.',
    ],
    [
      { algorithm: 'RS256', key: JSON.stringify(rsa.privateKey.export({ format: 'jwk' })) },
      'The RS256 key of app `default` is not a public key.',
    ],
  ]
  for (const [key, message] of wrong) await expect(use(key)).rejects.toThrow(new RangeError(message))
  const shared = [
    { app: 'default', algorithm: 'HS256', key: secret },
    { app: 'shop', algorithm: 'HS256', key: secret },
  ] as const
  await expect(jwtAuthenticator({ keys: shared, clock: { now: () => 0 } })).rejects.toThrow(
    /A signing key belongs to one app/,
  )
})
