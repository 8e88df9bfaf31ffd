import { silentLogger } from '@parley/kernel/memory'
import { startServer } from '@parley/server/compose'
import { loadConfig } from '@parley/server/config'
import { expect, test } from 'vitest'
import { backEnd } from './back-end.ts'
import { listen } from './client.ts'
import { recoverMissed } from './recover-missed.ts'

test('clients and back ends of Pusher work with another host, and lose nothing', async () => {
  const flags = [['storage-provider', 'memory'] as const, ['port', '0'] as const]
  const server = await startServer(loadConfig({ flags, environment: {} }), silentLogger)
  const { id: key, secret } = (server.development as NonNullable<typeof server.development>).made.apiKey
  const publish = (data: number) => backEnd(server.url, { key, secret }).trigger('news', 'message', data)
  const heard: unknown[] = []
  const channel = listen(server.url, { key, channel: 'news', heard: (data) => void heard.push(data) })
  recoverMissed(channel.pusher)
  await expect.poll(() => channel.subscribed).toBe(true)
  await publish(1)
  await expect.poll(() => heard).toEqual([1])
  channel.pusher.disconnect()
  await publish(2)
  channel.pusher.connect()
  await expect.poll(() => heard).toEqual([1, 2])
  channel.pusher.disconnect()
  await server.close()
})
