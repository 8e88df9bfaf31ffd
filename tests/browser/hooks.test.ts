import { fileURLToPath } from 'node:url'
import type { Client } from '@parley/client'
import type { Browser, Page } from 'playwright-core'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../e2e/running-server.ts'
import { barriers, keepPicture, launchBrowser } from './browser.ts'

const entry = fileURLToPath(new URL('./hooks-page.tsx', import.meta.url))

interface Seen {
  readonly sockets: readonly { readonly closedWith?: number; readonly frames: readonly string[] }[]
  readonly tokens: number
  readonly statuses: readonly string[]
  readonly statusRenders: number
  readonly roomCommits: readonly number[]
  readonly waiting: readonly (number | 'fallback')[]
  readonly heard: { readonly one: readonly unknown[]; readonly other: readonly unknown[] }
}

let script: string
let server: TestServer
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  const output = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    define: { 'process.env.NODE_ENV': '"development"' },
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'page', fileName: 'page' } },
  })) as Rolldown.RolldownOutput[]
  script = output[0]?.output[0].code ?? ''
  server = await runningServer()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

beforeEach(async () => {
  problems.length = 0
  // The server's policy for its own pages is not under test here.
  page = await browser.newPage({ bypassCSP: true })
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico'))
      problems.push(message.text())
  })
  await show()
})
afterEach(() => page?.close())

/** Runs the page within the server's origin, and waits until it is live. */
async function show(): Promise<void> {
  await page.goto(`${server.url}/health`)
  await page.addScriptTag({ content: script })
  await page.waitForSelector('#status:text("connected true")')
  await page.waitForSelector('#first output:has-text("subscribed ")')
}

const seen = () => page.evaluate(() => (window as unknown as { seen: Seen }).seen as Seen)
const items = (id: string) => page.locator(`#${id} li`).allTextContents()
const framesOf = ({ sockets }: Seen, op: string, index = 0) =>
  (sockets[index]?.frames ?? []).filter((frame) => (JSON.parse(frame) as { op: string }).op === op)

describe('hooks under Strict Mode, in a browser', () => {
  test('one socket, one token, one subscription; each real transition of the status is told once', async () => {
    const now = await seen()
    expect([now.sockets.length, now.tokens]).toEqual([1, 1])
    const subscribed = framesOf(now, 'subscribe').map(
      (frame) => (JSON.parse(frame) as { channel: string }).channel,
    )
    expect(subscribed.toSorted()).toEqual(['chat:hooks', 'chat:waited', 'live:counted'])
    expect(framesOf(now, 'unsubscribe')).toHaveLength(0)
    expect(now.statuses).toEqual(['disconnected', 'connecting', 'connected'])
    expect(problems).toEqual([])
  })

  test('events appear once in every component; what reads the connection does not render again for them', async () => {
    const before = await items('first')
    const { statusRenders } = await seen()
    await page.click('#first .publish')
    await expect.poll(() => items('first')).toHaveLength(before.length + 1)
    await page.click('#toggle')
    await expect.poll(() => items('second')).not.toEqual([])
    await page.click('#second .publish')
    await expect.poll(async () => (await items('first')).length).toBe(before.length + 2)
    const [first, second] = [await items('first'), await items('second')]
    expect(first.slice(-second.length)).toEqual(second)
    await page.click('#toggle')
    await page.click('#first .publish')
    await expect.poll(async () => (await items('first')).length).toBe(before.length + 3)
    expect((await seen()).statusRenders).toBe(statusRenders)
    expect(problems).toEqual([])
  })

  test('history is read in page by page', async () => {
    for (let count = 0; count < 5; count++) await page.click('#first .publish')
    await expect.poll(async () => (await items('first')).length).toBeGreaterThanOrEqual(5)
    const all = await items('first')
    await show()
    await expect.poll(() => items('first')).toHaveLength(3)
    expect(await page.locator('#first output').textContent()).toMatch(/ true$/)
    await page.click('#first .older')
    await expect.poll(async () => (await items('first')).length).toBeGreaterThanOrEqual(all.length)
  })

  test('a command: pending, error by code, data', async () => {
    const output = page.locator('#command output')
    await page.click('#command .bad')
    await expect.poll(() => output.textContent()).toBe('[false,"bad_request",null]')
    await page.click('#command .good')
    await expect.poll(() => output.textContent()).toMatch(/^\[false,null,\d+\]$/)
    expect(problems).toEqual([])
  })

  test('a new connection resumes, and misses nothing', async () => {
    const before = await items('first')
    await page.evaluate(() => {
      const { client } = (window as unknown as { seen: { client: { reconnect(): void } } }).seen
      client.reconnect()
    })
    await page.click('#first .publish')
    await expect.poll(async () => (await items('first')).length).toBe(before.length + 1)
    const now = await seen()
    expect(now.sockets).toHaveLength(2)
    expect(framesOf(now, 'subscribe', 1)[0]).toContain('"from"')
  })

  test('a hundred events in one turn of the server are shown in few commits, and what follows from nothing in none', async () => {
    await expect
      .poll(async () => (await seen()).roomCommits.length, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(2)
    const before = (await seen()).roomCommits.length
    await page.click('#first .publish')
    await expect.poll(async () => (await items('first')).length).toBeGreaterThan(0)
    // Another channel, the presence there and calls are nothing to this component.
    expect((await seen()).roomCommits).toHaveLength(before)
    const publications = Array.from({ length: 100 }, (_, data) => ({ channel: 'live:counted', data }))
    await page.evaluate(async (events) => {
      const { client } = (window as unknown as { seen: { client: Client } }).seen
      await client.call('channels.publishMany', { events })
    }, publications)
    await expect.poll(() => page.locator('#counted').textContent()).toBe('100')
    const commits = (await seen()).roomCommits.slice(before)
    // One message is one turn: it may be cut where it is large, never for each event.
    expect(commits.length).toBeLessThanOrEqual(5)
    expect(commits.at(-1)).toBe(100)
  })

  test('a component below Suspense is shown once, with its events', async () => {
    await page.evaluate(async () => {
      const { client } = (window as unknown as { seen: { client: Client } }).seen
      for (const data of ['a', 'b']) await client.call('channels.publish', { channel: 'chat:waited', data })
    })
    await show()
    await expect.poll(() => page.locator('#waited').textContent()).toMatch(/a,b$/)
    const { waiting } = await seen()
    expect(waiting[0]).toBe('fallback')
    expect(waiting.filter((count) => count === 0 || count === 1)).toEqual([])
    await page.evaluate(() =>
      (window as unknown as { seen: { client: Client } }).seen.client.call('channels.publish', {
        ...{ channel: 'chat:waited', data: 'for both' },
      }),
    )
    const last = async () => Object.values((await seen()).heard).map((list) => list.at(-1))
    await expect.poll(last).toEqual(['for both', 'for both'])
    expect(problems).toEqual([])
  })

  test('unmounting closes the socket, and nothing comes back', async () => {
    await page.evaluate(() => (window as unknown as { seen: { unmount(): void } }).seen.unmount())
    await expect.poll(async () => (await seen()).sockets.map(({ closedWith }) => closedWith)).toEqual([1000])
    await page.waitForTimeout(300)
    expect((await seen()).sockets).toHaveLength(1)
    expect(problems).toEqual([])
  })
})

test('devtools show connection, subscriptions, frames without secrets, and calls', async () => {
  await page.goto(`${server.url}/health?devtools`)
  await page.addScriptTag({ content: script })
  await page.waitForSelector('#first output:has-text("subscribed ")')
  await page.getByRole('button', { name: 'Parley devtools' }).click()
  const panel = page.getByRole('region', { name: 'Parley devtools' })
  await panel.getByText('connected', { exact: true }).waitFor()
  await panel.getByRole('cell', { name: 'chat:hooks' }).waitFor()
  await page.click('#first .publish')
  await panel.getByRole('tab', { name: 'State' }).press('ArrowRight')
  await panel.getByText('channels.publish').first().waitFor()
  expect(await panel.textContent()).not.toContain('eyJ')
  await panel.getByRole('tab', { name: /^Queue/ }).click()
  await panel.getByText(/channels\.publish answered after \d+ ms/).waitFor()
  // The page around the panel has no title and no headings.
  const ofPage = /^(document-title|html-has-lang|page-has-heading-one|region|landmark)/
  expect((await barriers(page)).filter((barrier) => !ofPage.test(barrier))).toEqual([])
  await keepPicture(page, 'devtools')
  await panel.getByRole('button', { name: 'Close the devtools' }).click()
  await panel.waitFor({ state: 'detached' })
})
