import { type Client, type ClientTransport, createClient } from '@parley/client'
import { msgpackTransport } from '@parley/client/msgpack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.remove())

/** A client on the platform's own WebSocket; it is asked for a token while the server is away, too. */
function client(name: string, transport?: ClientTransport): Client {
  const made = createClient({
    ...(transport === undefined ? {} : { transport }),
    url: server.url,
    getToken: () => server.token(name),
    reconnect: { baseMs: 50, capMs: 500 },
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  made.on('error', () => undefined)
  return made
}

test.each([
  ['JSON', undefined],
  ['MessagePack', msgpackTransport()],
])(
  'over a real socket, in %s: typed calls, presence, and an event larger than a frame',
  async (name, transport) => {
    const ada = client('Ada', transport)
    const channel = `chat:${name.toLowerCase()}`
    const room = ada.subscribe(channel, { state: true })
    const heard = new Promise((resolve) => ada.on('message', ({ data }) => resolve(data)))
    await ada.connect()
    await room.ready
    expect([...room.state.values()]).toMatchObject([{ user: 'ada', name: 'presence' }])
    const { offset } = await ada.channels.publish({ channel, data: 'short' })
    expect([offset, await heard]).toEqual([1, 'short'])
    const large = 'ü'.repeat(40_000)
    await expect(ada.channels.publish({ channel, data: large })).rejects.toMatchObject({
      code: 'payload_too_large',
    })
    const events = Array.from({ length: 20 }, () => ({ channel, data: 'x'.repeat(20_000) }))
    expect((await ada.channels.publishMany({ events })).events).toHaveLength(20)
    const page = await ada.channels.history({ channel, limit: 100 })
    expect(page.events).toHaveLength(21)
    ada.disconnect()
  },
)
