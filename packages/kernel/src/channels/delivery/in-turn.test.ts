import { expect, test } from 'vitest'
import type { Accept, ConnectionHandler } from '../../ports/transport.ts'
import { testModule } from '../../testing/test-module.ts'
import { testIdentity, testNode } from '../../testing/test-node.ts'

const backend = testIdentity(undefined)

async function start(inOrder: boolean) {
  const handlers: ConnectionHandler[] = []
  const noting = (accept: Accept): Accept => {
    return (connection, handshake) => {
      const handler = accept(connection, handshake)
      handlers.push(handler)
      return handler
    }
  }
  const modules = [testModule({ room: { durability: 'recent', inOrder, presence: false } })]
  const t = await testNode({ modules, aroundAccept: noting })
  const ada = await t.client('ada')
  for (const channel of ['room:a', 'room:b']) await ada.subscribe(channel)
  const publish = (channel: string, data: unknown) => {
    void t.node.call(backend, 'test.publish', { channel, data })
  }
  return { ...t, ada, publish, handler: handlers[0] as ConnectionHandler }
}

test('events of several channels come in the order in which they were published', async () => {
  const { ada, publish, clock } = await start(true)
  for (let count = 0; count < 10; count++) publish(count % 3 === 0 ? 'room:a' : 'room:b', count)
  await clock.settle()
  expect(ada.events.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(ada.faults).toEqual([])
})

test('events of one channel in a row stay one batch', async () => {
  const { ada, publish, clock } = await start(true)
  for (const data of [1, 2, 3]) publish('room:a', data)
  for (const data of [4, 5]) publish('room:b', data)
  await clock.settle()
  expect(ada.all('events').map(({ events }) => events.length)).toEqual([3, 2])
})

test('where nobody asks for an order, the channels of a turn are one batch each', async () => {
  const { ada, publish, clock } = await start(false)
  for (let count = 0; count < 10; count++) publish(count % 3 === 0 ? 'room:a' : 'room:b', count)
  await clock.settle()
  expect(ada.all('events')).toHaveLength(2)
})

test('what is sent beside the frames goes after what was published before, and before what comes after', async () => {
  const { ada, publish, clock, handler } = await start(true)
  const seen: number[] = []
  const look = () => seen.push(ada.events.length)
  handler.inTurn?.(look)
  expect(seen).toEqual([0])
  publish('room:a', 1)
  handler.inTurn?.(look)
  publish('room:b', 2)
  handler.inTurn?.(look)
  await clock.settle()
  expect(ada.events).toHaveLength(2)
  expect(seen).toHaveLength(3)
})

test('a redaction finds those who await the event among the batches of other channels', async () => {
  const { ada, publish, clock, node } = await start(true)
  publish('room:a', 'secret')
  publish('room:b', 'plain')
  publish('room:a', 'plain')
  await node.call(backend, 'test.redact', { channel: 'room:a', offset: 1 })
  await clock.settle()
  expect(ada.of('room:b').map(({ data }) => data)).toEqual(['plain'])
  expect(ada.faults).toEqual([])
})
