import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ConnectionType,
  EnhancedWebSocketConnection,
  REALTIME_PRESETS,
  RealtimeBuilder,
  RealtimeClient,
  type RealtimeClientOptions,
  type RealtimeMessage,
} from '@parley/client/realtime'
import { io } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { ServerProcess } from './server-process.ts'

const key = { id: 'backend', secret: 'a random secret of 24 characters' }
let server: ServerProcess
const open: { disconnect(): void }[] = []

beforeAll(async () => {
  server = await ServerProcess.start({
    settings: { port: 0, apps: { default: { apiKeys: [key] } } },
  })
})
afterAll(() => server?.remove())
afterEach(() => {
  for (const client of open.splice(0)) client.disconnect()
})

async function client(options: Partial<RealtimeClientOptions> = {}, name = 'Ada') {
  const made = new RealtimeClient({
    url: server.url,
    authentication: { token: await server.token(name) },
    reconnectDelay: 50,
    ...options,
  })
  open.push(made)
  return made
}

/** The next message of a type. */
function next(from: RealtimeClient, type: string): Promise<RealtimeMessage> {
  return new Promise((resolve) => {
    const stop = from.subscribe(type, (message) => {
      stop()
      resolve(message)
    })
  })
}

const types: readonly ConnectionType[] = ['websocket', 'socket.io', 'sse', 'http2', 'polling']

describe.each(types)('by %s', (connectionType) => {
  test('messages by type, to everyone and to rooms', async () => {
    const [ada, ben] = [
      await client({ connectionType, fallbackTypes: [], socketIo: { io } }),
      await client({ connectionType, fallbackTypes: [], socketIo: { io } }, 'Ben'),
    ]
    await Promise.all([ada.connect(), ben.connect()])
    expect(ada.getConnectionInfo()).toMatchObject({ connectionType, isConnected: true, status: 'connected' })

    const heard = next(ben, 'chat:message')
    const sent = await ada.send('chat:message', { text: 'Hello!' })
    const message = await heard
    expect(message).toEqual({
      id: sent.id,
      type: 'chat:message',
      payload: { text: 'Hello!' },
      priority: 'normal',
      timestamp: expect.any(Number),
      version: 1,
      sender: 'ada',
    })

    await ben.joinRoom('project-alpha')
    const update = next(ben, 'document:update')
    const changes = [{ op: 'insert', text: 'Hello' }]
    await ada.sendToRoom(
      'project-alpha',
      'document:update',
      { documentId: 'doc-123', changes },
      { priority: 'high' },
    )
    expect(await update).toMatchObject({
      roomId: 'project-alpha',
      priority: 'high',
      payload: { documentId: 'doc-123', changes },
    })
    expect(ben.getConnectionInfo()).toMatchObject({ subscriptions: [], rooms: ['project-alpha'] })
  })
})

test('only members hear a room, and who joins may have the newest messages first', async () => {
  const [ada, ben] = [await client(), await client({}, 'Ben')]
  await Promise.all([ada.connect(), ben.connect()])
  const all: RealtimeMessage[] = []
  ben.on('message', (message) => all.push(message))
  await ada.joinRoom('quiet')
  await ada.sendToRoom('quiet', 'message', { text: 'one' })
  await ada.sendToRoom('quiet', 'message', { text: 'two' })
  const last = next(ben, 'message')
  await ben.joinRoom('quiet', { recent: 1 })
  expect((await last).payload).toEqual({ text: 'two' })
  ben.leaveRoom('quiet')
  await ada.sendToRoom('quiet', 'message', { text: 'three' })
  const end = next(ben, 'end')
  await ada.send('end', null)
  await end
  expect(all.map(({ payload }) => payload)).toEqual([{ text: 'two' }, null])
})

test('a handler that is removed hears nothing, others of its type go on', async () => {
  const ada = await client()
  await ada.connect()
  const heard: string[] = []
  const stop = ada.subscribe('x', () => heard.push('first'))
  ada.subscribe('x', () => heard.push('second'))
  stop()
  stop()
  expect(ada.getConnectionInfo().subscriptions).toEqual(['x'])
  const done = next(ada, 'x')
  await ada.send('x', 1)
  await done
  expect(heard).toEqual(['second'])
})

test('a line that breaks is told by its reason; what is sent meanwhile arrives once, rooms stay', async () => {
  const proxy = await FaultProxy.to(server.port)
  const ada = await client({ url: proxy.url, connectionType: 'websocket', fallbackTypes: [] })
  const told: unknown[] = []
  ada.on('disconnect', (reason, { willReconnect }) => told.push([reason, willReconnect]))
  ada.on('error', ({ code }) => told.push(code))
  await ada.connect()
  await ada.joinRoom('general')
  const heard: unknown[] = []
  ada.subscribe('message', ({ payload }) => heard.push(payload))
  const gone = new Promise((resolve) => ada.on('disconnect', resolve))
  proxy.cut()
  await gone
  const sent = [1, 2, 3].map((n) => ada.sendToRoom('general', 'message', n))
  proxy.heal()
  await Promise.all(sent)
  await expect.poll(() => heard).toEqual([1, 2, 3])
  expect(told.slice(0, 2)).toEqual(['NETWORK_ERROR', ['network_error', true]])
  await proxy.close()
})

test('a server that does not answer at all: attempts one after the other, then the end is told', async () => {
  const proxy = await FaultProxy.to(server.port)
  proxy.cut()
  const ada = await client({ url: proxy.url, maxReconnectAttempts: 2, reconnectDelay: 1 })
  const told: unknown[] = []
  ada.on('error', ({ code }) => told.push(code))
  ada.on('reconnecting', ({ attempt }) => told.push(attempt))
  ada.on('connection_failed', ({ endpoint, error }) => told.push([endpoint, error.code]))
  await expect(ada.connect()).rejects.toMatchObject({ name: 'RealtimeError', code: 'NETWORK_ERROR' })
  expect(told).toEqual(['NETWORK_ERROR', 1, 'NETWORK_ERROR', 2, [proxy.url, 'NETWORK_ERROR']])
  // A WebSocket, a stream and a poll for each attempt.
  expect(proxy.refused).toBeGreaterThanOrEqual(9)
  await expect(ada.send('x', 1)).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  proxy.heal()
  await ada.connect()
  expect((await ada.send('x', 1)).offset).toBeGreaterThan(0)
  await proxy.close()
})

test('a configuration: the service where it is not there, then elsewhere; its rooms from the beginning', async () => {
  const ben = RealtimeBuilder.createConfiguredClient(
    {
      connection: {
        url: 'ws://127.0.0.1:9',
        protocols: ['edu-matrix-v1'],
        heartbeat: 10_000,
        reconnect: true,
      },
      channels: { chat: 'configured-lobby' },
      topics: ['edu-updates'],
      clusters: { primary: 'ws://127.0.0.1:9', failover: [server.url] },
    },
    { authentication: { token: await server.token('Ben') } },
  )
  open.push(ben)
  await ben.connect()
  const ada = await client()
  await ada.connect()
  for (const room of ['configured-lobby', 'edu-updates']) {
    // Resolves when the server has let it in.
    await ben.joinRoom(room)
    const heard = next(ben, 'said')
    await ada.sendToRoom(room, 'said', { to: room })
    expect(await heard).toMatchObject({ roomId: room, payload: { to: room } })
  }
})

test('`socket.io` without its library is refused before anything happens', async () => {
  await expect(client({ connectionType: 'socket.io' })).rejects.toThrow('socketIo: { io }')
})

test('without `autoReconnect` the first failure is the last', async () => {
  const ada = await client({ url: 'http://127.0.0.1:9', autoReconnect: false })
  const attempts: unknown[] = []
  ada.on('reconnecting', (attempt) => attempts.push(attempt))
  await expect(ada.connect()).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  expect(attempts).toEqual([])
})

test('where WebSockets do not pass, the next transport is taken without a word', async () => {
  const gate = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', server.url)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const answer = await fetch(`${server.url}${pathname}${search}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' },
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      answer.body
        ?.pipeTo(
          new WritableStream({
            write: (bytes) => void response.write(bytes),
            close: () => void response.end(),
          }),
        )
        .catch(() => response.destroy())
    })
  })
  gate.on('upgrade', (_request, socket) => socket.destroy())
  gate.listen(0, '127.0.0.1')
  await once(gate, 'listening')
  const ada = await client({ url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}` })
  await ada.connect()
  expect(ada.getConnectionInfo()).toMatchObject({ connectionType: 'sse', isConnected: true })
  ada.disconnect()
  gate.closeAllConnections()
  gate.close()
})

describe('credentials', () => {
  test.each<ConnectionType>(['websocket', 'sse', 'polling'])(
    'an app key in a header, by %s',
    async (type) => {
      const headers = { 'X-API-Key': `${key.id}:${key.secret}` }
      const backEnd = await client({
        ...{ connectionType: type, fallbackTypes: [], authentication: { headers } },
      })
      await backEnd.connect()
      const heard = next(backEnd, 'job')
      await backEnd.send('job', 7)
      const message = await heard
      expect([message.payload, message.sender]).toEqual([7, undefined])
    },
  )

  test('headers of any name go with every request', async () => {
    const seen: (string | undefined)[] = []
    const proxy = createServer((request, response) => {
      seen.push(request.headers['x-tenant'] as string)
      response.writeHead(503).end()
    })
    proxy.on('upgrade', (request, socket) => {
      seen.push(request.headers['x-tenant'] as string)
      socket.destroy()
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const made = await client({
      ...{ url, autoReconnect: false, authentication: { token: 't', headers: { 'X-Tenant': 'acme' } } },
    })
    await expect(made.connect()).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    expect(seen.length).toBeGreaterThanOrEqual(3)
    expect(new Set(seen)).toEqual(new Set(['acme']))
    proxy.close()
  })

  test('a token that is refused ends it at once; one from a function is asked for', async () => {
    const bad = await client({ authentication: { token: 'x.y.z' } })
    const failed = new Promise((resolve) => bad.on('connection_failed', resolve))
    await expect(bad.connect()).rejects.toMatchObject({ code: 'AUTH_ERROR', retryable: false })
    expect(await failed).toMatchObject({ error: { code: 'AUTH_ERROR' } })
    const good = await client({ authentication: { token: () => server.token('Ada') } })
    await good.connect()
    const bearer = { Authorization: `Bearer ${await server.token('Ada')}` }
    await (await client({ authentication: { headers: bearer } })).connect()
  })
})

describe('batches', () => {
  test('messages to a room go together, in order, each with its own answer', async () => {
    const ada = await client({
      enableBatching: true,
      batchInterval: 60_000,
      batchSize: 4,
      clientId: 'laptop',
    })
    await ada.connect()
    await ada.joinRoom('batch')
    const heard: unknown[] = []
    ada.subscribe('n', ({ payload }) => heard.push(payload))
    const sent = await Promise.all([1, 2, 3, 4].map((n) => ada.sendToRoom('batch', 'n', n)))
    expect(sent.map(({ offset }) => offset - (sent[0]?.offset ?? 0))).toEqual([0, 1, 2, 3])
    // One that is urgent takes those before it along.
    await Promise.all([
      ada.sendToRoom('batch', 'n', 5),
      ada.sendToRoom('batch', 'n', 6, { priority: 'critical' }),
    ])
    await expect.poll(() => heard).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('one that is refused does not take the others along', async () => {
    const ada = await client({ enableBatching: true, batchSize: 2 })
    await ada.connect()
    const outcomes = await Promise.allSettled([ada.send('fine', 1), ada.send('large', 'x'.repeat(100_000))])
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'PAYLOAD_TOO_LARGE' } },
    ])
  })
})

test('a room that one may not enter', async () => {
  const ada = await client()
  await ada.connect()
  await expect(ada.joinRoom('nokind:x')).rejects.toMatchObject({ code: 'UNKNOWN_KIND' })
  expect(ada.getConnectionInfo().rooms).toEqual([])
})

test('builder, presets and connections with an id', async () => {
  const authentication = { token: await server.token('Ada') }
  const all = [
    RealtimeBuilder.createWebSocketClient(server.url.replace('http', 'ws'), { authentication }),
    RealtimeBuilder.createSSEClient(server.url, { authentication }),
    RealtimeBuilder.createPollingClient(server.url, { authentication }),
    RealtimeBuilder.createFallbackClient(`${server.url}/realtime`, { authentication }),
    ...Object.values(REALTIME_PRESETS).map((preset) => preset(server.url, { authentication }).client),
    new EnhancedWebSocketConnection('tablet', server.url, ['edu-matrix-v1'], 5, {
      authentication,
      enableBatching: true,
      batchSize: 10,
      batchInterval: 1,
      enableCompression: true,
    }),
  ]
  open.push(...all)
  await Promise.all(all.map((each) => each.connect()))
  const types = all.map((each) => each.getConnectionInfo().connectionType)
  expect(types).toEqual([
    'websocket',
    'sse',
    'polling',
    'websocket',
    'websocket',
    'websocket',
    'sse',
    'websocket',
    'websocket',
    'websocket',
  ])
  const tablet = all.at(-1) as EnhancedWebSocketConnection
  expect([tablet.id, tablet.getConnectionInfo().clientId]).toEqual(['tablet', 'tablet'])
  expect((await tablet.send('x', 1)).offset).toBeGreaterThan(0)
  await tablet.reconnect()
  expect(tablet.status).toBe('connected')
  tablet.disconnect()
  expect(tablet.status).toBe('disconnected')
})
