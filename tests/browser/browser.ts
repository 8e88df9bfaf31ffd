import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const candidates = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/**
 * The browser of this machine. It talks to nobody but the server under test.
 *
 * @param options `keepsPages`: pages that are left are kept for going back, as browsers of people do
 */
export function launchBrowser({ keepsPages = false } = {}): Promise<Browser> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path))
  return chromium.launch({
    ...(keepsPages ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A page that a test has changed on its way counts as one from elsewhere, which may not reach this machine.
      '--disable-features=LocalNetworkAccessChecks',
    ],
  })
}

/** Somebody's window onto the workspace. */
export interface Window {
  readonly page: Page
  /** What the page complained about: exceptions, refused styles and scripts, failed requests. */
  readonly problems: string[]
  readonly field: ReturnType<Page['getByRole']>
  /** Texts of the messages, oldest first. */
  messages(): Promise<string[]>
  /** Names of those who are here, oldest window first. */
  people(): Promise<string[]>
  send(text: string): Promise<void>
}

interface WindowOptions extends BrowserContextOptions {
  /** Where to begin; default: the first page. */
  readonly path?: string
  /** Show newcomers around, as everybody is at first; default: the tour counts as seen. */
  readonly tour?: boolean
  /** The time of the page can be moved on by `page.clock`; until then it goes on as ever. */
  readonly hasClock?: boolean
}

/** Opens a window with a storage of its own. */
export async function openWindow(
  browser: Browser,
  url: string,
  options: WindowOptions = {},
): Promise<Window> {
  const { path = '/', tour: _shown, hasClock = false, ...context } = options
  const page = await (
    await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context })
  ).newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  if (hasClock) await page.clock.install()
  await page.goto(url + path)
  const field = page.getByRole('textbox', { name: /^Message to / })
  return {
    page,
    problems,
    field,
    messages: () => page.getByRole('log').locator('p').allTextContents(),
    people: () => page.getByRole('region', { name: 'Here now' }).locator('bdi').allTextContents(),
    async send(text) {
      await field.fill(text)
      await field.press('Enter')
    },
  }
}

/** The id that signing in makes of a name. */
export const idOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-')

/** Opens a window and signs somebody in by name. */
export async function signIn(
  browser: Browser,
  url: string,
  name: string,
  options: WindowOptions = {},
): Promise<Window> {
  const { tour = false, ...rest } = options
  const window = await openWindow(browser, url, rest)
  const { page } = window
  if (!tour) await page.evaluate((id) => localStorage.setItem(`parley.tour.${id}`, '"seen"'), idOf(name))
  await page.getByRole('textbox', { name: 'Your name' }).fill(name)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.locator('[data-region="content"]').waitFor({ state: 'attached' })
  return window
}

/** What keeps people with disabilities from using the page as it stands, by rule and place. */
export async function barriers(page: Page): Promise<string[]> {
  await settled(page)
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { axe: engine } = window as unknown as { axe: typeof axe }
    return (await engine.run()).violations
  })
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}

/** Nothing fades in or out any more. */
const settled = (page: Page) => page.waitForFunction(() => document.getAnimations().length === 0)

/** Keeps a picture in test-results/, for eyes. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await settled(page)
  await page.screenshot({ path: fileURLToPath(new URL(`../../test-results/${name}.png`, import.meta.url)) })
}
