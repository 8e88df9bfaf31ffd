import { expect, test } from 'vitest'
import { ManualClock, settle } from '../testing/manual-clock.ts'
import { ScriptedNetwork } from '../testing/scripted-server.ts'
import { ScriptedSocket } from '../testing/scripted-socket.ts'
import type { WebSocketConstructor } from '../transports/websocket.ts'
import { RealtimeBuilder } from './realtime-builder.ts'
import { realtimeOptions, roomsOf, type WebSocketConfig } from './websocket-config.ts'

function made(config: WebSocketConfig) {
  return Object.fromEntries(
    Object.entries(realtimeOptions(config)).filter(([, value]) => value !== undefined),
  )
}

test('a connection of an application', () => {
  const url = 'wss://example.org'
  const connection = { url, protocols: ['edu-matrix-v1'], heartbeat: 20_000, reconnect: false }
  expect(made({ connection })).toEqual({
    ...{ url, failoverUrls: [], protocols: ['edu-matrix-v1'] },
    ...{ heartbeatInterval: 20_000, autoReconnect: false },
  })
})

test('all three parts together; what is nearer to the connection counts more', () => {
  const config = {
    connection: { url: 'wss://a.example.org' },
    ...{ path: '/ws', pingInterval: 30_000, maxReconnectAttempts: 5, topics: ['edu-updates', 'chat'] },
    channels: { chat: 'chat', notifications: 'notifications', updates: 'news:all' },
    clusters: { primary: 'wss://a.example.org', failover: 'wss://b.example.org' },
    scaling: { clusters: { count: 10, regions: ['US'], loadBalancing: 'least_connections' } },
    reliability: {
      reconnection: { strategy: 'exponential_backoff', maxAttempts: 7, initialDelay: 1_000 },
      heartbeat: { interval: 10_000, timeout: 5_000 },
    },
  } as const
  expect(made(config)).toEqual({
    ...{ url: 'wss://a.example.org/ws', failoverUrls: ['wss://b.example.org/ws'] },
    ...{ heartbeatInterval: 30_000, pingTimeout: 5_000, maxReconnectAttempts: 5, reconnectDelay: 1_000 },
  })
  expect(roomsOf(config)).toEqual(['chat', 'notifications', 'news:all', 'edu-updates'])
})

test('what cannot be done is refused with what can', () => {
  expect(() => realtimeOptions({ topics: ['chat'] })).toThrow('connection.url')
  const strategy = 'linear' as 'exponential_backoff'
  const config = { connection: { url: 'wss://x' }, reliability: { reconnection: { strategy } } }
  expect(() => realtimeOptions(config)).toThrow('exponential_backoff')
})

test('a configured client does nothing before `connect`, then hears its channels and topics', async () => {
  const sockets: ScriptedSocket[] = []
  const addresses: string[] = []
  function open(url: string) {
    addresses.push(url)
    const socket = new ScriptedSocket()
    sockets.push(socket)
    return socket
  }
  const client = RealtimeBuilder.createConfiguredClient(
    {
      connection: { url: 'wss://example.org' },
      path: '/ws',
      channels: { chat: 'lobby' },
      topics: ['news:all'],
    },
    {
      ...{ clock: new ManualClock(), network: new ScriptedNetwork(), fallbackTypes: [] },
      authentication: { token: 't' },
      WebSocket: open as unknown as WebSocketConstructor,
    },
  )
  await settle()
  expect(sockets).toEqual([])
  const done = client.connect()
  await settle()
  const socket = sockets[0] as ScriptedSocket
  await socket.accept()
  await done
  expect(addresses).toEqual(['wss://example.org/ws'])
  expect(client.getConnectionInfo().rooms).toEqual(['lobby', 'news:all'])
  const subscribed = JSON.stringify(socket.frames)
  for (const channel of ['room:lobby', 'news:all', 'room:everyone']) expect(subscribed).toContain(channel)
})
