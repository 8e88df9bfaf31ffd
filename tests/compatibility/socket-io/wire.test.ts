import { createClient } from '@parley/client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../../e2e/running-server.ts'
import { ask, closeClients, collect, connect, libraries, next, transports } from './clients.ts'

let server: TestServer
let count = 0
const newChannel = () => `chat:room-${++count}`

beforeAll(async () => {
  server = await runningServer({ flags: { securityFeatures: { rateLimiting: false } } })
})
afterEach(closeClients)
afterAll(() => server?.remove())

async function token(name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  return ((await response.json()) as { token: string }).token
}

type DevelopmentAccess = NonNullable<TestServer['development']>

function publishOverRest(channel: string, event: object): Promise<Response> {
  const { id, secret } = (server.development as DevelopmentAccess).made.apiKey
  return fetch(`${server.url}/api/channels/${channel}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': `${id}:${secret}` },
    body: JSON.stringify(event),
  })
}

describe.each(libraries)('socket.io-client, %s', (_version, io) => {
  describe.each(transports)('$name', ({ names }) => {
    const open = async (name: string, options = {}) => {
      const socket = connect(io, server.url, { transports: [...names], token: await token(name), ...options })
      await next(socket, 'connect')
      return socket
    }

    test('shares a channel with a Parley client and curl', async () => {
      const channel = newChannel()
      const socket = await open('Ada')
      const heard: unknown[] = []
      socket.on('message', (data, origin) => heard.push([data, origin.channel, origin.offset]))
      await ask(socket, 'subscribe', channel)
      const parley = createClient({ url: server.url, token: await token('Grace') })
      await parley.connect()
      const heardByParley: unknown[] = []
      parley.subscribe(channel, { recent: 10, onEvent: ({ data }) => void heardByParley.push(data) })
      await parley.call('channels.publish', { channel, data: { from: 'parley' } })
      await ask(socket, 'publish', { channel, data: { from: 'socket.io' } })
      expect((await publishOverRest(channel, { data: { from: 'curl' } })).status).toBe(200)
      const all = ['parley', 'socket.io', 'curl'].map((from) => ({ from }))
      await expect.poll(() => heard).toEqual(all.map((data, index) => [data, channel, index + 1]))
      await expect.poll(() => heardByParley).toEqual(all)
      parley.disconnect()
    })

    test('bytes go both ways', async () => {
      const channel = newChannel()
      const socket = await open('Ada')
      await ask(socket, 'subscribe', channel)
      const heard = collect(socket, 'picture')
      const bytes = Buffer.from([0, 1, 2, 250])
      await ask(socket, 'publish', { channel, type: 'picture', data: { bytes, name: 'dot' } })
      await expect.poll(() => heard).toEqual([{ bytes, name: 'dot' }])
    })

    test('what may not be done is refused with its code', async () => {
      const socket = await open('Ada')
      await expect(ask(socket, 'subscribe', 'nowhere:x')).rejects.toMatchObject({ code: 'unknown_kind' })
      await expect(ask(socket, 'publish', 'text')).rejects.toMatchObject({ code: 'bad_request' })
      await expect(ask(socket, 'sing')).rejects.toMatchObject({ code: 'bad_request' })
      await expect(ask(socket, 'call', 'flags.list', {})).resolves.toMatchObject({ flags: expect.anything() })
    })

    test('a stranger is told why at the door', async () => {
      const socket = connect(io, server.url, { transports: [...names], token: 'nonsense' })
      const [error] = (await next(socket, 'connect_error')) as [Error & { data: { code: string } }]
      expect(error.data.code).toBe('unauthenticated')
      const lost = connect(io, `${server.url}/nowhere`, { transports: [...names], token: await token('Ada') })
      expect(((await next(lost, 'connect_error')) as [Error])[0].message).toBe('Invalid namespace')
    })

    test('several namespaces share one connection', async () => {
      const channel = newChannel()
      const main = await open('Ada')
      const hub = main.io.socket('/edu-matrix-hub', { auth: { token: await token('Grace') } })
      await next(hub, 'connect')
      expect(hub.id).not.toBe(main.id)
      await ask(hub, 'subscribe', channel)
      const heard = collect(hub, 'message')
      const others = collect(main, 'message')
      await ask(main, 'publish', { channel, data: 1 })
      await expect.poll(() => heard).toEqual([1])
      expect(others).toEqual([])
      hub.disconnect()
      expect(main.connected).toBe(true)
    })

    test('much in one turn comes whole and in order', async () => {
      const channel = newChannel()
      const socket = await open('Ada')
      await ask(socket, 'subscribe', channel)
      const heard = collect(socket, 'message')
      const wanted = Array.from({ length: 300 }, (_, index) => ({ index, text: 'x'.repeat(500) }))
      await Promise.all(wanted.map((data) => ask(socket, 'publish', { channel, data })))
      await expect.poll(() => heard.length).toBe(300)
      expect(heard).toEqual(wanted)
    })
  })
})

test('a client that begins by polling goes on by WebSocket and loses nothing on the way', async () => {
  const channel = newChannel()
  const [[, io]] = libraries
  const socket = connect(io, server.url, { token: await token('Ada') })
  const heard = collect(socket, 'message')
  await next(socket, 'connect')
  await ask(socket, 'subscribe', channel)
  let sent = 0
  const sending = (async () => {
    while (socket.io.engine.transport.name !== 'websocket' || sent < 50) {
      await publishOverRest(channel, { data: sent })
      sent += 1
    }
  })()
  await sending
  await expect.poll(() => heard.length).toBe(sent)
  expect(heard).toEqual(Array.from({ length: sent }, (_, index) => index))
})
