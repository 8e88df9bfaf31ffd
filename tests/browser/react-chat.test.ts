import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../e2e/running-server.ts'
import { barriers, keepPicture, launchBrowser } from './browser.ts'

const layout = `
  .chat { display: flex; block-size: 600px; background: var(--parley-surface); }
  .chat main { display: flex; flex-direction: column; flex: 1; min-inline-size: 0; }
  .chat > .parley-thread { inline-size: 320px; border-inline-start: 1px solid var(--parley-border); }`

let script = ''
let style = ''
let server: TestServer
let browser: Browser
const problems: string[] = []
const pages: Page[] = []

beforeAll(async () => {
  const entry = fileURLToPath(new URL('./react-chat-page.tsx', import.meta.url))
  const [output] = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    define: { 'process.env.NODE_ENV': '"development"' },
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'page', fileName: 'page' } },
  })) as Rolldown.RolldownOutput[]
  for (const part of output?.output ?? []) {
    if (part.type === 'chunk') script += part.code
    else style += String(part.source)
  }
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
beforeEach(async () => {
  problems.length = 0
  server = await runningServer()
})
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
  await server?.remove()
})

/** Somebody's window onto the application of docs/guide/react-chat.md. */
async function visit(name: string): Promise<Page> {
  // The server's policy for its own pages is not under test here.
  const page = await browser.newPage({ bypassCSP: true, viewport: { width: 1000, height: 640 } })
  pages.push(page)
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico'))
      problems.push(message.text())
  })
  await page.goto(`${server.url}/health?name=${name}`)
  await page.evaluate(`document.documentElement.lang = 'en'; document.title = 'Chat'`)
  await page.addStyleTag({ content: style + layout })
  await page.addScriptTag({ content: script })
  return page
}

const log = (page: Page) => page.getByRole('log', { name: 'Messages' })
const row = (page: Page, text: string) => log(page).locator('.parley-row', { hasText: text }).last()
const write = async (page: Page, text: string) => {
  const field = page.getByRole('textbox', { name: 'Message' }).first()
  await field.fill(text)
  await field.press('Enter')
}

test('two people talk: messages, ticks, typing, reactions, edits, threads, unread, deletion', async () => {
  const grace = await visit('Grace')
  const ada = await visit('Ada')
  await write(ada, 'Good **morning**')
  await row(grace, 'Good morning').locator('strong').waitFor()
  await row(ada, 'Good morning').getByText('Seen').waitFor({ state: 'attached' })

  await grace.getByRole('textbox', { name: 'Message' }).pressSequentially('Hel')
  await ada.getByText('Grace Hopper is writing').waitFor()
  await write(grace, 'Hello @ada')
  await row(ada, 'Hello').locator('.parley-mention[data-me]').waitFor()
  await expect.poll(() => ada.locator('main .parley-typing').textContent()).toBe('')

  await row(ada, 'Hello').hover()
  await row(ada, 'Hello').getByRole('button', { name: 'React with 👍' }).click()
  await row(grace, 'Hello').getByRole('button', { name: /👍 1/ }).click()
  await row(ada, 'Hello').getByRole('button', { name: /👍 2/ }).waitFor()

  await row(ada, 'Hello').getByRole('button', { name: 'Reply in thread' }).click()
  const thread = ada.getByRole('region', { name: 'Thread' })
  await thread.getByRole('textbox').fill('in a thread')
  await thread.getByRole('textbox').press('Enter')
  await row(grace, 'Hello')
    .getByRole('button', { name: /1 reply/ })
    .click()
  await grace.getByRole('region', { name: 'Thread' }).getByText('in a thread').waitFor()
  await thread.getByRole('button', { name: 'Close' }).click()

  await ada.getByRole('textbox', { name: 'Message' }).press('ArrowUp')
  await write(ada, 'Good evening')
  await row(grace, 'Good evening').getByText('(edited)').waitFor()
  await row(ada, 'Good evening').hover()
  await row(ada, 'Good evening').getByRole('button', { name: 'Delete', exact: true }).click()
  await row(ada, 'Good evening').getByRole('button', { name: 'Delete for everybody' }).click()
  await log(grace).getByText('This message was deleted.').waitFor()

  await keepPicture(grace, 'react-example')
  expect(await barriers(grace)).toEqual([])
  expect(problems).toEqual([])
})

test('what is written without a connection is sent when it is back, and what was missed is there', async () => {
  const ada = await visit('Ada')
  const grace = await visit('Grace')
  await write(ada, 'before')
  await row(grace, 'before').waitFor()
  await grace.context().setOffline(true)
  await grace.getByText(/sent when the connection is back/).waitFor()
  await write(grace, 'written offline')
  await row(grace, 'written offline').getByText('Sending').waitFor({ state: 'attached' })
  await write(ada, 'meanwhile')
  await grace.context().setOffline(false)
  await row(grace, 'meanwhile').waitFor({ timeout: 20_000 })
  await row(grace, 'written offline').getByText('Stored').waitFor({ state: 'attached', timeout: 20_000 })
  await row(ada, 'written offline').waitFor()
  const texts = (page: Page) => log(page).locator('.parley-text').allTextContents()
  expect(await texts(grace)).toEqual(await texts(ada))
})
