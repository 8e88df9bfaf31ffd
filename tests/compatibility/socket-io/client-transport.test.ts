import { type Client, createClient } from '@parley/client'
import { selectOptimalProtocol, transportOf } from '@parley/client/transports'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../../e2e/server-process.ts'
import { libraries } from './clients.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.remove())

async function open(name: string, io: (typeof libraries)[number][1], namespace = '/'): Promise<Client> {
  const transport = transportOf(selectOptimalProtocol('real-time-collab') as 'socket.io', {
    socketIo: { io, namespace },
  })
  const client = createClient({ url: server.url, token: await server.token(name), transport })
  await client.connect()
  return client
}

test.each(libraries)(
  'the Parley client rides on socket.io-client %s, over kills of the server',
  async (_v, io) => {
    const ada = await open('Ada', io)
    const grace = await open('Grace', io, '/edu-matrix-hub')
    const channel = `chat:ride-${Math.random().toString(36).slice(2)}`
    const heard: unknown[] = []
    const room = ada.subscribe(channel, { state: true, onEvent: ({ data }) => void heard.push(data) })
    await expect.poll(() => room.status).toBe('subscribed')
    await grace.call('channels.publish', { channel, data: 1 })
    await expect.poll(() => heard, { timeout: 30_000 }).toEqual([1])
    await server.kill()
    await server.start()
    await grace.call('channels.publish', { channel, data: 2 })
    await expect.poll(() => heard, { timeout: 30_000 }).toEqual([1, 2])
    for (const client of [ada, grace]) client.disconnect()
  },
)

test('without the library the transport says what it needs', () => {
  expect(() => transportOf('socket.io')).toThrow('socket.io-client')
})
