import { expect, test, vi } from 'vitest'
import { ManualClock, settle } from '../../testing/manual-clock.ts'
import { ScriptedNetwork } from '../../testing/scripted-server.ts'
import { ScriptedSocket } from '../../testing/scripted-socket.ts'
import type { WebSocketConstructor } from '../../transports/websocket.ts'
import type { ConnectOptions } from './connect-options.ts'
import type { ServicePlatform } from './service-platform.ts'
import type { ServiceSettings } from './service-settings.ts'
import { WebSocketService } from './websocket-service.ts'

const node: ServicePlatform = {
  ...{ page: undefined, isDevelopment: false, cpuMs: undefined, memoryBytes: undefined },
  log: () => undefined,
}

function stage(settings: ServiceSettings = {}, platform: Partial<ServicePlatform> = {}) {
  const sockets: ScriptedSocket[] = []
  const clock = new ManualClock()
  function open() {
    const socket = new ScriptedSocket()
    sockets.push(socket)
    return socket
  }
  const service = new WebSocketService(
    {
      ...{ url: 'wss://example.org', token: 't', clock, network: new ScriptedNetwork() },
      WebSocket: open as unknown as WebSocketConstructor,
      ...settings,
    },
    { ...node, ...platform },
  )
  const told: [string, unknown][] = []
  service.on('*', (event, data) => told.push([event, data]))
  const names = () => told.map(([event]) => event).filter((event) => event !== 'metrics_update')
  const last = () => sockets.at(-1) as ScriptedSocket
  return { service, clock, sockets, told, names, last }
}

const alone: ConnectOptions = { fallback_protocols: [] }
const hello = {
  type: 'agent_message',
  data: { content: 'Hello, I need help with calculus' },
  timestamp: '2026-01-01T00:00:00.000Z',
}

async function connected(
  options: ConnectOptions = {},
  settings: ServiceSettings = {},
  platform: Partial<ServicePlatform> = {},
) {
  const made = stage(settings, platform)
  await made.service.initialize()
  const done = made.service.connect('lessons', { ...alone, ...options })
  await settle()
  await made.last().accept()
  await done
  return made
}

test('outside of a page it is started explicitly, in a page by its first use', async () => {
  const { service, sockets } = stage()
  await expect(service.connect('lessons')).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('initialize'),
  })
  await expect(new WebSocketService({}, node).initialize()).rejects.toThrow(/initialize\(\{ url \}\)/)
  expect(sockets).toHaveLength(0)

  const paged = stage({ url: undefined }, { page: 'https://school.example/app' })
  const done = paged.service.connect('lessons', alone)
  await settle()
  await paged.last().accept()
  await done
  expect(paged.service.getConnectionStatus()).toEqual({ lessons: true })
  await expect(paged.service.initialize({ token: 'u' })).rejects.toThrow(/disconnect/)
})

test.each<[string, ConnectOptions, RegExp]>([
  ['lessons', { enable_ai_processing: true }, /not part of this version/],
  ['lessons', { fallback_protocols: ['pigeon'] }, /no protocol `pigeon`/],
  ['lessons', { connection_timeout: 0 }, /up to 15000/],
  ['lessons', { retry_attempts: -1 }, /whole number/],
  ['lessons', { security_level: 'low' as never }, /`standard`, `high` or `maximum`/],
  ['two words', {}, /without spaces/],
])('%s with %o is refused', async (endpoint, options, message) => {
  const { service, sockets } = stage()
  await service.initialize()
  await expect(service.connect(endpoint, options)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringMatching(message),
  })
  expect([sockets.length, service.getConnectionStatus()]).toEqual([0, {}])
})

test.each<[ConnectOptions['security_level'], ServiceSettings, string | undefined, string | undefined]>([
  ['standard', { url: 'ws://example.org', token: undefined }, undefined, undefined],
  ['high', { url: 'ws://example.org' }, undefined, 'unencrypted'],
  ['high', { url: 'ws://127.0.0.1:3001' }, undefined, undefined],
  ['high', { url: 'http://localhost' }, undefined, undefined],
  ['high', { url: 'ws://127.0.0.1.example.org' }, undefined, 'unencrypted'],
  ['high', { token: undefined }, undefined, 'no_token'],
  ['high', {}, 'https://school.example/', 'foreign_origin'],
  ['high', { trustedOrigins: ['https://example.org'] }, 'https://school.example/', undefined],
  ['high', { url: '/realtime' }, 'https://school.example/', undefined],
  ['maximum', {}, undefined, 'fixed_token'],
  ['maximum', { token: () => 't' }, undefined, undefined],
])('security level %s with %o in %s: %s', async (security_level, settings, page, kind) => {
  const { service, sockets, told } = stage(settings, { page })
  if (page === undefined) await service.initialize()
  const done = service.connect('lessons', { ...alone, security_level })
  done.catch(() => undefined)
  await settle()
  const alerts = told.filter(([event]) => event === 'security_alert').map(([, data]) => data)
  if (kind === undefined) {
    expect([sockets.length, alerts]).toEqual([1, []])
    await service.disconnect('lessons')
  } else {
    await expect(done).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(sockets).toHaveLength(0)
    expect(alerts).toEqual([{ endpoint: 'lessons', kind, message: expect.any(String) }])
  }
})

test('a key does not go over the wire, and from `high` on nobody speaks for others', async () => {
  const { service, told, last } = await connected({ security_level: 'high' })
  await expect(service.send('lessons', { ...hello, encryption_key: 's3cret' })).rejects.toThrow(/Keys/)
  await expect(service.send('lessons', { ...hello, user_id: 'somebody' })).rejects.toThrow(/speaks for/)
  const kinds = told.flatMap(([event, data]) =>
    event === 'security_alert' ? (data as { kind: string }).kind : [],
  )
  expect(kinds).toEqual(['key_in_message', 'foreign_user'])
  expect(JSON.stringify([last().frames, told])).not.toContain('s3cret')
})

test.each([
  [{ ...hello, type: '' }, /`type`/],
  [{ ...hello, timestamp: 'now' }, /`timestamp`/],
  [{ ...hello, priority: 'very' as never }, /`priority`/],
  [{ ...hello, session_id: 'x'.repeat(257) }, /`session_id`/],
  [{ ...hello, metadata: { note: 'x'.repeat(257) } }, /`metadata`/],
])('%o is no message', async (message, problem) => {
  const { service, last } = await connected()
  const before = last().frames.length
  await expect(service.send('lessons', message)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringMatching(problem),
  })
  expect(last().frames).toHaveLength(before)
})

test('`connection_timeout` and `retry_attempts` end attempts', async () => {
  const { service, clock, sockets, told, names } = stage()
  await service.initialize()
  const done = service.connect('lessons', { ...alone, connection_timeout: 700, retry_attempts: 1 })
  done.catch(() => undefined)
  await clock.advance(699)
  expect(sockets.map(({ closedWith }) => closedWith)).toEqual([undefined])
  await clock.advance(1)
  expect(sockets[0]?.closedWith).toBeDefined()
  await clock.advance(2_000)
  await expect(done).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  expect(sockets).toHaveLength(2)
  expect(names().filter((name) => name !== 'error')).toEqual(['connection_failed'])
  expect(told.find(([event]) => event === 'connection_failed')?.[1]).toMatchObject({ endpoint: 'lessons' })
  expect(service.getPerformanceMetrics().connections).toEqual({
    ...{ total: 1, active: 0, reconnecting: 0, failed: 1 },
  })
  const again = service.connect('lessons')
  await settle()
  expect(sockets).toHaveLength(3)
  expect(service.getRawMetrics().endpoints.lessons?.options).toMatchObject({
    ...{ protocols: ['websocket'], connection_timeout: 700, retry_attempts: 1 },
  })
  await service.disconnect('lessons')
  await expect(again).rejects.toThrow()
  expect([clock.pending, service.getConnectionStatus()]).toEqual([0, {}])
})

test('a broken line is told, and figures follow', async () => {
  const { service, clock, told, names, last } = await connected()
  expect(service.getConnectionStatus()).toEqual({ lessons: true })
  await last().end(1006)
  expect(service.getConnectionStatus()).toEqual({ lessons: false })
  expect(service.getPerformanceMetrics().connections).toMatchObject({ active: 0, reconnecting: 1 })
  await clock.advance(1_000)
  await last().accept()
  expect(names().filter((name) => name !== 'error')).toEqual([
    'connection_open',
    'connection_close',
    'connection_open',
  ])
  expect(told.find(([event]) => event === 'connection_close')?.[1]).toEqual({
    ...{ endpoint: 'lessons', reason: 'network_error', willReconnect: true, code: 1006 },
  })
  await service.disconnect('lessons')
  expect(clock.pending).toBe(0)
})

test.each([true, false])('monitoring_enabled %s: figures are told, or not', async (monitoring_enabled) => {
  const { service, clock, told } = await connected({ monitoring_enabled }, { metricsIntervalMs: 1_000 })
  const updates = () => told.filter(([event]) => event === 'metrics_update').length
  expect(updates()).toBe(monitoring_enabled ? 1 : 0)
  await clock.advance(1_000)
  expect(updates()).toBe(monitoring_enabled ? 2 : 0)
  const { health } = service.getRawMetrics().endpoints.lessons ?? {}
  expect(health === undefined).toBe(!monitoring_enabled)
  await service.disconnect('lessons')
  expect(clock.pending).toBe(0)
})

test('an endpoint keeps its options until it is disconnected', async () => {
  const { service, sockets } = await connected()
  await service.connect('lessons', alone)
  await service.connect('lessons')
  expect(sockets).toHaveLength(1)
  await expect(service.connect('lessons', { ...alone, retry_attempts: 1 })).rejects.toThrow(/other options/)
  await service.disconnect('lessons')
  await expect(service.send('lessons', hello)).rejects.toThrow(/not connected/)
})

test('`disconnect` lets a message on its way arrive, and waits no longer than it was told', async () => {
  const { service, clock, told, names, last } = await connected({}, { closingMs: 300 })
  const first = service.send('lessons', hello)
  await settle()
  const call = last().frames.find(({ op }) => op === 'call') as { readonly id: number }
  const gone = service.disconnect('lessons')
  await expect(service.send('lessons', hello)).rejects.toThrow(/being disconnected/)
  await expect(service.connect('lessons', alone)).rejects.toThrow(/being disconnected/)
  expect(last().closedWith).toBeUndefined()
  await last().reply({ op: 'reply', id: call.id, ok: { id: 'm1', offset: 1 } })
  await Promise.all([first, gone])
  expect([last().closedWith, clock.pending]).toEqual([1000, 0])
  expect(names()).toEqual(['connection_open', 'message_sent', 'connection_close'])
  expect(service.getPerformanceMetrics().messages).toEqual({ sent: 1, received: 0, failed: 0, queued: 0 })
  expect(told.at(-1)).toMatchObject(['metrics_update', { connections: { total: 0, failed: 0 } }])

  const other = await connected({}, { closingMs: 300 })
  const stuck = other.service.send('lessons', hello)
  stuck.catch(() => undefined)
  const end = other.service.disconnect('lessons')
  await other.clock.advance(300)
  await end
  await expect(stuck).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  expect(other.service.getPerformanceMetrics().messages).toMatchObject({ failed: 1, queued: 0 })
})

test('what became of messages is kept', async () => {
  const { service, last } = await connected()
  const sending = service.send('lessons', { ...hello, session_id: 's', metadata: { course: 101 } })
  await settle()
  expect(service.getRawMetrics().endpoints.lessons?.deliveries).toMatchObject([
    { type: 'agent_message', state: 'queued' },
  ])
  const call = last().frames.find(({ op }) => op === 'call') as { readonly id: number }
  expect(call).toMatchObject({
    command: 'channels.publish',
    input: {
      ...{ channel: 'room:lessons', type: 'agent_message', data: hello.data },
      tags: { timestamp: hello.timestamp, session_id: 's', metadata: '{"course":101}' },
    },
  })
  await last().reply({ op: 'reply', id: call.id, ok: { id: 'm1', offset: 7 } })
  await sending
  const raw = service.getRawMetrics()
  expect(raw.endpoints.lessons).toMatchObject({
    sent: 1,
    deliveries: [{ state: 'sent', id: 'm1', offset: 7, took_ms: 0 }],
  })
  expect(JSON.parse(JSON.stringify(raw))).toEqual(raw)
})

test('callbacks: once each, removed one by one or all, and one that throws stands alone', () => {
  const { service } = stage()
  const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const heard: unknown[] = []
  const note = (data: unknown) => heard.push(data)
  const stop = service.on('lesson_began', note)
  service.on('lesson_began', note)
  service.on('lesson_began', () => {
    throw new Error('of the application')
  })
  service.emit('lesson_began', 1)
  expect(heard).toEqual([1])
  expect(reported).toHaveBeenCalledOnce()
  stop()
  service.emit('lesson_began', 2)
  service.on('lesson_began', note)
  service.off('lesson_began')
  service.off('lesson_began', note)
  service.emit('lesson_began', 3)
  expect(heard).toEqual([1])
  reported.mockRestore()
})

test.each([
  [true, undefined, 1],
  [true, false, 0],
  [false, true, 0],
])('development %s, debug %s: %i lines', (isDevelopment, debug, lines) => {
  const log = vi.fn()
  const { service } = stage({ debug }, { isDevelopment, log })
  service.emit('lesson_began', { course: 101 })
  expect(log.mock.calls).toEqual(
    Array.from({ length: lines }, () => ['[WebSocket Debug]', 'lesson_began', { course: 101 }]),
  )
})
