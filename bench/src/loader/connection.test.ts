import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { clientFrame } from './client-frame.ts'
import { Connection } from './connection.ts'
import { parleyWire } from './parley-wire.ts'
import { Tally } from './tally.ts'
import { settle } from './window.ts'

let server: Server | undefined
afterEach(() => server?.close())

/** What a server has heard since the upgrade. */
let heard = Buffer.alloc(0)

/** A counting connection to a server that writes `bytes` in pieces of `size`. */
async function countPieces(bytes: Buffer, size: number, wanted: (tally: Tally) => boolean): Promise<Tally> {
  server = createServer({ noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const tally = new Tally()
  const connection = new Connection({ port, tally, ...parleyWire })
  const [socket] = (await once(server, 'connection')) as [Socket]
  socket.on('error', () => undefined)
  socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  await connection.next()
  heard = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk])
  })
  connection.standings.push(
    { nameLength: 'room:a'.length, offset: 0 },
    { nameLength: 'room:bc'.length, offset: 7 },
  )
  connection.startCounting()
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await settle(() => wanted(tally), 3_000)
  connection.destroy()
  return tally
}

function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x81, payload.length]), payload])
  const head = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([head, payload])
}

const events = (channel: string, prev: number, position: number): Buffer =>
  frame(
    `{"op":"events","channel":"${channel}","prev":${prev},"position":${position},"at":1,"events":[${'{"type":"message","data":1},'.repeat(40)}]}`,
  )

const stream = Buffer.concat([
  events('room:a', 0, 3),
  frame('{"op":"reply","id":41,"ok":{}}\n{"op":"ping"}\n{"op":"reply","id":42,"ok":{}}'),
  events('room:bc', 7, 9),
  events('room:a', 3, 4),
])

test.each([1, 2, 3, 7, 64, 1_000, 100_000])(
  'counts the same whatever the pieces (%i bytes)',
  async (size) => {
    const tally = await countPieces(stream, size, ({ deliveries }) => deliveries >= 6)
    expect(tally).toMatchObject({ deliveries: 6, acks: 2, gaps: 0, refused: 0, problem: undefined })
  },
)

test('notices a batch that does not follow the one before', async () => {
  const broken = Buffer.concat([events('room:a', 0, 2), events('room:a', 3, 4)])
  const tally = await countPieces(broken, 50, ({ gaps }) => gaps > 0)
  expect(tally.gaps).toBe(1)
})

test('notices a refused publish', async () => {
  const refused = frame('{"op":"reply","id":5,"error":{"code":"forbidden","message":"No."}}')
  const tally = await countPieces(refused, 9, (seen) => seen.refused > 0)
  expect(tally.refused).toBe(1)
  expect(tally.problem).toContain('forbidden')
})

test('answers a ping of the server', async () => {
  const pong = clientFrame('{"op":"pong"}')
  await countPieces(frame('{"op":"ping"}'), 100, () => heard.includes(pong))
  expect(heard.includes(pong)).toBe(true)
})
