import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish } from './back-end.ts'
import { launchBrowser, openWindow } from './browser.ts'

let server: ServerProcess
let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
  server = await ServerProcess.start()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

test('a page of 15 lines listens while a back end publishes', async () => {
  await publish(server, { channel: 'chat:general', data: { text: 'before' } })
  const { page, problems } = await openWindow(browser, server.url, { path: '/examples/listen.html' })
  const heard = () => page.locator('pre').textContent()
  await expect.poll(heard).toBe('before\n')
  await publish(server, { channel: 'chat:general', data: { text: 'hello' } })
  await expect.poll(heard).toBe('before\nhello\n')
  expect(problems).toEqual([])

  const source = (name: string) =>
    readFileSync(new URL(`../../examples/listen/${name}`, import.meta.url), 'utf8')
  const all = source('listen.html') + source('listen.js')
  expect(all.trim().split('\n').length).toBeLessThanOrEqual(15)
})
