import { type Client, createClient } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.remove())

/** A client on the platform's own WebSocket; it is asked for a token while the server is away, too. */
function client(name: string): Client {
  const made = createClient({
    url: server.url,
    getToken: () => server.token(name),
    reconnect: { baseMs: 50, capMs: 500 },
  })
  made.on('error', () => undefined)
  return made
}

test('over a real socket: typed calls, presence, and an event larger than a frame', async () => {
  const ada = client('Ada')
  const room = ada.subscribe('chat:socket', { state: true })
  const heard = new Promise((resolve) => ada.on('message', ({ data }) => resolve(data)))
  await ada.connect()
  await room.ready
  expect([...room.state.values()]).toMatchObject([{ user: 'ada', name: 'presence' }])
  const { offset } = await ada.channels.publish({ channel: 'chat:socket', data: 'short' })
  expect([offset, await heard]).toEqual([1, 'short'])
  const large = 'ü'.repeat(40_000)
  await expect(ada.channels.publish({ channel: 'chat:socket', data: large })).rejects.toMatchObject({
    code: 'payload_too_large',
  })
  const events = Array.from({ length: 20 }, () => ({ channel: 'chat:socket', data: 'x'.repeat(20_000) }))
  expect((await ada.channels.publishMany({ events })).events).toHaveLength(20)
  const page = await ada.channels.history({ channel: 'chat:socket', limit: 100 })
  expect(page.events).toHaveLength(21)
  ada.disconnect()
})
