import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepPicture, launchBrowser } from './browser.ts'

const script = fileURLToPath(new URL('../../examples/socket-io-chat/server.ts', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'parley-'))
let server: ChildProcess
let browser: Browser
let url = ''

async function start(): Promise<void> {
  const port = url === '' ? '0' : new URL(url).port
  server = spawn(process.execPath, ['--conditions=parley-source', script], {
    env: { ...process.env, PORT: port, DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line')
  url = String(line)
}

async function kill(): Promise<void> {
  const gone = once(server, 'exit')
  server.kill('SIGKILL')
  await gone
}

beforeAll(async () => {
  browser = await launchBrowser()
  await start()
})
afterAll(async () => {
  await browser?.close()
  await kill()
  rmSync(data, { recursive: true, force: true })
})

async function enter(name: string, room: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 480, height: 640 } })).newPage()
  await page.goto(url)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Room').fill(room)
  await page.getByRole('button', { name: 'Enter' }).click()
  await page.getByText(`In ${room}:`).waitFor()
  return page
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text)
  await page.getByLabel('Message', { exact: true }).press('Enter')
}

const said = (page: Page) => page.locator('li.said').allTextContents()

test('the chat of the example works with the client library in a browser, over a kill of its server', async () => {
  const ada = await enter('Ada', 'lobby')
  const grace = await enter('Grace', 'lobby')
  const mary = await enter('Mary', 'attic')
  await ada.getByText('Grace is here').waitFor()
  await grace.getByText('In lobby: Ada, Grace').waitFor()
  await say(ada, 'Good morning')
  await say(mary, 'Anybody?')
  await grace.getByLabel('Message', { exact: true }).pressSequentially('Go')
  await ada.getByText('Grace is typing').waitFor()
  await say(grace, 'Good morning, Ada')
  for (const page of [ada, grace])
    await expect.poll(() => said(page)).toEqual(['Ada: Good morning', 'Grace: Good morning, Ada'])
  expect(await said(mary)).toEqual(['Mary: Anybody?'])
  await kill()
  await start()
  for (const page of [ada, grace]) await page.getByText('Back again').waitFor()
  await say(grace, 'Still here')
  await expect
    .poll(() => said(ada))
    .toEqual(['Ada: Good morning', 'Grace: Good morning, Ada', 'Grace: Still here'])
  await keepPicture(ada, 'socket-io-chat')
  await grace.close()
  await ada.getByText('Grace has left').waitFor()
})
