import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@parley/client'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type Collector, startCollector } from './collector.ts'
import { parleyCommand } from './parley-command.ts'
import { ServerProcess } from './server-process.ts'

/** What every secret of these tests has in it, and nothing else has. */
const mark = 'hush7f3a'
const forms = [
  mark,
  btoa(`${mark}:${mark}`),
  Buffer.from(mark).toString('hex'),
  encodeURIComponent(`${mark}/`),
]
const secretOf = (what: string) => `${mark}-${what}-${'x'.repeat(32)}`
const signingKey = secretOf('signing-key')
const backend = `back:${secretOf('backend')}`
const badJwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"eve"}').toString('base64url')}.${mark}`

/** Mistakes of form, and a key that has the form and cannot be used. */
const badSettings = [
  {
    apps: { default: { keys: [{ algorithm: 'HS256', key: mark }], apiKeys: [{ id: 'a', secret: mark }] } },
    authorize: { url: `http://ada:${mark}@127.0.0.1:9/`, secret: mark },
    tracing: { endpoint: `http://ada:p@${mark}@127.0.0.1:9` },
    files: {
      ...{ store: 's3', secret: mark },
      s3: { endpoint: `http://a:${mark}@127.0.0.1:9`, accessKeyId: mark, secretAccessKey: mark },
    },
    databaseUrl: `postgres://ada:${mark}@127.0.0.1:5432/parley`,
    storageProvider: `postgres://ada:${mark}@127.0.0.1/parley`,
  },
  {
    apps: {
      default: {
        keys: [{ algorithm: 'EdDSA', key: `-----BEGIN PUBLIC KEY-----\n${mark}\n-----END PUBLIC KEY-----` }],
      },
    },
  },
]

/** Everything that came out of a server, by what it came out of. */
const heard = new Map<string, string>()
const hear = (from: string, text: string) => heard.set(from, `${heard.get(from) ?? ''}\n${text}`)

function expectNoSecret(): void {
  for (const [from, text] of heard)
    for (const form of forms) {
      const at = text.indexOf(form)
      const around = text.slice(Math.max(0, at - 120), at + 80)
      expect(at, `${from} tells a secret: …${around}…`).toBe(-1)
    }
}

const rest: (() => unknown)[] = []
let server: ServerProcess
let collector: Collector

beforeAll(async () => {
  collector = await startCollector()
  rest.push(() => collector.close())
  server = await ServerProcess.start({
    settings: {
      logLevel: 'debug',
      apps: {
        default: {
          keys: [{ algorithm: 'HS256', key: signingKey }],
          apiKeys: [{ id: 'back', secret: secretOf('backend'), capabilities: { '*': ['*'] } }],
        },
      },
      authorize: { url: 'http://127.0.0.1:9/', secret: secretOf('webhook'), timeoutMs: 100 },
      kinds: { chat: { durability: 'durable' }, asked: { durability: 'recent', authorize: true } },
      files: { secret: secretOf('files') },
      socketIo: { secret: secretOf('socket-io') },
      tracing: { endpoint: collector.url, headers: { 'x-collector': secretOf('collector') } },
    },
  })
  rest.push(() => server.remove())
})
afterAll(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

async function ask(path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(server.url + path, init)
  const text = await response.text()
  hear(
    `the answer of ${init.method ?? 'GET'} ${path.split('?')[0]}`,
    `${JSON.stringify([...response.headers])}${text}`,
  )
  return text
}

/** Sends frames over a WebSocket as they are, and answers when the server has closed it or said something. */
function overWebSocket(path: string, protocols: string[], frames: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(server.url.replace('http', 'ws') + path, protocols)
    socket.onopen = () => {
      for (const frame of frames) socket.send(frame)
    }
    socket.onmessage = ({ data }) => {
      hear('a WebSocket', String(data))
      socket.close()
    }
    socket.onerror = () => resolve()
    socket.onclose = ({ reason }) => {
      hear('a close reason', reason)
      resolve()
    }
  })
}

async function operatorToken(): Promise<string> {
  const response = await fetch(`${server.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"Olga","role":"operator"}',
  })
  return ((await response.json()) as { token: string }).token
}

async function everyDoor(): Promise<void> {
  const json = { 'content-type': 'application/json' }
  const refused = [
    { authorization: `Bearer ${badJwt}` },
    { authorization: `Bearer ${mark}` },
    { authorization: `Basic ${btoa(`${mark}:${mark}`)}` },
    { authorization: `Digest ${mark}` },
    { 'x-api-key': `${mark}:${mark}` },
    { 'x-api-key': `back:${mark}` },
    { 'x-api-key': mark },
    { cookie: `session=${mark}` },
  ]
  for (const headers of refused) {
    await ask('/api/auth/whoami', { headers })
    await ask('/metrics', { headers })
    await ask('/api/channels/chat:a/events', {
      method: 'POST',
      body: '{"data":1}',
      headers: { ...json, ...headers },
    })
  }
  await ask(`/api/auth/whoami?token=${badJwt}&access_token=${mark}`)
  await ask(`/no/such/page?secret=${mark}`)
  await ask('/api/auth/sign-in', { method: 'POST', headers: json, body: `{"name":7,"password":"${mark}"` })
  const v1 = ['parley.v1.json']
  await overWebSocket('/realtime', v1, [`{"op":"connect","id":1,"token":"${badJwt}"}`])
  await overWebSocket('/realtime', v1, [
    `{"op":"connect","id":1,"token":"${mark}","resume":{"session":"a","secret":"${mark}"}}`,
  ])
  await overWebSocket('/realtime', v1, [`{"op":"connect" "token":"${mark}"`])
  await overWebSocket('/realtime', [...v1, `parley.token.${badJwt}`], ['{"op":"connect","id":1}'])
  await overWebSocket(`/realtime?token=${badJwt}`, v1, ['{"op":"connect","id":1}'])
  const bearer = { authorization: `Bearer ${badJwt}` }
  await ask(`/realtime/sse?channel=chat:a&token=${mark}`, { headers: bearer })
  for (const path of ['/realtime/tickets', '/realtime/send', '/realtime/poll'])
    await ask(`${path}?token=${mark}`, { method: 'POST', headers: json, body: `{"secret":"${mark}"}` })
  await new Promise<void>((resolve) => {
    const socket = io(server.url, { auth: { token: badJwt }, reconnection: false, query: { token: mark } })
    const end = (said: unknown) => {
      hear('Socket.IO', JSON.stringify(said) + String(said))
      socket.disconnect()
      resolve()
    }
    socket.on('connect_error', end)
    socket.on('disconnect', end)
    socket.on('connect', () => end('connected'))
  })
}

test('what comes in at any door is in no log line, error, metric, trace, record or answer of the console', async () => {
  await everyDoor()
  const token = await server.token('Ada')
  const ada = createClient({ url: server.url, token, getToken: async () => token })
  rest.push(() => ada.disconnect())
  await ada.connect()
  const operator = createClient({ url: server.url, token: await operatorToken() })
  rest.push(() => operator.disconnect())
  await operator.connect()
  const { connections } = await operator.call('operations.connections', { user: 'ada' })
  const records: unknown[] = []
  await operator.subscribe(`operations:connection:${connections[0]?.session}`, {
    onEvent: ({ data }) => records.push(data),
  }).ready
  // What an operator sees of a connection, while tokens go over it in both directions.
  await ada.call('auth.signIn', { name: 'Ada' })
  await ada.call('auth.whoami', { token: badJwt } as never).catch(() => undefined)
  await ada
    .call('channels.publish', { channel: 'asked:a', data: 1 })
    .catch(({ message }) => hear('the answer where a webhook is asked', message))
  await expect.poll(() => JSON.stringify(records)).toContain('auth.signIn')
  hear('records of a connection', JSON.stringify(records))
  expect(JSON.stringify(records)).not.toContain('eyJ')

  const headers = { 'x-api-key': backend }
  for (const path of [
    'nodes',
    'health',
    'performance',
    'connections',
    'closed-connections',
    'users',
    'settings',
    'keys',
  ])
    await ask(`/api/operations/${path}`, { headers })
  for (const command of [
    'operations.connections',
    'operations.closedConnections',
    'operations.users',
    'operations.settings',
    'operations.keys',
    'operations.performance',
    'operations.health',
    'operations.nodes',
    'operations.modules',
    'flags.list',
    'delivery.drops',
    'delivery.deadLetters',
  ] as const)
    hear(command, JSON.stringify(await operator.call(command, {} as never)))
  expect(heard.get('operations.settings')).toContain('[secret of')
  hear('metrics', await ask('/metrics', { headers }))
  await server.stop()
  hear('the log', server.output)
  expect(server.output).toContain('A call was answered.')
  hear('traces', JSON.stringify(collector.spans))
  expect(collector.spans.length).toBeGreaterThan(0)
  expectNoSecret()
  await server.start()
}, 120_000)

test('what is configured badly, or given to a command line, is told without the secrets in it', async () => {
  const folder = (settings: object) => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-secrets-'))
    rest.push(() => rmSync(directory, { recursive: true, force: true }))
    writeFileSync(join(directory, 'parley.yaml'), stringify(settings))
    return directory
  }
  const empty = folder({})
  const lines: (() => Promise<void>)[] = []
  const command = (
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    directory = empty,
  ) =>
    lines.push(async () => {
      const { out, err } = await parleyCommand(args, { directory, environment, under: ['timeout', '30'] })
      hear(`parley ${args[0]}`, out + err)
    })
  for (const directory of badSettings.map(folder)) {
    for (const name of ['check-config', 'print-config', 'doctor', 'keys'])
      command([name, ...(name === 'doctor' ? ['--json'] : [])], {}, directory)
    command(['serve', '--port', '0'], {}, directory)
  }
  const words = ['call', 'auth.whoami']
  command([...words, '--url', `http://ada:${mark}@127.0.0.1:9`])
  command([...words, '--url', `ftp://ada:${mark}@127.0.0.1:9`])
  command([...words, '--url', server.url, '--token', badJwt])
  command([...words, '--url', server.url, '--key', `a:${mark}`])
  command([...words, '--url', server.url, '--key', mark])
  command(words, { PARLEY_URL: server.url, PARLEY_TOKEN: badJwt })
  command(words, { PARLEY_URL: server.url, PARLEY_API_KEY: `a:${mark}` })
  command(['check-config', `--database-url=postgres://ada:${mark}@127.0.0.1/parley`])
  command(['check-config', `--storage-provider=postgres://ada:${mark}@127.0.0.1/parley`])
  command(['check-config', '--files.secret', mark], {
    ...{
      PARLEY_JWT_SECRET: mark,
      PARLEY_AUTHORIZE_SECRET: mark,
      PARLEY_DATABASE_URL: `postgres://a:${mark}@h/d`,
    },
  })
  command(['doctor', '--token', badJwt, '--url', server.url])
  command(['tail', 'chat:a', '--url', server.url, '--token', badJwt])
  // Two at a time: each is a process that has a core to itself.
  const next = async () => {
    for (let line = lines.pop(); line !== undefined; line = lines.pop()) await line()
  }
  await Promise.all([next(), next()])
  expectNoSecret()
  expect(heard.get('parley check-config')).toMatch(/secret/)
}, 300_000)

test('keys that the server makes for development are shown once, where it says so', () => {
  const made = readFileSync(join(server.directory, 'data/development-keys.json'), 'utf8')
  const { signingKey: made1, apiKey } = JSON.parse(made) as { signingKey: string; apiKey: { secret: string } }
  expect(server.output).not.toContain(made1)
  expect(server.output.split(apiKey.secret).length - 1).toBe(1)
})
