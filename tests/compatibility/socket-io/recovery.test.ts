import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { publish } from '../../browser/back-end.ts'
import { ServerProcess } from '../../e2e/server-process.ts'
import {
  ask,
  away,
  breakConnection,
  type ClientSocket,
  closeClients,
  collect,
  connect,
  libraries,
  next,
} from './clients.ts'

let server: ServerProcess
let count = 0
const newChannel = () => `chat:room-${++count}`
const send = (channel: string, ...data: unknown[]) =>
  publish(server, ...data.map((one) => ({ channel, data: one })))

beforeAll(async () => {
  server = await ServerProcess.start()
  return () => server.remove()
})
afterEach(closeClients)

const ways = libraries.flatMap(([version, io]) =>
  (['websocket', 'polling'] as const).map((transport) => ({ version, io, transport })),
)

// Each defect that recovery is known for elsewhere has its test here.
describe.each(ways)('socket.io-client $version by $transport', ({ io, transport }) => {
  async function open(): Promise<ClientSocket> {
    const socket = connect(io, server.url, { transports: [transport], token: await server.token('Ada') })
    await next(socket, 'connect')
    return socket
  }

  test('a client that has heard nothing yet recovers', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const heard = collect(socket, 'message')
    const { id } = socket
    await away(socket, () => send(channel, 1, 2))
    expect(socket.recovered).toBe(true)
    expect(socket.id).toBe(id)
    await expect.poll(() => heard).toEqual([1, 2])
    await send(channel, 3)
    await expect.poll(() => heard).toEqual([1, 2, 3])
  })

  test('a client that comes back to where nothing has happened recovers', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const heard = collect(socket, 'message')
    await send(channel, 1)
    await expect.poll(() => heard).toEqual([1])
    await away(socket, async () => undefined)
    expect(socket.recovered).toBe(true)
    await away(socket, async () => undefined)
    expect(socket.recovered).toBe(true)
    await send(channel, 2)
    await expect.poll(() => heard).toEqual([1, 2])
  })

  test('what was replayed is not replayed again after the next break', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const heard = collect(socket, 'message')
    await away(socket, () => send(channel, 1, 2))
    await expect.poll(() => heard).toEqual([1, 2])
    await away(socket, () => send(channel, 3))
    await away(socket, () => send(channel, 4))
    await away(socket, async () => undefined)
    await expect.poll(() => heard).toEqual([1, 2, 3, 4])
  })

  test('several channels are taken up each where it was left', async () => {
    const [a, b, c] = [newChannel(), newChannel(), newChannel()]
    const socket = await open()
    for (const channel of [a, b, c]) await ask(socket, 'subscribe', channel)
    const heard = collect(socket, 'message')
    await send(a, 'a1')
    await send(b, 'b1')
    await expect.poll(() => heard).toEqual(['a1', 'b1'])
    await away(socket, async () => {
      await send(a, 'a2')
      await send(b, 'b2', 'b3')
      await send(c, 'c1')
    })
    expect(socket.recovered).toBe(true)
    await expect.poll(() => [...heard].sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'b3', 'c1'])
    await away(socket, () => send(b, 'b4'))
    await expect.poll(() => heard.length).toBe(7)
    expect(heard.at(-1)).toBe('b4')
  })

  test('a client that is back before the server has noticed recovers, and keeps what it recovered', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const { id } = socket
    // The old connection stays open on the server; the late end of it must not end the new one.
    socket.io.reconnection(false)
    const late = socket.io.engine
    const again = connect(io, server.url, {
      transports: [transport],
      auth: { token: await server.token('Ada'), pid: (socket as unknown as { _pid: string })._pid },
    })
    const heard = collect(again, 'message')
    await next(again, 'connect')
    expect(again.id).toBe(id)
    late.close()
    await send(channel, 1)
    await expect.poll(() => heard).toEqual([1])
    await away(again, () => send(channel, 2))
    await expect.poll(() => heard).toEqual([1, 2])
  })

  test('a client that is back at once recovers, every time', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const heard = collect(socket, 'message')
    for (let round = 1; round <= 20; round++) {
      const back = next(socket, 'connect')
      breakConnection(socket)
      await send(channel, round)
      await back
      expect(socket.recovered).toBe(true)
    }
    await expect.poll(() => heard).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  test('a long absence is read in pieces, whole and in order', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const heard = collect(socket, 'message')
    const wanted = Array.from({ length: 3_000 }, (_, index) => `${index} ${'x'.repeat(300)}`)
    await away(socket, async () => {
      for (let start = 0; start < wanted.length; start += 100)
        await send(channel, ...wanted.slice(start, start + 100))
    })
    expect(socket.recovered).toBe(true)
    await expect.poll(() => heard.length, { timeout: 15_000 }).toBe(wanted.length)
    expect(heard).toEqual(wanted)
  })

  test('a channel that was left is not taken up', async () => {
    const [left, kept] = [newChannel(), newChannel()]
    const socket = await open()
    for (const channel of [left, kept]) await ask(socket, 'subscribe', channel)
    await ask(socket, 'unsubscribe', left)
    const heard = collect(socket, 'message')
    await away(socket, async () => {
      await send(left, 'not this')
      await send(kept, 'this')
    })
    await expect.poll(() => heard).toEqual(['this'])
  })

  test('kill -9 of the server loses nothing and doubles nothing', async () => {
    const [a, b] = [newChannel(), newChannel()]
    const socket = await open()
    const heard = collect(socket, 'message')
    await ask(socket, 'subscribe', a)
    await send(a, 'a1')
    await ask(socket, 'subscribe', b)
    await send(b, 'b1')
    await expect.poll(() => heard).toEqual(['a1', 'b1'])
    for (const round of [2, 3]) {
      const back = next(socket, 'connect')
      await server.kill()
      await server.start()
      await send(a, `a${round}`)
      await send(b, `b${round}`)
      await back
      expect(socket.recovered).toBe(true)
    }
    await expect.poll(() => [...heard].sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3'])
  })

  test('a pid that was tampered with, or is of another user, recovers nothing', async () => {
    const channel = newChannel()
    const socket = await open()
    await ask(socket, 'subscribe', channel)
    const pid = (socket as unknown as { _pid: string })._pid
    const attempt = async (name: string, given: unknown) => {
      const other = connect(io, server.url, {
        transports: [transport],
        auth: { token: await server.token(name), pid: given },
      })
      await next(other, 'connect')
      return other.id
    }
    expect(await attempt('Mallory', pid)).not.toBe(socket.id)
    expect(await attempt('Ada', `${pid.slice(0, -2)}xx`)).not.toBe(socket.id)
    expect(await attempt('Ada', 17)).not.toBe(socket.id)
    expect(socket.connected).toBe(true)
  })
})
