import { expect, test } from 'vitest'
import type { Connection, ConnectionHandler } from '../ports/transport.ts'
import { checkTransport } from '../testing/check-transport.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { type MemoryTransportOptions, memoryTransport } from './transport.ts'

checkTransport(test, async () => {
  const transport = memoryTransport()
  return {
    transport,
    async connect(listener) {
      const client = transport.connect()
      client.onMessage = (text) => listener.message(text)
      client.onClose = (code, reason) => listener.closed(code, reason)
      return client
    },
    close: async () => transport.stop(),
  }
})

/** A connected pair that writes down everything in one list. */
function pair(options: MemoryTransportOptions = {}) {
  const heard: string[] = []
  const transport = memoryTransport(options)
  let connection: Connection | undefined
  const handler: ConnectionHandler = {
    receive: (text) => heard.push(`node received ${text}`),
    drained: () => heard.push('node drained'),
    closed: (code) => heard.push(`node closed ${code}`),
  }
  transport.start((accepted) => {
    connection = accepted
    return handler
  })
  const client = transport.connect({ ip: '203.0.113.7', token: 't' })
  client.onMessage = (text) => heard.push(`client received ${text}`)
  client.onClose = (code) => heard.push(`client closed ${code}`)
  return { client, connection: connection as unknown as Connection, heard, clock: new VirtualClock() }
}

test('a slow reader takes its bytes, frame by frame', async () => {
  const { client, connection, heard, clock } = pair()
  client.stall()
  for (const text of ['aaaa', 'bbbb', 'cccc']) connection.send({ text })
  expect(connection.bufferedBytes).toBe(12)
  client.take(6)
  await clock.settle()
  expect(heard).toEqual(['client received aaaa', 'client received bbbb'])
  expect(connection.bufferedBytes).toBe(4)
  client.take(2)
  expect(connection.bufferedBytes).toBe(4)
  client.take(1)
  await clock.settle()
  expect(heard.slice(2)).toEqual(['node drained', 'client received cccc'])
})

test('the network in between has a capacity', () => {
  const { client, connection } = pair()
  client.stall(10)
  for (let index = 0; index < 5; index++) connection.send({ text: '12345' })
  expect(connection.bufferedBytes).toBe(15)
})

test('corked frames count as waiting and leave at once with `uncork`; the drain is told later', async () => {
  const { connection, heard, clock } = pair()
  connection.cork()
  connection.send({ text: 'a' })
  expect(connection.bufferedBytes).toBe(1)
  connection.uncork()
  expect(connection.bufferedBytes).toBe(0)
  expect(heard).toEqual([])
  await clock.settle()
  expect([...heard].sort()).toEqual(['client received a', 'node drained'])
})

test('messages keep their order whatever their latency', async () => {
  const clock = new VirtualClock({ seed: 7 })
  const { client, connection, heard } = pair({ clock, latencyMs: () => clock.random() * 100 })
  for (let index = 0; index < 20; index++) {
    connection.send({ text: `${index}` })
    client.send(`${index}`)
  }
  connection.close(4_000, '')
  await clock.advance(200)
  const wanted = Array.from({ length: 20 }, (_, index) => `client received ${index}`)
  expect(heard.filter((line) => line.startsWith('client'))).toEqual([...wanted, 'client closed 4000'])
  // What was under way to the node when it closed is not read any more.
  expect(heard.filter((line) => line.startsWith('node'))).toEqual(['node closed 4000'])
})

test('a drop loses what is under way, and both ends hear of it once', async () => {
  const clock = new VirtualClock()
  const { client, connection, heard } = pair({ clock, latencyMs: () => 10 })
  connection.send({ text: 'lost' })
  client.send('lost')
  client.drop()
  client.drop()
  client.close()
  client.send('late')
  await clock.advance(1_000)
  expect(heard).toEqual(['client closed 1006', 'node closed 1006'])
})

test('crossing closes end in one close at each end', async () => {
  const clock = new VirtualClock()
  const { client, connection, heard } = pair({ clock, latencyMs: () => 10 })
  client.close(1_000)
  client.close(1_000)
  connection.close(4_001, '')
  await clock.advance(1_000)
  expect([...heard].sort()).toEqual(['client closed 4001', 'node closed 4001'])
})

test('a transport that was not started says so', () => {
  expect(() => memoryTransport().connect()).toThrow('The server is not ready.')
})
