import { readFileSync } from 'node:fs'
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
  await person(server, 'Ada Lovelace')
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  await server?.remove()
})

const soon = { timeout: 10_000 }
const enter = (name: string, path = '/#home') => signIn(browser, server.url, name, { path })
const go = (page: Page, hash: string) =>
  page.evaluate((place) => {
    location.hash = place
  }, hash)
const row = (page: Page, title: string) =>
  page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: title })
const dialog = (page: Page) => page.getByRole('dialog')

test('a room is made with a title, an id, a topic and who may come in; another one finds and joins it', async () => {
  const [one, two] = [await enter('Ada Lovelace'), await enter('Grace Hopper')]
  await one.page.getByRole('button', { name: 'New conversation' }).click()
  const form = dialog(one.page)
  await form.getByRole('button', { name: 'Create room' }).click()
  await form.getByText('Give the room a title.').waitFor()
  await form.getByRole('textbox', { name: 'Title' }).fill('Wind tunnel')
  expect(await form.getByRole('textbox', { name: 'Id' }).inputValue()).toBe('wind-tunnel')
  await form.getByRole('textbox', { name: 'Topic' }).fill('Measurements and methods')
  await form.getByRole('button', { name: 'Create room' }).click()
  await expect.poll(() => one.page.url(), soon).toMatch(/#conversation:wind-tunnel$/)
  await one.send('First message')

  await two.page.getByRole('link', { name: 'Browse rooms' }).click()
  await two.page.getByRole('textbox', { name: 'Find a room' }).fill('wind')
  const rooms = two.page.getByRole('list', { name: 'Public rooms' })
  await rooms.getByText('Measurements and methods').waitFor()
  // Read first, then join.
  await rooms.getByRole('link', { name: 'Wind tunnel' }).click()
  await two.page.getByRole('log').getByText('First message').waitFor()
  expect(await two.field.count()).toBe(0)
  await two.page.getByRole('button', { name: 'Join', exact: true }).click()
  await two.send('I am in')
  await one.page.getByRole('log').getByText('I am in').waitFor(soon)

  // The same id is refused where it was written.
  await two.page.getByRole('button', { name: 'New conversation' }).click()
  await dialog(two.page).getByRole('textbox', { name: 'Title' }).fill('Wind tunnel')
  await dialog(two.page).getByRole('button', { name: 'Create room' }).click()
  await dialog(two.page).getByRole('alert').waitFor()
  expect([...one.problems, ...two.problems]).toEqual([])
})

test('a group is made of people who are offered by name, and is called after them', async () => {
  const mary = await person(server, 'Mary Jackson')
  const { page } = await enter('Ada Lovelace')
  await row(page, 'General').waitFor()
  await page.getByRole('button', { name: 'New conversation' }).first().click()
  const form = dialog(page)
  await form.getByRole('radio', { name: 'Group' }).check({ force: true })
  await form.getByRole('button', { name: 'Create group' }).click()
  await form.getByText('Add at least one person.').waitFor()
  const people = form.getByRole('combobox', { name: 'People' })
  for (const name of ['Grace Hopper', mary.id]) {
    await people.fill(name)
    await people.press('Enter')
  }
  expect(await form.getByRole('list', { name: 'Chosen' }).locator('bdi').allTextContents()).toEqual([
    'Grace Hopper',
    'Mary Jackson',
  ])
  await form.getByRole('button', { name: 'Create group' }).click()
  await page.getByRole('textbox', { name: 'Message to Grace Hopper, Mary Jackson' }).waitFor(soon)
})

test('an invitation is seen at once, and accepted or declined', async () => {
  for (const id of ['party', 'audit'])
    await grace.call('POST', '/conversations', { id, title: id, visibility: 'private' })
  const { page, problems } = await enter('Ada Lovelace')
  const invite = (id: string) =>
    grace.call('POST', `/conversations/conversation:${id}/invitations`, { users: ['ada-lovelace'] })
  await invite('party')
  await page.getByRole('link', { name: '1 invitation' }).waitFor(soon)
  await invite('audit')
  await page.getByRole('link', { name: '2 invitations' }).click(soon)
  const card = (title: string) => page.getByRole('article').filter({ hasText: title })
  await card('audit').getByRole('button', { name: 'Decline' }).click()
  await expect.poll(() => card('audit').count(), soon).toBe(0)
  await card('party').getByRole('button', { name: 'Join' }).click()
  await page.getByRole('textbox', { name: 'Message to party' }).waitFor(soon)
  await expect.poll(() => page.getByRole('link', { name: /invitation/ }).count(), soon).toBe(0)
  expect(problems).toEqual([])
})

test('a link is made, opens the room for somebody else, and is useless once revoked', async () => {
  await grace.call('POST', '/conversations', { id: 'lab', title: 'Lab', visibility: 'private' })
  const [one, two] = [
    await enter('Grace Hopper', '/#conversation:lab/details'),
    await enter('Ada Lovelace', '/#conversation:lab'),
  ]
  await two.page.getByText('The conversation cannot be opened').waitFor()
  await one.page.getByRole('button', { name: 'Make a link' }).click()
  const link = await one.page.getByText(`${server.url}/#join/`).textContent()
  const token = link?.split('/').at(-1) ?? ''
  // As it may be written in a letter.
  await two.page.goto(`${server.url}/join/${token}`)
  await two.page.getByRole('heading', { name: 'You have a link to a conversation' }).waitFor()
  expect(new URL(two.page.url()).pathname).toBe('/')
  await two.page.getByRole('button', { name: 'Join', exact: true }).click()
  await two.page.getByRole('textbox', { name: 'Message to Lab' }).waitFor(soon)

  await one.page.getByRole('button', { name: /^Revoke the link/ }).click()
  await one.page.getByText('The link is useless now.').waitFor()
  const three = await enter('Mary Jackson', `/#join/${token}`)
  await three.page.getByRole('button', { name: 'Join', exact: true }).click()
  await three.page.getByText('The link does not open').waitFor()
})

test('members are found, given roles, removed at once and banned by those who may', async () => {
  await grace.call('POST', '/conversations', {
    ...{ id: 'lab', title: 'Lab', visibility: 'public' },
    members: ['ada-lovelace', 'mary-jackson', 'joan-clarke'],
  })
  const [one, two] = [
    await enter('Grace Hopper', '/#conversation:lab/members'),
    await enter('Ada Lovelace', '/#conversation:lab/members'),
  ]
  const panel = (page: Page) => page.getByRole('region', { name: /^Members/ })
  await panel(one.page).getByText('Joan Clarke').waitFor()
  await panel(one.page).getByRole('textbox', { name: 'Find a member' }).fill('mary')
  await expect.poll(() => panel(one.page).locator('bdi').allTextContents()).toEqual(['Mary Jackson'])
  await panel(one.page).getByRole('textbox', { name: 'Find a member' }).fill('')

  const act = async (name: string, what: string) => {
    await panel(one.page)
      .getByRole('button', { name: `More about ${name}` })
      .click()
    await one.page.getByRole('menuitem', { name: what, exact: true }).click()
  }
  await act('Ada Lovelace', 'Make admin')
  await panel(two.page)
    .getByText(/^Admin/)
    .waitFor(soon)
  // An admin may do now what a member may not.
  await panel(two.page).getByRole('button', { name: 'More about Mary Jackson' }).click()
  await two.page.getByRole('menuitem', { name: 'Remove', exact: true }).click()
  await dialog(two.page).getByRole('button', { name: 'Remove' }).click()
  await expect.poll(() => panel(one.page).getByText('Mary Jackson').count(), soon).toBe(0)

  await act('Ada Lovelace', 'Ban')
  await dialog(one.page).getByRole('button', { name: 'Ban' }).click()
  await expect.poll(() => row(two.page, 'Lab').count(), soon).toBe(0)
  await expect.poll(() => two.field.count(), soon).toBe(0)
  expect([...one.problems, ...two.problems]).toEqual([])
})

test('settings change for everybody: title, topic, lock, slow mode; a closed room is found in the archive', async () => {
  await grace.call('POST', '/conversations', { id: 'lab', title: 'Lab', members: ['ada-lovelace'] })
  const [one, two] = [
    await enter('Grace Hopper', '/#conversation:lab/details'),
    await enter('Ada Lovelace', '/#conversation:lab'),
  ]
  await two.field.waitFor()
  await one.page.getByRole('button', { name: 'Settings' }).click()
  const form = dialog(one.page)
  await form.getByRole('textbox', { name: 'Title' }).fill('Laboratory')
  await form.getByRole('textbox', { name: 'Topic' }).fill('Quiet, please')
  await form.getByRole('switch', { name: /^Locked/ }).check({ force: true })
  await form.getByRole('combobox', { name: 'Slow mode' }).selectOption('30')
  await form.getByRole('button', { name: 'Save' }).click()
  await one.page.getByText('Settings saved.').waitFor()
  await two.page.getByRole('heading', { name: 'Laboratory' }).waitFor(soon)
  await two.page.getByText('Only admins and owners write here.').waitFor()
  await two.page.getByText('Locked · Quiet, please').waitFor()

  await one.page.getByRole('button', { name: 'Archive' }).click()
  await dialog(one.page).getByRole('button', { name: 'Archive' }).click()
  await expect.poll(() => row(two.page, 'Laboratory').count(), soon).toBe(0)
  await go(two.page, 'rooms')
  await two.page.getByRole('radio', { name: 'My archive' }).check({ force: true })
  await two.page.getByRole('list', { name: 'Archived conversations' }).getByText('Laboratory').waitFor()
  await one.page.getByRole('button', { name: 'Open again' }).click()
  await row(two.page, 'Laboratory').waitFor(soon)
})

test('a conversation says when it wants to be heard, and is saved to a file', async () => {
  await grace.call('POST', '/conversations', { id: 'lab', title: 'Lab' })
  for (let index = 1; index <= 3; index++) await grace.send('conversation:lab', `message ${index}`)
  const { page, problems } = await enter('Grace Hopper', '/#conversation:lab/details')
  await page.getByRole('radio', { name: 'Mentions' }).check({ force: true })
  await page.getByText('You are told when somebody mentions you in “Lab”.').waitFor()
  await page.reload()
  await expect.poll(() => page.getByRole('radio', { name: 'Mentions' }).isChecked(), soon).toBe(true)

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export messages' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('lab.jsonl')
  const lines = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual([
    'message 1',
    'message 2',
    'message 3',
  ])
  expect(problems).toEqual([])
})

test('whoever leaves the room that is open is at home again', async () => {
  await grace.call('POST', '/conversations', { id: 'lab', title: 'Lab', members: ['ada-lovelace'] })
  for (let index = 1; index <= 3; index++) await grace.send('conversation:lab', `message ${index}`)
  const { page, problems } = await enter('Ada Lovelace', '/#conversation:lab/details')
  await page.getByRole('log').getByText('message 3').waitFor()
  await page.getByRole('button', { name: 'Leave' }).click()
  await dialog(page).getByRole('button', { name: 'Leave' }).click()
  await expect.poll(() => page.url(), soon).toMatch(/#home$/)
  await expect.poll(() => row(page, 'Lab').count(), soon).toBe(0)
  expect(problems).toEqual([])
})

test('a long list goes on as one reads down', async () => {
  for (let index = 0; index < 70; index++)
    await grace.call('POST', '/conversations', {
      ...{ id: `room-${index}`, title: `Room ${String(index).padStart(2, '0')}`, visibility: 'public' },
    })
  const { page } = await enter('Ada Lovelace', '/#rooms')
  const rooms = page.getByRole('list', { name: 'Public rooms' }).getByRole('listitem')
  await expect.poll(() => rooms.count(), soon).toBe(50)
  await rooms.last().scrollIntoViewIfNeeded()
  await expect.poll(() => rooms.count(), soon).toBe(71)
})

test('what cannot be read says why, and can be tried again', async () => {
  const other = await ServerProcess.start({
    environment: { PARLEY_FLAGS_CORE_FEATURES_PRESENCE_MANAGEMENT: 'false' },
  })
  try {
    const { page } = await signIn(browser, other.url, 'Ada Lovelace', { path: '/#people' })
    await page.getByText('Contacts could not be read').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Contacts could not be read').waitFor()
  } finally {
    await other.remove()
  }
})
