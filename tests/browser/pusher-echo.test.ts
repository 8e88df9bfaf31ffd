import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { keepPicture, launchBrowser } from './browser.ts'

const script = fileURLToPath(new URL('../../examples/pusher-echo/server.ts', import.meta.url))
const secret = 'a secret of the app that ships orders'
let parley: ServerProcess
let backEnd: ChildProcess
let browser: Browser
let url = ''

beforeAll(async () => {
  browser = await launchBrowser()
  parley = await ServerProcess.start({
    settings: {
      apps: { default: { apiKeys: [{ id: 'shop', secret }] } },
      // The pages of the shop are on another port.
      allowedOrigins: ['self', '*'],
      kinds: { 'pusher-presence': { presenceGraceMs: 500 } },
    },
  })
  backEnd = spawn(process.execPath, ['--conditions=parley-source', script], {
    env: { ...process.env, PORT: '0', PARLEY_URL: parley.url, PUSHER_KEY: 'shop', PUSHER_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: backEnd.stdout as NodeJS.ReadableStream }), 'line')
  url = String(line)
})
afterAll(async () => {
  await browser?.close()
  backEnd?.kill()
  await parley?.remove()
})

async function open(name: string, order: number): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 480, height: 640 } })).newPage()
  await page.goto(`${url}/?name=${name}&order=${order}`)
  await page.getByText('connected', { exact: true }).waitFor()
  return page
}

const log = (page: Page) => page.getByRole('log').locator('li').allTextContents()
const people = (page: Page) => page.locator('#people').textContent()

test('an application of Laravel Echo works as it is, also over a kill of the server', async () => {
  const ada = await open('Ada', 1)
  const grace = await open('Grace', 2)
  const eve = await open('Eve', 1)
  for (const page of [ada, grace, eve]) await expect.poll(() => people(page)).toBe('Ada, Eve, Grace')
  await expect.poll(() => log(eve)).toEqual(['Not your order: 403'])
  await grace.getByLabel('Note').pressSequentially('Hi')
  await ada.getByText('Grace is writing').waitFor()
  await ada.getByRole('button').click()
  await expect.poll(() => log(ada)).toEqual(['Order 1 is on its way (1)'])
  expect(await log(grace)).toEqual([])
  await eve.close()
  await expect.poll(() => people(ada)).toBe('Ada, Grace')
  await grace.reload()
  await expect.poll(() => people(grace)).toBe('Ada, Grace')
  await parley.kill()
  await ada.getByText('connected', { exact: true }).waitFor({ state: 'hidden' })
  // The library tries again in a quarter of a minute, or when its browser is online again.
  for (const page of [ada, grace]) await page.context().setOffline(true)
  await parley.start()
  for (const page of [ada, grace]) await page.context().setOffline(false)
  for (const page of [ada, grace]) {
    await page.getByText('connected', { exact: true }).waitFor()
    await expect.poll(() => people(page)).toBe('Ada, Grace')
  }
  await grace.getByRole('button').click()
  await expect.poll(() => log(grace)).toEqual(['Order 2 is on its way (2)'])
  await keepPicture(ada, 'pusher-echo')
})
