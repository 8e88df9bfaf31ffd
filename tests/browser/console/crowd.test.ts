import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ServerProcess } from '../../e2e/server-process.ts'
import { launchBrowser } from '../browser.ts'
import { crowdedNode } from './crowded-node.ts'
import { type OperatorWindow, openConsole } from './operator.ts'

const soon = { timeout: 60_000 }
const unlimited = { perSecond: 0, burst: 0 }
const room = {
  max_connections: 200_000,
  limits: { maxConnectionsPerIp: 200_000, connectTimeoutMs: 60_000, pingTimeoutMs: 60_000 },
  rates: { connectPerIp: unlimited, ip: unlimited },
}

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))

/** Goes through the pages that list who is connected, and finds one among them all. */
async function findOneAmong(window: OperatorWindow, count: number): Promise<void> {
  const { page } = window
  const users = async () => (await window.rows('Connections')).map(([user]) => user)
  const sessions = (count + 1).toLocaleString('en')
  await window.goTo('Connections')
  await page.getByText(`50 shown, ${sessions} sessions on this node`).waitFor(soon)
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('Page 2').waitFor(soon)
  const second = await users()
  await page.getByRole('button', { name: 'Next' }).click()
  await expect.poll(users, soon).not.toEqual(second)
  await page.getByRole('searchbox').fill('user-4321')
  await expect.poll(async () => (await users()).every((user) => user?.includes('user-4321')), soon).toBe(true)
  expect(await users()).toContain('user-4321')
  await page.getByRole('button', { name: 'user-4321', exact: true }).click()
  const panel = page.getByRole('region', { name: 'user-4321' })
  await panel.getByText('Subscriptions (0)').waitFor(soon)
  await window.goTo('Users')
  await page.getByRole('searchbox').fill('user-999')
  await expect.poll(async () => (await window.rows('Users'))[0]?.[0], soon).toBe('user-999')
  await window.goTo('Overview')
  await page.getByText(sessions, { exact: true }).first().waitFor(soon)
  for (const label of ['Nodes', 'Channels', 'Kinds', 'Modules', 'Settings']) {
    await window.goTo(label)
    await page.getByRole('heading', { name: label, level: 1 }).waitFor(soon)
    await page.locator('table tbody tr').first().waitFor(soon)
  }
  expect(window.problems).toEqual([])
}

test('the console is of use beside 15,000 real connections', async () => {
  const count = 15_000
  const directory = mkdtempSync(join(tmpdir(), 'parley-crowd-'))
  const settings = join(directory, 'parley.yaml')
  writeFileSync(settings, stringify(room))
  const server = await ServerProcess.start({ directory, flags: ['--config', settings] })
  let crowd: ChildProcess | undefined
  try {
    const { signingKey } = JSON.parse(
      readFileSync(join(server.directory, 'data/development-keys.json'), 'utf8'),
    ) as { signingKey: string }
    crowd = fork(
      new URL('./crowd-process.ts', import.meta.url).pathname,
      [String(server.port), String(count), signingKey],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    )
    const [said] = (await Promise.race([
      once(crowd, 'message'),
      once(crowd, 'exit').then(([code]) => [`The crowd ended with ${code}.`]),
    ])) as [unknown]
    expect(said).toBe('open')
    const window = await openConsole(browser, server)
    await findOneAmong(window, count)
    // The one that is looked at is a real socket: it answers the ping.
    await window.goTo('Connections')
    await window.page.getByRole('searchbox').fill('user-14777')
    await window.page.getByRole('button', { name: 'user-14777', exact: true }).click()
    await window.page.getByText('there and back').first().waitFor(soon)
  } finally {
    crowd?.kill('SIGKILL')
    await server.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}, 600_000)

test('the console is of use beside 100,000 sessions', async () => {
  const count = 100_000
  const node = await crowdedNode(count)
  try {
    await findOneAmong(await openConsole(browser, node), count)
  } finally {
    await node.close()
  }
}, 600_000)
