import type { Server, Socket } from '@parley/socket.io'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiServer, apiServer } from './api-server.ts'
import { away, type ClientSocket, closeClients, collect, connect, libraries, next } from './clients.ts'

let server: ApiServer
let io: Server

beforeEach(async () => {
  server = await apiServer({ connectionStateRecovery: {} })
  io = server.io
})
afterEach(async () => {
  closeClients()
  await server.close()
})

const ways = libraries.flatMap(([version, library]) =>
  (['websocket', 'polling'] as const).map((transport) => ({ version, library, transport })),
)

describe.each(ways)('socket.io-client $version by $transport', ({ library, transport }) => {
  const open = async (): Promise<{ client: ClientSocket; socket: Socket }> => {
    const client = connect(library, server.url, { transports: [transport] })
    const socket = await new Promise<Socket>((resolve) => io.once('connection', resolve))
    if (!client.connected) await next(client, 'connect')
    return { client, socket }
  }

  test('what was sent to a socket, its rooms and all while it was away is there when it is back', async () => {
    const { client, socket } = await open()
    const { id } = client
    await socket.join('room')
    socket.data.name = 'Ada'
    const heard = collect(client, 'n')
    io.emit('n', 1)
    await expect.poll(() => heard).toEqual([1])
    let asked = 0
    io.use((_socket, pass) => {
      asked += 1
      pass()
    })
    const back = new Promise<Socket>((resolve) => io.once('connection', resolve))
    await away(client, async () => {
      await expect.poll(() => io.sockets.sockets.size).toBe(0)
      io.to('room').emit('n', 2)
      io.to(id as string).emit('n', 3)
      io.emit('n', 4)
      io.to(['room', 'other']).emit('n', 5)
      io.to('other').emit('n', 'not this')
      io.except('room').emit('n', 'nor this')
      io.volatile.emit('n', 'nor this, which is volatile')
    })
    const again = await back
    expect(client.recovered).toBe(true)
    expect(client.id).toBe(id)
    expect(again.recovered).toBe(true)
    expect(again.data).toEqual({ name: 'Ada' })
    expect(again.rooms).toEqual(new Set([id, 'room']))
    expect(asked).toBe(0)
    await expect.poll(() => [...heard].sort()).toEqual([1, 2, 3, 4, 5])
    io.to('room').emit('n', 6)
    await expect.poll(() => heard.at(-1)).toBe(6)
    expect(heard).toHaveLength(6)
  })

  test('a broadcast that waits for acks waits for those who are away', async () => {
    const { client, socket } = await open()
    await socket.join('room')
    client.on('ask', (what: string, answer: (text: string) => void) => answer(`${what}!`))
    let answers: Promise<unknown[]> = Promise.resolve([])
    await away(client, async () => {
      // The server has not noticed yet: it counts the client among those who answer.
      answers = io.to('room').timeout(10_000).emitWithAck('ask', 'there')
    })
    expect(client.recovered).toBe(true)
    expect(await answers).toSatisfy((found: unknown[]) => found.length === 0 || found[0] === 'there!')
    const heard = collect(client, 'ask')
    expect(await io.to('room').timeout(10_000).emitWithAck('ask', 'again')).toEqual(['again!'])
    await away(client, async () => undefined)
    io.emit('done')
    await next(client, 'done')
    expect(heard).toEqual(['again'])
  })

  test('a text at the end of a volatile event is not taken for a position', async () => {
    const { client, socket } = await open()
    const heard = collect(client, 'n')
    io.emit('n', 'one')
    await expect.poll(() => heard.length).toBe(1)
    // A client that polls takes nothing between two of its requests.
    const say = () => {
      if (heard.length < 2) socket.volatile.emit('n', 'two')
      return heard.length
    }
    await expect.poll(say).toBeGreaterThan(1)
    await away(client, async () => void io.emit('n', 'three'))
    expect(client.recovered).toBe(true)
    await expect.poll(() => [...new Set(heard)]).toEqual(['one', 'two', 'three'])
  })

  test('who leaves by itself, or is thrown out, comes back as somebody new', async () => {
    const { client, socket } = await open()
    const { id } = client
    await socket.join('room')
    client.disconnect()
    client.connect()
    await next(client, 'connect')
    expect(client.recovered).toBe(false)
    expect(client.id).not.toBe(id)
    expect(io.sockets.adapter.rooms.has('room')).toBe(false)
  })

  test('who is away for too long comes back as somebody new', async () => {
    await server.close()
    server = await apiServer({ connectionStateRecovery: { maxDisconnectionDuration: 1 } })
    io = server.io
    const { client } = await open()
    await away(client, async () => {
      await expect.poll(() => io.sockets.sockets.size).toBe(0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    })
    expect(client.recovered).toBe(false)
  })
})

test('middleware is asked again where the application wants it', async () => {
  await server.close()
  server = await apiServer({ connectionStateRecovery: { skipMiddlewares: false } })
  io = server.io
  let asked = 0
  io.use((_socket, pass) => {
    asked += 1
    pass()
  })
  const [[, library]] = libraries
  const client = connect(library, server.url, { transports: ['websocket'] })
  await next(client, 'connect')
  await away(client, async () => undefined)
  expect(client.recovered).toBe(true)
  expect(asked).toBe(2)
})
