import type { RealtimeClient, RealtimeClientOptions } from '@parley/client/realtime'
import type { WebSocketService } from '@parley/client/service'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { launchBrowser } from './browser.ts'
import { pageScript } from './page-script.ts'

/** What these tests say beside the address. */
type Said = Partial<Pick<RealtimeClientOptions, 'authentication' | 'connectionType'>>

declare const connectTo: (options: Said) => RealtimeClient
declare const service: WebSocketService

let script: string
let server: ServerProcess
let browser: Browser

beforeAll(async () => {
  script = await pageScript(new URL('./realtime-page.ts', import.meta.url))
  server = await ServerProcess.start()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

async function openPage(): Promise<{
  page: Page
  token: string
  headersOf: (part: string) => Promise<Record<string, string>[]>
}> {
  const page = await browser.newPage({ bypassCSP: true })
  const requests: { url: string; headers: Promise<Record<string, string>> }[] = []
  page.on('request', (request) => {
    // A page that is closed in between has no headers to tell.
    requests.push({ url: request.url(), headers: request.allHeaders().catch(() => ({})) })
  })
  await page.goto(`${server.url}/health`)
  await page.addScriptTag({ content: script })
  const headersOf = (part: string) =>
    Promise.all(requests.filter(({ url }) => url.includes(part)).map(({ headers }) => headers))
  return { page, token: await server.token('Ada'), headersOf }
}

/** Sends a message to a room, hears it, and says how that went. */
function roundTrip(page: Page, options: Said) {
  return page.evaluate(async (given: Said) => {
    const client = connectTo(given)
    const heard = new Promise((resolve) => client.subscribe('message', resolve))
    await client.connect()
    await client.joinRoom('general')
    await client.sendToRoom('general', 'message', { text: 'Hello room!' })
    const { payload, roomId } = (await heard) as { payload: unknown; roomId: string }
    const { connectionType } = client.getConnectionInfo()
    client.disconnect()
    return { payload, roomId, connectionType }
  }, options)
}

const hello = { payload: { text: 'Hello room!' }, roomId: 'general' }

test('by WebSocket, which a browser opens without headers', async () => {
  const { page, token } = await openPage()
  const authentication = { token, headers: { 'X-Tenant': 'acme' } }
  expect(await roundTrip(page, { authentication })).toEqual({ ...hello, connectionType: 'websocket' })
  await page.close()
})

test('where WebSockets are blocked, by a stream whose requests carry the headers', async () => {
  const { page, token, headersOf } = await openPage()
  await page.routeWebSocket(/.*/, (socket) => socket.close({ code: 1006 as never }).catch(() => undefined))
  const authentication = { token, headers: { 'X-Tenant': 'acme' } }
  expect(await roundTrip(page, { authentication })).toEqual({ ...hello, connectionType: 'sse' })
  const seen = [...(await headersOf('/realtime/sse')), ...(await headersOf('/realtime/send'))]
  expect(seen.length).toBeGreaterThanOrEqual(2)
  expect(seen.every((headers) => headers['x-tenant'] === 'acme')).toBe(true)
  await page.close()
})

test('by polling, and by an `EventSource` where there are no headers to send', async () => {
  const { page, token, headersOf } = await openPage()
  const authentication = { token }
  expect(await roundTrip(page, { connectionType: 'polling', authentication })).toEqual({
    ...hello,
    connectionType: 'polling',
  })
  expect(await roundTrip(page, { connectionType: 'sse', authentication })).toEqual({
    ...hello,
    connectionType: 'sse',
  })
  expect((await headersOf('/realtime/sse?ticket=')).length).toBe(1)
  await page.close()
})

test('the service starts by itself, with the server of the page', async () => {
  const { page } = await openPage()
  const told = await page.evaluate(async () => {
    const events: string[] = []
    service.on('*', (event) => events.push(event))
    // Nobody has signed in: the page's own server is reached, and says so.
    const { code } = await service.connect('lessons').then(
      () => ({ code: 'none' }),
      (error: { code: string }) => error,
    )
    return { code, events, status: service.getConnectionStatus() }
  })
  expect(told).toMatchObject({ code: 'AUTH_ERROR', status: { lessons: false } })
  expect(told.events).toContain('security_alert')
  await page.close()
})

test('a page that has signed in talks to its server by the service, at the highest level', async () => {
  const { page, token } = await openPage()
  const told = await page.evaluate(async (given: string) => {
    await service.initialize({ token: async () => given })
    const heard = new Promise((resolve) => service.on('message', resolve))
    await service.connect('lessons', { security_level: 'maximum' })
    const timestamp = new Date().toISOString()
    await service.send('lessons', { type: 'message', data: { text: 'Hello room!' }, timestamp })
    const message = await heard
    const { memory_usage } = service.getPerformanceMetrics().scalability
    await service.disconnect('lessons')
    return { message, memory_usage, status: service.getConnectionStatus() }
  }, token)
  expect(told).toMatchObject({
    message: { endpoint: 'lessons', message: { data: { text: 'Hello room!' }, user_id: 'ada' } },
    memory_usage: expect.any(Number),
    status: {},
  })
  await page.close()
})
