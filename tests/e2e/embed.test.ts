import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createClient } from '@parley/client'
import { pollingTransport } from '@parley/client/transports'
import { silentLogger } from '@parley/kernel/memory'
import { createServer, type EmbedOptions, RealtimeManager } from '@parley/server'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { tokenWithSecret } from '../../examples/integrate/sign-token.ts'

const secret = 'a secret of more than thirty-two bytes'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const token = (capabilities: object = { 'chat:*': ['read', 'write'] }) =>
  tokenWithSecret({ sub: 'ada', exp: Math.floor(Date.now() / 1000) + 60, capabilities }, secret)

/** An application that answers every request with its path. */
function application(): Server {
  const http = createHttpServer((incoming, response) => response.end(`application ${incoming.url}`))
  cleanups.push(() => http.listening && http.close().closeAllConnections())
  return http
}

async function embed(server: Server, options: Omit<Partial<EmbedOptions>, 'server'> = {}) {
  const { settings, ...others } = options
  const parley = await createServer({
    ...{ server, logger: silentLogger },
    settings: {
      storageProvider: 'memory',
      apps: { default: { keys: [{ algorithm: 'HS256', key: secret }] } },
      kinds: { chat: { durability: 'durable' } },
      stopGraceMs: 500,
      ...settings,
    },
    ...others,
  })
  cleanups.push(() => parley.close())
  return parley
}

async function listen(http: Server): Promise<string> {
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

function clientOf(url: string, options: Partial<Parameters<typeof createClient>[0]> = {}) {
  const client = createClient({ url, getToken: async () => token(), ...options })
  cleanups.push(() => client.disconnect())
  return client
}

const textOf = async (url: string, init?: RequestInit) => (await fetch(url, init)).text()

describe('a server within the HTTP server of an application', () => {
  test('serves its clients by WebSocket and polling, and its REST API', async () => {
    const http = application()
    const parley = await embed(http)
    const url = await listen(http)
    const got = Promise.withResolvers<unknown>()
    const client = clientOf(url)
    client.subscribe('chat:general', { onEvent: ({ data }) => got.resolve(data) })
    await client.connect()
    await parley.call('channels.publish', { channel: 'chat:general', data: 'from the application' })
    expect(await got.promise).toBe('from the application')

    const poller = clientOf(url, { transport: pollingTransport() })
    await poller.connect()
    await poller.channels.publish({ channel: 'chat:general', data: 'by polling' })
    const history = await fetch(`${url}/api/channels/chat:general/events`, {
      headers: { authorization: `Bearer ${token()}` },
    })
    expect(await history.json()).toMatchObject({ events: [{ offset: 1 }, { data: 'by polling' }] })
  })

  test('leaves all other requests to the application, those beside its own paths too', async () => {
    const http = application()
    await embed(http)
    const url = await listen(http)
    const others = [
      '/',
      '/api',
      '/api/orders',
      '/api/channels/a/b/c',
      '/health',
      '/metrics',
      '/realtime2',
      '/%zz',
    ]
    for (const path of others) expect(await textOf(url + path)).toBe(`application ${path}`)
    expect(await textOf(`${url}/api/orders`, { method: 'POST', body: '{"no json' })).toBe(
      'application /api/orders',
    )
  })

  test('answers /health when asked to, and no API when asked not to', async () => {
    const http = application()
    await embed(http, { health: true, rest: false })
    const url = await listen(http)
    expect(await textOf(`${url}/health`)).toBe('{"status":"ok"}')
    expect(await textOf(`${url}/api/auth/whoami`)).toBe('application /api/auth/whoami')
  })

  test('leaves upgrades on other paths to those who listen, before or after it came', async () => {
    const http = application()
    const early = echoing(http, '/early')
    await embed(http)
    const late = echoing(http, '/late')
    // One that ends whatever it does not know, as development servers do.
    http.on('upgrade', ({ url }, socket) => void (url?.startsWith('/unknown') && socket.destroy()))
    const url = await listen(http)
    for (const path of ['/early', '/late']) {
      const socket = new WebSocket(`${url}${path}`)
      cleanups.push(() => socket.terminate())
      await once(socket, 'open')
      socket.send('hello')
      expect(String((await once(socket, 'message'))[0])).toBe(`${path} hello`)
    }
    await clientOf(url).connect()
    early.close()
    late.close()
  })

  test('where nobody else listens for upgrades, a request that offers one is an ordinary request', async () => {
    const http = application()
    await embed(http)
    const url = await listen(http)
    const asked = request(`${url}/page`, { headers: { connection: 'upgrade', upgrade: 'h2c' } }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(200)
    response.resume()
    await clientOf(url).connect()
  })

  test('closing the HTTP server closes it, connections and all', async () => {
    const http = application()
    const parley = await embed(http)
    const url = await listen(http)
    const client = clientOf(url)
    await client.connect()
    const idle = connect(Number(new URL(url).port), '127.0.0.1')
    cleanups.push(() => idle.destroy())
    idle.destroy()
    const closed = once(http, 'close')
    http.close()
    await closed
    await parley.close()
    expect(parley.node.status().ready).toBe(false)
    await expect(parley.call('channels.publish', { channel: 'chat:x', data: 1 })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  test('closing it leaves the application as it was', async () => {
    const http = application()
    const { emit, close } = http
    const parley = await embed(http)
    const url = await listen(http)
    await clientOf(url).connect()
    await parley.close()
    expect(await textOf(`${url}/api/auth/whoami`)).toBe('application /api/auth/whoami')
    expect([http.emit, http.close]).toEqual([emit, close])
    expect(http.listenerCount('upgrade')).toBe(0)
  })

  test('several live in one process, and on one server under other paths', async () => {
    const [first, second] = [application(), application()]
    const one = await embed(first)
    const two = await embed(first, { rest: false, settings: { websocketPaths: ['/second'] } })
    const three = await embed(second)
    const urls = [await listen(first), await listen(second)] as const
    const clients = [clientOf(urls[0]), clientOf(`${urls[0]}/second`), clientOf(urls[1])]
    for (const client of clients) await client.connect()
    expect([one, two, three].map(({ node }) => node.status().connections)).toEqual([1, 1, 1])
    await one.close()
    await two.call('channels.publish', { channel: 'chat:x', data: 1 })
    const other = clientOf(`${urls[0]}/second`)
    await other.connect()
    expect(await textOf(`${urls[0]}/realtime`)).toBe('application /realtime')
  })

  test('a manager shares its rooms with clients of Parley', async () => {
    const http = application()
    const manager = new RealtimeManager()
    cleanups.push(() => manager.close())
    await embed(http, { manager })
    const sockets = new WebSocketServer({ server: http, path: '/socket' })
    const added = once(sockets, 'connection').then(([socket]) => manager.addConnection(socket))
    const url = await listen(http)
    const socket = new WebSocket(`${url}/socket`)
    cleanups.push(() => socket.terminate())
    const heard: unknown[] = []
    const both = Promise.withResolvers<void>()
    socket.on('message', (text) => {
      const { type, payload } = JSON.parse(String(text))
      if (type === 'chat:message') heard.push(payload)
      if (heard.length === 2) both.resolve()
    })
    const client = clientOf(url, { getToken: async () => token({ 'rooms:*': ['read'] }) })
    client.subscribe('rooms:general', {
      onEvent: ({ data }) => {
        heard.push(data)
        if (heard.length === 2) both.resolve()
      },
    })
    await client.connect()
    await client.channels.kinds({})
    await manager.joinRoom(await added, 'general')
    await manager.sendToRoom('general', { type: 'chat:message', payload: 'Hello' })
    await both.promise
    expect(heard).toEqual(['Hello', 'Hello'])
  })

  test('refuses what cannot be, and says what to do', async () => {
    const server = application()
    const refused = (options: object) => expect(createServer(options as EmbedOptions)).rejects
    await refused({}).toThrow(/server: expected an HTTP server/)
    await refused({ server: (_: unknown) => undefined }).toThrow(/of Fastify, `app.server`/)
    await refused({ server, settings: { port: 1 } }).toThrow(/port: leave it out: the application listens/)
    await refused({ server, settings: { kind: {} } }).toThrow(/kind: unknown key; did you mean `kinds`\?/)
    await refused({ server, settings: { storageProvider: 'memory' } }).toThrow(
      /apps\.default\.keys: nobody could connect/,
    )
    const parley = await embed(server)
    await expect(parley.call('channels.publish', {}, { app: 'shop' })).rejects.toThrow(/no app `shop`/)
  })
})

/** A WebSocket server of the application that says back what it hears. */
function echoing(http: Server, path: string): WebSocketServer {
  const server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (incoming, socket, head) => {
    if (incoming.url === path)
      server.handleUpgrade(incoming, socket, head, (socket) =>
        socket.on('message', (text) => socket.send(`${path} ${text}`)),
      )
  })
  return server
}
