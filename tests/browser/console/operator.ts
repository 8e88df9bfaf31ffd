import { type Client, createClient } from '@parley/client'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { ServerProcess } from '../../e2e/server-process.ts'

/** An operator's window onto the console. */
export interface OperatorWindow {
  readonly page: Page
  /** What the page complained about: exceptions, refused styles and scripts, failed requests. */
  readonly problems: string[]
  /** Goes to a page by the navigation. */
  goTo(label: string): Promise<void>
  /** Texts of the cells of a table, row by row. */
  rows(table: string): Promise<string[][]>
}

/** Opens the console and signs an operator in by name. */
export async function openConsole(
  browser: Browser,
  server: Pick<ServerProcess, 'url'>,
  options: BrowserContextOptions & { readonly path?: string } = {},
): Promise<OperatorWindow> {
  const { path = '/', ...context } = options
  const page = await (
    await browser.newContext({ viewport: { width: 1360, height: 850 }, ...context })
  ).newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(`${server.url}/console${path}`)
  await page.getByRole('textbox', { name: 'Your name' }).fill('Olga Operator')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.locator('#navigation').waitFor({ state: 'attached' })
  return {
    page,
    problems,
    goTo: (label) =>
      page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: label, exact: true }).click(),
    rows: (table) =>
      page
        .getByRole('table', { name: table, exact: true })
        .locator('tbody tr')
        .evaluateAll((rows) =>
          rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')),
        ),
  }
}

/** Somebody who is connected and subscribed. */
export async function visitor(server: ServerProcess, name: string, ...channels: string[]): Promise<Client> {
  const client = createClient({
    url: server.url,
    token: await server.token(name),
    name: 'test',
  })
  const subscriptions = channels.map((channel) => client.subscribe(channel, { onEvent: () => undefined }))
  await client.connect()
  for (const { ready } of subscriptions) await ready
  return client
}
