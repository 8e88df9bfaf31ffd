import { type Client, createClient } from '@parley/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server.remove())

async function connect(name: string, device: string): Promise<Client> {
  const token = await server.token(name)
  const client = createClient({
    ...{ url: server.url, token, device, reconnect: { baseMs: 20, capMs: 200 } },
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  await client.connect()
  return client
}

test('a user on two devices is seen coming once, flickers at no kill of the server, and is seen going at once', {
  timeout: 60_000,
}, async () => {
  const heard: string[] = []
  const watcher = await connect('watcher', 'w1')
  watcher.on('presence.online', ({ type, data }) => heard.push(`${type} ${data.user}`))
  watcher.on('presence.offline', ({ type, data }) => heard.push(`${type} ${data.user}`))
  const watched = watcher.subscribe('presence:ada', { state: true })
  await watched.ready
  const devices = [await connect('ada', 'phone'), await connect('ada', 'laptop')]
  await vi.waitUntil(() => heard.length > 0)
  // Who is present is written a second later, with the history: from then on the next server knows.
  const [phone] = devices as [Client]
  await vi.waitUntil(async () => (await phone.presence.history({})).changes.length > 0, { timeout: 10_000 })
  for (let round = 0; round < 3; round++) {
    await server.kill()
    await server.start()
    await vi.waitUntil(
      () =>
        [watcher, ...devices].every(({ status }) => status === 'connected') &&
        watched.status === 'subscribed',
      { timeout: 20_000 },
    )
  }
  expect(heard).toEqual(['presence.online ada'])
  const { devices: listed } = await phone.presence.devices({})
  expect(listed.map(({ device }) => device).sort()).toEqual(['laptop', 'phone'])
  for (const device of devices) device.disconnect()
  await vi.waitUntil(() => heard.length > 1, { timeout: 2_000 })
  expect(heard).toEqual(['presence.online ada', 'presence.offline ada'])
  watcher.disconnect()
})
