import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish } from './back-end.ts'
import { launchBrowser } from './browser.ts'
import { pageScript } from './page-script.ts'

declare const listenTo: (channel: string, token: string) => Promise<Record<string, unknown[]>>

let script: string
let server: ServerProcess
let browser: Browser

beforeAll(async () => {
  script = await pageScript(new URL('./transports-page.ts', import.meta.url))
  server = await ServerProcess.start()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

const ways = ['websocket', 'msgpack', 'sse', 'http-stream', 'polling', 'EventSource']
const channel = 'chat:everyone'

test('a page hears everything once by every transport, and by EventSource, though the server is killed', async () => {
  const page = await browser.newPage({ bypassCSP: true })
  await page.goto(`${server.url}/health`)
  await page.addScriptTag({ content: script })
  const token = await server.token('Ada')
  const heard = await page.evaluateHandle(([name, secret]) => listenTo(name, secret), [
    channel,
    token,
  ] as const)
  const all = (...list: unknown[]) => Object.fromEntries(ways.map((way) => [way, list]))
  await publish(server, { channel, data: 1 }, { channel, data: 'zwei' })
  await expect.poll(() => heard.jsonValue(), { timeout: 20_000 }).toEqual(all(1, 'zwei'))
  await server.kill()
  await server.start()
  // Who is not back yet hears it when it is.
  await publish(server, { channel, data: 3 }, { channel, data: 'ü'.repeat(5_000) })
  await expect
    .poll(() => heard.jsonValue(), { timeout: 40_000 })
    .toEqual(all(1, 'zwei', 3, 'ü'.repeat(5_000)))
})
