import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish, tokenFor } from './back-end.ts'
import { launchBrowser } from './browser.ts'
import { Gate } from './gate.ts'
import { processOf } from './page-process.ts'
import { pageScript } from './page-script.ts'
import type { SdkPage } from './sdk-page.ts'

declare const sdk: SdkPage

let script: string
let server: ServerProcess
let browser: Browser
let gate: Gate
let context: BrowserContext
let channel: string
let tokens = 0
/** Tabs that have asked for tokens. */
const askers = new Set<Page>()
let tokenSeconds = 600
let published = 0
/** Processes of tabs that are frozen. */
const frozen = new Set<number>()

beforeAll(async () => {
  script = await pageScript(new URL('./sdk-page.ts', import.meta.url))
  server = await ServerProcess.start()
  browser = await launchBrowser({ keepsPages: true })
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

beforeEach(async () => {
  gate = await Gate.to(server.port)
  channel = `chat:${crypto.randomUUID()}`
  tokens = published = 0
  askers.clear()
  tokenSeconds = 600
  context = await browser.newContext({ bypassCSP: true })
  await context.addInitScript({ content: script })
  await context.exposeBinding('getToken', ({ page }) => {
    tokens += 1
    askers.add(page)
    const capabilities = { 'chat:*': ['read', 'write', 'presence'] }
    return tokenFor(server, { sub: 'ada', capabilities, exp: Math.floor(Date.now() / 1000) + tokenSeconds })
  })
})
afterEach(async () => {
  thaw()
  await context?.close()
  await gate?.close()
})

/** A tab in which the client is connected and listens. */
async function openTab({ shared = false } = {}): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  await page.goto(gate.page)
  await page.evaluate((options) => sdk.open(options), { channel, shared })
  await isConnected(page)
  return page
}

async function freeze(page: Page): Promise<void> {
  const id = await processOf(page)
  frozen.add(id)
  process.kill(id, 'SIGSTOP')
}

function thaw(): void {
  for (const id of frozen) process.kill(id, 'SIGCONT')
  frozen.clear()
}

const isConnected = (page: Page) =>
  expect.poll(() => page.evaluate(() => sdk.client?.status), { timeout: 15_000 }).toBe('connected')

const heard = (page: Page): Promise<string[]> => page.evaluate(() => sdk.heard)

/** Publishes the next events as a back end does. */
async function say(count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    published += 1
    await publish(server, { channel, data: { n: String(published) } })
  }
}

const everything = (): string[] => Array.from({ length: published }, (_, index) => String(index + 1))
const hearsEverything = (page: Page) =>
  expect.poll(() => heard(page), { timeout: 20_000 }).toEqual(everything())

test('the store of the browser does what every store must', async () => {
  const page = await context.newPage()
  await page.goto(gate.page)
  expect(await page.evaluate(() => sdk.conformance())).toEqual([])
})

describe('several tabs', () => {
  test('five have one connection; when the one that has it is closed or crashes, nothing is lost or doubled', async () => {
    const tabs: Page[] = []
    for (let index = 0; index < 5; index++) tabs.push(await openTab({ shared: true }))
    expect(gate.webSockets).toBe(1)
    expect(tokens).toBe(1)
    await say(3)
    for (const tab of tabs) await hearsEverything(tab)
    const leaders = () => Promise.all(tabs.map((tab) => tab.evaluate(() => sdk.shared?.isLeader)))
    expect(await leaders()).toEqual([true, false, false, false, false])

    const talking = say(20)
    await tabs.shift()?.close()
    await talking
    for (const tab of tabs) await hearsEverything(tab)
    expect(await leaders()).toEqual([true, false, false, false])

    const first = tabs.shift() as Page
    const again = say(20)
    await first.goto('chrome://crash').catch(() => undefined)
    await again
    for (const tab of tabs) await hearsEverything(tab)
    await expect.poll(() => gate.webSockets).toBe(1)
    expect(tokens).toBe(3)
    // Calls go through it both ways.
    await tabs[2]?.evaluate((to) => sdk.publish(to, 'from a tab'), channel)
    await expect.poll(async () => (await heard(tabs[1] as Page)).at(-1)).toBe('from a tab')
  })

  test('wait for nothing but browser and network: where no timer fires, the first connects, and the next when it goes', async ({
    annotate,
  }) => {
    await context.clock.install()
    await context.clock.pauseAt(Date.now() + 60_000)
    const tabs: Page[] = []
    for (let index = 0; index < 3; index++) tabs.push(await openTab({ shared: true }))
    expect(gate.webSockets).toBe(1)
    const handOversMs: number[] = []
    while (tabs.length > 1) {
      const before = performance.now()
      await tabs.shift()?.close()
      const hasConnection = () =>
        tabs[0]?.evaluate(() => sdk.shared?.isLeader === true && sdk.client?.status === 'connected')
      await expect.poll(hasConnection, { interval: 5, timeout: 15_000 }).toBe(true)
      handOversMs.push(performance.now() - before)
      await say(3)
      for (const tab of tabs) await hearsEverything(tab)
    }
    await annotate(`handed over after ${handOversMs.map((ms) => `${Math.round(ms)} ms`).join(', ')}`)
  })

  test('do without the one that has the connection when it is frozen; it follows when it goes on, and nothing is lost', async () => {
    const [first, second] = [await openTab({ shared: true }), await openTab({ shared: true })]
    await say(2)
    await hearsEverything(second)
    await freeze(first)
    await say(5)
    await hearsEverything(second)
    expect(await second.evaluate(() => sdk.shared?.isLeader)).toBe(true)
    await say(3)
    thaw()
    for (const tab of [first, second]) await hearsEverything(tab)
    const leaders = () => Promise.all([first, second].map((tab) => tab.evaluate(() => sdk.shared?.isLeader)))
    await expect.poll(leaders).toEqual([false, true])
    await expect.poll(() => gate.webSockets).toBe(1)
  })

  test('share an outbox: the oldest sends for all, in order, and the next when it is gone', async () => {
    const [one, two] = [await openTab(), await openTab()]
    for (const page of [one, two])
      await page.evaluate(() => Object.assign(globalThis, { box: sdk.outbox('shared') }))
    gate.cut()
    await one.waitForFunction(() => sdk.client?.status === 'connecting')
    await two.waitForFunction(() => sdk.client?.status === 'connecting')
    for (let n = 1; n <= 6; n++)
      await (n % 2 > 0 ? one : two).evaluate(
        ([to, text]) => {
          const { box } = globalThis as unknown as { box: ReturnType<SdkPage['outbox']> }
          void box.send('channels.publish', { channel: to, type: 'message', data: { n: text } })
          return new Promise<void>((kept) => {
            const look = () => (box.items.every(({ durable }) => durable) ? kept() : undefined)
            box.watch(look)
            look()
          })
        },
        [channel, String(n)] as const,
      )
    await one.close()
    gate.open()
    published = 6
    await hearsEverything(two)
    const waiting = () =>
      two.evaluate(() => (globalThis as unknown as { box: ReturnType<SdkPage['outbox']> }).box.items.length)
    await expect.poll(waiting).toBe(0)
  })
})

test('WebSockets are blocked: the client falls back; they are back: it moves up; nothing is lost at either', async () => {
  gate.blocksWebSockets = true
  const page = await openTab()
  expect(gate.webSockets).toBe(0)
  await say(3)
  await hearsEverything(page)
  const talking = say(40)
  gate.blocksWebSockets = false
  await expect.poll(() => gate.webSockets, { timeout: 20_000 }).toBe(1)
  await talking
  await hearsEverything(page)
  gate.blocksWebSockets = true
  const more = say(20)
  gate.breakWebSockets()
  await more
  await hearsEverything(page)
  expect(gate.webSockets).toBe(0)
})

test('a tab that was frozen has everything, once, when it goes on', async () => {
  const page = await openTab()
  await say(2)
  await hearsEverything(page)
  await freeze(page)
  gate.breakWebSockets()
  await say(10)
  expect(gate.webSockets).toBe(0)
  thaw()
  await hearsEverything(page)
})

test('from one network to another: a line that is dead without a word is noticed, and nothing is lost', async () => {
  const page = await openTab()
  await say(2)
  await hearsEverything(page)
  gate.silenceWebSockets()
  await say(3)
  await page.evaluate(() => {
    const { connection } = navigator as unknown as { readonly connection: EventTarget }
    connection.dispatchEvent(new Event('change'))
  })
  await hearsEverything(page)
  expect(await page.evaluate(() => sdk.statuses.slice(-2))).toEqual(['connecting', 'connected'])
})

test('hidden tabs ask for fewer pings, and for the usual ones as soon as one of them is seen', async () => {
  const agreed: number[] = []
  context.on('page', (page) =>
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        for (const [, ms] of String(payload).matchAll(/^\{"op":"pong","pingIntervalMs":(\d+)\}$/gm))
          agreed.push(Number(ms))
      }),
    ),
  )
  const tabs = [await openTab({ shared: true }), await openTab({ shared: true })]
  const hide = (index: number, isHidden: boolean) =>
    tabs[index]?.evaluate((hidden) => sdk.hide(hidden), isHidden)
  await hide(0, true)
  await hide(1, true)
  await expect.poll(() => agreed).toEqual([90_000])
  await hide(1, false)
  await expect.poll(() => agreed.at(-1)).toBe(30_000)
  // Nobody looks, and the next tab has the connection: it says so in its connect frame.
  await hide(1, true)
  await expect.poll(() => agreed.at(-1)).toBe(90_000)
  await tabs[0]?.close()
  await say(2)
  await hearsEverything(tabs[1] as Page)
})

test('a token runs out in a tab in the background: it is renewed, once for all tabs, and nothing is lost', async () => {
  tokenSeconds = 4
  const behind = await openTab({ shared: true })
  const other = await openTab({ shared: true })
  await other.bringToFront()
  const before = await behind.evaluate(() => sdk.statuses.length)
  for (let round = 0; round < 8; round++) {
    await say(1)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  for (const tab of [behind, other]) await hearsEverything(tab)
  expect(tokens).toBeGreaterThanOrEqual(2)
  expect([...askers]).toEqual([behind])
  expect(await behind.evaluate(() => sdk.statuses.length)).toBe(before)
  expect(gate.webSockets).toBe(1)
})

test('a page that is gone back to is kept by the browser, and is up to date at once', async () => {
  for (const shared of [false, true]) {
    const page = await openTab({ shared })
    await say(2)
    await hearsEverything(page)
    await page.evaluate(() =>
      addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted })),
    )
    await page.goto(`${gate.url}/ready`)
    await say(5)
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForFunction(() => sdk.client?.status === 'connected')
    expect(await page.evaluate(() => Reflect.get(globalThis, 'persisted'))).toBe(true)
    await hearsEverything(page)
    await page.close()
  }
})
