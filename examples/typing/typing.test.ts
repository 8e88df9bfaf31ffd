import { type Client, type ClientTransport, createClient } from '@parley/client'
import { type TestNode, testModule, testNode, testToken } from '@parley/kernel/testing'
import { typingModule } from '@parley/modules'
import { expect, test } from 'vitest'
import { followTyping, messageField } from './field.ts'

const channel = 'room:lobby'

/** The network between a client and a node in the same process. */
function transportTo({ transport }: TestNode): ClientTransport {
  return {
    name: 'memory',
    open(_url, { opened, received, closed }) {
      const wire = transport.connect()
      wire.onMessage = received
      wire.onClose = closed
      queueMicrotask(opened)
      return { bufferedBytes: 0, send: wire.send, close: wire.close }
    },
  }
}

async function start() {
  const node = await testNode({
    modules: [testModule({ room: { durability: 'recent' } }), typingModule()],
  })
  const { clock } = node
  const join = async (user: string): Promise<Client> => {
    const client = createClient({
      url: 'ws://node',
      token: testToken(user),
      clock,
      transport: transportTo(node),
    })
    const ready = client.connect()
    await clock.settle()
    await ready
    return client
  }
  return { ...node, join }
}

test('a reader sees who is typing, until the message is sent', async () => {
  const { join, clock } = await start()
  const [ada, bob] = [await join('ada'), await join('bob')]
  const lines: string[] = []
  const told: string[] = []
  const stop = followTyping(bob, channel, (line) => lines.push(line))
  bob.on('typing.started', ({ data }) => told.push(`${data.user} started ${data.activity}`))
  bob.on('typing.stopped', ({ data }) => told.push(`${data.user} stopped`))
  await clock.settle()
  const field = messageField(ada, channel, () => undefined)
  field.changed('H')
  field.changed('He')
  await clock.settle()
  expect(lines.at(-1)).toBe('ada is typing')
  field.submitted('Hello')
  await clock.settle()
  expect(lines.at(-1)).toBe('')
  expect(told).toEqual(['ada started typing', 'ada stopped'])
  stop()
})

test('who closes the lid is not shown for long', async () => {
  const { join, clock } = await start()
  const [ada, bob] = [await join('ada'), await join('bob')]
  const lines: string[] = []
  followTyping(bob, channel, (line) => lines.push(line))
  messageField(ada, channel, () => undefined).changed('H')
  await clock.settle()
  expect(lines.at(-1)).toBe('ada is typing')
  ada.disconnect()
  await clock.settle()
  expect(lines.at(-1)).toBe('')
})

test('a crowd is a number', async () => {
  const { join, clock } = await start()
  const bob = await join('bob')
  const lines: string[] = []
  followTyping(bob, channel, (line) => lines.push(line))
  for (let n = 0; n < 7; n++) messageField(await join(`u${n}`), channel, () => undefined).changed('H')
  await clock.advance(500)
  expect(lines.at(-1)).toBe('7 people are typing')
})
