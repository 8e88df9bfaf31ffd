import {
  type ConnectOptions,
  enterpriseWebSocketService,
  type ServiceEvents,
  type ServiceSettings,
  WebSocketService,
  webSocketService,
} from '@parley/client/service'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ask, openDashboard } from '../../examples/service/dashboard.ts'
import { checkConnectionHealth, performHealthCheck } from '../../examples/service/health.ts'
import { setupErrorRecovery } from '../../examples/service/recovery.ts'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess
const made: WebSocketService[] = []

beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.remove())
afterEach(async () => {
  for (const service of made.splice(0))
    await Promise.all(Object.keys(service.getConnectionStatus()).map((name) => service.disconnect(name)))
})

async function serviceOf(settings: ServiceSettings = {}, name = 'Ada') {
  const service = new WebSocketService()
  made.push(service)
  await service.initialize({ url: server.url, token: await server.token(name), closingMs: 100, ...settings })
  const told: [string, unknown][] = []
  service.on('*', (event, data) => told.push([event, data]))
  const of = <Name extends keyof ServiceEvents>(name: Name) =>
    told.filter(([event]) => event === name).map(([, data]) => data as ServiceEvents[Name])
  return { service, told, of }
}

const hello = {
  type: 'agent_message',
  data: { content: 'Hello, I need help with calculus' },
  timestamp: '2026-01-01T00:00:00.000Z',
}

test('several endpoints, each by itself; a message arrives as it was sent, with who sent it', async () => {
  const [ada, ben] = [await serviceOf(), await serviceOf({}, 'Ben')]
  await Promise.all([
    ada.service.connect('ai-interaction'),
    ada.service.connect('dashboard'),
    ben.service.connect('ai-interaction'),
  ])
  expect(ada.service.getConnectionStatus()).toEqual({ 'ai-interaction': true, dashboard: true })
  const protocols = ada.of('connection_open').map(({ endpoint, protocol }) => [endpoint, protocol])
  expect(Object.fromEntries(protocols)).toEqual({ 'ai-interaction': 'websocket', dashboard: 'sse' })

  const routed = {
    priority: 'urgent',
    session_id: 's1',
    agent_id: 'tutor',
    metadata: { course: 101 },
  } as const
  await ada.service.send('ai-interaction', { ...hello, ...routed, user_id: 'somebody else' })
  await expect
    .poll(() => ben.of('message'))
    .toEqual([{ endpoint: 'ai-interaction', message: { ...hello, ...routed, user_id: 'ada' } }])
  expect(ada.of('message_sent')).toMatchObject([{ endpoint: 'ai-interaction', id: expect.any(String) }])

  await ada.service.disconnect('ai-interaction')
  expect(ada.service.getConnectionStatus()).toEqual({ dashboard: true })
  await ada.service.send('dashboard', hello)
  await expect.poll(() => ada.of('message').at(-1)?.endpoint).toBe('dashboard')
  expect(ada.service.getPerformanceMetrics()).toMatchObject({
    connections: { total: 1, active: 1, reconnecting: 0, failed: 0 },
    messages: { sent: 2, failed: 0, queued: 0 },
    scalability: { memory_usage: expect.any(Number), concurrent_capacity: 1_000 },
  })
  expect(ada.of('metrics_update').length).toBeGreaterThanOrEqual(3)
})

class NoWebSocket {
  constructor() {
    throw new Error('blocked')
  }
}

test.each<[readonly string[], string | undefined]>([
  [['polling'], 'polling'],
  [['http2', 'polling'], 'http2'],
  [[], undefined],
])('where WebSockets are blocked, fallback_protocols %o leads to %s', async (fallback_protocols, by) => {
  const { service, of } = await serviceOf({ WebSocket: NoWebSocket as never })
  const connecting = service.connect('lessons', { fallback_protocols, retry_attempts: 0 })
  if (by === undefined) {
    await expect(connecting).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    expect(of('connection_failed')).toMatchObject([{ endpoint: 'lessons' }])
  } else {
    await connecting
    expect(of('connection_open')).toEqual([{ endpoint: 'lessons', protocol: by }])
  }
})

test('a line that breaks is told, and what is sent meanwhile arrives once', async () => {
  const proxy = await FaultProxy.to(server.port)
  const { service, of } = await serviceOf({ url: proxy.url })
  await service.connect('lessons', { fallback_protocols: [] })
  proxy.cut()
  await expect.poll(() => of('connection_close').length).toBe(1)
  const sending = service.send('lessons', hello)
  expect(service.getPerformanceMetrics().messages.queued).toBe(1)
  expect(performHealthCheck(service)).toBe(false)
  proxy.heal()
  await sending
  await expect.poll(() => of('message').length).toBe(1)
  expect(of('connection_close')).toMatchObject([{ endpoint: 'lessons', willReconnect: true }])
  expect(of('connection_open')).toHaveLength(2)
  expect(performHealthCheck(service)).toBe(true)
  expect(checkConnectionHealth(service)).toEqual([
    expect.stringMatching(/^lessons: connected by websocket, 0 messages wait/),
  ])
  await service.disconnect('lessons')
  await proxy.close()
})

test('a token that the server refuses is a security alert', async () => {
  const { service, of } = await serviceOf({ token: 'not.a.token' })
  const told: string[] = []
  const stop = setupErrorRecovery(service, (words) => told.push(words))
  await expect(service.connect('lessons')).rejects.toMatchObject({ code: 'AUTH_ERROR' })
  expect(of('security_alert')).toMatchObject([{ endpoint: 'lessons', kind: 'token_refused' }])
  expect(of('connection_failed')).toMatchObject([{ endpoint: 'lessons', error: { code: 'AUTH_ERROR' } }])
  expect(told).toHaveLength(2)
  stop()
})

test('a line that becomes bad is a performance alert, where it is monitored', async () => {
  const proxy = await FaultProxy.to(server.port)
  const options: ConnectOptions = { fallback_protocols: [] }
  const watched = await serviceOf({ url: proxy.url, metricsIntervalMs: 300 })
  await watched.service.connect('lessons', options)
  const unwatched = await serviceOf({ url: proxy.url, metricsIntervalMs: 300 })
  await unwatched.service.connect('lessons', { ...options, monitoring_enabled: false })
  proxy.worsen({ toClient: { delayMs: 1_500 } })
  await expect.poll(() => watched.of('performance_alert')[0]?.endpoint, { timeout: 30_000 }).toBe('lessons')
  expect(unwatched.told.map(([event]) => event)).not.toContain('performance_alert')
  proxy.heal()
  await Promise.all([watched, unwatched].map(({ service }) => service.disconnect('lessons')))
  await proxy.close()
})

test('the one of an application, under both names, as the guide uses it', async () => {
  expect(webSocketService).toBe(enterpriseWebSocketService)
  await webSocketService.initialize({ url: server.url, token: await server.token('Ada') })
  const lines: string[] = []
  const figures: number[][] = []
  const close = await openDashboard(
    (line) => lines.push(line),
    (...numbers) => figures.push(numbers),
  )
  await ask('Hello')
  await expect.poll(() => lines).toEqual(['dashboard is open by sse', 'ada: {"content":"Hello"}'])
  await close()
  expect(figures).toEqual([
    [0, 1],
    [1, 0],
  ])
})

test('what has given up is tried again by the recovery of the guide', async () => {
  const proxy = await FaultProxy.to(server.port)
  proxy.cut()
  const { service, of } = await serviceOf({ url: proxy.url })
  const stop = setupErrorRecovery(service, () => undefined, 20)
  const failed = service.connect('lessons', { retry_attempts: 0, fallback_protocols: [] })
  await expect(failed).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  proxy.heal()
  await expect.poll(() => of('connection_open').length, { timeout: 30_000 }).toBe(1)
  stop()
  await service.disconnect('lessons')
  await proxy.close()
})
