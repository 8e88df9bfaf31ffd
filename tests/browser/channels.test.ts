import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish, tokenFor } from './back-end.ts'
import { launchBrowser, openWindow, signIn, type Window } from './browser.ts'

let server: ServerProcess
let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  server = await ServerProcess.start()
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  await server?.remove()
})

const enter = async (name: string, options = {}) => {
  const window = await signIn(browser, server.url, name, { path: '/#chat:general', ...options })
  await window.field.waitFor()
  return window
}
const soon = { timeout: 10_000 }
const shows = (window: Window, texts: readonly string[]) => expect.poll(window.messages, soon).toEqual(texts)

/** Messages of a channel, numbered. */
const numbered = (count: number, channel = 'chat:general') =>
  Array.from({ length: count }, (_, index) => ({ channel, data: { text: `message ${index + 1}` } }))

test('what one person writes, and what a back end publishes, is seen in both windows, once and in order', async () => {
  const [ada, grace] = [await enter('Ada Lovelace'), await enter('Grace Hopper')]
  await ada.send('Good morning')
  await shows(grace, ['Good morning'])
  await grace.send('Good morning to you')
  await shows(ada, ['Good morning', 'Good morning to you'])
  await publish(server, { channel: 'chat:general', data: { text: 'from curl' } })
  for (const window of [ada, grace]) await shows(window, ['Good morning', 'Good morning to you', 'from curl'])
  expect(await ada.page.getByRole('img', { name: 'Stored' }).count()).toBe(1)
  await publish(server, { channel: 'chat:general', type: 'build.finished', data: { ok: true } })
  await expect.poll(() => grace.page.getByText('"ok": true').count()).toBe(1)
  expect([...ada.problems, ...grace.problems]).toEqual([])
})

test('who is here is shown, by the names they gave, and no longer after they close the window', async () => {
  const [ada, grace] = [await enter('Ada Lovelace'), await enter('Grace Hopper')]
  for (const window of [ada, grace])
    await expect
      .poll(async () => (await window.people()).sort(), soon)
      .toEqual(['Ada Lovelace', 'Grace Hopper'])
  await grace.send('I have to go')
  await shows(ada, ['I have to go'])
  await grace.page.context().close()
  await expect.poll(ada.people, { timeout: 20_000 }).toEqual(['Ada Lovelace'])
  // Who has left is still called by name.
  expect(await ada.page.getByRole('log').locator('bdi').allTextContents()).toEqual(['Grace Hopper'])
})

test('a channel is made by naming it; news in other channels are counted, and nobody is seen where they are not', async () => {
  const [ada, grace] = [await enter('Ada Lovelace'), await enter('Grace Hopper')]
  await ada.page.getByRole('button', { name: 'New channel' }).click()
  const dialog = ada.page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Design talk')
  await dialog.getByRole('radio', { name: /^room/ }).check()
  await dialog.getByRole('button', { name: 'Open channel' }).click()
  await expect.poll(() => ada.page.url()).toMatch(/#room:design-talk$/)
  await ada.page.getByRole('textbox', { name: 'Message to room:design-talk' }).waitFor()
  await expect.poll(grace.people, soon).toEqual(['Grace Hopper'])

  await grace.send('Where are you?')
  await grace.send('Ada?')
  const general = ada.page.getByRole('link', { name: /general/ })
  await expect.poll(() => general.getByRole('img', { name: '2 new' }).count(), soon).toBe(1)
  await general.click()
  await expect.poll(grace.people, soon).toEqual(['Grace Hopper', 'Ada Lovelace'])
  await ada.page.goBack()
  await ada.page.getByRole('textbox', { name: 'Message to room:design-talk' }).waitFor()
})

test('older messages come as the reader goes up, without moving what they read', async () => {
  await publish(server, ...numbered(100))
  await publish(
    server,
    ...numbered(30).map(({ channel }, index) => ({ channel, data: { text: `message ${101 + index}` } })),
  )
  const { page, messages } = await enter('Ada')
  await expect.poll(async () => (await messages()).length, soon).toBe(50)
  const log = page.getByRole('log')
  const top = () =>
    log.evaluate((box) => {
      const rows = [...box.querySelectorAll<HTMLElement>('[data-offset]')]
      const row = rows.find((one) => one.getBoundingClientRect().top >= box.getBoundingClientRect().top)
      return { offset: row?.dataset.offset, y: Math.round(row?.getBoundingClientRect().top ?? 0) }
    })
  await log.evaluate((box) => box.scrollTo(0, 300))
  const before = await top()
  await expect.poll(async () => (await messages()).length, soon).toBe(100)
  const after = await top()
  expect(after.offset).toBe(before.offset)
  // Rows have fractions of a pixel.
  expect(Math.abs(after.y - before.y)).toBeLessThanOrEqual(1)
  await log.evaluate((box) => box.scrollTo(0, 0))
  await expect.poll(async () => (await messages()).length, soon).toBe(130)
  await log.evaluate((box) => box.scrollTo(0, 0))
  await expect.poll(() => page.getByText('Nothing older is kept.').count()).toBe(1)
  expect(await messages()).toEqual(Array.from({ length: 130 }, (_, index) => `message ${index + 1}`))

  await publish(server, { channel: 'chat:general', data: { text: 'fresh' } })
  await page.getByRole('button', { name: '1 new message' }).click()
  await expect.poll(() => page.getByText('fresh').isVisible()).toBe(true)
})

test('a reload stays signed in, in the same channel, at the same message, with the same draft', async () => {
  await publish(server, ...numbered(90))
  const window = await enter('Ada Lovelace')
  const { page, field, messages } = window
  await expect.poll(async () => (await messages()).length, soon).toBe(50)
  const log = page.getByRole('log')
  const inView = () =>
    log.evaluate((box) => {
      const { top } = box.getBoundingClientRect()
      const rows = [...box.querySelectorAll<HTMLElement>('[data-offset]')]
      return rows.find((one) => one.getBoundingClientRect().bottom > top + 1)?.dataset.offset
    })
  await log.evaluate((box) => box.scrollTo(0, 0))
  await expect.poll(async () => (await messages()).length, soon).toBe(90)
  await log.evaluate((box) => box.scrollTo(0, 400))
  await field.fill('not yet said')
  const before = await inView()
  await page.reload()
  await field.waitFor()
  expect(await field.inputValue()).toBe('not yet said')
  await expect.poll(inView, soon).toBe(before)
  expect(window.problems).toEqual([])
})

test('what the server refuses stays where it was written, with a way to try again and one to discard', async () => {
  const capabilities = { 'chat:*': ['read', 'presence'] }
  const token = tokenFor(server, { sub: 'reader', name: 'Reader', capabilities })
  const window = await openWindow(browser, server.url, { path: '/#chat:general' })
  const { page, send, messages } = window
  await page.getByRole('button', { name: 'Use a token instead' }).click()
  await page.getByRole('textbox', { name: 'Token' }).fill('not a token')
  await page.getByRole('button', { name: 'Sign in with token' }).click()
  await page.getByText('A token has no spaces').waitFor()
  await page.getByRole('textbox', { name: 'Token' }).fill(token)
  await page.getByRole('button', { name: 'Sign in with token' }).click()
  await window.field.waitFor()
  await send('May I?')
  await page.getByText(/^Not sent\./).waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText(/^Not sent\./).waitFor()
  expect(await messages()).toEqual(['May I?'])
  // It is still there after a look at another channel.
  await page.evaluate(() => {
    location.hash = '#chat:other'
  })
  await page.getByRole('textbox', { name: 'Message to chat:other' }).waitFor()
  await page.goBack()
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.getByText('Nothing has been said here yet.').waitFor()
})

test('signing in and writing need no mouse', async () => {
  const { page, field, messages, problems } = await openWindow(browser, server.url, {
    path: '/#chat:general',
  })
  await page.evaluate(() => localStorage.setItem('parley.tour.ada-lovelace', '"seen"'))
  await page.keyboard.type('Ada Lovelace')
  await page.keyboard.press('Enter')
  await field.waitFor()
  const isFocused = () => field.evaluate((element) => element === document.activeElement)
  for (let presses = 0; presses < 40 && !(await isFocused()); presses++) await page.keyboard.press('Tab')
  await page.keyboard.type('first line')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('second line')
  await page.keyboard.press('Enter')
  await expect.poll(messages, soon).toEqual(['first line\nsecond line'])
  // Back to the account and out.
  const account = page.getByRole('button', { name: /sign out/ })
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Shift+Tab')
    if (await account.evaluate((element) => element === document.activeElement)) break
  }
  const ring = await account.evaluate((element) => getComputedStyle(element).outlineWidth)
  expect(ring).toBe('2px')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Sign out', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Your name' }).waitFor()
  expect(problems).toEqual([])
})
