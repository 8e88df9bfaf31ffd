import { type ChannelEvent, type Client, createClient } from '@parley/client'
import type { CommandContract } from '@parley/protocol'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from './running-server.ts'

const secrets = { alpha: 'alpha-signing-secret-of-32-bytes!!', beta: 'beta-signing-secret-of-32-bytes!!!' }
const apiKeys = {
  alpha: 'alpha-backend:alpha-secret-of-24-characters',
  beta: 'beta-backend:beta-secret-of-24-characters!',
}
/** What belongs to alpha, and must never be seen by beta. */
const marker = 'words-of-alpha'
const channel = 'chat:shared-name'
const user = 'ann'

let server: TestServer
let alpha: Client
const alphaEvents: ChannelEvent[] = []
const alphaTrouble: string[] = []
let session = ''

const app = (name: 'alpha' | 'beta') => {
  const [id, secret] = apiKeys[name].split(':')
  return { keys: [{ algorithm: 'HS256', key: secrets[name] }], apiKeys: [{ id, secret }] }
}

/** A token signed with an app's key; `claimed` is the app that it says it belongs to. */
function token(
  name: 'alpha' | 'beta',
  { claimed, as = user }: { readonly claimed?: string; readonly as?: string } = {},
): Promise<string> {
  return new SignJWT({ capabilities: { '*': ['*'] }, ...(claimed === undefined ? {} : { app: claimed }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(as)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secrets[name]))
}

beforeAll(async () => {
  server = await runningServer({ apps: { alpha: app('alpha'), beta: app('beta') } })
  alpha = createClient({ url: server.url, token: await token('alpha') })
  alpha.on('disconnect', ({ reason }) => alphaTrouble.push(`disconnected: ${reason}`))
  const subscription = alpha.subscribe(channel, {
    state: true,
    onEvent: (event) => alphaEvents.push(event),
    onUnsubscribed: ({ code }) => alphaTrouble.push(`unsubscribed: ${code}`),
  })
  await alpha.connect()
  await subscription.ready
  session = alpha.connection.session ?? ''
  await alpha.call('channels.publish', {
    channel,
    type: 'secret',
    data: { text: marker },
    tags: { level: marker },
  })
})

afterAll(async () => {
  alpha.disconnect()
  await server.remove()
})

function asBeta(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(server.url + path, {
    ...init,
    headers: { 'x-api-key': apiKeys.beta, 'content-type': 'application/json', ...init.headers },
  })
}

/** Input of a command that names alpha's channel, user and session wherever it can. */
function aimedAtAlpha(contract: CommandContract): Record<string, unknown> {
  const aimed: Record<string, unknown> = structuredClone(contract.example ?? {}) as Record<string, unknown>
  const targets: Record<string, unknown> = { channel, user, session, offset: 1 }
  for (const key of Object.keys(aimed)) if (key in targets) aimed[key] = targets[key]
  if (Array.isArray(aimed.events))
    for (const event of aimed.events) (event as Record<string, unknown>).channel = channel
  return aimed
}

describe('nothing of an app is reached with the credentials of another', () => {
  test('by no command, over REST or a socket', async () => {
    const commands = server.node.registry.commands()
    expect(commands.length).toBeGreaterThanOrEqual(15)
    const client = createClient({ url: server.url, token: await token('beta') })
    await client.connect()
    for (const { name, contract } of commands) {
      const input = aimedAtAlpha(contract)
      const identity = await server.node.authenticate({ kind: 'key', token: apiKeys.beta })
      const answers = await Promise.allSettled([
        server.node.call(identity, name, input),
        client.call(name, input),
      ])
      expect(JSON.stringify(answers), name).not.toContain(marker)
    }
    client.disconnect()
    const { ok } = await fetch(`${server.url}/api/channels/${encodeURIComponent(channel)}`, {
      headers: { 'x-api-key': apiKeys.alpha },
    })
    expect(ok).toBe(true)
    expect(
      alphaEvents.map((event) => event.type),
      "beta's commands left no trace in alpha",
    ).toEqual(['secret'])
    expect(alphaTrouble).toEqual([])
    expect(alpha.connection.session).toBe(session)
  })

  test('by no subscription, position, filter or state of the same name', async () => {
    const seen: ChannelEvent[] = []
    // The commands tried above have revoked what beta's own user of that name had.
    const client = createClient({ url: server.url, token: await token('beta', { as: 'ben' }) })
    const position = alpha.subscribe(channel).position
    const subscription = client.subscribe(channel, {
      recent: 100,
      state: true,
      filter: { field: 'data.sort', eq: 'wanted' },
      onEvent: (event) => seen.push(event),
    })
    const stolen = client.subscribe('chat:other', { ...(position === undefined ? {} : { from: position }) })
    await client.connect()
    await subscription.ready
    const { recovered } = await stolen.ready
    expect(recovered).not.toBe(true)
    await alpha.call('channels.publish', { channel, type: 'secret', data: { text: marker, sort: 'wanted' } })
    await client.call('channels.publish', { channel, data: { text: 'of beta' } })
    await client.call('channels.publish', { channel, data: { sort: 'wanted', from: 'beta' } })
    await expect.poll(() => seen.length).toBeGreaterThan(0)
    expect(seen.map((event) => event.data)).toEqual([{ sort: 'wanted', from: 'beta' }])
    expect([...subscription.state.values()].every((entry) => entry.session !== session)).toBe(true)
    client.disconnect()
  })

  test('by no repeat of an idempotency key', async () => {
    const publish = (credentials: string) =>
      fetch(`${server.url}/api/channels/chat:keys/events`, {
        method: 'POST',
        headers: {
          'x-api-key': credentials,
          'idempotency-key': 'the-same',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ data: 'once per app' }),
      }).then((response) => response.json() as Promise<{ epoch: string; offset: number }>)
    const [first, second] = [await publish(apiKeys.alpha), await publish(apiKeys.beta)]
    expect(first.epoch).not.toBe(second.epoch)
    expect([first.offset, second.offset]).toEqual([1, 1])
  })

  test("with a token of another app's key, or one that claims another app", async () => {
    const forged = await token('beta', { claimed: 'alpha' })
    await expect(server.node.authenticate({ kind: 'bearer', token: forged })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })

  test('by no metric', async () => {
    const response = await asBeta('/metrics')
    const text = await response.text()
    for (const word of [marker, channel, 'alpha', user, session]) expect(text).not.toContain(`"${word}"`)
  })

  test('by no REST route', async () => {
    for (const path of [
      `/api/channels/${encodeURIComponent(channel)}/events`,
      '/api/channels',
      `/api/channels/${encodeURIComponent(channel)}/presence`,
      `/api/users/${user}/sessions`,
    ]) {
      const response = await asBeta(path)
      const text = await response.text()
      expect(text, path).not.toContain(marker)
      expect(text, path).not.toContain(session)
    }
  })
})
