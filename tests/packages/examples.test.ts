import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../browser/browser.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { installPacked, readJson, root, run } from './project.ts'

// Examples with a framework of their own, as somebody has them who installs everything from packages.

const secret = 'a signing secret of more than thirty-two bytes'
const keySecret = 'a-secret-of-the-tests-of-examples'
const soon = { timeout: 30_000 }

let installed: Awaited<ReturnType<typeof installPacked>>
let browser: Browser
const rest: (() => unknown)[] = []

beforeAll(async () => {
  installed = await installPacked()
  browser = await launchBrowser()
}, 170_000)
afterEach(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})
afterAll(async () => {
  await browser?.close()
  installed?.remove()
})

/** Copies an example beside the packages, and installs what it names besides them. */
async function furnish(name: string): Promise<string> {
  const folder = join(installed.project, name)
  mkdirSync(folder)
  cpSync(join(root, 'examples', name), folder, { recursive: true })
  const { dependencies = {}, devDependencies = {} } = readJson(join(folder, 'package.json')) as {
    readonly dependencies?: Readonly<Record<string, string>>
    readonly devDependencies?: Readonly<Record<string, string>>
  }
  const wanted = Object.entries({ ...dependencies, ...devDependencies })
    .filter(([library]) => !library.startsWith('@parley/'))
    .map(([library, version]) => `${library}@${version}`)
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--prefer-offline']
  await run('npm', ['install', ...quiet, ...wanted], installed.project)
  return folder
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function startParley(port: number): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    settings: {
      apps: {
        default: {
          keys: [{ algorithm: 'HS256', key: secret }],
          apiKeys: [{ id: 'back', secret: keySecret, capabilities: { '*': ['*'] } }],
        },
      },
      allowedOrigins: ['self', `http://127.0.0.1:${port}`],
    },
  })
  rest.push(() => server.remove())
  return server
}

const key = `back:${keySecret}`

async function publish(server: ServerProcess, text: string): Promise<void> {
  const response = await fetch(`${server.url}/api/channels/chat:general/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ data: { text } }),
  })
  expect(response.status).toBe(200)
}

/** Runs a program of the project until the test is over; fulfilled when it answers. */
async function serve(
  program: string,
  args: string[],
  at: { folder: string; env: NodeJS.ProcessEnv; url: string },
) {
  const { NODE_OPTIONS: _, ...own } = process.env
  const child: ChildProcess = spawn(join(installed.project, 'node_modules/.bin', program), args, {
    ...{ cwd: at.folder, env: { ...own, ...at.env }, detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text))
  rest.push(() => {
    if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL')
  })
  const answers = () =>
    fetch(at.url).then(
      ({ ok }) => ok,
      () => false,
    )
  await expect
    .poll(answers, { timeout: 60_000 })
    .toBe(true)
    .catch((error) => Promise.reject(new Error(output, { cause: error })))
}

async function open(): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const page = await browser.newPage()
  rest.push(() => page.close())
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico'))
      problems.push(message.text())
  })
  return { page, problems }
}

const items = (page: Page) => page.locator('ol li').allTextContents()

async function connections(server: ServerProcess): Promise<number> {
  const response = await fetch(`${server.url}/api/operations/performance`, { headers: { 'x-api-key': key } })
  return ((await response.json()) as { connections: { total: number } }).connections.total
}

test('Next.js: rendered on the server without a socket, and live in the browser without a gap', async () => {
  const folder = await furnish('next')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startParley(port)
  const env = { PARLEY_URL: server.url, PARLEY_KEY: key, TOKEN_SECRET: secret, NEXT_TELEMETRY_DISABLED: '1' }
  await run(
    'env',
    [
      ...Object.entries(env).map((pair) => pair.join('=')),
      join(installed.project, 'node_modules/.bin/next'),
      'build',
    ],
    folder,
  )
  await serve('next', ['start', '-p', String(port), '-H', '127.0.0.1'], { folder, env, url })
  for (const text of ['one', 'two', 'three']) await publish(server, text)
  const html = await (await fetch(url)).text()
  for (const text of ['one', 'two', 'three']) expect(html).toContain(`<li>${text}</li>`)
  expect(await connections(server), 'connections that rendering has made').toBe(0)

  const { page, problems } = await open()
  const frames: string[] = []
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => frames.push(String(payload))))
  // The scripts wait until more has happened: nothing of that is in the page, and all of it has to come.
  const gate = Promise.withResolvers<void>()
  await page.route('**/*.js', async (route) => {
    await gate.promise
    await route.continue()
  })
  await page.goto(url, { waitUntil: 'commit' })
  await expect.poll(() => items(page), soon).toEqual(['one', 'two', 'three'])
  for (const text of ['four', 'five']) await publish(server, text)
  expect(await items(page)).toEqual(['one', 'two', 'three'])
  gate.resolve()
  await expect.poll(() => items(page), soon).toEqual(['one', 'two', 'three', 'four', 'five'])
  await page.getByRole('status').getByText('subscribed').waitFor(soon)
  await page.getByRole('textbox', { name: 'Message' }).fill('six')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect.poll(() => items(page), soon).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
  expect(
    frames.filter((frame) => frame.includes('"op":"subscribe"') && frame.includes('"from"')),
  ).toHaveLength(1)
  expect(await connections(server)).toBe(1)
  expect(problems).toEqual([])
}, 400_000)

test('Vue: a channel in a component', async () => {
  const folder = await furnish('vue')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startParley(port)
  await run(join(installed.project, 'node_modules/.bin/vite'), ['build'], folder)
  const env = { PARLEY_URL: server.url }
  await serve('vite', ['preview', '--host', '127.0.0.1', '--port', String(port)], { folder, env, url })
  await publish(server, 'before')
  const { page, problems } = await open()
  await page.goto(url)
  await expect.poll(() => items(page), soon).toEqual(['before'])
  await publish(server, 'live')
  await expect.poll(() => items(page), soon).toEqual(['before', 'live'])
  await page.getByRole('textbox', { name: 'Message' }).fill('from Vue')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect.poll(() => items(page), soon).toEqual(['before', 'live', 'from Vue'])
  expect(problems).toEqual([])
}, 300_000)
