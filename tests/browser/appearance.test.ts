import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish } from './back-end.ts'
import { barriers, keepPicture, launchBrowser, openWindow, signIn } from './browser.ts'

let server: ServerProcess
let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
  server = await ServerProcess.start()
  const grace = await enter('Grace Hopper')
  await grace.send('Good morning. The new build is on the test server.')
  await grace.send(
    'Please look at the resume after a restart: positions have to go on where they were, 17 → 18 → 19.',
  )
  await publish(server, {
    channel: 'chat:general',
    type: 'build.finished',
    data: { branch: 'main', commit: '4f1c2aa', seconds: 42, ok: true },
  })
  await grace.send('مرحبا بالجميع')
  await grace.page.getByRole('img', { name: 'Stored' }).nth(2).waitFor()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})
// The first window stays: it is who the others see.
afterEach(() =>
  Promise.all(
    browser
      .contexts()
      .slice(1)
      .map((context) => context.close()),
  ),
)

const enter = (name: string, options = {}) => signIn(browser, server.url, name, options)
const phone = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
} as const
const schemes = ['light', 'dark'] as const

/** The four views of a telephone, by the bar at its foot. */
const show = (page: Page, view: string) =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: view }).click()

test.each(schemes)('signing in, in %s, keeps nobody out', async (colorScheme) => {
  const { page, problems } = await openWindow(browser, server.url, { colorScheme })
  await page.getByRole('textbox', { name: 'Your name' }).waitFor()
  await keepPicture(page, `sign-in-${colorScheme}`)
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('Write the name that others shall see.').waitFor()
  expect(await barriers(page)).toEqual([])
  expect(problems).toEqual([])
})

test.each(schemes)(
  'messages, people, the account and a new channel, in %s, keep nobody out',
  async (colorScheme) => {
    const { page, send, problems, messages } = await enter('Ada Lovelace', { colorScheme })
    await expect.poll(async () => (await messages()).length).toBeGreaterThanOrEqual(3)
    await send('Looking now.')
    await page.getByRole('img', { name: 'Stored' }).first().waitFor()
    await keepPicture(page, `workspace-${colorScheme}`)
    expect(await barriers(page)).toEqual([])

    await page.getByRole('button', { name: /sign out/ }).click()
    await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor()
    await keepPicture(page, `account-${colorScheme}`)
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'New channel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Open channel' }).click()
    await page.getByText('Write a name.').waitFor()
    await keepPicture(page, `new-channel-${colorScheme}`)
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')

    await page.evaluate(() => {
      location.hash = '#nothing:here'
    })
    await page.getByRole('alert').waitFor()
    await keepPicture(page, `refused-${colorScheme}`)
    expect(await barriers(page)).toEqual([])
    expect(problems).toEqual([])
  },
)

test.each(schemes)('a telephone shows one thing at a time, in %s', async (colorScheme) => {
  const { page, problems } = await enter('Ada Lovelace', { ...phone, colorScheme })
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  for (const view of ['Channels', 'Messages', 'Here now', 'You']) {
    await show(page, view)
    await keepPicture(page, `phone-${view.toLowerCase().replace(' ', '-')}-${colorScheme}`)
    expect(await barriers(page)).toEqual([])
    expect(await overflow()).toBe(0)
  }
  await show(page, 'Channels')
  await page.getByRole('link', { name: 'general' }).click()
  await page.getByRole('button', { name: 'Back to the channels' }).click()
  await page.getByRole('button', { name: 'New channel' }).waitFor()
  expect(problems).toEqual([])
})

test('light and dark are chosen, and the choice is there before the page is', async () => {
  const { page } = await enter('Ada Lovelace')
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  expect(await background()).toBe('rgb(251, 250, 248)')
  await page.getByRole('button', { name: /sign out/ }).click()
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
  await expect.poll(background).toBe('rgb(20, 21, 23)')
  await page.route('**/assets/*.js', () => undefined)
  await page.reload({ waitUntil: 'commit' })
  await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
})

test('nothing moves for those who ask for it', async () => {
  const { page } = await enter('Ada Lovelace', { reducedMotion: 'reduce' })
  await page.getByRole('button', { name: 'New channel' }).click()
  await page.getByRole('dialog').waitFor()
  const moving = await page.evaluate(() =>
    document.getAnimations().map((one) => one.effect?.getTiming().duration),
  )
  expect(moving.filter((duration) => Number(duration) > 0)).toEqual([])
})

test('written from right to left, the whole page stands the other way round', async () => {
  const { page, problems } = await openWindow(browser, server.url)
  await page.route('**/', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: (await response.text()).replace('dir="ltr"', 'dir="rtl"') })
  })
  await page.reload()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada Lovelace')
  await page.keyboard.press('Enter')
  await page.getByRole('log').waitFor()
  const left = async (part: string) =>
    (await page.locator(`[data-part="${part}"]`).boundingBox())?.x ?? Number.NaN
  expect(await left('people')).toBeLessThan(await left('messages'))
  expect(await left('messages')).toBeLessThan(await left('channels'))
  await page.getByRole('button', { name: /sign out/ }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor()
  await keepPicture(page, 'right-to-left')
  expect(await barriers(page)).toEqual([])
  expect(problems).toEqual([])
})

test('everything comes from the server itself, under a policy that allows no inline script and no inline style', async () => {
  const { page, problems } = await openWindow(browser, server.url)
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.url) elsewhere.push(request.url())
  })
  await page.route('**/', async (route) => {
    const response = await route.fetch()
    const policy = response.headers()['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'self'")
    const strict = `${policy.replace(/style-src[^;]*/, "style-src 'self'")}; script-src 'self'`
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': strict } })
  })
  await page.reload()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada Lovelace')
  await page.keyboard.press('Enter')
  await page.getByRole('log').waitFor()
  await page.getByRole('button', { name: /sign out/ }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New channel' }).click()
  await page.getByRole('dialog').waitFor()
  expect(problems).toEqual([])
  expect(elsewhere).toEqual([])
})

test('what is loaded before the first word is at most 250 kB of script, and the client alone at most 15 kB', async () => {
  const { page } = await openWindow(browser, server.url)
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('.js')),
  )
  const weigh = async (url: string) => gzipSync(await (await fetch(url)).bytes()).length
  const sizes = await Promise.all(scripts.map(weigh))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(250_000)
  expect(sizes.length).toBeGreaterThanOrEqual(2)
  expect(await weigh(`${server.url}/sdk/parley.js`)).toBeLessThanOrEqual(15_000)
})
