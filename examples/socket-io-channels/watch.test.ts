import { silentLogger } from '@parley/kernel/memory'
import { startServer } from '@parley/server/compose'
import { loadConfig } from '@parley/server/config'
import { expect, test } from 'vitest'
import { watch } from './watch.ts'

test('a client of Socket.IO shares a channel with a back end', async () => {
  const flags = [['storage-provider', 'memory'] as const, ['port', '0'] as const]
  const server = await startServer(loadConfig({ flags, environment: {} }), silentLogger)
  const { id, secret } = (server.development as NonNullable<typeof server.development>).made.apiKey
  const post = async (path: string, headers: Record<string, string>, body: object) => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return (await response.json()) as { token: string }
  }
  const { token } = await post('/api/auth/sign-in', {}, { name: 'Ada' })
  const lines: string[] = []
  const client = await watch(server.url, { token, channel: 'chat:lobby', show: (line) => lines.push(line) })
  await client.say('Hello')
  await post(
    '/api/channels/chat:lobby/events',
    { 'x-api-key': `${id}:${secret}` },
    { data: { text: 'Dinner is ready' } },
  )
  await expect.poll(() => lines).toEqual(['1 ada: Hello', '2 the server: Dinner is ready'])
  client.leave()
  await server.close()
})
