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
const launch = 'conversation:launch'
const enter = (name: string, path = '/#home') => signIn(browser, server.url, name, { path })
const rail = (page: Page) => page.getByRole('navigation', { name: 'Workspace' })
const log = (page: Page) => page.getByRole('log', { name: /^Messages in/ })

test('the palette goes to conversations, people and actions, and finds messages, by keyboard alone', async () => {
  const seq = await grace.send('conversation:design', 'The café wall in the second draft')
  const { page, problems } = await enter('Ada Lovelace')
  await page.getByRole('link', { name: 'Design review' }).first().waitFor()
  const field = page.getByRole('combobox', { name: 'Command palette' })
  const open = async (typed: string) => {
    await page.keyboard.press('Control+k')
    await field.waitFor()
    await field.fill(typed)
  }
  await open('lau')
  await page.getByRole('option', { name: /Launch/, selected: true }).waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => page.url()).toMatch(/#conversation:launch$/)

  await open('keyboard sh')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')

  await open('cafe')
  const found = page.getByRole('group', { name: 'Messages' }).getByRole('option', { name: /café wall/ })
  await found.waitFor(soon)
  await page.keyboard.press('Enter')
  await expect.poll(() => page.url()).toMatch(new RegExp(`#conversation:design/${seq}$`))
  await log(page).getByText('The café wall').waitFor()

  await open('grace')
  await page
    .getByRole('group', { name: 'People' })
    .getByRole('option', { name: /Grace Hopper/ })
    .click()
  await page.getByRole('textbox', { name: 'Message to Grace Hopper' }).waitFor(soon)
  expect(problems).toEqual([])
})

test('a search is narrowed by filters, marks what it found, leads there, and is an address', async () => {
  await grace.send(launch, 'The launch date is the first. See https://example.org/plan')
  const wanted = await ada.send(launch, 'A **launch** without a link')
  await grace.send('conversation:design', 'Nothing about it')
  const { page, problems } = await enter('Ada Lovelace')
  await rail(page).getByRole('link', { name: 'Search' }).click()
  await page.getByText('Write a word to look for').waitFor()
  await page.keyboard.type('LAUNCH')
  const found = page.getByRole('list', { name: 'Messages found' }).getByRole('article')
  await expect.poll(() => found.count(), soon).toBe(2)
  expect(await found.locator('mark').allTextContents()).toEqual(['launch', 'launch'])

  await page.getByRole('combobox', { name: 'Has' }).selectOption('link')
  await expect.poll(() => found.count(), soon).toBe(1)
  await page.getByRole('combobox', { name: 'Has' }).selectOption('')
  await page.getByRole('combobox', { name: 'From' }).selectOption('ada-lovelace')
  await expect.poll(() => found.count(), soon).toBe(1)
  expect(page.url()).toMatch(/#search\?text=LAUNCH&author=ada-lovelace$/)
  await page.reload()
  await expect.poll(() => found.count(), soon).toBe(1)
  await found.hover()
  await found.getByRole('link', { name: /^Go to message/ }).click()
  await expect.poll(() => page.url()).toMatch(new RegExp(`/${wanted}$`))
  await log(page).getByText('without a link').waitFor()

  await page.goBack()
  await page.getByRole('searchbox', { name: 'Search messages' }).fill('zeppelin')
  await page.getByText('Nothing was found.').waitFor(soon)
  expect(problems).toEqual([])
})

test('a search in one conversation goes to a day', async () => {
  const first = await grace.send(launch, 'What was said today')
  const { page } = await enter('Ada Lovelace', `/#${launch}`)
  await page.getByRole('button', { name: 'Search in this conversation' }).click()
  const today = await page.evaluate(() => new Date().toLocaleDateString('sv-SE'))
  await page.getByLabel('Go to a day in this conversation').fill(today)
  await page.getByRole('button', { name: 'Go', exact: true }).click()
  await expect.poll(() => page.url(), soon).toMatch(new RegExp(`#conversation:launch/${first}$`))
})

test('threads and mentions come together on pages of their own, and are counted in the rail', async () => {
  const root = await ada.send(launch, 'Who answers mail on the day?')
  await ada.send(launch, 'Nobody yet', { thread: root })
  const { page, problems } = await enter('Ada Lovelace')
  await page.getByRole('link', { name: 'Launch' }).first().waitFor()
  await grace.send(launch, 'I do, @ada-lovelace', { thread: root })
  const threads = rail(page).getByRole('link', { name: 'Threads' })
  await threads.getByRole('img', { name: '1 new' }).waitFor(soon)
  await rail(page).getByRole('link', { name: 'Mentions' }).getByRole('img', { name: '1 new' }).waitFor(soon)

  await rail(page).getByRole('link', { name: 'Mentions' }).click()
  await page.getByRole('list', { name: 'Mentions' }).getByText(/I do,/).waitFor()
  await threads.click()
  await page.getByRole('link', { name: /2 replies/ }).waitFor()
  await page.getByText('1 new', { exact: true }).waitFor()
  await page.getByRole('link', { name: /2 replies/ }).click()
  const panel = page.getByRole('region', { name: 'Thread' })
  await panel.getByText(/I do,/).waitFor(soon)
  await panel.getByRole('textbox', { name: 'Reply in the thread' }).fill('Thank you')
  await page.keyboard.press('Enter')
  await expect.poll(() => threads.getByRole('img').count(), soon).toBe(0)
  await page.keyboard.press('Escape')
  await expect.poll(() => panel.count()).toBe(0)

  await threads.click()
  const thread = page.getByRole('article').filter({ hasText: 'Who answers mail' })
  await page.getByRole('link', { name: '3 replies' }).waitFor(soon)
  await thread.hover()
  await thread.getByRole('button', { name: 'Unfollow' }).click()
  await page.getByText('No threads yet.').waitFor(soon)
  expect(problems).toEqual([])
})

test('pins stand beside the conversation, the newest first, and change live', async () => {
  const seqs = [await grace.send(launch, 'The first of the month'), await grace.send(launch, 'And the rota')]
  const { page } = await enter('Ada Lovelace', `/#${launch}`)
  await page.getByRole('button', { name: 'Pinned messages' }).click()
  const panel = page.getByRole('region', { name: 'Pinned messages' })
  await panel.getByText('Nothing is pinned here.').waitFor()
  for (const seq of seqs) await grace.call('PUT', `/conversations/${launch}/messages/${seq}/pin`, {})
  await expect.poll(() => panel.getByRole('article').count(), soon).toBe(2)
  expect(await panel.getByRole('article').first().textContent()).toContain('And the rota')
  await panel.getByRole('article').first().hover()
  await panel.getByRole('article').first().getByRole('button', { name: 'Unpin' }).click()
  await expect.poll(() => panel.getByRole('article').count(), soon).toBe(1)
})

test('a message is sent later, changed and cancelled', async () => {
  const window = await enter('Ada Lovelace', `/#${launch}`)
  const { page, field, problems } = window
  await field.fill('Good morning all')
  await page.getByRole('button', { name: 'Send later' }).click()
  const form = page.getByRole('dialog')
  await form.getByRole('button', { name: 'Tomorrow, 9:00' }).click()
  await form.getByRole('button', { name: 'Schedule' }).click()
  await page.getByText(/^The message is sent tomorrow 9:00/).waitFor(soon)
  await expect.poll(() => field.inputValue(), soon).toBe('')
  await rail(page).getByRole('link', { name: 'Scheduled' }).click()
  await page.getByRole('list', { name: 'Scheduled messages' }).getByText('Good morning all').waitFor()
  await page.getByRole('button', { name: 'Change' }).click()
  await form.getByRole('textbox', { name: 'Message' }).fill('Good evening all')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Good evening all').waitFor(soon)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('Nothing is scheduled.').waitFor(soon)
  expect(problems).toEqual([])
})

test('every key is on the sheet, and single keys can be switched off', async () => {
  const { page } = await enter('Ada Lovelace', `/#${launch}`)
  const { field } = { field: page.getByRole('textbox', { name: 'Message to Launch' }) }
  await field.waitFor()
  // In a field keys are letters.
  await field.focus()
  await page.keyboard.type('?n')
  expect(await field.inputValue()).toBe('?n')
  await page.getByRole('heading', { name: 'Launch' }).click()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('i')
  await page.getByRole('region', { name: 'Details' }).waitFor()
  await page.keyboard.press('m')
  await page.getByRole('region', { name: /^Members/ }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await expect.poll(() => page.url()).toMatch(/#mentions$/)
  await page.keyboard.press('/')
  await expect.poll(() => page.url()).toMatch(/#search$/)
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('?')
  await page.getByRole('switch', { name: /^Single keys/ }).uncheck({ force: true })
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  await page.keyboard.press('n')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Command palette' }).waitFor()
  expect(await page.getByRole('dialog', { name: 'New conversation' }).count()).toBe(0)
})

test('F6 goes from part to part of the page', async () => {
  const { page } = await enter('Ada Lovelace', `/#${launch}/details`)
  await page.getByRole('region', { name: 'Details' }).waitFor()
  const where = () =>
    page.evaluate(() => document.activeElement?.closest('[data-region]')?.getAttribute('data-region'))
  await page.getByRole('textbox', { name: 'Message to Launch' }).focus()
  const seen = new Set<string | null | undefined>()
  for (let presses = 0; presses < 4; presses++) {
    await page.keyboard.press('F6')
    seen.add(await where())
  }
  expect(seen).toEqual(new Set(['panel', 'rail', 'list', 'content']))
})
