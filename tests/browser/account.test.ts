import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { launchBrowser, signIn } from './browser.ts'
import { type Person, person } from './person.ts'

let server: ServerProcess
let browser: Browser
let grace: Person

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  server = await ServerProcess.start()
  grace = await person(server, 'Grace Hopper')
  await grace.call('PUT', '/conversations/conversation:general/membership')
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  await server?.remove()
})

const soon = { timeout: 10_000 }
const enter = (name: string, options = {}) =>
  signIn(browser, server.url, name, { path: '/#home', ...options })
const account = (page: Page) => page.getByRole('button', { name: /sign out/ })

test('a status is set and cleared, and contacts see it with how reachable one is', async () => {
  const [one, two] = [await enter('Ada Lovelace'), await enter('Grace Hopper')]
  await two.page.getByRole('link', { name: 'People' }).click()
  await two.page.getByText('You have no contacts yet.').waitFor()
  await two.page.getByRole('button', { name: 'Add contacts' }).first().click()
  const add = two.page.getByRole('dialog')
  await add.getByRole('combobox', { name: 'People' }).fill('Ada Lovelace')
  await two.page.keyboard.press('Enter')
  await add.getByRole('button', { name: 'Add', exact: true }).click()
  const contacts = two.page.getByRole('list', { name: 'Contacts' })
  await contacts.getByText('Online').waitFor(soon)

  await account(one.page).click()
  await one.page.getByRole('button', { name: 'Set a status' }).click()
  const form = one.page.getByRole('dialog', { name: 'Status' })
  await form.getByRole('button', { name: /In a meeting/ }).click()
  await form.getByRole('textbox', { name: 'What you are doing' }).fill('In a long meeting')
  await form.getByRole('button', { name: 'Set status' }).click()
  await contacts.getByText(/In a long meeting/).waitFor(soon)

  await account(one.page).click()
  await one.page.getByRole('button', { name: 'Clear' }).click()
  await expect.poll(() => contacts.getByText(/In a long meeting/).count(), soon).toBe(0)
  await one.page.getByRole('radio', { name: 'Invisible' }).check({ force: true })
  await contacts.getByText(/Offline/).waitFor(soon)
  await one.page.getByRole('radio', { name: 'Online' }).check({ force: true })
  await contacts.getByText('Online').waitFor(soon)

  await contacts.getByRole('button', { name: 'Write to Ada Lovelace' }).click()
  await two.page.getByRole('textbox', { name: 'Message to Ada Lovelace' }).waitFor(soon)
  expect([...one.problems, ...two.problems]).toEqual([])
})

test('privacy is a matter of switches that last', async () => {
  const { page } = await enter('Ada Lovelace')
  await account(page).click()
  await page.getByText('Privacy', { exact: true }).click()
  const receipts = page.getByRole('switch', { name: /^Read receipts/ })
  await expect.poll(() => receipts.isEnabled(), soon).toBe(true)
  await receipts.uncheck({ force: true })
  await page.getByRole('combobox', { name: 'Who sees when I was last here' }).selectOption('nobody')
  await expect
    .poll(
      async () => (await (await person(server, 'Ada Lovelace')).call('GET', '/chat/settings')).receipts,
      soon,
    )
    .toBe(false)
  await page.reload()
  await account(page).click()
  await page.getByText('Privacy', { exact: true }).click()
  await expect.poll(() => receipts.isChecked(), soon).toBe(false)
  await expect
    .poll(() => page.getByRole('combobox', { name: 'Who sees when I was last here' }).inputValue(), soon)
    .toBe('nobody')
})

test('the tab counts what waits and its icon shows it; the browser is asked about notifications on a click only', async () => {
  const { page } = await enter('Ada Lovelace')
  await page.getByText('Nothing waits for you.').waitFor()
  await page.evaluate(() => {
    const seen = window as unknown as { asked: number; told: string[] }
    seen.asked = 0
    seen.told = []
    class Fake extends EventTarget {
      static permission = 'default'
      static requestPermission() {
        seen.asked += 1
        Fake.permission = 'granted'
        return Promise.resolve('granted')
      }
      constructor(title: string, { body, silent }: { body: string; silent: boolean }) {
        super()
        seen.told.push(`${title} | ${body} | ${silent}`)
      }
      close() {}
    }
    Object.defineProperty(window, 'Notification', { value: Fake, configurable: true })
  })
  const seen = () => page.evaluate(() => (window as unknown as { asked: number; told: string[] }).told)
  const asked = () => page.evaluate(() => (window as unknown as { asked: number }).asked)
  const icon = () => page.locator('link[rel="icon"]').getAttribute('href')
  await grace.send('conversation:general', 'Before anybody asked')
  await expect.poll(() => page.title(), soon).toBe('(1) Parley')
  await expect.poll(icon).toMatch(/^data:image\/png/)
  expect([await asked(), await seen()]).toEqual([0, []])

  await account(page).click()
  await page.getByRole('switch', { name: /^Notifications/ }).check({ force: true })
  expect(await asked()).toBe(1)
  await page.keyboard.press('Escape')
  await grace.send('conversation:general', 'Hello **all**')
  await expect.poll(seen, soon).toEqual(['General | Grace Hopper: Hello all | true'])
  await page.goto(`${server.url}/#conversation:general`)
  await expect.poll(() => page.title(), soon).toBe('General · Parley')
  await expect.poll(icon).toBe('/favicon.svg')
})

test('newcomers are shown around once, by keyboard, and can try things on samples', async () => {
  const { page, problems } = await enter('Ada Lovelace', { tour: true, path: '/' })
  // A public room is open already.
  await page.getByRole('textbox', { name: 'Message to General' }).waitFor(soon)
  const card = page.getByRole('dialog', { name: 'Everything you are in' })
  await card.waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Begin here' }).waitFor()
  await page.keyboard.press('ArrowLeft')
  await card.waitFor()
  for (let step = 1; step < 5; step++) await page.keyboard.press('ArrowRight')
  await page.getByText('5 of 5').waitFor()
  await page.getByRole('button', { name: 'Fill with sample data' }).click()
  await page.getByText('Three sample rooms are in your list.').waitFor(soon)
  await page.getByRole('link', { name: 'Launch' }).click()
  await page.getByRole('log').getByText('sample data').waitFor()
  await page.getByRole('button', { name: 'Remove sample data' }).click()
  await page.getByText('The sample data is gone.').waitFor(soon)
  await expect.poll(() => page.getByRole('link', { name: 'Launch' }).count(), soon).toBe(0)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.reload()
  await page.getByRole('navigation', { name: 'Workspace' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Command palette' }).waitFor()
  expect(await page.getByText('1 of 5').count()).toBe(0)
  await page.keyboard.type('tour')
  await page.getByRole('option', { name: 'Take the tour' }).waitFor()
  await page.keyboard.press('Enter')
  await card.waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => card.count()).toBe(0)
  expect(problems).toEqual([])
})
