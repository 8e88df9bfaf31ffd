import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

const script = (name: string) => fileURLToPath(new URL(`../../examples/curl/${name}.sh`, import.meta.url))

let server: ServerProcess
let environment: Readonly<Record<string, string>>
beforeAll(async () => {
  const secret = 'a-secret-of-the-test-of-the-examples'
  const apps = { default: { apiKeys: [{ id: 'back', secret, capabilities: { '*': ['*'] } }] } }
  server = await ServerProcess.start({ settings: { apps } })
  environment = { PARLEY_URL: server.url, PARLEY_KEY: `back:${secret}`, TOKEN: await server.token('Ada') }
})
afterAll(() => server?.remove())

function start(name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const child = spawn('sh', [script(name), ...args], {
    env: { PATH: process.env.PATH, ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said.out += text))
  return { child, said, ended: once(child, 'close').then(([code]) => ({ code, out: said.out })) }
}

const publish = (text: string, more = {}) => start('publish', ['chat:shell', text], more).ended

test('what one shell publishes is heard by another, and read again', async () => {
  const listener = start('listen', ['chat:shell'])
  try {
    const [first, second] = [
      await publish('with "quotes" and \\'),
      await publish('twice', { IDEMPOTENCY_KEY: 'k' }),
    ]
    expect(JSON.parse(first.out)).toMatchObject({ offset: 1 })
    expect((await publish('twice', { IDEMPOTENCY_KEY: 'k' })).out).toBe(second.out)
    await expect.poll(() => listener.said.out, { timeout: 20_000 }).toContain('"text":"twice"')
    expect(listener.said.out).toContain(JSON.stringify('with "quotes" and \\'))
    const { out } = await start('history', ['chat:shell', '10']).ended
    const { events } = JSON.parse(out) as { events: readonly { data: { text: string } }[] }
    expect(events.map(({ data }) => data.text)).toEqual(['with "quotes" and \\', 'twice'])
  } finally {
    listener.child.kill()
  }
})

test('what is refused is said, and ends with an error', async () => {
  const { code, out } = await start('publish', ['nokind:a', 'x']).ended
  expect(code).not.toBe(0)
  expect(out).toContain('unknown_kind')
  expect((await start('history', ['chat:shell'], { PARLEY_KEY: 'back:wrong' }).ended).out).toContain(
    'unauthenticated',
  )
})
