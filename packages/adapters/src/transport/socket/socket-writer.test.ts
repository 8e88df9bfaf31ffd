import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { directHandleOf } from './direct-handle.ts'
import { SocketWriter } from './socket-writer.ts'

class Writer extends SocketWriter {
  timesTaken = 0

  constructor(socket: Socket) {
    super(socket)
    this.begin()
  }

  override write(bytes: Uint8Array): void {
    super.write(bytes)
  }

  get waiting(): number {
    return this.waitingBytes
  }

  protected override taken(): void {
    this.timesTaken += 1
  }
}

const server = createServer()

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => void server.close())

async function pair(prepare: (socket: Socket) => void = () => undefined) {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  const [socket] = await accepted
  for (const each of [socket, client]) each.on('error', () => undefined)
  prepare(socket)
  const received: Buffer[] = []
  client.on('data', (chunk: Buffer) => received.push(chunk)).pause()
  const close = () => [client, socket].map((each) => each.destroy())
  return { socket, client, received, writer: new Writer(socket), close }
}

/** A connection that a timer of Node watches is written to by its stream, which puts the timer off. */
const watched = (socket: Socket) => void socket.setTimeout(60_000)

test.each([
  ['past the queue of the socket', () => undefined],
  ['through it', watched],
])('what is written comes in its order, %s, however it is read', async (_, prepare) => {
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 200_000 }) },
    { weight: 1, arbitrary: fc.constantFrom('cork', 'uncork', 'read', 'pause', 'wait') },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { client, received, writer, close } = await pair(prepare)
      const written: Buffer[] = []
      const does = {
        cork: () => writer.cork(),
        uncork: () => writer.uncork(),
        read: () => client.resume(),
        pause: () => client.pause(),
      }
      for (const what of steps) {
        if (what === 'wait') await new Promise(setImmediate)
        else if (typeof what === 'string') does[what]()
        else {
          const bytes = Buffer.alloc(what, written.length + 1)
          written.push(bytes)
          writer.write(bytes)
        }
      }
      for (let count = 0; count < steps.length; count++) writer.uncork()
      client.resume()
      const whole = Buffer.concat(written)
      await vi.waitUntil(() => received.reduce((sum, { length }) => sum + length, 0) >= whole.length)
      expect(Buffer.concat(received).equals(whole)).toBe(true)
      await vi.waitUntil(() => writer.waiting === 0)
      close()
    }),
    { numRuns: 40 },
  )
})

test('a reader that stops is seen at once, and told of when all was taken', async () => {
  const { client, writer, close } = await pair()
  const piece = Buffer.alloc(1_000_000)
  let written = 0
  while (writer.waiting === 0) {
    writer.write(piece)
    written += piece.length
  }
  writer.write(piece)
  expect(writer.waiting).toBeGreaterThan(piece.length)
  expect(writer.waiting).toBeLessThan(written + piece.length)
  expect(writer.timesTaken).toBe(0)
  client.resume()
  await vi.waitUntil(() => writer.timesTaken === 1)
  expect(writer.waiting).toBe(0)
  close()
})

test('what is held back counts as waiting, and leaves as one piece', async () => {
  const { client, received, writer, close } = await pair()
  writer.cork()
  writer.cork()
  writer.write(Buffer.from('one '))
  writer.write(Buffer.from('two'))
  writer.uncork()
  expect(writer.waiting).toBe(7)
  writer.uncork()
  expect(writer.waiting).toBe(0)
  client.resume()
  await vi.waitUntil(() => received.length > 0)
  expect(received.map(String)).toEqual(['one two'])
  close()
})

test('a connection that broke is closed by what is written to it', async () => {
  const { client, socket, writer } = await pair()
  const closed = once(socket, 'close')
  client.resetAndDestroy()
  while (!socket.destroyed) {
    writer.write(Buffer.from('hello?'))
    await new Promise(setImmediate)
  }
  await closed
  writer.write(Buffer.from('after its end'))
  expect(writer.waiting).toBe(0)
})

test('there is a handle under a plain socket, and none where Node has to see each write', async () => {
  const { client, socket, close } = await pair()
  expect(directHandleOf(socket)).toBeDefined()
  watched(socket)
  expect(directHandleOf(socket)).toBeUndefined()
  close()
  await once(client, 'close')
  expect(directHandleOf(client)).toBeUndefined()
})
