import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish } from './back-end.ts'
import { barriers, keepPicture, launchBrowser, openWindow, signIn } from './browser.ts'
import { type Person, person } from './person.ts'

let server: ServerProcess
let browser: Browser
let ada: Person

beforeAll(async () => {
  browser = await launchBrowser()
  server = await ServerProcess.start()
  ada = await person(server, 'Ada Lovelace')
  const grace = await person(server, 'Grace Hopper')
  const mary = await person(server, 'Mary Jackson')
  await furnish(grace, mary)
  await publish(server, {
    channel: 'chat:general',
    type: 'build.finished',
    data: { branch: 'main', commit: '4f1c2aa', seconds: 42, ok: true },
  })
  // The first window stays: somebody is here.
  await enter('Grace Hopper')
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})
afterEach(() =>
  Promise.all(
    browser
      .contexts()
      .slice(1)
      .map((context) => context.close()),
  ),
)

/** Something of everything that a page can show. */
async function furnish(grace: Person, mary: Person): Promise<void> {
  const launch = 'conversation:launch'
  await grace.call('POST', '/conversations', {
    ...{ id: 'launch', title: 'Launch', topic: 'What has to happen before the first', visibility: 'public' },
    members: [ada.id, mary.id],
  })
  await grace.call('POST', '/conversations', { id: 'design', title: 'Design review', members: [ada.id] })
  await ada.call('POST', '/conversations', {
    ...{ id: 'reading', title: 'Reading circle', topic: 'Papers worth an evening', visibility: 'public' },
  })
  await mary.call('POST', '/conversations', { id: 'party', title: 'Surprise party', visibility: 'private' })
  await mary.call('POST', '/conversations/conversation:party/invitations', { users: [ada.id] })
  const { channel: direct } = await ada.call('POST', '/conversations/direct', { users: [grace.id] })
  const pinned = await grace.send(
    launch,
    'The date is the **first**. @ada-lovelace, can you look at the *terms*?',
  )
  await grace.call('PUT', `/conversations/${launch}/messages/${pinned}/pin`, {})
  await mary.call('PUT', `/conversations/${launch}/messages/${pinned}/reactions`, { emoji: '👍' })
  await mary.send(launch, 'مرحبا بالجميع')
  const root = await ada.send(launch, 'Who answers mail on the day?')
  await mary.send(launch, 'I do. @ada-lovelace', { thread: root })
  await grace.send('conversation:design', 'The second draft is there.')
  await grace.send(String(direct), 'Do you have a minute?')
  await ada.call('PUT', '/conversations/conversation:design/preferences', { starred: true })
  await ada.call('PUT', '/conversations/conversation:reading/draft', { text: 'I would propose note G' })
  const dueAt = Date.now() + 86_400_000
  await ada.call('POST', `/conversations/${launch}/scheduled`, { text: 'Today is the day.', dueAt })
  await ada.call('POST', '/presence/contacts', { contacts: [grace.id, mary.id] })
  await mary.call('PUT', '/presence/status', { emoji: '🎧', text: 'Concentrating' })
}

const enter = (name: string, options = {}) => signIn(browser, server.url, name, options)
const phone = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
} as const
const schemes = ['light', 'dark'] as const

/** Each page by its address, with something that is there when it is. */
const pages = [
  ['home', 'What waits for you'],
  ['conversation:launch', 'The date is the'],
  ['conversation:launch/details', 'begun by Grace Hopper'],
  ['conversation:reading/details', 'Join links'],
  ['conversation:launch/members', 'Owner'],
  ['conversation:launch/pins', 'Pinned messages'],
  ['threads', '1 reply'],
  ['mentions', 'in a thread'],
  ['drafts', 'I would propose note G'],
  ['scheduled', 'Today is the day.'],
  ['people', 'Concentrating'],
  ['rooms', 'Papers worth an evening'],
  ['invitations', 'invites you to'],
  ['search?text=date', 'The date is the'],
  ['join/V1StGXR8Z5jdHi6BmyT0', 'You have a link'],
  ['chat:general', 'build.finished'],
] as const

const go = (page: Page, hash: string) =>
  page.evaluate((place) => {
    location.hash = place
  }, hash)
const nameOf = (hash: string) => hash.replace(/[^a-z]+/gi, '-')

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

test.each(schemes)('every page, in %s, keeps nobody out', async (colorScheme) => {
  const { page, problems } = await enter('Ada Lovelace', { colorScheme })
  const found: string[] = []
  for (const [hash, sign] of pages) {
    await go(page, hash)
    await page.getByText(sign).filter({ visible: true }).first().waitFor()
    await keepPicture(page, `${nameOf(hash)}-${colorScheme}`)
    found.push(...(await barriers(page)).map((barrier) => `${hash}: ${barrier}`))
  }
  expect(found).toEqual([])
  expect(problems).toEqual([])
})

test.each(schemes)('every dialog, in %s, keeps nobody out', async (colorScheme) => {
  const { page, problems } = await enter('Ada Lovelace', {
    colorScheme,
    path: '/#conversation:reading/details',
  })
  const found: string[] = []
  const look = async (name: string) => {
    await keepPicture(page, `${name}-${colorScheme}`)
    found.push(...(await barriers(page)).map((barrier) => `${name}: ${barrier}`))
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click()
  const shown = () => page.getByRole('dialog').waitFor()
  await press('Settings')
  await shown()
  await look('settings')
  await press('New conversation')
  await shown()
  await look('new-room')
  await press('New conversation')
  await page.getByRole('dialog').getByRole('radio', { name: 'Group' }).check({ force: true })
  await page.getByRole('combobox', { name: 'People' }).fill('gr')
  await page.getByRole('option', { name: /Grace/ }).waitFor()
  await look('new-group')
  await press('Keyboard shortcuts')
  await shown()
  await look('keyboard')
  await page.keyboard.press('Control+k')
  await page.getByRole('option').first().waitFor()
  await look('palette')
  await press(/sign out/)
  await page.getByText('Privacy', { exact: true }).click()
  await page.getByText('Read receipts').waitFor()
  await look('account')
  await press(/sign out/)
  await press('Set a status')
  await page.getByRole('dialog', { name: 'Account' }).waitFor({ state: 'detached' })
  await page.getByRole('dialog', { name: 'Status' }).waitFor()
  await look('status')
  await go(page, 'scheduled')
  await press('Change')
  await shown()
  await look('schedule')
  await go(page, 'conversation:reading/members')
  await press('Invite people')
  await shown()
  await look('invite')
  await go(page, 'nothing:here')
  await page.getByRole('alert').waitFor()
  found.push(...(await barriers(page)))
  expect(found).toEqual([])
  expect(problems).toEqual([])
})

test.each(schemes)('a telephone shows one thing at a time, in %s', async (colorScheme) => {
  const { page, problems } = await enter('Ada Lovelace', { ...phone, colorScheme, path: '/#home' })
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  const found: string[] = []
  for (const [hash, sign] of [...pages, ['you', 'Sign out'] as const]) {
    await go(page, hash)
    // At home a telephone shows the list.
    const text = hash === 'home' ? 'Browse rooms' : sign
    await page.getByText(text).filter({ visible: true }).first().waitFor()
    await keepPicture(page, `phone-${nameOf(hash)}-${colorScheme}`)
    found.push(...(await barriers(page)).map((barrier) => `${hash}: ${barrier}`))
    expect(await overflow(), hash).toBe(0)
  }
  expect(found).toEqual([])
  const views = page.getByRole('navigation', { name: 'Views' })
  await views.getByRole('link', { name: 'Chats' }).click()
  await page.getByRole('link', { name: 'Launch' }).click()
  await page.getByRole('textbox', { name: 'Message to Launch' }).waitFor()
  expect(await views.isVisible()).toBe(false)
  await page.getByRole('button', { name: 'Details' }).click()
  await page.getByRole('link', { name: /^Members/ }).click()
  await page.getByRole('region', { name: /^Members/ }).waitFor()
  await page.getByRole('button', { name: 'Close the side panel' }).click()
  await page.getByRole('button', { name: 'Back to the conversations' }).click()
  await page.getByRole('navigation', { name: 'Conversations' }).waitFor()
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
  await page.getByRole('button', { name: 'New conversation' }).click()
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
  await page.evaluate(() => localStorage.setItem('parley.tour.ada-lovelace', '"seen"'))
  await page.reload()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada Lovelace')
  await page.keyboard.press('Enter')
  await page.getByRole('navigation', { name: 'Workspace' }).waitFor()
  await go(page, 'conversation:launch/members')
  await page.getByText('Owner').waitFor()
  const left = async (region: string) =>
    (await page.locator(`[data-region="${region}"]`).boundingBox())?.x ?? Number.NaN
  expect(await left('panel')).toBeLessThan(await left('list'))
  expect(await left('content')).toBeLessThan(await left('list'))
  expect(await left('list')).toBeLessThan(await left('rail'))
  await keepPicture(page, 'right-to-left')
  expect(await barriers(page)).toEqual([])
  expect(problems).toEqual([])
})

test('everything comes from the server itself, under a policy that allows no inline script and no inline style', async () => {
  const { page, problems } = await openWindow(browser, server.url)
  const elsewhere: string[] = []
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:' && origin !== server.url) elsewhere.push(request.url())
  })
  await page.route('**/', async (route) => {
    const response = await route.fetch()
    const policy = response.headers()['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'self'")
    const strict = `${policy.replace(/style-src[^;]*/, "style-src 'self'")}; script-src 'self'`
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': strict } })
  })
  await page.reload()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Mary Jackson')
  await page.keyboard.press('Enter')
  await page.getByText('1 of 5').waitFor()
  await page.keyboard.press('Escape')
  await go(page, 'conversation:launch/details')
  await page.getByRole('log').waitFor()
  await page.getByRole('button', { name: /sign out/ }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New conversation' }).click()
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
