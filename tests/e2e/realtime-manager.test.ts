import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RealtimeManager, type RealtimeManagerOptions } from '@parley/server'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

type Message = { readonly type: string; readonly payload?: unknown; readonly roomId?: string }

/** A client of the application, which hears messages one by one. */
class Client {
  readonly #queue: Message[] = []
  readonly texts: string[] = []
  #wake: (() => void) | undefined

  take(text: string): void {
    this.texts.push(text)
    this.#queue.push(...[JSON.parse(text) as Message | Message[]].flat())
    this.#wake?.()
  }

  async next(): Promise<Message> {
    while (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#queue.shift() as Message
  }
}

/** An application with WebSockets at `/socket` and event streams everywhere else; both are the manager's. */
async function application(options: RealtimeManagerOptions = {}) {
  const manager = new RealtimeManager(options)
  cleanups.push(() => manager.close())
  const ids: string[] = []
  const refusals: unknown[] = []
  const add = (connection: Parameters<RealtimeManager['addConnection']>[0]) => {
    try {
      ids.push(manager.addConnection(connection))
    } catch (error) {
      refusals.push(error)
    }
  }
  const http = createServer((_request, response) => add(response))
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: true })
  sockets.on('connection', add)
  cleanups.push(() => http.close().closeAllConnections())
  return { manager, ids, refusals, url: await listen(http) }
}

async function listen(http: Server): Promise<string> {
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

function socketTo(url: string) {
  const client = new Client()
  const socket = new WebSocket(url)
  cleanups.push(() => socket.terminate())
  socket.on('message', (data) => client.take(String(data)))
  return Object.assign(client, { socket })
}

async function streamFrom(url: string): Promise<Client> {
  const client = new Client()
  const stop = new AbortController()
  cleanups.push(() => stop.abort())
  const response = await fetch(url, { signal: stop.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const read = async () => {
    let text = ''
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk)
      const events = text.split('\n\n')
      text = events.pop() as string
      for (const event of events) if (event.startsWith('data: ')) client.take(event.slice(6))
    }
  }
  read().catch(() => undefined)
  return client
}

const idOf = (message: Message) => (message.payload as { connectionId: string }).connectionId

describe('RealtimeManager', () => {
  test('sends to one connection, to a room and to all, whatever they are made of', async () => {
    const { manager, url } = await application()
    const one = socketTo(url)
    const first = idOf(await one.next())
    const two = await streamFrom(url)
    const second = idOf(await two.next())
    const three = socketTo(url)
    await three.next()

    void manager.joinRoom(first, 'general')
    void manager.joinRoom(second, 'general')
    await manager.sendToRoom('general', {
      type: 'chat:message',
      payload: { text: 'Hello' },
      priority: 'high',
    })
    await manager.sendToConnection(second, { type: 'alone' })
    await manager.broadcast({ type: 'everyone', payload: 1 })

    const room = { type: 'chat:message', payload: { text: 'Hello' }, roomId: 'general', priority: 'high' }
    expect(await one.next()).toMatchObject(room)
    expect(await two.next()).toMatchObject(room)
    expect(await one.next()).toMatchObject({ type: 'everyone', payload: 1 })
    expect(new Set([(await two.next()).type, (await two.next()).type])).toEqual(
      new Set(['alone', 'everyone']),
    )
    expect(await three.next()).toMatchObject({ type: 'everyone' })
    expect(manager.getMetrics()).toMatchObject({ connectionCount: 3, messagesSent: 6, errorRate: 0 })
  })

  test('who has left a room, or is gone, hears nothing of it', async () => {
    const { manager, url } = await application()
    const client = socketTo(url)
    const id = idOf(await client.next())
    const gone = Promise.withResolvers<readonly unknown[]>()
    manager.on('disconnect', (...given) => gone.resolve(given))
    await manager.joinRoom(id, 'general')
    await manager.leaveRoom(id, 'general')
    await manager.sendToRoom('general', { type: 'unheard' })
    await manager.sendToConnection(id, { type: 'heard' })
    expect((await client.next()).type).toBe('heard')
    client.socket.close(4321, 'bye')
    expect(await gone.promise).toEqual([id, 4321, 'bye'])
    expect(manager.getMetrics().connectionCount).toBe(0)
    await expect(manager.sendToConnection(id, { type: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(manager.joinRoom(id, 'general')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('a room keeps the order of the calls', async () => {
    const { manager, url } = await application()
    const client = socketTo(url)
    const id = idOf(await client.next())
    void manager.joinRoom(id, 'general')
    for (let count = 0; count < 50; count++) void manager.sendToRoom('general', { type: 'n', payload: count })
    const got = []
    for (let count = 0; count < 50; count++) got.push((await client.next()).payload)
    expect(got).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  test('hands over what clients send, and refuses what is malformed, too much or too large', async () => {
    const { manager, url } = await application({ rateLimitPerSecond: 2, maxMessageSize: 1_000 })
    const got = Promise.withResolvers<unknown>()
    manager.on('message', (id, message) => got.resolve([id, message]))
    const client = socketTo(url)
    const id = idOf(await client.next())
    client.socket.send(
      '{"type":"document:update","payload":{"documentId":"doc-123"},"roomId":"project-alpha"}',
    )
    expect(await got.promise).toEqual([
      id,
      { type: 'document:update', payload: { documentId: 'doc-123' }, roomId: 'project-alpha' },
    ])
    client.socket.send('{"payload":1}')
    client.socket.send('{"type":"third"}')
    expect(await client.next()).toMatchObject({ type: 'error', payload: { code: 'bad_request' } })
    expect(await client.next()).toMatchObject({ type: 'error', payload: { code: 'rate_limited' } })
    expect(manager.getMetrics()).toMatchObject({ messagesReceived: 1, errorRate: 2 / 3 })
    client.socket.send('x'.repeat(1_001))
    const [code] = await once(client.socket, 'close')
    expect(code).toBe(4004)
    const large = manager.broadcast({ type: 'large', payload: 'x'.repeat(1_000) })
    await expect(large).rejects.toMatchObject({ code: 'payload_too_large' })
    await expect(manager.broadcast({ type: '' })).rejects.toMatchObject({ code: 'bad_request' })
  })

  test('a message of the largest size comes whole', async () => {
    const { manager, url } = await application()
    const client = socketTo(url)
    await client.next()
    const payload = 'ü'.repeat(500_000)
    await manager.broadcast({ type: 'large', payload })
    expect((await client.next()).payload).toBe(payload)
  })

  test('refuses one connection more than it may have, and takes one again when there is room', async () => {
    const { manager, refusals, url } = await application({ maxConnections: 1 })
    const first = socketTo(url)
    await first.next()
    const [code, reason] = await once(socketTo(url).socket, 'close')
    expect([code, String(reason)]).toEqual([
      1013,
      'There are 1 connections, which is the limit. Try again later.',
    ])
    expect(refusals).toMatchObject([{ code: 'overloaded', retryAfterMs: 1_000 }])
    const gone = new Promise((resolve) => manager.on('disconnect', resolve))
    first.socket.close()
    await gone
    await socketTo(url).next()
  })

  test('batches leave together, in order, and what is urgent goes before', async () => {
    const { manager, url } = await application({ enableBatching: true, batchInterval: 60_000, batchSize: 3 })
    const client = socketTo(url)
    await client.next()
    for (const payload of [1, 2, 3]) await manager.broadcast({ type: 'n', payload })
    await manager.broadcast({ type: 'urgent', priority: 'critical' })
    await manager.broadcast({ type: 'n', payload: 4 })
    const got = []
    for (let count = 0; count < 5; count++) got.push(await client.next())
    expect(got.map(({ type, payload }) => payload ?? type)).toEqual([1, 'urgent', 2, 3, 4])
    expect(client.texts.at(-1)).toMatch(/^\[/)
  })

  test('a connection that does not answer is closed', async () => {
    const { manager, url } = await application({ heartbeatInterval: 100, pingTimeout: 50 })
    const gone = Promise.withResolvers<number>()
    manager.on('disconnect', (_id, code) => gone.resolve(code))
    const client = new WebSocket(url, { autoPong: false })
    cleanups.push(() => client.terminate())
    expect(await gone.promise).toBe(4203)
  })

  test('names every mistake in its options', () => {
    const make = () =>
      new RealtimeManager({ maxConnections: 0, batchsize: 3, pingTimeout: 60_000 } as RealtimeManagerOptions)
    expect(make).toThrow(/maxConnections: expected at least 1.*\n.*batchsize: unknown key; there are maxConn/)
    expect(() => new RealtimeManager({ pingTimeout: 60_000 })).toThrow(
      /pingTimeout: expected less than heartbeat/,
    )
    expect(() => new RealtimeManager().addConnection({} as never)).toThrow(/A connection is a WebSocket/)
  })
})
