import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { authorizeWebhook } from './authorize.ts'

const secret = 'a-secret-between-two-servers'
const request = {
  identity: { app: 'shop', user: 'ada', role: 'user', grants: [] },
  action: 'write',
  channel: 'chat:a',
} as const

let elapsed = 0
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function endpoint(answer: (response: ServerResponse, body: string, request: IncomingMessage) => void) {
  const server = createServer(async (incoming, response) => {
    let body = ''
    for await (const part of incoming) body += part
    answer(response, body, incoming)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/authorize`
}

const ask = (url: string, options: { timeoutMs?: number; maxInFlight?: number } = {}) =>
  authorizeWebhook({ url, secret, clock: { now: () => 1_000, elapsed: () => elapsed }, ...options })

const json = (response: ServerResponse, status: number, body: unknown) => {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(typeof body === 'string' ? body : JSON.stringify(body))
}

test('the endpoint is asked with a signed question, and its word counts', async () => {
  let seen: readonly [body: string, signature: unknown] | undefined
  const url = await endpoint((response, body, incoming) => {
    seen = [body, incoming.headers['parley-signature']]
    json(response, 200, { allow: true })
  })
  expect(await ask(url)(request)).toBe(true)
  const [body, signature] = seen ?? ['', '']
  expect(JSON.parse(body)).toEqual({
    app: 'shop',
    user: 'ada',
    action: 'write',
    channel: 'chat:a',
    at: 1_000,
  })
  expect(signature).toBe(`t=1000,v1=${createHmac('sha256', secret).update(`1000.${body}`).digest('hex')}`)
})

test('403 and `allow: false` refuse', async () => {
  expect(await ask(await endpoint((response) => json(response, 200, { allow: false })))(request)).toBe(false)
  expect(await ask(await endpoint((response) => json(response, 403, 'no')))(request)).toBe(false)
})

test.each<readonly [string, (response: ServerResponse) => void]>([
  ['an error', (response) => json(response, 500, { allow: true })],
  ['another 2xx', (response) => json(response, 202, { allow: true })],
  ['a redirect', (response) => response.writeHead(302, { location: 'https://example.org/' }).end()],
  ['no JSON', (response) => json(response, 200, 'allow')],
  ['a text for true', (response) => json(response, 200, { allow: 'true' })],
  ['too many bytes', (response) => json(response, 200, { allow: true, padding: 'x'.repeat(10_000) })],
  ['a broken connection', (response) => response.destroy()],
])('%s is no answer, and so no permission', async (_name, answer) => {
  await expect(ask(await endpoint(answer))(request)).rejects.toMatchObject({ code: 'unavailable' })
})

test('silence is no permission, and questions under way are bounded', async () => {
  const url = await endpoint(() => undefined)
  const asking = ask(url, { timeoutMs: 50, maxInFlight: 1 })
  const first = asking(request)
  await expect(asking(request)).rejects.toMatchObject({ code: 'overloaded' })
  await expect(first).rejects.toMatchObject({ code: 'unavailable' })
  await expect(asking(request)).rejects.toMatchObject({ code: 'unavailable' })
})

test('an endpoint that fails again and again is left alone for a while, and nobody waits for it', async () => {
  let asked = 0
  let isUp = false
  const url = await endpoint((response) => {
    asked += 1
    json(response, isUp ? 200 : 500, { allow: true })
  })
  const authorize = ask(url)
  for (let count = 0; count < 8; count++)
    await expect(authorize(request)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  expect(asked).toBe(5)
  isUp = true
  await expect(authorize(request)).rejects.toMatchObject({ retryAfterMs: 5_000 })
  elapsed += 5_000
  for (let count = 0; count < 10; count++) expect(await authorize(request)).toBe(true)
  expect(asked).toBe(15)
})
