import { once } from 'node:events'
import { createServer, type Server as HttpServer, request } from 'node:http'
import { type AddressInfo, connect as dial } from 'node:net'
import { systemClock } from '@parley/adapters/system-clock'
import { MemoryDisk, memoryCluster, memoryRecentLog, memoryStore } from '@parley/kernel/memory'
import type { Server, ServerOptions, Socket } from '@parley/socket.io'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiServer, apiServer } from './api-server.ts'
import { away, type ClientSocket, closeClients, collect, connect, libraries, next } from './clients.ts'

let nodes: readonly [ApiServer, ApiServer]
let proxy: HttpServer
let proxyUrl = ''

async function cluster(more: ServerOptions): Promise<readonly [ApiServer, ApiServer]> {
  const clock = systemClock()
  const disk = new MemoryDisk(clock.secret(128))
  const lines = memoryCluster({ clock })
  const recentLog = memoryRecentLog({ clock, isShared: true })
  const node = () =>
    apiServer({
      ...more,
      cluster: { broker: lines.broker(), store: memoryStore({ clock, disk }), recentLog },
    })
  const both = [await node(), await node()] as const
  // A node knows of the other one before anything is asked of both.
  await expect.poll(async () => (await count(both[0])) + (await count(both[1]))).toBe(2)
  return both
}

const count = async ({ io }: ApiServer): Promise<number> =>
  (await io.serverSideEmitWithAck('are you there').catch(() => [])).length

/** Every request goes to the other node than the one before: no request of a client finds the node that knows it. */
async function roundRobin(): Promise<HttpServer> {
  let turn = 0
  const server = createServer((incoming, response) => {
    turn += 1
    // Who is new comes to the first node.
    const index = incoming.url?.includes('sid=') === true ? turn % 2 : 0
    const { port } = new URL(nodes[index]?.url as string)
    const { method, headers, url } = incoming
    const outgoing = request({ host: '127.0.0.1', port, method, headers, path: url }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  // An upgrade goes to the second node, which does not know the client.
  server.on('upgrade', ({ url, rawHeaders }, socket) => {
    const behind = dial(Number(new URL(nodes[1].url).port), '127.0.0.1', () => {
      const lines = rawHeaders.flatMap((name: string, at: number) =>
        at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : [],
      )
      behind.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      behind.pipe(socket).pipe(behind)
    })
    behind.on('error', () => socket.destroy())
    socket.on('error', () => behind.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxyUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return server
}

async function begin(options: ServerOptions): Promise<void> {
  nodes = await cluster(options)
  proxy = await roundRobin()
}

afterEach(async () => {
  closeClients()
  for (const node of nodes) await node.close()
  proxy.closeAllConnections()
  proxy.close()
})

async function enter(
  server: ApiServer,
  url = server.url,
  transport: 'websocket' | 'polling' = 'websocket',
  io = libraries[0][1],
): Promise<{ client: ClientSocket; socket: Socket }> {
  const client = connect(io, url, { transports: [transport] })
  const socket = await Promise.race(
    nodes.map((node) => new Promise<Socket>((resolve) => node.io.once('connection', resolve))),
  )
  for (const node of nodes) node.io.sockets.removeAllListeners('connection')
  if (!client.connected) await next(client, 'connect')
  return { client, socket }
}

describe('two nodes', () => {
  let a: Server
  let b: Server
  beforeEach(async () => {
    await begin({})
    ;[a, b] = nodes.map(({ io }) => io) as [Server, Server]
  })

  test('rooms, exceptions and single sockets are reached wherever they are', async () => {
    const ada = await enter(nodes[0])
    const grace = await enter(nodes[1])
    const heard = [ada, grace].map(({ client }) => collect(client, 'hi'))
    await ada.socket.join('room')
    await grace.socket.join('room')
    a.emit('hi', 'all')
    b.to('room').emit('hi', 'room')
    ada.socket.to('room').emit('hi', 'room without ada')
    a.to(grace.socket.id).emit('hi', 'grace')
    b.volatile.emit('hi', 'volatile')
    a.local.emit('hi', 'here')
    await expect
      .poll(() => heard.map((found) => [...found].sort()))
      .toEqual([
        ['all', 'here', 'room', 'volatile'],
        ['all', 'grace', 'room', 'room without ada', 'volatile'],
      ])
  })

  test('sockets are found, moved, asked and thrown out wherever they are', async () => {
    const ada = await enter(nodes[0])
    const grace = await enter(nodes[1])
    grace.socket.data.name = 'Grace'
    const found = await a.fetchSockets()
    expect(found.map(({ id }) => id).sort()).toEqual([ada.socket.id, grace.socket.id].sort())
    expect(found.find(({ id }) => id === grace.socket.id)?.data).toEqual({ name: 'Grace' })
    a.socketsJoin('room')
    await expect.poll(() => b.sockets.adapter.rooms.get('room')?.size).toBe(1)
    for (const { client } of [ada, grace])
      client.on('ask', (answer: (text: string | undefined) => void) => answer(client.id))
    const answers = await b.to('room').timeout(5_000).emitWithAck('ask')
    expect([...answers].sort()).toEqual([ada.client.id, grace.client.id].sort())
    const gone = next(grace.client, 'disconnect')
    a.in(grace.socket.id).disconnectSockets()
    expect((await gone)[0]).toBe('io server disconnect')
  })

  test('servers talk to each other', async () => {
    b.on('sum', ((x: number, y: number, answer: (sum: number) => void) => answer(x + y)) as never)
    expect(await a.serverSideEmitWithAck('sum', 1, 2)).toEqual([3])
    const heard = new Promise((resolve) => b.on('told', resolve as never))
    a.serverSideEmit('told', 'something')
    expect(await heard).toBe('something')
  })

  test.each(libraries)('polling needs no sticky sessions: socket.io-client %s', async (_version, io) => {
    const { client, socket } = await enter(nodes[0], proxyUrl, 'polling', io)
    await socket.join('room')
    const heard = collect(client, 'n')
    socket.on('echo', (value: unknown, answer: (value: unknown) => void) => answer(value))
    for (let n = 0; n < 20; n++) {
      ;[a, b][n % 2]?.to('room').emit('n', n)
      expect(await client.timeout(5_000).emitWithAck('echo', n)).toBe(n)
    }
    await expect.poll(() => heard.length).toBe(20)
    expect([...heard].sort((x, y) => Number(x) - Number(y))).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(client.connected).toBe(true)
  })
})

describe('a WebSocket upgrade that reaches another node', () => {
  beforeEach(() => begin({}))

  test.each(libraries)('leaves the client with polling, and costs nothing: %s', async (_version, io) => {
    const arrived = new Promise<Socket>((resolve) => nodes[0].io.once('connection', resolve))
    const client = connect(io, proxyUrl, { transports: ['polling', 'websocket'] })
    const refused = new Promise((resolve) => {
      client.io.on('open', () => client.io.engine.on('upgradeError', resolve))
    })
    const socket = await arrived
    const heard = collect(client, 'n')
    await socket.join('room')
    for (let n = 0; n < 5; n++) nodes[n % 2]?.io.to('room').emit('n', n)
    await refused
    for (let n = 5; n < 10; n++) nodes[n % 2]?.io.to('room').emit('n', n)
    await expect
      .poll(() => [...heard].map(Number).sort((x, y) => x - y))
      .toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([client.connected, client.io.engine.transport.name]).toEqual([true, 'polling'])
  })
})

describe('two nodes with recovery', () => {
  beforeEach(() => begin({ connectionStateRecovery: { secret: 'one for all nodes, of 32 characters' } }))

  test.each(libraries)(
    'a client that comes back to the other node misses nothing: %s',
    async (_version, io) => {
      const { client, socket } = await enter(nodes[0], nodes[0].url, 'websocket', io)
      const { id } = client
      await socket.join('room')
      socket.data.name = 'Ada'
      const heard = collect(client, 'n')
      nodes[1].io.to('room').emit('n', 1)
      await expect.poll(() => heard).toEqual([1])
      const back = new Promise<Socket>((resolve) => nodes[1].io.once('connection', resolve))
      await away(client, async () => {
        nodes[0].io.to('room').emit('n', 2)
        // As behind a load balancer that chooses anew.
        ;(client.io as unknown as { uri: string }).uri = nodes[1].url
        ;(client.io as unknown as { opts: { port: string; hostname: string } }).opts.port = new URL(
          nodes[1].url,
        ).port
      })
      const again = await back
      expect(client.recovered).toBe(true)
      expect(client.id).toBe(id)
      expect(again.data).toEqual({ name: 'Ada' })
      expect(nodes[0].io.sockets.sockets.size).toBe(0)
      nodes[0].io.to('room').emit('n', 3)
      await expect.poll(() => [...heard].sort()).toEqual([1, 2, 3])
    },
  )
})
