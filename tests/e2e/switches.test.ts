import { type Client, createClient } from '@parley/client'
import { io } from 'socket.io-client'
import { afterEach, expect, test } from 'vitest'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { startCollector } from './collector.ts'
import { runningServer, type TestServer } from './running-server.ts'
import { ServerProcess } from './server-process.ts'

const rest: (() => unknown)[] = []
afterEach(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

async function start(settings: Readonly<Record<string, unknown>>): Promise<TestServer> {
  const server = await runningServer(settings)
  rest.push(() => server.remove())
  return server
}

/** Somebody who may do everything. */
async function operatorAt(url: string): Promise<Client> {
  const response = await fetch(`${url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"Olga","role":"operator"}',
  })
  const { token } = (await response.json()) as { token: string }
  const client = createClient({ url, token })
  rest.push(() => client.disconnect())
  await client.connect()
  return client
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error) => error.code as string,
  )

test('flags switch what they say at once, and the list says which switch something', async () => {
  const server = await start({ flags: { advancedFeatures: { eventReplay: false } } })
  const client = await operatorAt(server.url)
  const channel = 'room:switched'
  const filtered = () => {
    const subscription = client.subscribe(channel, { filter: { field: 'type', eq: 'note' } })
    return codeOf(subscription.ready).finally(() => subscription.unsubscribe())
  }
  const tries = {
    eventReplay: () => codeOf(client.call('channels.history', { channel })),
    advancedFiltering: filtered,
    customEventTypes: () => codeOf(client.call('channels.publish', { channel, type: 'note', data: 1 })),
    eventBroadcasting: () => codeOf(client.call('channels.publish', { channel, data: 1 })),
    batchProcessing: () => codeOf(client.call('channels.publishMany', { events: [{ channel, data: 1 }] })),
    presenceManagement: () => codeOf(client.call('channels.presenceStats', { channel })),
  }
  expect(await tries.eventReplay()).toBe('disabled')
  await client.call('flags.set', { name: 'eventReplay', on: true })
  for (const [name, attempt] of Object.entries(tries)) {
    expect(await attempt(), `${name} is on`).toBe('ok')
    await client.call('flags.set', { name, on: false })
    expect(await attempt(), `${name} is off`).toBe('disabled')
    await client.call('flags.set', { name, on: true })
    expect(await attempt(), `${name} is on again`).toBe('ok')
  }
  const others = [
    ...['eventCompression', 'rateLimiting', 'typingIndicators'],
    ...['caching', 'externalIntegrations', 'sessionCoordination'],
  ]
  const { flags } = await client.call('flags.list', {})
  expect(flags).toHaveLength(16)
  const acting = flags.filter(({ meaning }) => meaning !== undefined).map(({ name }) => name)
  expect(acting.sort()).toEqual([...Object.keys(tries), ...others].sort())
})

test('clients of other products are let in while the flag is on', async () => {
  const server = await start({})
  const operator = await operatorAt(server.url)
  const { token } = (await (
    await fetch(`${server.url}/api/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Ada"}',
    })
  ).json()) as { token: string }
  const knock = () =>
    new Promise<string>((resolve) => {
      const socket = io(server.url, { auth: { token }, reconnection: false, forceNew: true })
      const end = (outcome: string) => {
        socket.disconnect()
        resolve(outcome)
      }
      socket.on('connect', () => end('connected'))
      socket.on('connect_error', ({ message }) => end(message))
    })
  expect(await knock()).toBe('connected')
  await operator.call('flags.set', { name: 'externalIntegrations', on: false })
  expect(await knock()).toContain('`externalIntegrations` is off')
  await operator.call('flags.set', { name: 'externalIntegrations', on: true })
  expect(await knock()).toBe('connected')
})

test('sessions wait for their client while the flag is on; without, nothing is missed either', async () => {
  const server = await start({})
  const operator = await operatorAt(server.url)
  const response = await fetch(`${server.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"Ada"}',
  })
  const { token } = (await response.json()) as { token: string }
  const proxy = await FaultProxy.to(Number(new URL(server.url).port))
  rest.push(() => proxy.close())
  for (const isOn of [true, false]) {
    await operator.call('flags.set', { name: 'sessionCoordination', on: isOn })
    const ada = createClient({ url: proxy.url, token })
    rest.push(() => ada.disconnect())
    const heard: unknown[] = []
    await ada.connect()
    await ada.subscribe('chat:waits', { onEvent: ({ data }) => heard.push(data) }).ready
    const { session } = ada.connection
    const back = new Promise<void>((resolve) => {
      const stop = ada.on('status', (status) => {
        if (status !== 'connected') return
        stop()
        resolve()
      })
    })
    proxy.reset()
    await operator.call('channels.publish', { channel: 'chat:waits', data: isOn })
    await back
    expect(ada.connection.session === session, `sessionCoordination: ${isOn}`).toBe(isOn)
    await expect.poll(() => heard).toEqual([isOn])
  }
})

test('without `monitoring` nothing is measured for others, and who looks is told why', async () => {
  const collector = await startCollector()
  rest.push(() => collector.close())
  const server = await start({ monitoring: false, tracing: { endpoint: collector.url } })
  const client = await operatorAt(server.url)
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
  const refusal = await client.subscribe('operations:figures').ready.catch((error) => error)
  expect(refusal).toMatchObject({ code: 'disabled', message: expect.stringContaining('`monitoring`') })
  await client.call('channels.publish', { channel: 'room:a', data: 1 })
  await server.close()
  expect(collector.spans).toEqual([])
})

interface LogLine {
  readonly msg: string
  readonly requestId?: string
  readonly session?: string
  readonly traceId?: string
  readonly [field: string]: unknown
}

const linesOf = (server: ServerProcess): readonly LogLine[] =>
  server.output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []))

test('with `debugging` each connection and call leaves a line, found by its request, session and trace', async () => {
  const collector = await startCollector()
  rest.push(() => collector.close())
  const settings = { logFormat: 'json', debugging: true, tracing: { endpoint: collector.url } }
  const server = await ServerProcess.start({ settings })
  rest.push(() => server.remove())
  const client = await operatorAt(server.url)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await client.call('channels.publish', { channel: 'room:a', data: 1 }, { traceparent })
  await client.call('no.such', {}).catch(() => undefined)
  const headers = {
    'x-request-id': 'from-the-back-end',
    authorization: `Bearer ${await server.token('Ada')}`,
  }
  await fetch(`${server.url}/api/auth/whoami`, { headers })
  client.disconnect()
  await expect.poll(() => linesOf(server).some(({ msg }) => msg === 'A connection has ended.')).toBe(true)
  await server.stop()
  const lines = linesOf(server)
  const connected = lines.find(({ msg }) => msg === 'A client has connected.')
  expect(connected).toMatchObject({ app: 'default', user: 'olga', transport: 'websocket' })
  const published = lines.find(({ command }) => command === 'channels.publish')
  expect(published).toMatchObject({
    ...{ level: 'debug', code: 'ok', app: 'default', user: 'olga' },
    session: connected?.session,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    requestId: expect.stringContaining(String(connected?.session)),
  })
  const span = collector.spans.find(({ name }) => name === 'channels.publish')
  expect(span?.attributes['parley.request_id']).toBe(published?.requestId)
  expect(lines.find(({ code }) => code === 'unknown_command')?.session).toBe(connected?.session)
  expect(lines.find(({ command }) => command === 'auth.whoami')?.requestId).toBe('from-the-back-end')
  expect(lines.find(({ msg }) => msg === 'A connection has ended.')?.session).toBe(connected?.session)
})

test('without `debugging` calls leave no line', async () => {
  const server = await ServerProcess.start({ settings: { logFormat: 'json', debugging: false } })
  rest.push(() => server.remove())
  await (await operatorAt(server.url)).call('channels.publish', { channel: 'room:a', data: 1 })
  await server.stop()
  expect(linesOf(server).some(({ msg }) => msg === 'The server is ready.')).toBe(true)
  expect(linesOf(server).some(({ requestId }) => requestId !== undefined)).toBe(false)
})
