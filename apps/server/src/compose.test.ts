import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@parley/kernel/memory'
import { afterEach, expect, test } from 'vitest'
import { type RunningServer, startServer } from './compose.ts'
import { loadConfig } from './config.ts'
import { developmentKeys } from './development/keys.ts'

const running: RunningServer[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

type Flag = readonly [name: string, text: string]

const start = (...flags: Flag[]) => startIn(mkdtempSync(join(tmpdir(), 'parley-server-')), flags)

async function startIn(directory: string, flags: readonly Flag[]) {
  const config = loadConfig({
    directory,
    environment: {},
    flags: [['port', '0'], ['storage-provider', 'memory'], ...flags],
  })
  const server = await startServer(config, silentLogger)
  running.push(server)
  return server
}

async function ask(
  server: RunningServer,
  path: string,
  options: { body?: unknown; token?: string; key?: string } = {},
) {
  const { body, token, key } = options
  const response = await fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'x-api-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json().catch(() => undefined)) as never }
}

const events = '/api/channels/chat:general/events'
const keyOf = ({ development }: RunningServer) =>
  `${development?.made.apiKey.id}:${development?.made.apiKey.secret}`

async function signIn(server: RunningServer, name: string): Promise<string> {
  const { body } = await ask(server, '/api/auth/sign-in', { body: { name } })
  return (body as { token: string }).token
}

test('somebody signs in by name, a back end publishes, and a browser listens', async () => {
  const server = await start()
  const token = await signIn(server, 'Ada')
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime`, 'parley.v1.json')
  const inbox: Record<string, unknown>[] = []
  const got = (op: string) =>
    expect.poll(() => inbox.find((frame) => frame.op === op), { timeout: 5_000 }).toBeTruthy()
  socket.addEventListener('message', ({ data }) => {
    for (const line of String(data).split('\n')) inbox.push(JSON.parse(line))
  })
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  socket.send(JSON.stringify({ op: 'connect', id: 1, token }))
  socket.send(JSON.stringify({ op: 'subscribe', id: 2, channel: 'chat:general' }))
  await expect.poll(() => inbox.filter((frame) => frame.op === 'reply').length, { timeout: 5_000 }).toBe(2)
  expect(await ask(server, events, { body: { data: { text: 'hello' } }, key: keyOf(server) })).toMatchObject({
    status: 200,
    body: { offset: 1 },
  })
  await got('events')
  expect(inbox.find((frame) => frame.op === 'events')).toMatchObject({
    channel: 'chat:general',
    position: 1,
    events: [{ data: { text: 'hello' } }],
  })
  socket.close()
})

test('two servers live in one process, and the tokens of one are nothing to the other', async () => {
  const [one, two] = [await start(), await start()]
  expect(one.url).not.toBe(two.url)
  const token = await signIn(one, 'Ada')
  expect((await ask(one, events, { token })).status).toBe(200)
  expect((await ask(two, events, { token })).status).toBe(401)
})

test('visitors reach every kind of channel, and of the channels of users their own', async () => {
  const server = await start()
  const token = await signIn(server, 'Ada')
  const statusOf = async (channel: string) =>
    (await ask(server, `/api/channels/${channel}/events`, { token })).status
  expect([await statusOf('chat:x'), await statusOf('user:ada'), await statusOf('user:bob')]).toEqual([
    200, 200, 403,
  ])
  expect((await ask(server, '/api/channels?prefix=chat:', { token })).status).toBe(200)
  expect((await ask(server, '/api/auth/revocations', { token })).status).toBe(403)
})

test('health, readiness, metrics, the description of the API and flags are there', async () => {
  const server = await start()
  expect((await ask(server, '/health')).status).toBe(200)
  expect((await ask(server, '/ready')).status).toBe(200)
  expect((await ask(server, '/metrics')).status).toBe(200)
  expect((await ask(server, '/openapi.json')).body).toMatchObject({
    info: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
  })
  expect((await ask(server, '/api/flags', { key: keyOf(server) })).body).toMatchObject({
    flags: { length: 16 },
  })
})

test('where the profile has no sign-in by name, there is none, and metrics ask who is asking', async () => {
  const key = `back:${'x'.repeat(30)}`
  const apps = JSON.stringify({ default: { apiKeys: [{ id: 'back', secret: key.slice(5) }] } })
  const server = await start(['profile', 'staging'], ['host', '127.0.0.1'], ['apps', apps])
  expect(await ask(server, '/api/auth/sign-in', { body: { name: 'Ada' } })).toMatchObject({
    status: 403,
    body: { code: 'disabled' },
  })
  expect((await ask(server, '/metrics')).status).toBe(401)
  expect((await ask(server, '/metrics', { key })).status).toBe(200)
})

test('what was published, revoked and switched is there after a restart; the directory has one server at a time', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-server-'))
  const sqlite: Flag[] = [['storage-provider', 'sqlite']]
  const first = await startIn(directory, sqlite)
  const token = await signIn(first, 'Ada')
  await ask(first, events, { body: { data: 1 }, token })
  await ask(first, '/api/auth/revocations', { body: { user: 'ada' }, key: keyOf(first) })
  await expect(startIn(directory, sqlite)).rejects.toThrow(/in use by process \d+/)
  await running.pop()?.close()
  const second = await startIn(directory, sqlite)
  expect((await ask(second, events, { token })).body).toMatchObject({ code: 'token_revoked' })
  expect((await ask(second, events, { key: keyOf(second) })).body).toMatchObject({
    head: 1,
    events: [{ data: 1, by: 'ada' }],
  })
})

test('a port that is taken is said, and leaves nothing open', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  await expect(start(['port', String(port)])).rejects.toThrow(String(port))
  taken.close()
})

test('a development server keeps its keys where only its owner reads them', () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'parley-keys-')), 'data')
  const made = developmentKeys(directory)
  expect(made.isNew).toBe(true)
  expect(statSync(made.path as string).mode & 0o777).toBe(0o600)
  expect(developmentKeys(directory)).toEqual({ ...made, isNew: false })
  expect(readFileSync(made.path as string, 'utf8')).toContain(made.apiKey.secret)
  expect(developmentKeys(undefined).signingKey).not.toBe(made.signingKey)
})
