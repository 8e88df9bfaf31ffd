import type { Client } from '@parley/client'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ServerProcess } from '../../e2e/server-process.ts'
import { barriers, keepPicture, launchBrowser } from '../browser.ts'
import { type OperatorWindow, openConsole, visitor } from './operator.ts'

let server: ServerProcess
let browser: Browser
let ada: Client
let grace: Client
const soon = { timeout: 15_000 }

beforeAll(async () => {
  server = await ServerProcess.start()
  browser = await launchBrowser()
  ada = await visitor(server, 'Ada Lovelace', 'chat:lab', 'room:hall')
  grace = await visitor(server, 'Grace Hopper', 'room:hall')
  await ada.call('channels.publish', { channel: 'chat:lab', data: { text: 'the first note' } })
})
afterAll(async () => {
  ada?.disconnect()
  grace?.disconnect()
  await browser?.close()
  await server?.remove()
})
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))

const open = (path = '/') => openConsole(browser, server, { path })
const shows = ({ page }: OperatorWindow, text: string | RegExp) => page.getByText(text).first().waitFor(soon)
const cells = (window: OperatorWindow, table: string, column = 0) =>
  expect.poll(async () => (await window.rows(table)).map((row) => row[column]), soon)

test('the overview draws what the server does, second by second, and points at one moment in all charts', async () => {
  const window = await open()
  const { page } = window
  await page.getByRole('figure', { name: 'Messages per second' }).waitFor(soon)
  const value = async () =>
    Number(
      await page
        .getByRole('figure', { name: 'Messages per second' })
        .locator('dd')
        .nth(1)
        .textContent()
        .then((text) => text?.replace(/,/g, '')),
    )
  let sent = 0
  await expect
    .poll(async () => {
      await Promise.all(
        Array.from({ length: 20 }, () =>
          ada.call('channels.publish', { channel: 'room:hall', data: { sent: ++sent } }),
        ),
      )
      return value()
    }, soon)
    .toBeGreaterThan(5)
  expect(await page.locator('canvas').count()).toBe(15)
  // Somebody points at the newest moment: the other charts show it as well.
  const box = await page.locator('.u-over').first().boundingBox()
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) - 4, (box?.y ?? 0) + 20)
  await expect
    .poll(
      () =>
        page
          .locator('.u-cursor-x')
          .evaluateAll((lines) => new Set(lines.map((line) => line.style.transform)).size),
      soon,
    )
    .toBe(1)
  expect(window.problems).toEqual([])
})

test('nodes are listed with their health', async () => {
  const window = await open('/nodes')
  await cells(window, 'Nodes', 1).toEqual(['●ready'])
  await shows(window, 'It can write to its database.')
  await shows(window, 'Events delivered')
})

test('a connection is found, and its life is seen as it happens', async () => {
  const window = await open('/connections')
  const { page } = window
  await cells(window, 'Connections').toEqual(expect.arrayContaining(['ada-lovelace', 'grace-hopper']))
  await page.getByRole('searchbox').fill('lovelace')
  await cells(window, 'Connections').toEqual(['ada-lovelace'])
  await page.getByRole('button', { name: 'ada-lovelace' }).press('Enter')
  const panel = page.getByRole('region', { name: 'ada-lovelace' })
  await panel.getByText('there and back').first().waitFor(soon)
  await expect
    .poll(() => panel.getByRole('table', { name: 'Subscriptions' }).locator('tbody tr').count(), soon)
    .toBe(2)
  await ada.call('channels.publish', { channel: 'room:hall', data: { text: 'seen in passing' } })
  await panel.getByRole('log', { name: 'Frames' }).getByText('seen in passing').first().waitFor(soon)
  expect(await page.locator('body').textContent()).not.toContain('eyJ')
  await page.keyboard.press('Escape')
  await panel.waitFor({ ...soon, state: 'detached' })
})

test('who is disconnected by an operator is among the closed connections, with the reason', async () => {
  const mallory = await visitor(server, 'Mallory', 'room:hall')
  const ended = new Promise<{ code: number; willReconnect: boolean }>((resolve) =>
    mallory.on('disconnect', resolve),
  )
  const window = await open('/users')
  const { page } = window
  await page.getByRole('button', { name: 'mallory' }).click()
  const panel = page.getByRole('region', { name: 'mallory' })
  await panel.getByRole('button', { name: 'Disconnect' }).click()
  await panel.getByRole('textbox', { name: 'Reason, for the record' }).fill('asked to')
  await panel.getByRole('button', { name: 'Disconnect' }).click()
  expect(await ended).toMatchObject({ code: 4006, willReconnect: false })
  await panel.getByText('The sessions of this user were ended.').waitFor(soon)
  await window.goTo('Closed connections')
  await expect
    .poll(async () => (await window.rows('Closed connections'))[0]?.slice(1, 5), soon)
    .toEqual(['mallory', 'disconnected by server', 'server', '4006'])
})

test('tokens that are revoked no longer open a door, and are listed', async () => {
  const token = await server.token('Eve Dropper')
  const window = await open('/users?selected=eve-dropper')
  const { page } = window
  const panel = page.getByRole('region', { name: 'eve-dropper' })
  await panel.getByRole('button', { name: 'Revoke tokens' }).click()
  await panel.getByRole('button', { name: 'Revoke tokens' }).click()
  await panel.getByText('Every token issued until now is revoked.').waitFor(soon)
  const { status } = await fetch(`${server.url}/api/auth/whoami`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(status).toBe(401)
  await window.goTo('Keys')
  await cells(window, 'Revocations').toEqual(['all tokens of eve-dropper'])
  await cells(window, 'Keys').toEqual(['development', 'dev'])
})

test('a channel is followed, read, published into by hand, and replayed', async () => {
  const window = await open('/channels')
  const { page } = window
  await cells(window, 'Open channels').toEqual(expect.arrayContaining(['chat:lab', 'room:hall']))
  await page.getByRole('button', { name: 'chat:lab' }).click()
  const panel = page.getByRole('region', { name: 'chat:lab' })
  await panel.getByRole('log').getByText('the first note').waitFor(soon)
  await ada.call('channels.publish', { channel: 'chat:lab', data: { text: 'while you look' } })
  await panel.getByRole('log').getByText('while you look').waitFor(soon)
  await panel.getByText('Publish', { exact: true }).click()
  await panel.getByRole('textbox', { name: 'Data' }).fill('{ "text": ')
  await panel.getByText('This is not JSON.').waitFor(soon)
  await panel.getByRole('textbox', { name: 'Data' }).fill('{ "text": "by hand" }')
  await panel.getByRole('button', { name: 'Publish' }).click()
  await panel.getByText(/^It is at offset \d+\.$/).waitFor(soon)
  await panel.getByText('History', { exact: true }).click()
  await panel.getByRole('group', { name: 'Events that are kept' }).getByText('by hand').waitFor(soon)
  await panel.getByRole('textbox', { name: 'After offset' }).fill('0')
  await panel.getByRole('button', { name: 'Replay' }).click()
  await panel.getByText('The server says: nothing is missing.').waitFor(soon)
  await panel.getByRole('log', { name: 'Events replayed' }).getByText('the first note').waitFor(soon)
  // Looking leaves no trace: nobody sees the operator in the channel.
  const { users } = await ada.call('channels.presenceStats', { channel: 'chat:lab' })
  expect(users).toBe(1)
})

test('a feature flag is switched, and acts at once', async () => {
  const window = await open('/flags')
  const { page } = window
  const flag = page.getByRole('switch', { name: 'eventBroadcasting' })
  await flag.click({ force: true })
  await expect
    .poll(
      () =>
        ada.call('channels.publish', { channel: 'room:hall', data: 1 }).then(
          () => 'ok',
          ({ code }) => code,
        ),
      soon,
    )
    .toBe('disabled')
  await expect.poll(() => flag.isEnabled(), soon).toBe(true)
  await flag.click({ force: true })
  await expect
    .poll(
      () =>
        ada.call('channels.publish', { channel: 'room:hall', data: 1 }).then(
          () => 'ok',
          ({ code }) => code,
        ),
      soon,
    )
    .toBe('ok')
})

test('a command is tried by a form that its contract makes, and what is refused is said', async () => {
  const window = await open('/modules')
  const { page } = window
  await page.getByRole('searchbox').fill('channels.history')
  await page.getByRole('button', { name: 'channels.history' }).click()
  const panel = page.getByRole('region', { name: 'channels.history' })
  await panel.getByRole('textbox', { name: 'channel' }).fill('chat:lab')
  await panel.getByRole('button', { name: 'Run' }).click()
  await panel.getByRole('group', { name: 'Answer' }).getByText('the first note').waitFor(soon)
  await panel.getByRole('textbox', { name: 'limit' }).fill('0')
  await panel.getByRole('button', { name: 'Run' }).click()
  await panel.getByText('bad_request').waitFor(soon)
})

test('it is explained why somebody may not, and what would change that', async () => {
  const window = await open('/permissions')
  const { page } = window
  await page.getByRole('textbox', { name: 'Capabilities' }).fill('{ "chat:*": ["read"] }')
  await page.getByRole('combobox', { name: 'Wants to' }).selectOption('write')
  await page.getByRole('textbox', { name: 'On the channel' }).fill('chat:lab')
  await page.getByRole('button', { name: 'Explain' }).click()
  await shows(window, 'No, they may not.')
  await shows(window, /capability: refuses/)
  await page.getByRole('combobox', { name: 'Wants to' }).selectOption('read')
  await page.getByRole('button', { name: 'Explain' }).click()
  await shows(window, 'Yes, they may.')
  await page.getByText('Commands', { exact: true }).click()
  await expect
    .poll(async () => (await window.rows('Permissions of commands')).length, soon)
    .toBeGreaterThan(60)
})

test('settings say where they came from, and hide secrets', async () => {
  const window = await open('/settings?text=dataDir')
  await expect
    .poll(async () => (await window.rows('Settings')).map(([name, , source]) => [name, source]), soon)
    .toEqual([['dataDir', 'environment variable PARLEY_DATA_DIR']])
})

test('dead letters: nothing was given up', async () => {
  const window = await open('/dead-letters')
  await shows(window, 'Nothing was given up')
})

test('somebody without the capability is told what is missing, and may sign in as somebody else', async () => {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${server.url}/console`)
  await page.getByRole('button', { name: 'Use a token instead' }).click()
  await page.getByRole('textbox', { name: 'Token' }).fill(await server.token('Ada Lovelace'))
  await page.getByRole('button', { name: 'Sign in with token' }).click()
  await page.getByRole('heading', { name: 'This is for operators' }).waitFor(soon)
  await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
  await page.getByRole('heading', { name: 'Parley console' }).waitFor(soon)
})

describe.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ['reduced-motion', { colorScheme: 'dark', reducedMotion: 'reduce' }],
] as const)('%s', (mode, options) => {
  test('every page can be used by everybody', async () => {
    const window = await openConsole(browser, server, options)
    const { page } = window
    const isPhone = mode === 'phone'
    const labels = await page
      .locator('#navigation a')
      .evaluateAll((links) => links.map((link) => link.textContent ?? ''))
    expect(labels).toHaveLength(13)
    for (const label of labels) {
      if (isPhone) await page.getByRole('button', { name: 'Navigation' }).click()
      await window.goTo(label)
      await page.getByRole('heading', { name: label, level: 1 }).waitFor(soon)
      await page.getByRole('status', { name: /^Reading/ }).waitFor({ ...soon, state: 'detached' })
      const row = page.locator('[data-row]').first()
      if ((await row.count()) > 0) await row.click()
      expect(await barriers(page), `${label} ${mode}`).toEqual([])
      if (mode !== 'reduced-motion') await keepPicture(page, `console-${label.toLowerCase()}-${mode}`)
      if (isPhone && (await page.getByRole('button', { name: 'Close the details' }).count()) > 0)
        await page.getByRole('button', { name: 'Close the details' }).click()
    }
    expect(window.problems).toEqual([])
  }, 180_000)
})

test('when the server is gone the console says so, keeps what it shows, and comes back by itself', async () => {
  const own = await ServerProcess.start()
  try {
    const window = await openConsole(browser, own, { path: '/connections' })
    await cells(window, 'Connections').toEqual(['olga-operator'])
    await own.kill()
    await shows(window, /^Connection lost, trying again\. What is shown is as of /)
    await cells(window, 'Connections').toEqual(['olga-operator'])
    await own.start()
    await window.page.getByText(/^Connection lost/).waitFor({ timeout: 40_000, state: 'detached' })
    await cells(window, 'Connections').toEqual(['olga-operator'])
  } finally {
    await own.remove()
  }
}, 120_000)
