import type { Namespace, Server, Socket } from '@parley/socket.io'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiServer, apiServer } from './api-server.ts'
import {
  breakConnection,
  type ClientSocket,
  closeClients,
  collect,
  connect,
  libraries,
  next,
} from './clients.ts'

const [[, newest]] = libraries
let server: ApiServer
let io: Server

beforeEach(async () => {
  server = await apiServer()
  io = server.io
})
afterEach(async () => {
  closeClients()
  await server.close()
})

interface Pair {
  readonly client: ClientSocket
  readonly socket: Socket
}

/** A client, and the socket that the server has of it. */
async function pair(path = '/', options = {}): Promise<Pair> {
  const namespace = io.of(path)
  const client = connect(newest, server.url + (path === '/' ? '' : path), {
    transports: ['websocket'],
    ...options,
  })
  const socket = await new Promise<Socket>((resolve) => {
    const listener = (found: Socket) => {
      if (found.handshake.auth.name !== (options as { auth?: { name?: string } }).auth?.name) return
      namespace.off('connection', listener)
      resolve(found)
    }
    namespace.on('connection', listener)
  })
  if (!client.connected) await next(client, 'connect')
  return { client, socket }
}

/** An event and its ack have gone round: whatever was sent before has arrived. */
const settled = ({ client }: Pair) => {
  return new Promise<void>((resolve) => {
    const { id } = client
    const socket = [...io.sockets.sockets.values()].find((one) => one.id === id)
    socket?.timeout(5_000).emit('settled', () => resolve())
    client.once('settled', (ack: () => void) => ack())
  })
}

describe('events', () => {
  test('arguments of all sorts go both ways', async () => {
    const { client, socket } = await pair()
    const args = [1, 'two', { three: [4, null, true] }, Buffer.from([5, 6])]
    const heard = new Promise<unknown[]>((resolve) => socket.on('there', (...given) => resolve(given)))
    client.emit('there', ...args)
    expect(await heard).toEqual(args)
    socket.emit('back', ...args)
    expect(await next(client, 'back')).toEqual(args)
    io.emit('to all', ...args)
    expect(await next(client, 'to all')).toEqual(args)
    io.emit('nothing')
    expect(await next(client, 'nothing')).toEqual([])
  })

  test('acks go both ways, with time limits', async () => {
    const { client, socket } = await pair()
    socket.on('add', (a: number, b: number, answer: (sum: number) => void) => answer(a + b))
    expect(await client.emitWithAck('add', 2, 3)).toBe(5)
    client.on('double', (value: number, answer: (doubled: number) => void) => answer(value * 2))
    expect(await socket.emitWithAck('double', 4)).toBe(8)
    expect(await socket.timeout(5_000).emitWithAck('double', 5)).toBe(10)
    await expect(socket.timeout(20).emitWithAck('nobody listens')).rejects.toThrow('timed out')
    const error = await new Promise((resolve) => socket.timeout(20).emit('nobody listens', resolve))
    expect(error).toBeInstanceOf(Error)
  })

  test('listeners come and go; catch-all listeners see everything', async () => {
    const { client, socket } = await pair()
    const seen: string[] = []
    const out: string[] = []
    socket.onAny((event: string) => seen.push(event))
    socket.onAnyOutgoing((event: string) => out.push(event))
    const heard: string[] = []
    const a = (text: string) => heard.push(`a ${text}`)
    socket.on('x', a)
    socket.once('x', (text: string) => heard.push(`once ${text}`))
    client.emit('x', '1')
    client.emit('x', '2')
    await expect.poll(() => heard).toEqual(['a 1', 'once 1', 'a 2'])
    socket.off('x', a)
    socket.on('end', () => socket.emit('ended'))
    client.emit('x', '3')
    client.emit('end')
    await next(client, 'ended')
    expect(heard).toHaveLength(3)
    expect(seen).toEqual(['x', 'x', 'x', 'end'])
    expect(out).toEqual(['ended'])
  })

  test('middleware of a socket looks at every event', async () => {
    const { client, socket } = await pair()
    const heard: string[] = []
    socket.use(([event], pass) => (event === 'bad' ? pass(new Error('not this')) : pass()))
    socket.on('error', (error) => heard.push(error.message))
    socket.on('good', () => heard.push('good'))
    client.emit('bad')
    client.emit('good')
    await expect.poll(() => heard).toEqual(['not this', 'good'])
  })

  test('send and write say `message`', async () => {
    const { client, socket } = await pair()
    const heard = collect(client, 'message')
    socket.send(1).write(2)
    io.send(3)
    await expect.poll(() => heard).toEqual([1, 2, 3])
  })
})

describe('order', () => {
  test('what is sent to a socket, its rooms and all comes in the order in which it was sent', async () => {
    const { client, socket } = await pair()
    const heard = collect(client, 'n')
    void socket.join('a')
    void socket.join('b')
    for (let round = 0; round < 50; round++) {
      const n = round * 5
      io.to('a').emit('n', n)
      socket.emit('n', n + 1)
      io.emit('n', n + 2)
      io.to('b').emit('n', n + 3)
      io.to(['a', 'b']).emit('n', n + 4)
    }
    await expect.poll(() => heard.length).toBe(250)
    expect(heard).toEqual(Array.from({ length: 250 }, (_, index) => index))
  })

  test('whoever joins in one line hears what is sent in the next, and not after leaving', async () => {
    const { client, socket } = await pair()
    const heard = collect(client, 'hi')
    void socket.join('room')
    io.to('room').emit('hi', 1)
    void socket.leave('room')
    io.to('room').emit('hi', 2)
    void socket.join('room')
    io.to('room').emit('hi', 3)
    await settled({ client, socket })
    expect(heard).toEqual([1, 3])
  })
})

describe('rooms', () => {
  test('events reach who is in a room, once, and nobody else', async () => {
    const [ada, grace, mary] = [await pair(), await pair(), await pair()]
    const heard = [ada, grace, mary].map(({ client }) => collect(client, 'hi'))
    await ada.socket.join(['red', 'blue'])
    await grace.socket.join('blue')
    io.to('red').emit('hi', 'red')
    io.to('red').to('blue').emit('hi', 'red or blue')
    io.to(['red', 'blue']).except('red').emit('hi', 'blue without red')
    io.except('blue').emit('hi', 'not blue')
    grace.socket.to('blue').emit('hi', 'blue without grace')
    mary.socket.broadcast.emit('hi', 'without mary')
    io.to(mary.socket.id).emit('hi', 'mary')
    for (const one of [ada, grace, mary]) await settled(one)
    expect(heard[0]).toEqual(['red', 'red or blue', 'blue without grace', 'without mary'])
    expect(heard[1]).toEqual(['red or blue', 'blue without red', 'without mary'])
    expect(heard[2]).toEqual(['not blue', 'mary'])
  })

  test('the rooms of a socket and the sockets of a room can be looked up', async () => {
    const ada = await pair()
    const grace = await pair()
    await ada.socket.join(['red', 'with spaces & ünïcode / 😀', 'x'.repeat(500)])
    expect(ada.socket.rooms).toEqual(
      new Set([ada.socket.id, 'red', 'with spaces & ünïcode / 😀', 'x'.repeat(500)]),
    )
    expect(io.sockets.adapter.rooms.get('red')).toEqual(new Set([ada.socket.id]))
    expect(io.sockets.adapter.sids.get(grace.socket.id)).toEqual(new Set([grace.socket.id]))
    expect((await io.fetchSockets()).map(({ id }) => id).sort()).toEqual(
      [ada.socket.id, grace.socket.id].sort(),
    )
    const [found] = await io.in('red').fetchSockets()
    expect(found?.id).toBe(ada.socket.id)
    const heard = collect(ada.client, 'hi')
    for (const room of ['with spaces & ünïcode / 😀', 'x'.repeat(500)]) io.to(room).emit('hi', room.length)
    found?.emit('hi', 'by hand')
    await settled(ada)
    expect(heard).toEqual(['with spaces & ünïcode / 😀'.length, 500, 'by hand'])
  })

  test('sockets are moved, and thrown out, by the room', async () => {
    const ada = await pair()
    const grace = await pair()
    await ada.socket.join('red')
    io.in('red').socketsJoin('blue')
    io.in(grace.socket.id).socketsJoin(['blue', 'green'])
    expect(io.sockets.adapter.rooms.get('blue')?.size).toBe(2)
    io.in('blue').socketsLeave('red')
    expect(io.sockets.adapter.rooms.has('red')).toBe(false)
    const [gone] = [next(grace.client, 'disconnect')]
    io.in('green').disconnectSockets()
    expect((await gone)[0]).toBe('io server disconnect')
    expect(ada.client.connected).toBe(true)
  })

  test('broadcasts gather the acks of all', async () => {
    const [ada, grace] = [await pair(), await pair()]
    ada.client.on('ask', (what: string, answer: (text: string) => void) => answer(`ada ${what}`))
    grace.client.on('ask', (what: string, answer: (text: string) => void) => answer(`grace ${what}`))
    expect((await io.timeout(5_000).emitWithAck('ask', 'me')).sort()).toEqual(['ada me', 'grace me'])
    expect(await io.to(ada.socket.id).timeout(5_000).emitWithAck('ask', 'alone')).toEqual(['ada alone'])
    expect(await io.to('nobody').timeout(5_000).emitWithAck('ask', 'x')).toEqual([])
    ada.client.off('ask')
    const failed = await io
      .timeout(100)
      .emitWithAck('ask', 'again')
      .catch((error) => error)
    expect(failed).toBeInstanceOf(Error)
    expect(failed.responses).toEqual(['grace again'])
  })

  test('volatile and local events reach who is there', async () => {
    const ada = await pair()
    await ada.socket.join('red')
    const heard = collect(ada.client, 'hi')
    io.volatile.emit('hi', 1)
    await settled(ada)
    io.local.to('red').emit('hi', 2)
    await settled(ada)
    ada.socket.volatile.emit('hi', 3)
    await settled(ada)
    expect(heard).toEqual([1, 2, 3])
  })
})

describe('namespaces', () => {
  test('are apart from each other, and share a connection', async () => {
    const admin = await pair('/admin')
    const main = admin.client.io.socket('/')
    await next(main, 'connect')
    expect(io.engine.clientsCount).toBe(2)
    const heard = [collect(admin.client, 'hi'), collect(main, 'hi')]
    await admin.socket.join('room')
    io.to('room').emit('hi', 'main')
    io.of('/admin').to('room').emit('hi', 'admin')
    io.emit('hi', 'main')
    await expect.poll(() => heard).toEqual([['admin'], ['main']])
    main.disconnect()
  })

  test('are made for every name that fits a pattern', async () => {
    const born: string[] = []
    io.on('new_namespace', ({ name }: Namespace) => born.push(name))
    io.of(/^\/team-\d+$/).on('connection', (socket) => socket.emit('hi', socket.nsp.name))
    const client = connect(newest, `${server.url}/team-17`, { transports: ['websocket'] })
    expect(await next(client, 'hi')).toEqual(['/team-17'])
    const lost = connect(newest, `${server.url}/team-x`, { transports: ['websocket'] })
    expect(((await next(lost, 'connect_error')) as [Error])[0].message).toBe('Invalid namespace')
    expect(born).toEqual(['/team-17'])
  })
})

describe('middleware and handshake', () => {
  test('middleware lets in and keeps out', async () => {
    io.use((socket, pass) => {
      if (socket.handshake.auth.name === 'Mallory')
        pass(Object.assign(new Error('not you'), { data: { why: 'because' } }))
      else {
        socket.data.name = socket.handshake.auth.name
        void socket.join('members')
        pass()
      }
    })
    const { client, socket } = await pair('/', { auth: { name: 'Ada' }, query: { from: 'here' } })
    expect(socket.data).toEqual({ name: 'Ada' })
    expect(socket.handshake.query.from).toBe('here')
    expect(socket.handshake.headers.host).toBe(new URL(server.url).host)
    expect(socket.handshake.address).toBe('127.0.0.1')
    expect(socket.conn.transport.name).toBe('websocket')
    io.to('members').emit('hi')
    await next(client, 'hi')
    const bad = connect(newest, server.url, { transports: ['websocket'], auth: { name: 'Mallory' } })
    const [error] = (await next(bad, 'connect_error')) as [Error & { data: unknown }]
    expect(error.message).toBe('not you')
    expect(error.data).toEqual({ why: 'because' })
    expect(io.sockets.sockets.size).toBe(1)
  })

  test('async middleware that throws keeps out', async () => {
    io.use(async () => {
      throw new Error('broken')
    })
    const bad = connect(newest, server.url, { transports: ['websocket'] })
    expect(((await next(bad, 'connect_error')) as [Error])[0].message).toBe('broken')
  })
})

describe('the end of a socket', () => {
  const ends = ({ socket }: Pair) =>
    new Promise<unknown[]>((resolve) => {
      let before: unknown[] = []
      socket.on('disconnecting', (reason) => {
        before = [reason, [...socket.rooms]]
      })
      socket.on('disconnect', (reason) => resolve([...before, reason, socket.rooms.size]))
    })

  test.each([
    ['client namespace disconnect', (one: Pair) => void one.client.disconnect()],
    ['server namespace disconnect', (one: Pair) => void one.socket.disconnect()],
    ['server namespace disconnect', (one: Pair) => void one.socket.disconnect(true)],
    ['transport close', (one: Pair) => breakConnection(one.client)],
  ])('%s', async (reason, end) => {
    const one = await pair()
    one.client.io.reconnection(false)
    await one.socket.join('room')
    const told = ends(one)
    end(one)
    expect(await told).toEqual([reason, [one.socket.id, 'room'], reason, 0])
    expect(io.sockets.sockets.size).toBe(0)
    expect(io.sockets.adapter.rooms.size).toBe(0)
  })

  test('a client that does not answer pings is let go', async () => {
    await server.close()
    server = await apiServer({ pingInterval: 100, pingTimeout: 100 })
    io = server.io
    const one = await pair()
    const told = ends(one)
    // A client that is frozen reads nothing and says nothing.
    const { transport } = one.client.io.engine
    ;(transport as unknown as { ws: { _socket: { pause(): void } } }).ws._socket.pause()
    expect((await told)[0]).toBe('ping timeout')
  })

  test('a server that closes says so', async () => {
    const one = await pair()
    one.client.io.reconnection(false)
    const told = ends(one)
    await server.close()
    expect((await told)[0]).toBe('server shutting down')
    server = await apiServer()
    io = server.io
  })
})

test('the library for browsers is served', async () => {
  const response = await fetch(`${server.url}/socket.io/socket.io.js`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('javascript')
  expect(await response.text()).toContain('Socket.IO')
  expect((await fetch(`${server.url}/socket.io/package.json`)).status).toBe(404)
})

test('packets that break the protocol end the connection, and nothing else', async () => {
  const ada = await pair()
  const bad = connect(newest, server.url, { transports: ['websocket'], reconnection: false })
  await next(bad, 'connect')
  const gone = next(bad, 'disconnect')
  ;(bad.io.engine as unknown as { write(text: string): void }).write('2["connect"]')
  await gone
  expect(ada.client.connected).toBe(true)
  for (const body of ['4', '4x', '42{}', '451-["x",{"_placeholder":true,"num":7}]\x1ebAAAA', '9', 'bAA==']) {
    const opened = await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text()
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
    const path = `${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`
    await fetch(path, { method: 'POST', body })
    expect((await fetch(path)).status, body).toBe(400)
  }
})
