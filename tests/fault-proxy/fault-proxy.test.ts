import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FaultProxy } from './fault-proxy.ts'

let server: Server
let proxy: FaultProxy
/** The server's side of each connection, in the order in which they came. */
let accepted: Socket[]
const clients: Socket[] = []

beforeEach(async () => {
  accepted = []
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    accepted.push(socket)
    server.emit('accepted')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await FaultProxy.to((server.address() as { readonly port: number }).port)
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
  for (const socket of accepted) socket.destroy()
  server.close()
})

interface Pair {
  readonly client: Socket
  readonly far: Socket
}

async function pair(): Promise<Pair> {
  const isAccepted = once(server, 'accepted')
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => undefined)
  clients.push(client)
  await Promise.all([isAccepted, once(client, 'connect')])
  return { client, far: accepted.at(-1) as Socket }
}

/** Fulfilled with what a socket has received once that is so much. */
function received(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      all = Buffer.concat([all, bytes])
      if (all.length >= length) resolve(all)
    })
  })
}

/** How a socket ends: in good order, or with an error. */
function ending(socket: Socket): Promise<'end' | 'reset'> {
  return new Promise((resolve) => {
    socket.on('end', () => resolve('end'))
    socket.on('error', () => resolve('reset'))
    socket.on('close', () => resolve('end'))
    socket.resume()
  })
}

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index % 251))

describe('as it is made', () => {
  test('passes bytes on in both directions', async () => {
    const { client, far } = await pair()
    client.write('ask')
    expect(String(await received(far, 3))).toBe('ask')
    far.write(bytes(2_000_000))
    expect(await received(client, 2_000_000)).toEqual(bytes(2_000_000))
    expect([proxy.made, proxy.links.length]).toEqual([1, 1])
  })

  test('passes on the end of one direction while the other goes on, and a reset as a reset', async () => {
    const { client, far } = await pair()
    const all = received(far, 4)
    client.end('last')
    expect(String(await all)).toBe('last')
    expect(await ending(far)).toBe('end')
    far.end('answer')
    expect(String(await received(client, 6))).toBe('answer')
    expect(await ending(client)).toBe('end')
    await expect.poll(() => proxy.links.length).toBe(0)

    const other = await pair()
    const end = ending(other.client)
    other.far.resetAndDestroy()
    expect(await end).toBe('reset')
    await expect.poll(() => proxy.links.length).toBe(0)
  })

  test('resets a client whose server is not there', async () => {
    proxy.target = 1
    const client = connect(proxy.port, '127.0.0.1')
    clients.push(client)
    expect(await ending(client)).toBe('reset')
  })
})

describe('on a bad way', () => {
  test('bytes take their time, and stay in order', async () => {
    const { client, far } = await pair()
    proxy.worsen({ toServer: { delayMs: 80, jitterMs: 80 } })
    const start = performance.now()
    const all = received(far, 40)
    for (let index = 0; index < 40; index++) client.write(Buffer.of(index))
    expect([...(await all)]).toEqual(Array.from({ length: 40 }, (_, index) => index))
    expect(performance.now() - start).toBeGreaterThan(75)
  })

  test('links to come are as bad as those that are open, until it heals', async () => {
    proxy.worsen({ toServer: { bytesPerSecond: 0 } })
    const { client, far } = await pair()
    client.write('late')
    const all = received(far, 4)
    const other = await pair()
    other.far.write('the other direction is good')
    await received(other.client, 10)
    expect(far.bytesRead).toBe(0)
    proxy.heal()
    expect(String(await all)).toBe('late')
  })

  test('a slow line lets so many bytes a second pass', async () => {
    const { client, far } = await pair()
    proxy.worsen({ toClient: { bytesPerSecond: 40_000 } })
    const start = performance.now()
    far.write(bytes(20_000))
    expect(await received(client, 20_000)).toEqual(bytes(20_000))
    expect(performance.now() - start).toBeGreaterThan(400)
  })

  test('a stalled line fills the socket of who sends', async () => {
    const { far } = await pair()
    proxy.worsen({ toClient: { bytesPerSecond: 0 } })
    far.write(bytes(32_000_000))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(far.writableLength).toBeGreaterThan(0)
  })

  test('pieces are no larger than was said', async () => {
    const { client, far } = await pair()
    proxy.worsen({ toServer: { pieceBytes: 3 } })
    client.write(bytes(100))
    const all = received(far, 100)
    const sizes: number[] = []
    far.on('data', (piece: Buffer) => sizes.push(piece.length))
    expect(await all).toEqual(bytes(100))
    // The system may join some that wait.
    expect(sizes.length).toBeGreaterThan(10)
  })
})

describe('what happens to links', () => {
  test('a reset is seen at both sides; others stay', async () => {
    const [one, other] = [await pair(), await pair()]
    const ends = [ending(one.client), ending(one.far)]
    proxy.links[0]?.reset()
    expect(await Promise.all(ends)).toEqual(['reset', 'reset'])
    other.client.write('still here')
    expect(String(await received(other.far, 10))).toBe('still here')
  })

  test.each(['client', 'server'] as const)('half-open: only the %s believes in it', async (believer) => {
    const { client, far } = await pair()
    const [left, gone] = believer === 'client' ? [client, far] : [far, client]
    const end = ending(gone)
    let hasEnded = false
    void ending(left).then(() => {
      hasEnded = true
    })
    proxy.links[0]?.halfOpen(believer)
    expect(await end).toBe('reset')
    left.write(bytes(100_000))
    await expect.poll(() => left.bytesWritten).toBe(100_000)
    const other = await pair()
    other.client.write('ping')
    await received(other.far, 4)
    expect([hasEnded, left.destroyed, proxy.links[0]?.isSpoilt]).toEqual([false, false, true])
    proxy.heal()
    await expect.poll(() => hasEnded).toBe(true)
    expect(proxy.links.length).toBe(1)
  })

  test('a link that has swallowed bytes does not heal', async () => {
    const { client } = await pair()
    proxy.worsen({ toServer: { swallows: true } })
    const end = ending(client)
    client.write('gone')
    await expect.poll(() => proxy.links[0]?.isSpoilt).toBe(true)
    proxy.heal()
    expect(await end).toBe('reset')
  })

  test('cut: all links are reset and new ones refused, until it heals', async () => {
    const { client } = await pair()
    const end = ending(client)
    proxy.cut()
    expect(await end).toBe('reset')
    const refused = connect(proxy.port, '127.0.0.1')
    clients.push(refused)
    expect(await ending(refused)).toBe('reset')
    expect(proxy.refused).toBe(1)
    proxy.heal()
    const { client: again, far } = await pair()
    again.write('x')
    await received(far, 1)
  })
})
