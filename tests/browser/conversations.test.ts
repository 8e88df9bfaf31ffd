import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { launchBrowser, signIn } from './browser.ts'
import { type Person, person } from './person.ts'

let server: ServerProcess
let browser: Browser
let ada: Person
let grace: Person

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  server = await ServerProcess.start()
  ada = await person(server, 'Ada Lovelace')
  grace = await person(server, 'Grace Hopper')
  await grace.call('POST', '/conversations', { id: 'launch', title: 'Launch', members: [ada.id] })
  await grace.call('POST', '/conversations', { id: 'design', title: 'Design review', members: [ada.id] })
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  await server?.remove()
})

const soon = { timeout: 10_000 }
const enter = (name: string, options = {}) =>
  signIn(browser, server.url, name, { path: '/#home', ...options })
const list = (page: Page) => page.getByRole('navigation', { name: 'Conversations' })
const row = (page: Page, title: string | RegExp) => list(page).getByRole('link', { name: title })
const sections = async (page: Page) =>
  list(page)
    .getByRole('group')
    .evaluateAll((parts) =>
      parts.map((part) => [
        part.getAttribute('aria-label'),
        ...[...part.querySelectorAll('a bdi')].map((title) => title.textContent),
      ]),
    )

test('the list has rooms, groups and people in sections, the newest first, with what waits in each', async () => {
  const { channel: direct } = await grace.call('POST', '/conversations/direct', { users: [ada.id] })
  const { page, problems } = await enter('Ada Lovelace')
  await row(page, 'Launch').waitFor()
  await grace.send('conversation:design', 'The second draft is there.')
  await grace.send('conversation:launch', 'Please look, @ada-lovelace')
  await grace.send('conversation:launch', 'Today if you can.')
  await grace.send(String(direct), 'Do you have a minute?')

  await row(page, 'Launch').getByRole('img', { name: '2 unread' }).waitFor(soon)
  await row(page, 'Launch').getByRole('img', { name: '1 mention' }).waitFor()
  await row(page, 'Design review').getByRole('img', { name: '1 unread' }).waitFor()
  await row(page, 'Grace Hopper').getByRole('img', { name: '1 unread' }).waitFor()
  await expect
    .poll(() => sections(page), soon)
    .toEqual([
      ['Rooms', 'Launch', 'Design review', 'General'],
      ['Groups and direct messages', 'Grace Hopper'],
    ])
  await expect.poll(() => page.title()).toBe('(4) Parley')
  // What waits, all in one place.
  await page.getByRole('heading', { name: 'What waits for you' }).waitFor()
  await page
    .locator('[data-region="content"]')
    .getByRole('link', { name: /Launch/ })
    .click()
  await expect.poll(() => page.title(), soon).toBe('(2) Launch · Parley')
  await page
    .getByRole('navigation', { name: 'Workspace' })
    .getByRole('link', { name: 'Conversations' })
    .click()
  await page.getByRole('button', { name: 'Mark all as read' }).click()
  await expect.poll(() => page.title(), soon).toBe('Parley')
  expect(problems).toEqual([])
})

test('a dot beside a person says how reachable they are, and says it in words too', async () => {
  await grace.call('POST', '/conversations/direct', { users: [ada.id] })
  const { page } = await enter('Ada Lovelace')
  await row(page, /Grace Hopper ?, Offline/).waitFor()
  const other = await enter('Grace Hopper')
  await row(page, /Grace Hopper ?, Online/).waitFor(soon)
  await other.page.getByRole('button', { name: /sign out/ }).click()
  await other.page.getByRole('radio', { name: 'Busy' }).check({ force: true })
  await row(page, /Grace Hopper ?, Do not disturb/).waitFor(soon)
})

test('a conversation is starred, muted, marked and left from its menu, on every device at once', async () => {
  await grace.send('conversation:launch', 'Good morning')
  const [one, two] = [await enter('Ada Lovelace'), await enter('Ada Lovelace')]
  const choose = async (page: Page, title: string, what: string) => {
    await row(page, title).click({ button: 'right' })
    await page.getByRole('menuitem', { name: what, exact: true }).click()
  }
  await choose(one.page, 'Launch', 'Star')
  for (const { page } of [one, two])
    await expect.poll(() => sections(page), soon).toContainEqual(['Starred', 'Launch'])

  await choose(one.page, 'Launch', 'Mark as read')
  for (const { page } of [one, two])
    await expect
      .poll(
        () =>
          row(page, 'Launch')
            .getByRole('img', { name: /unread/ })
            .count(),
        soon,
      )
      .toBe(0)
  await choose(two.page, 'Launch', 'Mark as unread')
  await row(one.page, 'Launch').getByRole('img', { name: '1 unread' }).waitFor(soon)

  await choose(one.page, 'Design review', 'Mute')
  await row(two.page, 'Design review').getByRole('img', { name: 'Muted' }).waitFor(soon)
  await grace.send('conversation:design', 'Nobody needs to hear this.')
  await row(one.page, 'Design review').getByRole('img', { name: '1 unread' }).waitFor(soon)
  expect(await one.page.title()).toBe('(1) Parley')

  await choose(one.page, 'Design review', 'Leave')
  await one.page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click()
  for (const { page } of [one, two]) await expect.poll(() => row(page, 'Design review').count(), soon).toBe(0)
  expect([...one.problems, ...two.problems]).toEqual([])
})

test('the list is filtered, and walked through by keyboard', async () => {
  const { page } = await enter('Ada Lovelace')
  await row(page, 'Launch').waitFor()
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  const filter = page.getByRole('textbox', { name: 'Filter conversations' })
  await page.keyboard.press('f')
  await page.keyboard.type('des rev')
  await expect.poll(() => sections(page)).toEqual([['Rooms', 'Design review']])
  await filter.fill('nothing so named')
  await page.getByText('No conversation here is called “nothing so named”.').waitFor()
  await page.keyboard.press('Escape')
  await row(page, 'General').waitFor()
  await page.keyboard.press('ArrowDown')
  const first = await focused()
  await page.keyboard.press('ArrowDown')
  expect(await focused()).not.toBe(first)
  await page.keyboard.press('End')
  await page.keyboard.press('Home')
  expect(await focused()).toBe(first)
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: /^Message to / }).waitFor()
  // The menu of a row by keyboard.
  await row(page, 'Launch').focus()
  await page.keyboard.press('Shift+F10')
  await page.getByRole('menuitem', { name: 'Star' }).waitFor()
  await page.keyboard.press('Escape')
})

test('the next conversation, and the next unread one, are one press away', async () => {
  const { page } = await enter('Ada Lovelace', { path: '/#conversation:general' })
  await row(page, 'Launch').waitFor()
  await grace.send('conversation:design', 'News')
  await row(page, 'Design review').getByRole('img', { name: '1 unread' }).waitFor(soon)
  await page.keyboard.press('Alt+Shift+ArrowDown')
  await expect.poll(() => page.url()).toMatch(/#conversation:design$/)
  await page.keyboard.press('Alt+ArrowDown')
  await expect.poll(() => page.url()).not.toMatch(/#conversation:design$/)
  // The keys work while one writes, too.
  await page.getByRole('textbox', { name: /^Message to (Launch|General)/ }).focus()
  // Up through the list until it is there: its place depends on what was written when.
  const up = async () => {
    await page.keyboard.press('Alt+ArrowUp')
    // Where the page is, and not where the browser has told that it is: another press would go past it.
    return page.evaluate(() => location.hash)
  }
  await expect.poll(up, soon).toBe('#conversation:design')
})

test('what is written and not sent is marked, listed, and follows to another device', async () => {
  const one = await enter('Ada Lovelace', { path: '/#conversation:launch' })
  await one.field.fill('Not quite finished')
  const two = await enter('Ada Lovelace')
  await row(two.page, 'Launch').getByRole('img', { name: 'Draft' }).waitFor(soon)
  await two.page.getByRole('link', { name: 'Drafts' }).click()
  await two.page.getByText('Not quite finished').waitFor()
  await two.page.getByRole('link', { name: 'Go on writing' }).click()
  await expect.poll(() => two.field.inputValue(), soon).toBe('Not quite finished')
  await two.page.getByRole('link', { name: 'Drafts' }).click()
  await two.page.getByRole('button', { name: 'Drop' }).click()
  await two.page.getByText('No drafts.').waitFor()
  await expect.poll(() => row(two.page, 'Launch').getByRole('img', { name: 'Draft' }).count(), soon).toBe(0)
})

test('two people write to each other, in rooms and in private', async () => {
  const [one, two] = [await enter('Ada Lovelace', { path: '/' }), await enter('Grace Hopper', { path: '/' })]
  await one.page.getByRole('button', { name: 'New conversation' }).click()
  const dialog = one.page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'Direct' }).check({ force: true })
  await dialog.getByRole('combobox', { name: 'People' }).fill('Grace Hopper')
  await one.page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Open conversation' }).click()
  await one.page.getByRole('textbox', { name: 'Message to Grace Hopper' }).waitFor()
  await one.send('Are you there?')
  await row(two.page, 'Ada Lovelace').click()
  await two.page.getByRole('log', { name: 'Messages in Ada Lovelace' }).getByText('Are you there?').waitFor()
  await two.send('I am.')
  await one.page.getByRole('log').getByText('I am.').waitFor(soon)
  expect([...one.problems, ...two.problems]).toEqual([])
})

test('a file goes with a message, is shown to the others, and is gone with it', async () => {
  const { page, problems } = await enter('Ada Lovelace')
  await row(page, 'Launch').click()
  const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  )
  await page
    .locator('input[type="file"]')
    .first()
    .setInputFiles([{ name: 'plan.png', mimeType: 'image/png', buffer: picture }])
  await page.getByRole('textbox', { name: 'Message to Launch' }).fill('Here is the plan')
  const send = page.getByRole('button', { name: 'Send', exact: true })
  await expect.poll(() => send.isEnabled(), soon).toBe(true)
  await send.click()

  const other = await enter('Grace Hopper')
  await row(other.page, 'Launch').click()
  const image = other.page.getByRole('img', { name: /plan\.png/ })
  await image.waitFor(soon)
  await expect
    .poll(() => image.evaluate((element) => (element as HTMLImageElement).naturalWidth), soon)
    .toBeGreaterThan(0)
  const { messages } = await grace.call('GET', '/conversations/conversation:launch/messages')
  const [message] = messages as readonly { seq: number; attachments: readonly { file: string }[] }[]
  await ada.call('DELETE', `/conversations/conversation:launch/messages/${message?.seq}`)
  await other.page.getByText('This message was deleted.').waitFor(soon)
  await expect(grace.call('GET', `/files/${message?.attachments[0]?.file}`)).rejects.toThrow()
  expect([...problems, ...other.problems]).toEqual([])
})
