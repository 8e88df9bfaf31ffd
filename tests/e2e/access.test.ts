import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient, type Disconnect } from '@parley/client'
import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Crowd, placeOf } from './crowd.ts'
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
  const { user = 'ada', app = 'default', capabilities = everything, id, issuedIn = 0, expiresIn = 3_600 } = claims
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

async function rest_(method: string, path: string, body?: unknown): Promise<void> {}

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
  const client = createClient({ url: server.url, token, reconnect: { baseMs: 20, capMs: 200 } })
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
  const senders = await Crowd.join({ server: { url: server.url, token: (user) => sign({ user }) }, channel, size: 4 })
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

/** Publishes once more, and waits until everybody else has it and `client` would have it. */
async function publishAfterwards(senders: Crowd): Promise<number> {
  senders.publishAll(1)
  await senders.answered()
  await senders.everybodyHas()
  return Math.max(...senders.parties.slice(0, 1).map(placeOf))
}

describe('access changes reach a client before any later event', () => {
  test('a kick, against concurrent sends', async () => {
    const channel = 'chat:kick'
    const senders = await crowd(channel)
    const { client, disconnects } = await connect(await sign({ user: 'victim' }))
    for (let round = 0; round < 10; round++) {
      const { subscription, offsets, ends } = listen(client, channel)
      const { position } = await subscription.ready
      senders.publishAll(25)
      await senders.hasAcked(position.offset + 10 * round)
      await asBackend('DELETE', `/channels/${channel}/subscriptions/victim?reason=too+loud`)
      const before = Math.max(...senders.acked.values())
      senders.publishAll(1)
      const after = await client.channels.publish({ channel, data: 'victim/0' })
      await senders.answered()
      await client.auth.whoami({})
      expect(ends).toEqual([{ code: 'forbidden', message: 'too loud', heard: offsets.length }])
      expect(offsets).toEqual(offsets.map((_, index) => position.offset + index + 1))
      expect(offsets.at(-1) ?? 0).toBeLessThan(after.offset)
      expect(before).toBeGreaterThan(0)
    }
    expect(disconnects).toEqual([])
  })
})
