import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Client, createClient } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runningServer, type TestServer } from './running-server.ts'

let server: TestServer
let bystander: Client
const received: unknown[] = []
const troubles: string[] = []

beforeAll(async () => {
  server = await runningServer()
  bystander = createClient({ url: server.url, token: await signIn('bystander') })
  bystander.on('disconnect', ({ reason }) => troubles.push(reason))
  const subscription = bystander.subscribe('chat:calm', { onEvent: ({ data }) => received.push(data) })
  await bystander.connect()
  await subscription.ready
})

afterAll(async () => {
  bystander.disconnect()
  await server.remove()
})

async function signIn(name: string): Promise<string> {
  return ((await rest('/api/auth/sign-in', { name })).body as { token: string }).token
}

async function rest(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** A bare WebSocket that collects the frames it gets. */
async function bare(): Promise<{
  socket: WebSocket
  frames: Record<string, unknown>[]
  closed: Promise<CloseEvent>
}> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime`, 'parley.v1.json')
  const frames: Record<string, unknown>[] = []
  socket.addEventListener('message', ({ data }) =>
    frames.push(
      ...String(data)
        .split('\n')
        .map((line) => JSON.parse(line)),
    ),
  )
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve as never))
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  return { socket, frames, closed }
}

test('frames that are none are answered with a reason, and the connection survives some of them', async () => {
  const { socket, frames } = await bare()
  socket.send(JSON.stringify({ op: 'connect', id: 1, token: await signIn('clumsy') }))
  const bad = [
    'garbage',
    '{"op":',
    '[]',
    '{"op":"nothing","id":2}',
    '{"op":"call","id":3}',
    '{"op":"call","id":4,"command":"no.such"}',
    `{"op":"call","id":5,"command":"channels.publish","input":${'['.repeat(100)}${']'.repeat(100)}}`,
    '{"op":"subscribe","id":6,"channel":"chat:../../etc/passwd"}',
    '{"op":"subscribe","id":7,"channel":"chat:a\\u0000b"}',
    '{"op":"subscribe","id":8,"channel":"nokind:a"}',
    '{"op":"call","id":9,"command":"channels.publish","input":{"channel":"chat:a","data":1,"extra":true}}',
    '{"op":"call","id":10,"command":"channels.publish","input":{"channel":7}}',
  ]
  for (const frame of bad) socket.send(frame)
  socket.send('{"op":"call","id":99,"command":"auth.whoami","input":{}}')
  await expect.poll(() => frames.some((frame) => frame.id === 99)).toBe(true)
  const codes = (id: number) =>
    (frames.find((frame) => frame.id === id)?.error as { code: string } | undefined)?.code
  expect(codes(2)).toBe('bad_frame')
  expect(codes(3)).toBe('bad_frame')
  expect(codes(4)).toBe('unknown_command')
  expect(codes(5)).toBe('bad_frame')
  expect(codes(6)).toBe('bad_request')
  expect(codes(7)).toBe('bad_request')
  expect(codes(8)).toBe('unknown_kind')
  expect(codes(9)).toBe('bad_request')
  expect(codes(10)).toBe('bad_request')
  expect(frames.filter((frame) => frame.op === 'error')).toHaveLength(3)
  expect(frames.find((frame) => frame.id === 99)).toMatchObject({ ok: { user: 'clumsy' } })
  socket.close()
})

test('who sends nothing but bad frames is told to stop', async () => {
  const { socket, closed } = await bare()
  for (let count = 0; count < 40; count++) socket.send('garbage')
  expect((await closed).code).toBe(4005)
})

test.each([
  [
    'a forged token',
    `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from('{"sub":"root"}').toString('base64url')}.x`,
  ],
  [
    'an unsigned token',
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"root"}').toString('base64url')}.`,
  ],
  ['no token at all', 'nonsense'],
])('%s is refused with a code that says stop', async (_name, token) => {
  const { socket, frames, closed } = await bare()
  socket.send(JSON.stringify({ op: 'connect', id: 1, token }))
  expect((await closed).code).toBe(4002)
  expect(frames[0]).toMatchObject({
    op: 'reply',
    id: 1,
    error: { code: 'unauthenticated', retryable: false },
  })
})

test('a message above the limit closes the connection that sent it', async () => {
  const { socket, closed } = await bare()
  socket.send('x'.repeat(2_000_000))
  expect([1009, 4004]).toContain((await closed).code)
})

async function raw(text: string | Buffer): Promise<string> {
  const { port } = new URL(server.url)
  const socket: Socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += data.toString('latin1')
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.end(text)
  await once(socket, 'close')
  return answer
}

const upgrade = (headers: string) =>
  `GET /realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`

test('a foreign origin gets no socket', async () => {
  expect(
    await raw(upgrade('Origin: https://evil.example\r\nSec-WebSocket-Protocol: parley.v1.json\r\n')),
  ).toMatch(/^HTTP\/1.1 403/)
})

test('garbage bytes instead of HTTP, or of frames, harm nobody', async () => {
  expect(await raw(Buffer.from([0, 255, 13, 10, 13, 10]))).toMatch(/^HTTP\/1.1 400/)
  const accepted = await raw(
    Buffer.concat([
      Buffer.from(upgrade('Sec-WebSocket-Protocol: parley.v1.json\r\n')),
      Buffer.from([0xff, 0xff, 0x00, 0x41]),
    ]),
  )
  expect(accepted).toMatch(/^HTTP\/1.1 101/)
})

test('REST refuses what does not fit, says why, and stores nothing', async () => {
  const { id, secret } = server.development?.made.apiKey ?? { id: '', secret: '' }
  const key = { 'x-api-key': `${id}:${secret}` }
  const cases: [string, unknown, number, string][] = [
    ['/api/channels/chat:a/events', '{', 400, 'bad_request'],
    ['/api/channels/chat:a/events', { data: 1, typo: 2 }, 400, 'bad_request'],
    ['/api/channels/chat:a/events', { data: 'x'.repeat(70_000) }, 413, 'payload_too_large'],
    ['/api/channels/chat:..%2F..%2Fetc/events', { data: 1 }, 400, 'bad_request'],
    ['/api/channels/nokind:a/events', { data: 1 }, 404, 'unknown_kind'],
    ['/api/nothing', {}, 404, 'not_found'],
  ]
  for (const [path, body, status, code] of cases) {
    const answer = await rest(path, body, key)
    expect(
      [answer.status, (answer.body.error as { code?: string } | undefined)?.code ?? answer.body.code],
      path,
    ).toEqual([status, code])
  }
  const top = await fetch(`${server.url}/api/channels/chat:a`, { headers: key }).then((response) =>
    response.json(),
  )
  expect(top).toMatchObject({ head: 0 })
})

test('a flood is slowed down with a time to wait, and others do not notice', async () => {
  const flooder = await bare()
  flooder.socket.send(JSON.stringify({ op: 'connect', id: 1, token: await signIn('flooder') }))
  for (let id = 2; id < 3_000; id++)
    flooder.socket.send(`{"op":"call","id":${id},"command":"auth.whoami","input":{}}`)
  await expect
    .poll(
      () =>
        flooder.frames.some(
          (frame) => (frame.error as { code?: string } | undefined)?.code === 'rate_limited',
        ),
      { timeout: 10_000 },
    )
    .toBe(true)
  const limited = flooder.frames.find(
    (frame) => (frame.error as { code?: string } | undefined)?.code === 'rate_limited',
  )
  expect(limited).toMatchObject({ error: { retryAfterMs: expect.any(Number) } })
  await bystander.call('channels.publish', { channel: 'chat:calm', data: 'still here' })
  await expect.poll(() => received).toContain('still here')
  flooder.socket.close()
  expect(troubles).toEqual([])
})
