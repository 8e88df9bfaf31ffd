import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from '@parley/socket.io'
import { Server as SocketIoServer } from 'socket.io'
import { io as dial } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ClientSocket, closeClients, collect, connect, next } from './clients.ts'

// What the documentation of Socket.IO says, tried on its own server and on this one.

const servers = [
  ['socket.io', SocketIoServer as unknown as typeof Server],
  ['@parley/socket.io', Server],
] as const

describe.each(servers)('as documented: %s', (_name, Implementation) => {
  let io: Server
  let url = ''

  beforeEach(async () => {
    const http = createServer()
    io = new Implementation(http)
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    closeClients()
    await io.close()
  })

  const open = (path = '', options = {}) =>
    connect(dial, url + path, { transports: ['websocket'], ...options })

  /** A client, and the socket that the server has of it. */
  async function pair(path = '', options = {}): Promise<{ client: ClientSocket; socket: Socket }> {
    const connected = new Promise<Socket>((resolve) => io.of(path || '/').once('connection', resolve))
    const client = open(path, options)
    const socket = await connected
    if (!client.connected) await next(client, 'connect')
    return { client, socket }
  }

  test('a refusal by middleware has the details that it was given, and the client does not try again', async () => {
    io.use((_socket, go) => go(Object.assign(new Error('not authorised'), { data: { content: 'Later.' } })))
    const client = open()
    const [error] = (await next(client, 'connect_error')) as [Error & { data?: unknown }]
    expect(error.message).toBe('not authorised')
    expect(error.data).toEqual({ content: 'Later.' })
    expect(client.active).toBe(false)
  })

  test('a namespace that nobody has made is no place to go', async () => {
    const [error] = (await next(open('/nowhere'), 'connect_error')) as [Error]
    expect(error.message).toBe('Invalid namespace')
  })

  test('whom the server has shown out stays out until it connects by itself', async () => {
    const { client, socket } = await pair()
    const gone = next(client, 'disconnect')
    const left = new Promise((resolve) => socket.on('disconnect', resolve))
    socket.disconnect()
    expect((await gone)[0]).toBe('io server disconnect')
    expect(await left).toBe('server namespace disconnect')
    expect(client.active).toBe(false)
    client.connect()
    await next(client, 'connect')
  })

  test('disconnect(true) ends the connection with all its namespaces', async () => {
    const { client: main, socket } = await pair()
    io.of('/side').on('connection', () => undefined)
    const side = main.io.socket('/side').connect()
    await next(side, 'connect')
    const gone = Promise.all([next(main, 'disconnect'), next(side, 'disconnect')])
    socket.disconnect(true)
    await gone
    expect(main.io.engine.readyState).toBe('closed')
    main.io.reconnection(false)
    side.disconnect()
  })

  test('the handshake has query, headers and what the client gave of itself', async () => {
    const { client, socket } = await pair('', {
      auth: { token: 'abc' },
      query: { x: '42' },
      extraHeaders: { 'x-trace': 'seven' },
    })
    const { auth, query, headers, secure, xdomain, issued, url: path } = socket.handshake
    expect(auth).toEqual({ token: 'abc' })
    expect(query).toMatchObject({ x: '42', EIO: '4' })
    expect(headers['x-trace']).toBe('seven')
    expect({ secure, xdomain }).toEqual({ secure: false, xdomain: false })
    expect(Math.abs(Date.now() - issued)).toBeLessThan(60_000)
    expect(path).toContain('/socket.io/')
    expect(socket.conn.transport.name).toBe('websocket')
    expect(client.id).toBe(socket.id)
  })

  test('rooms hold the own id, are there while disconnecting, and gone after it', async () => {
    const { client, socket } = await pair()
    await socket.join('room1')
    expect([...socket.rooms]).toEqual([socket.id, 'room1'])
    const seen: unknown[] = []
    socket.on('disconnecting', (reason) => seen.push(reason, [...socket.rooms]))
    const gone = new Promise((resolve) => socket.on('disconnect', resolve))
    client.disconnect()
    expect(await gone).toBe('client namespace disconnect')
    expect(seen).toEqual(['client namespace disconnect', [socket.id, 'room1']])
    await expect.poll(() => socket.rooms.size).toBe(0)
  })

  test('a client may ask for acks by default, and is told when none came', async () => {
    const { client, socket } = await pair('', { ackTimeout: 100 })
    socket.on('answered', (give: (value: string) => void) => give('yes'))
    await expect(client.emitWithAck('answered')).resolves.toBe('yes')
    await expect(client.emitWithAck('ignored')).rejects.toThrow('operation has timed out')
  })

  test('with retries an event is sent again until it is acknowledged, in order', async () => {
    const { client, socket } = await pair('', { ackTimeout: 200, retries: 3 })
    const heard: unknown[] = []
    let ignored = 1
    socket.on('said', (text: string, done: () => void) => {
      heard.push(text)
      if (ignored-- <= 0) done()
    })
    client.emit('said', 'one')
    client.emit('said', 'two')
    await expect.poll(() => heard).toEqual(['one', 'one', 'two'])
  })

  test('what is emitted while away waits; what is volatile does not', async () => {
    const { client, socket } = await pair()
    client.disconnect()
    client.volatile.emit('said', 'volatile')
    client.emit('said', 'kept')
    const again = new Promise<Socket>((resolve) => io.once('connection', resolve))
    const heard: unknown[] = []
    void again.then((one) => one.onAny((...args) => heard.push(args)))
    client.connect()
    await again
    await expect.poll(() => heard).toEqual([['said', 'kept']])
    expect(socket.connected).toBe(false)
  })

  test('reserved names are no events', async () => {
    const { client, socket } = await pair()
    for (const name of ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener'])
      expect(() => socket.emit(name), name).toThrow(/reserved event name/)
    expect(() => client.emit('connect')).toThrow(/reserved event name/)
    expect(() => (io.emit as (name: string) => unknown)('connect')).toThrow(/reserved event name/)
  })

  test('middleware of a socket tells the server of its error', async () => {
    const { client, socket } = await pair()
    const failed = new Promise<Error>((resolve) => socket.on('error', resolve))
    const heard = collect(client, 'unused')
    socket.use(([event], go) => (event === 'forbidden' ? go(new Error('unauthorised event')) : go()))
    client.emit('forbidden')
    expect((await failed).message).toBe('unauthorised event')
    expect(heard).toEqual([])
    expect(client.connected).toBe(true)
  })

  test('what goes out can be listened to', async () => {
    const { client, socket } = await pair()
    const out: unknown[] = []
    socket.onAnyOutgoing((...args) => out.push(args))
    socket.emit('hello', 1)
    await next(client, 'hello')
    expect(out).toEqual([['hello', 1]])
    expect(socket.listenersAnyOutgoing()).toHaveLength(1)
    socket.offAnyOutgoing()
    expect(socket.listenersAnyOutgoing()).toEqual([])
    expect(socket.listenersAny()).toEqual([])
  })

  test('a server that is closed tells its sockets', async () => {
    const { client, socket } = await pair()
    const [reason] = await Promise.all([
      new Promise((resolve) => socket.on('disconnect', resolve)),
      next(client, 'disconnect'),
      io.close(),
    ])
    expect(reason).toBe('server shutting down')
  })

  test('a parent namespace speaks to all its children', async () => {
    const parent = io.of(/^\/team-\w+$/)
    const joined = new Promise<void>((resolve) => {
      let count = 0
      parent.on('connection', () => ++count === 2 && resolve())
    })
    const [red, blue] = [open('/team-red'), open('/team-blue')]
    const heard = Promise.all([next(red, 'news'), next(blue, 'news')])
    await joined
    parent.emit('news', 'all')
    expect(await heard).toEqual([['all'], ['all']])
    const answer = (give: (name: string) => void) => give('here')
    red.on('who', answer)
    await io.of('/team-red').timeout(5_000).emitWithAck('who')
    const [inRoom, outside] = [next(red, 'again'), collect(blue, 'again')]
    for (const socket of io.of('/team-red').sockets.values()) await socket.join('some')
    parent.to('some').emit('again', 'for some')
    expect(await inRoom).toEqual(['for some'])
    io.of('/team-blue').emit('last')
    await next(blue, 'last')
    expect(outside).toEqual([])
  })

  test('a server that does not take polling says so', async () => {
    const http = createServer()
    const strict = new Implementation(http, { transports: ['websocket'] })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    try {
      const response = await fetch(`${base}/socket.io/?EIO=4&transport=polling`)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({ code: 0, message: 'Transport unknown' })
      const client = connect(dial, base, { transports: ['websocket'] })
      await next(client, 'connect')
      client.disconnect()
    } finally {
      await strict.close()
    }
  })
})
