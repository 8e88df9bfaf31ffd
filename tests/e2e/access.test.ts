import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient, type Disconnect } from '@parley/client'
import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Crowd, type Party } from './crowd.ts'
import { ServerProcess } from './server-process.ts'
import { WireClient } from './wire-client.ts'

const secrets = { default: 'signing-secret-of-the-default-app', other: 'signing-secret-of-the-other-app!!' }
const apiKey = 'backend:secret-of-a-back-end-24-chars'
const [keyId, keySecret] = apiKey.split(':')
const apps = {
  default: {
    keys: [{ algorithm: 'HS256', key: secrets.default }],
    apiKeys: [{ id: keyId, secret: keySecret }],
  },
  other: { keys: [{ algorithm: 'HS256', key: secrets.other }] },
}
const everything = { '*': ['*'] }

interface Claims {
  readonly user?: string
  readonly app?: keyof typeof secrets
  readonly capabilities?: Readonly<Record<string, readonly string[]>>
  readonly id?: string
  /** Seconds from now. */
  readonly issuedIn?: number
  readonly expiresIn?: number
}

async function sign(claims: Claims = {}): Promise<string> {
  const {
    user = 'ada',
    app = 'default',
    capabilities = everything,
    id,
    issuedIn = 0,
    expiresIn = 3_600,
  } = claims
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ capabilities, ...(id === undefined ? {} : { jti: id }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuedAt(now + issuedIn)
    .setExpirationTime(now + expiresIn)
    .sign(new TextEncoder().encode(secrets[app]))
}

let server: ServerProcess
const rest: (() => unknown)[] = []

beforeAll(async () => {
  server = await ServerProcess.start({
    flags: [
      ...['--apps', JSON.stringify(apps)],
      ...['--tokens.clock-skew-ms', '2000'],
      ...['--limits.token-grace-ms', '1500'],
      ...['--flags.security-features.rate-limiting', 'false'],
    ],
  })
})

afterEach(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

afterAll(() => server.remove())

/** A request of the app's back end, which must succeed. */
async function asBackend(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${server.url}/api${path}`, {
    method,
    headers: { 'x-api-key': apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

/** A client that is connected, and what ended its connections. */
async function connect(token: string): Promise<{ client: Client; disconnects: Disconnect[] }> {
  const client = createClient({
    ...{ url: server.url, token, reconnect: { baseMs: 20, capMs: 200 } },
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  rest.push(() => client.disconnect())
  const disconnects: Disconnect[] = []
  client.on('disconnect', (disconnect) => disconnects.push(disconnect))
  await client.connect()
  return { client, disconnects }
}

async function wire(token: string): Promise<WireClient> {
  const client = await WireClient.connect(`${server.url.replace('http', 'ws')}/realtime`, token)
  rest.push(() => client.socket.terminate())
  return client
}

async function crowd(channel: string): Promise<Crowd> {
  const senders = await Crowd.join({
    server: { url: server.url, token: (user) => sign({ user }) },
    channel,
    size: 4,
  })
  rest.push(() => senders.leave())
  return senders
}

/** What somebody hears of a channel, and how it ends. */
function listen(client: Client, channel: string) {
  const offsets: number[] = []
  const ends: { readonly code: string; readonly message: string; readonly heard: number }[] = []
  const subscription = client.subscribe(channel, {
    onEvent: ({ offset }) => offsets.push(offset),
    onUnsubscribed: ({ code, message }) => ends.push({ code, message, heard: offsets.length }),
  })
  return { subscription, offsets, ends }
}

const upTo = (count: number, first: number) => Array.from({ length: count }, (_, index) => first + index)

/** Sends once more, and waits until everybody has heard it; answers its offset. */
async function sendAfterwards(senders: Crowd): Promise<number> {
  const offset = await senders.publish(senders.parties[0] as Party)
  await senders.answered()
  await senders.everybodyHas()
  return offset as number
}

describe('an access change comes before any later event', () => {
  test('a kick, in the middle of what others send', async () => {
    const channel = 'chat:kick'
    const senders = await crowd(channel)
    const { client, disconnects } = await connect(await sign({ user: 'victim' }))
    for (let round = 0; round < 10; round++) {
      const { subscription, offsets, ends } = listen(client, channel)
      const { offset: start } = (await subscription.ready).position
      await senders.sendDuring(async () => {
        await senders.hasAcked(start + 10)
        await asBackend('DELETE', `/channels/${channel}/subscriptions/victim?reason=too+loud`)
      })
      const later = await sendAfterwards(senders)
      // Whatever had been sent to the victim by mistake would have come before this answer.
      await client.auth.whoami({})
      expect(offsets).toEqual(upTo(offsets.length, start + 1))
      expect(start + offsets.length, 'kicked before the sending ended').toBeLessThan(later - 1)
      expect(ends).toEqual([{ code: 'forbidden', message: 'too loud', heard: offsets.length }])
    }
    expect(disconnects).toEqual([])
    expect(senders.verdict()).toEqual([])
  })

  test('a revocation, in the middle of a fan-out; it outlives kill -9', async () => {
    const channel = 'chat:revoke'
    const senders = await crowd(channel)
    const [lost, kept] = [
      await sign({ user: 'victim', id: 'lost' }),
      await sign({ user: 'victim', id: 'kept' }),
    ]
    const [victim, other] = [await connect(lost), await connect(kept)]
    const [heard, alsoHeard] = [listen(victim.client, channel), listen(other.client, channel)]
    await Promise.all([heard.subscription.ready, alsoHeard.subscription.ready])
    await senders.sendDuring(async () => {
      await senders.hasAcked(100)
      await asBackend('POST', '/auth/revocations', { tokenId: 'lost', reason: 'stolen' })
    })
    const later = await sendAfterwards(senders)
    await expect.poll(() => victim.disconnects).toMatchObject([{ code: 4007, willReconnect: false }])
    expect(victim.client.connection).toMatchObject({
      status: 'disconnected',
      error: { code: 'token_revoked' },
    })
    expect(heard.offsets).toEqual(upTo(heard.offsets.length, 1))
    expect(heard.offsets.length, 'revoked before the sending ended').toBeLessThan(later - 1)
    await expect.poll(() => alsoHeard.offsets.at(-1)).toBe(later)
    expect([...other.disconnects, ...senders.verdict()]).toEqual([])

    await server.kill()
    await server.start()
    await expect(connect(lost)).rejects.toMatchObject({ code: 'token_revoked' })
    await connect(kept)
    const answer = await fetch(`${server.url}/api/auth/whoami`, {
      headers: { authorization: `Bearer ${lost}` },
    })
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'token_revoked' }])
  })

  test('revoking a user ends all the tokens that the user has, and none of those to come', async () => {
    const [first, second] = [
      await connect(await sign({ user: 'eve' })),
      await connect(await sign({ user: 'eve' })),
    ]
    const bystander = await connect(await sign({ user: 'bob' }))
    await asBackend('POST', '/auth/revocations', { user: 'eve' })
    for (const { disconnects } of [first, second])
      await expect.poll(() => disconnects).toMatchObject([{ code: 4007 }])
    await expect(connect(await sign({ user: 'eve', issuedIn: -1 }))).rejects.toMatchObject({
      code: 'token_revoked',
    })
    await connect(await sign({ user: 'eve', issuedIn: 1 }))
    expect(bystander.disconnects).toEqual([])
  })
})

describe('a token is replaced without a new connection', () => {
  const open = 'chat:open'
  const secret = 'chat:secret'

  test('the session stays, and what the new token does not allow ends at once', async () => {
    const { client, disconnects } = await connect(
      await sign({ capabilities: { 'chat:*': ['read', 'write'] } }),
    )
    const { session } = client.connection
    const [stays, ends] = [listen(client, open), listen(client, secret)]
    await Promise.all([stays.subscription.ready, ends.subscription.ready])
    await client.refresh(await sign({ capabilities: { [open]: ['read', 'write'] } }))
    expect(ends.ends).toMatchObject([{ code: 'forbidden', heard: 0 }])
    await asBackend('POST', `/channels/${secret}/events`, { data: 'not for Ada' })
    await expect(client.channels.publish({ channel: secret, data: 1 })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await client.channels.publish({ channel: open, data: 1 })
    await expect.poll(() => stays.offsets).toEqual([1])
    expect([ends.offsets, stays.ends, disconnects]).toEqual([[], [], []])
    expect(client.connection.session).toBe(session)
  })

  test.each<[what: string, code: string, claims: Claims]>([
    ['of another user', 'forbidden', { user: 'mallory' }],
    ['of another app', 'forbidden', { app: 'other' }],
    ['that has expired', 'token_expired', { issuedIn: -100, expiresIn: -50 }],
    ['that is revoked', 'token_revoked', { id: 'gone' }],
  ])('one %s is refused, and the old one goes on', async (_what, code, claims) => {
    await asBackend('POST', '/auth/revocations', { tokenId: 'gone' })
    const client = await wire(await sign())
    expect(await client.refused({ op: 'refresh', token: await sign(claims) })).toBe(code)
    expect(await client.ask({ op: 'call', command: 'auth.whoami', input: {} })).toMatchObject({
      app: 'default',
      user: 'ada',
    })
  })

  test('after its end there is some time to do so, and then the connection is closed', async () => {
    const [idle, late] = [await wire(await sign({ expiresIn: 1 })), await wire(await sign({ expiresIn: 1 }))]
    const tokens: string[] = []
    const client = createClient({
      url: server.url,
      getToken: async ({ reason }) => {
        tokens.push(reason)
        return sign({ expiresIn: 2 })
      },
    })
    rest.push(() => client.disconnect())
    const disconnects: Disconnect[] = []
    client.on('disconnect', (disconnect) => disconnects.push(disconnect))
    await client.connect()

    expect((await late.next('expiring')).inMs).toBeLessThanOrEqual(1_500)
    expect(await late.ask({ op: 'call', command: 'auth.whoami', input: {} })).toMatchObject({ user: 'ada' })
    await late.ask({ op: 'refresh', token: await sign() })
    expect(await idle.closed).toMatchObject({ code: 4100 })
    expect(idle.frames.at(-1)).toMatchObject({
      op: 'error',
      error: { code: 'token_expired', retryable: true },
    })
    expect(idle.frames.filter(({ op }) => op === 'expiring')).toHaveLength(1)
    await expect.poll(() => tokens.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
    expect(tokens.slice(0, 2)).toEqual(['connect', 'expiring'])
    expect(await late.ask({ op: 'call', command: 'auth.whoami', input: {} })).toMatchObject({ user: 'ada' })
    expect(disconnects).toEqual([])
  })
})

test('the key of a back end is no token, and a token no key', async () => {
  const statusOf = async (headers: Record<string, string>) =>
    (await fetch(`${server.url}/api/auth/whoami`, { headers })).status
  expect(await statusOf({ authorization: `Bearer ${apiKey}` })).toBe(401)
  expect(await statusOf({ 'x-api-key': await sign() })).toBe(401)
  expect(await statusOf({ 'x-api-key': `${keyId}:wrong-${keySecret}` })).toBe(401)
  expect(await statusOf({ 'x-api-key': apiKey })).toBe(200)
  const wrongKey = `${keyId}:wrong-${keySecret}`
  await expect(connect(wrongKey)).rejects.toMatchObject({ code: 'unauthenticated' })
  const socket = await WireClient.open(`${server.url.replace('http', 'ws')}/realtime`)
  socket.send({ op: 'connect', token: wrongKey })
  expect(await socket.closed).toMatchObject({ code: 4002 })
  // A link of a back end brings the key of its app.
  expect((await connect(apiKey)).client.status).toBe('connected')
})

describe('the production profile', () => {
  const production = { PARLEY_PROFILE: 'production', PARLEY_HOST: '127.0.0.1' }

  test('does not start without a key, and says how to give one', async () => {
    const start = ServerProcess.start({ environment: production })
    await expect(start).rejects.toThrow(
      /ended with 2 .*needs a key that signs tokens; set PARLEY_JWT_SECRET/s,
    )
  })

  test('does not start with a door for everybody', async () => {
    const start = ServerProcess.start({
      environment: { ...production, PARLEY_JWT_SECRET: secrets.default, PARLEY_DEVELOPMENT_SIGN_IN: 'true' },
    })
    await expect(start).rejects.toThrow(/ended with 2 .*developmentSignIn.*lets anybody be anybody/s)
  })

  test('with a key, lets in who has a token, and nobody by name', async () => {
    const { default: key } = secrets
    const strict = await ServerProcess.start({ environment: { ...production, PARLEY_JWT_SECRET: key } })
    rest.push(() => strict.remove())
    const whoami = await fetch(`${strict.url}/api/auth/whoami`, {
      headers: { authorization: `Bearer ${await sign()}` },
    })
    expect(await whoami.json()).toMatchObject({ user: 'ada', role: 'user' })
    await expect(strict.token('Ada')).rejects.toThrow('"code":"disabled"')
    expect(strict.output).not.toMatch(/sign.in/i)
    expect(strict.output).not.toContain(key)
    expect(readdirSync(join(strict.directory, 'data'))).not.toContain('development-keys.json')
  })
})
