import { generateKeyPairSync } from 'node:crypto'
import { createClient } from '@parley/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectTo, followOrder } from '../../examples/integrate/connect.ts'
import { orderPaid } from '../../examples/integrate/publish.ts'
import { tokenFor, tokenWithSecret } from '../../examples/integrate/sign-token.ts'
import { checkConnectionHealth } from '../../examples/troubleshooting/check-connection-health.ts'
import { debugEvents } from '../../examples/troubleshooting/debug-events.ts'
import { monitorPerformance } from '../../examples/troubleshooting/monitor-performance.ts'
import { performHealthCheck } from '../../examples/troubleshooting/perform-health-check.ts'
import { setupErrorRecovery } from '../../examples/troubleshooting/setup-error-recovery.ts'
import { runningServer, type TestServer } from './running-server.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const secret = 'a secret of more than thirty-two bytes'
const apiKey = { id: 'backend', secret: 'a random secret of 24 characters' }

let server: TestServer
beforeAll(async () => {
  server = await runningServer({
    apps: {
      default: {
        keys: [
          { algorithm: 'EdDSA', key: publicKey },
          { algorithm: 'HS256', key: secret },
        ],
        apiKeys: [apiKey],
      },
    },
    kinds: {
      order: { durability: 'durable', access: { write: 'backend' } },
      chat: { durability: 'durable' },
    },
  })
})
afterAll(() => server.remove())

const connect = (token: string) => connectTo(server.url, async () => token)

describe('the guide on integrating', () => {
  test('a back end signs, a page follows an order, and a payment is told once', async () => {
    const client = connect(tokenFor('ada', privateKey))
    const shown: string[] = []
    const paid = Promise.withResolvers<void>()
    const stop = followOrder(client, 'ada-7', (status) => {
      shown.push(status)
      if (status === 'order.shipped') paid.resolve()
    })
    const key = `${apiKey.id}:${apiKey.secret}`
    const first = await orderPaid(server.url, key, { id: 'ada-7', payment: 'p1' })
    expect(await orderPaid(server.url, key, { id: 'ada-7', payment: 'p1' })).toBe(first)
    await fetch(`${server.url}/api/channels/order:ada-7/events`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'order.shipped', data: {} }),
    })
    await paid.promise
    expect(shown).toEqual(['order.paid', 'order.shipped'])
    stop()
    client.disconnect()
  })

  test('what is refused says why, and where to read on', async () => {
    const refused = orderPaid(server.url, 'backend:wrong', { id: 'ada-7', payment: 'p2' })
    await expect(refused).rejects.toThrow(/unauthenticated: .*\/docs\/errors\/unauthenticated\//)
  })

  test('a secret does as well as a key pair', async () => {
    const claims = {
      sub: 'grace',
      exp: Math.floor(Date.now() / 1000) + 60,
      capabilities: { 'chat:*': ['read'] },
    }
    const client = connect(tokenWithSecret(claims, secret))
    await client.connect()
    expect(client.connection.user).toBe('grace')
    client.disconnect()
  })
})

describe('the guide on troubleshooting', () => {
  test('a server that runs is healthy, one that does not is not', async () => {
    expect(await performHealthCheck(server.url)).toEqual({ isRunning: true, isReady: true, problems: [] })
    expect(await performHealthCheck('http://127.0.0.1:9')).toEqual({
      isRunning: false,
      isReady: false,
      problems: [],
    })
  })

  test('a connection is looked at before and after it is made', async () => {
    const client = createClient({ url: server.url, token: tokenFor('ada', privateKey) })
    expect(await checkConnectionHealth(client)).toMatchObject({
      status: 'disconnected',
      advice: expect.stringContaining('connect()'),
    })
    await client.connect()
    const health = await checkConnectionHealth(client)
    expect(health).toMatchObject({ status: 'connected', isOnline: true, session: expect.any(String) })
    expect(health.roundTripMs).toBeGreaterThan(0)
    client.disconnect()
  })

  test('credentials that are no good lead to signing in again, and what happened can be read', async () => {
    const client = createClient({ url: server.url, token: 'not.a.token' })
    const lines: string[] = []
    const stopDebugging = debugEvents(client, (line) => lines.push(line))
    const asked = Promise.withResolvers<void>()
    const stop = setupErrorRecovery(client, { signIn: asked.resolve, explain: () => undefined })
    await expect(client.connect()).rejects.toMatchObject({ help: '/docs/errors/unauthenticated/' })
    expect(lines).toContain('[WebSocket Debug] connecting')
    expect((await checkConnectionHealth(client)).advice).toContain(
      `${server.url}/docs/errors/unauthenticated/`,
    )
    stop()
    stopDebugging()
  })

  test('what comes is counted', async () => {
    const claims = {
      sub: 'ada',
      exp: Math.floor(Date.now() / 1000) + 60,
      capabilities: { 'chat:*': ['read', 'write'] },
    }
    const client = connect(tokenWithSecret(claims, secret))
    await client.connect()
    const reported = Promise.withResolvers<number>()
    const stop = monitorPerformance(client, 'chat:counted', {
      everyMs: 20,
      report: ({ eventsPerSecond }) => eventsPerSecond > 0 && reported.resolve(eventsPerSecond),
    })
    await client.channels.publish({ channel: 'chat:counted', data: 1 })
    expect(await reported.promise).toBeGreaterThan(0)
    stop()
    client.disconnect()
  })
})

test('every answer of an error leads to its page', async () => {
  const answer = await fetch(`${server.url}/api/whoami`)
  const body = await answer.json()
  expect(answer.headers.get('link')).toBe(`<${body.help}>; rel="help"`)
  expect(body.help).toMatch(/^\/docs\/errors\/[a-z_.]+\/$/)
})
