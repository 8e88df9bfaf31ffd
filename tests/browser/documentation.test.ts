import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { barriers, keepPicture, launchBrowser, openWindow } from './browser.ts'

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

const headingOf = (page: Page) => page.getByRole('heading', { level: 1 }).textContent()

test('somebody with an error code finds its page, by search and by keyboard', async () => {
  const { page, problems } = await openWindow(browser, server.url, { path: '/docs/' })
  await page.keyboard.press('/')
  await page.keyboard.type('rate_limited')
  await page
    .getByRole('option', { name: /rate_limited/ })
    .first()
    .waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL('**/docs/errors/rate_limited/**')
  expect(await headingOf(page)).toBe('rate_limited')
  expect(problems).toEqual([])
})

test('the link in the answer of an error leads to its page', async () => {
  const { help } = await (await fetch(`${server.url}/api/users/ada/sessions`)).json()
  const { page } = await openWindow(browser, server.url, { path: help })
  expect(await headingOf(page)).toBe('unauthenticated')
  await expect.poll(() => page.getByRole('heading', { name: 'What to do' }).count()).toBe(1)
})

test('words that nobody wrote are answered, and a page that does not exist says so', async () => {
  const { page } = await openWindow(browser, server.url, { path: '/docs/no/such/page/' })
  expect(await headingOf(page)).toBe('There is no such page')
  await page.getByRole('combobox').fill('xyzzyplugh')
  await expect.poll(() => page.getByText('Nothing is found for').count()).toBe(1)
})

const pages = [
  ['start', '/docs/'],
  ['guide', '/docs/guide/chat/'],
  ['commands', '/docs/reference/commands/channels/'],
  ['configuration', '/docs/reference/configuration/'],
  ['recovery', '/docs/concepts/recovery/'],
] as const

for (const colorScheme of ['light', 'dark'] as const)
  test.each(pages)(`the page %s has no barriers in the ${colorScheme}`, async (name, path) => {
    const { page, problems } = await openWindow(browser, server.url, { path, colorScheme })
    expect(await barriers(page)).toEqual([])
    expect(problems).toEqual([])
    await keepPicture(page, `docs-${name}-${colorScheme}`)
  })

test('on a telephone the menu leads everywhere, and nothing is wider than the screen', async () => {
  const viewport = { width: 390, height: 844 }
  const { page } = await openWindow(browser, server.url, { path: '/docs/guide/configure/', viewport })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('link', { name: 'Recovery', exact: true }).click()
  await page.waitForURL('**/docs/concepts/recovery/')
  expect(await barriers(page)).toEqual([])
})

test('the choice of light or dark stays', async () => {
  const { page } = await openWindow(browser, server.url, { path: '/docs/', colorScheme: 'light' })
  await page.getByRole('button', { name: 'Switch between light and dark' }).click()
  await page.reload()
  expect(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe('dark')
})
