import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { keepPicture, launchBrowser, signIn } from './browser.ts'
import { Gate } from './gate.ts'

let server: ServerProcess
let browser: Browser
let gate: Gate

beforeAll(async () => {
  browser = await launchBrowser()
  server = await ServerProcess.start()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})
beforeEach(async () => {
  gate = await Gate.to(server.port)
})
afterEach(() => gate.close())

const path = '/#conversation:general'
const soon = { timeout: 20_000 }
const said = (page: Page) =>
  page.getByRole('log', { name: 'Messages in General' }).locator('.parley-text').allInnerTexts()

test('offline for a minute, 20 messages are written and the page is reloaded; online again, each is there once and in order', async () => {
  const ada = await signIn(browser, gate.url, 'Ada Lovelace', { path, hasClock: true })
  const grace = await signIn(browser, server.url, 'Grace Hopper', { path })
  await ada.send('before')
  await expect.poll(() => said(grace.page), soon).toEqual(['before'])

  gate.cut()
  await ada.page.getByText('Connection lost, trying again.').waitFor()
  const written = Array.from({ length: 20 }, (_, index) => `offline ${index + 1}`)
  for (const text of written) await ada.send(text)
  await ada.page.getByText('20 messages wait.').waitFor()
  await expect.poll(() => said(ada.page), soon).toEqual(['before', ...written])

  // Whatever a page does of itself in a minute, it does now.
  await ada.page.clock.runFor(60_000)
  await ada.page.getByText('20 messages wait.').waitFor()

  // The page itself comes through; nothing that it asks for does.
  gate.open()
  gate.letsPagesAlone = true
  await ada.page.reload()
  // Painted from what was kept, before the network has answered anything.
  await expect.poll(() => said(ada.page), soon).toEqual(['before', ...written])
  await ada.page.getByText('20 messages wait.').waitFor()
  await keepPicture(ada.page, 'offline-reload')
  expect(await said(grace.page)).toEqual(['before'])

  gate.letsPagesAlone = false
  for (const { page } of [ada, grace])
    await expect.poll(() => said(page), { timeout: 30_000 }).toEqual(['before', ...written])
  await expect.poll(() => ada.page.getByRole('img', { name: 'Sending' }).count(), soon).toBe(0)
  // Nothing comes twice, even later.
  await grace.send('after')
  for (const { page } of [ada, grace])
    await expect.poll(() => said(page), soon).toEqual(['before', ...written, 'after'])
})

test('the workspace connects without waiting: while its clock stands still, a message is sent and heard', async () => {
  const ada = await signIn(browser, gate.url, 'Ada Lovelace', { path, hasClock: true })
  await ada.page.clock.pauseAt(Date.now() + 60_000)
  await ada.page.reload()
  await expect.poll(() => gate.webSockets, soon).toBe(1)
  await ada.send('timeless')
  await expect.poll(() => said(ada.page), soon).toContain('timeless')
  await expect.poll(() => ada.page.getByRole('img', { name: 'Sending' }).count(), soon).toBe(0)
})

test('signing out leaves nothing on the device', async () => {
  const { page, send } = await signIn(browser, gate.url, 'Mary Jackson', { path })
  await send('kept for a while')
  await expect.poll(() => said(page), soon).toContain('kept for a while')
  const kept = () =>
    page.evaluate(async () => {
      const found: unknown[] = []
      for (const { name = '' } of await indexedDB.databases()) {
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const asked = indexedDB.open(name)
          asked.onsuccess = () => resolve(asked.result)
          asked.onerror = () => reject(asked.error)
        })
        for (const table of database.objectStoreNames)
          found.push(
            ...(await new Promise<unknown[]>((resolve) => {
              const asked = database.transaction(table).objectStore(table).getAll()
              asked.onsuccess = () => resolve(asked.result)
            })),
          )
        database.close()
      }
      return JSON.stringify(found).includes('kept for a while')
    })
  await expect.poll(kept, soon).toBe(true)
  await page.evaluate(() => {
    location.hash = 'you'
  })
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByRole('textbox', { name: 'Your name' }).waitFor()
  expect(await kept()).toBe(false)
})
