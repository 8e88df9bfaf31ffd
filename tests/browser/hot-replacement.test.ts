import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import type { Browser, Page } from 'playwright-core'
import { createServer, defaultClientConditions, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish } from './back-end.ts'
import { launchBrowser } from './browser.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const channel = 'chat:hot'

/** An application as somebody develops it, in a folder of its own. */
const files = {
  'index.html':
    '<!doctype html><title>Hot</title><main></main><script type="module" src="/main.tsx"></script>',
  'main.tsx': `
    import { StrictMode } from 'react'
    import { createRoot } from 'react-dom/client'
    import { App } from './app.tsx'

    const frames = (window.frames_ = [])
    const Real = window.WebSocket
    window.WebSocket = class extends Real {
      constructor(url, protocols) {
        super(url, protocols)
        if (String(url).endsWith('/ws')) frames.push('open')
      }
      send(data) {
        if (this.url.endsWith('/ws')) frames.push(...String(data).split('\\n').map((line) => JSON.parse(line).op))
        super.send(data)
      }
    }
    createRoot(document.querySelector('main')).render(<StrictMode><App /></StrictMode>)`,
  'app.tsx': app('First'),
  'room.tsx': room('One'),
}

function app(title: string): string {
  return `
    import { RealtimeProvider } from '@parley/react'
    import { Room } from './room.tsx'

    async function getToken() {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch('/api/auth/sign-in', { method: 'POST', headers, body: '{"name":"Ada"}' })
      return (await answer.json()).token
    }

    export function App() {
      return <RealtimeProvider url="/ws" getToken={getToken}><h1>${title}</h1><Room /></RealtimeProvider>
    }`
}

function room(title: string, hook = ''): string {
  return `
    import { useState } from 'react'
    import { useChannel, useRealtime } from '@parley/react'

    export function Room() {
      ${hook}
      const [clicks, setClicks] = useState(0)
      const { connectionStatus } = useRealtime()
      const { events, status } = useChannel('${channel}', { recent: 10 })
      return (
        <section>
          <h2>${title}</h2>
          <button onClick={() => setClicks(clicks + 1)}>{clicks}</button>
          <output>{connectionStatus + ' ' + status}</output>
          <ol>{events.map(({ offset, data }) => <li key={offset}>{data}</li>)}</ol>
        </section>
      )
    }`
}

let folder: string
let server: ServerProcess
let browser: Browser
let vite: ViteDevServer
let page: Page
const problems: string[] = []

const save = (name: keyof typeof files, text: string) => writeFileSync(join(folder, name), text)

beforeAll(async () => {
  server = await ServerProcess.start()
  folder = mkdtempSync(join(tmpdir(), 'parley-hot-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [name, text] of Object.entries(files)) save(name as keyof typeof files, text)
  vite = await createServer({
    ...{ configFile: false, root: folder, cacheDir: join(folder, '.vite'), logLevel: 'error' },
    plugins: [react()],
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    // Found later, they would load the page anew.
    optimizeDeps: { include: ['react', 'react-dom/client', 'react/jsx-dev-runtime'], noDiscovery: true },
    server: {
      ...{ host: '127.0.0.1', port: 0, fs: { allow: [root, folder] } },
      proxy: { '/api': server.url, '/ws': { target: server.url, ws: true } },
    },
  })
  await vite.listen()
  browser = await launchBrowser()
  page = await browser.newPage()
  page.on('pageerror', (error) => problems.push(String(error)))
})
afterAll(async () => {
  await browser?.close()
  await vite?.close()
  await server?.remove()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

const sent = (op: string) =>
  page.evaluate(
    (name) => (Reflect.get(window, 'frames_') as string[]).filter((one) => one === name).length,
    op,
  )
const items = () => page.locator('li').allTextContents()
const shows = (selector: string, text: string) => page.locator(selector, { hasText: text }).waitFor()

test('modules are replaced while they run: one connection, one subscription, and every event once', async () => {
  await page.goto(vite.resolvedUrls?.local[0] ?? '')
  await shows('output', 'connected subscribed')
  await page.click('button')
  await publish(server, { channel, data: 'before' })
  await expect.poll(items).toEqual(['before'])
  const counts = async () => [await sent('open'), await sent('connect'), await sent('subscribe')]
  const before = await counts()
  expect(before).toEqual([1, 1, 1])

  // Another text: the component keeps what it holds.
  save('room.tsx', room('Two'))
  await shows('h2', 'Two')
  await publish(server, { channel, data: 'after one' })
  await expect.poll(items).toEqual(['before', 'after one'])
  expect(await page.textContent('button')).toBe('1')

  // The module of the provider.
  save('app.tsx', app('Second'))
  await shows('h1', 'Second')
  await publish(server, { channel, data: 'after the provider' })
  await expect.poll(items).toEqual(['before', 'after one', 'after the provider'])
  expect([await counts(), await sent('unsubscribe')]).toEqual([before, 0])

  // Another hook: the component begins anew, with the same connection.
  save('room.tsx', room('Three', 'useState(0)'))
  await shows('h2', 'Three')
  await shows('output', 'connected subscribed')
  await publish(server, { channel, data: 'after another hook' })
  await expect.poll(items).toEqual(['before', 'after one', 'after the provider', 'after another hook'])
  expect(await page.textContent('button')).toBe('0')
  expect((await counts()).slice(0, 2)).toEqual([1, 1])
  expect(problems).toEqual([])
})
