import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { packMessage, unpackMessage } from '@parley/protocol/msgpack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { websocketTransport } from '../websocket.ts'
import { type EchoServer, echoServer } from './testing/echo-server.ts'

const maxFrameBytes = 4_000

let server: EchoServer
beforeAll(async () => {
  server = await echoServer((http) =>
    websocketTransport({
      ...{ server: http, limits: { maxFrameBytes }, closeTimeoutMs: 2_000 },
      ...{ logger: silentLogger, metrics: memoryMetrics(), compression: { isOn: () => true } },
      subprotocolAliases: { 'acme-v1': 'parley.v1.msgpack' },
    }),
  )
})
afterAll(() => server.close())

async function open(subprotocol = 'parley.v1.msgpack', perMessageDeflate = false): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, [subprotocol, 'parley.v1.json'], {
    perMessageDeflate,
  })
  await once(socket, 'open')
  expect(socket.protocol).toBe(subprotocol)
  return socket
}

async function closed(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close')
  return code
}

test.each([
  ['parley.v1.msgpack', false],
  ['parley.v1.msgpack', true],
  ['acme-v1', true],
])('%s carries the same frames, in binary; compressed: %s', async (subprotocol, isCompressed) => {
  const socket = await open(subprotocol, isCompressed)
  const frames = '{"op":"ping"}\n{"op":"call","id":1,"command":"ü","input":[1.5,null,{"deep":[true]}]}'
  const batch = `{"op":"events","events":[${'{"type":"a","data":"bbbb"},'.repeat(200)}null]}`
  const got: unknown[] = []
  socket.on('message', (data: Buffer, isBinary) => got.push([isBinary, unpackMessage(data)]))
  socket.send(packMessage(frames))
  await once(socket, 'message')
  server.connections.at(-1)?.send({ text: batch })
  await once(socket, 'message')
  socket.close()
  expect(got).toEqual([
    [true, frames],
    [true, batch],
  ])
})

test('a text, what is no MessagePack, and what is too large close the connection', async () => {
  const [texted, broken, large, numbers] = await Promise.all([open(), open(), open(), open()])
  texted.send('{"op":"ping"}')
  broken.send(Buffer.from([0xc1]))
  large.send(packMessage(JSON.stringify('x'.repeat(maxFrameBytes))))
  // Longer in MessagePack than in JSON, in which it is as large as it may be.
  const list = JSON.stringify(Array.from({ length: maxFrameBytes / 4 - 1 }, () => 0.5))
  expect(list.length).toBeLessThan(maxFrameBytes)
  numbers.send(packMessage(list))
  const [echo] = await once(numbers, 'message')
  expect(unpackMessage(echo)).toBe(list)
  numbers.close()
  expect(await Promise.all([texted, broken, large].map(closed))).toEqual([1003, 1007, 4004])
})
