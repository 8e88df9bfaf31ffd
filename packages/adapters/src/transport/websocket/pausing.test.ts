import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Connection } from '@parley/kernel'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { websocketTransport } from '../websocket.ts'

const server = createServer()
const transport = websocketTransport({
  server,
  limits: { maxFrameBytes: 65_536 },
  logger: silentLogger,
  metrics: memoryMetrics(),
})
const connections: Connection[] = []
const received: string[] = []
const closes: number[] = []

beforeAll(async () => {
  void transport.start((connection) => {
    connections.push(connection)
    return {
      receive: (text) => {
        received.push(text)
        if (text === 'first') connection.pause?.()
      },
      drained: () => undefined,
      closed: (code) => closes.push(code),
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(async () => {
  await transport.stop()
  server.close()
})

async function open(): Promise<WebSocket> {
  const client = new WebSocket(
    `ws://127.0.0.1:${(server.address() as AddressInfo).port}/realtime`,
    'parley.v1.json',
  )
  await once(client, 'open')
  return client
}

test('a client that is held back is read from again when it may go on, in order; its end is seen meanwhile', async () => {
  const client = await open()
  client.send('first')
  await vi.waitUntil(() => received.length > 0)
  client.send('second')
  client.send('third')
  // A question over another connection goes to the server and back meanwhile.
  const other = await open()
  other.ping()
  await once(other, 'pong')
  expect(received).toEqual(['first'])
  connections[0]?.resume?.()
  await vi.waitUntil(() => received.length === 3)
  expect(received).toEqual(['first', 'second', 'third'])
  connections[0]?.pause?.()
  connections[0]?.close(4200, 'enough')
  await once(client, 'close')
  await vi.waitUntil(() => closes.length > 0)
  expect(closes).toEqual([4200])
})

test('what came in one piece with the message at which a client is held back waits too', async () => {
  received.length = 0
  const client = await open()
  const { _socket: socket } = client as unknown as { _socket: Socket }
  socket.cork()
  for (const text of ['first', 'second', 'first', 'third', 'fourth']) client.send(text)
  socket.uncork()
  await vi.waitUntil(() => received.length > 0)
  const other = await open()
  other.ping()
  await once(other, 'pong')
  expect(received).toEqual(['first'])
  const connection = connections.at(-2)
  connection?.resume?.()
  expect(received).toEqual(['first', 'second', 'first'])
  connection?.resume?.()
  await vi.waitUntil(() => received.length === 5)
  client.send('fifth')
  await vi.waitUntil(() => received.length === 6)
  expect(received).toEqual(['first', 'second', 'first', 'third', 'fourth', 'fifth'])
  client.close()
})
