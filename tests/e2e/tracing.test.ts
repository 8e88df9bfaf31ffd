import { openTelemetryTracer } from '@parley/adapters/tracing/opentelemetry'
import { type ChannelEvent, createClient } from '@parley/client'
import { afterEach, expect, test } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from './collector.ts'
import { runningServer, type TestServer } from './running-server.ts'

const rest: (() => unknown)[] = []
afterEach(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

async function start(settings: Readonly<Record<string, unknown>>): Promise<TestServer> {
  const server = await runningServer(settings)
  rest.push(() => server.remove())
  return server
}

async function collector(): Promise<Collector> {
  const started = await startCollector()
  rest.push(() => started.close())
  return started
}

/** A client that has heard of so many events. */
async function listen(server: TestServer, channel: string) {
  const response = await fetch(`${server.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"Ada"}',
  })
  const { token } = (await response.json()) as { token: string }
  const client = createClient({ url: server.url, token })
  rest.push(() => client.disconnect())
  const events: ChannelEvent[] = []
  await client.connect()
  await client.subscribe(channel, { onEvent: (event) => events.push(event) }).ready
  return { client, events }
}

async function publish(server: TestServer, channel: string, headers: Readonly<Record<string, string>>) {
  const { id, secret } = server.development?.made.apiKey ?? { id: '', secret: '' }
  const response = await fetch(`${server.url}/api/channels/${channel}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': `${id}:${secret}`, ...headers },
    body: '{"data":"Good morning"}',
  })
  expect(response.status).toBe(200)
}

const partsOf = (traceparent = '') => {
  const [, traceId = '', spanId = ''] = traceparent.split('-')
  return { traceId, spanId }
}

test('a trace is followed from an HTTP publish to its receipt at a client', async () => {
  const collected = await collector()
  const server = await start({
    tracing: { endpoint: collected.url, headers: { 'x-collector-key': 'k' }, serviceName: 'hub' },
  })
  // A back end and a receiver that trace by themselves, to the same collector.
  const backend = openTelemetryTracer({ endpoint: collected.url, serviceName: 'backend' })
  const receiver = openTelemetryTracer({ endpoint: collected.url, serviceName: 'receiver' })
  const { events } = await listen(server, 'chat:traced')

  const order = backend.start('place order', { kind: 'client' })
  await publish(server, 'chat:traced', { traceparent: order.traceparent })
  order.end()
  await expect.poll(() => events.length).toBe(1)
  const receipt = receiver.start('receive', { kind: 'server', parent: events[0]?.traceparent })
  receipt.end()
  await Promise.all([backend.close(), receiver.close(), server.close()])

  const named = (name: string) => collected.spans.find((span) => span.name === name) as CollectedSpan
  const [root, call, commit, deliver, received] = [
    ...[named('place order'), named('channels.publish'), named('commit')],
    ...[named('deliver chat'), named('receive')],
  ] as [CollectedSpan, CollectedSpan, CollectedSpan, CollectedSpan, CollectedSpan]
  expect(root).toMatchObject({ service: 'backend', ...partsOf(order.traceparent) })
  expect(call).toMatchObject({ service: 'hub', kind: 2, traceId: root.traceId, parentSpanId: root.spanId })
  expect(commit).toMatchObject({ traceId: root.traceId, parentSpanId: call.spanId })
  expect(deliver).toMatchObject({
    kind: 4,
    links: [{ traceId: root.traceId, spanId: call.spanId }],
    attributes: {
      'messaging.destination.name': 'chat:traced',
      'messaging.batch.message_count': 1,
      'parley.members': 1,
    },
  })
  expect(received).toMatchObject({ service: 'receiver', traceId: root.traceId, parentSpanId: call.spanId })
  expect(collected.headers.some((headers) => headers['x-collector-key'] === 'k')).toBe(true)
})

test('calls of a client, refused ones and batches of several are traced as well', async () => {
  const collected = await collector()
  const server = await start({ tracing: { endpoint: collected.url } })
  const { client, events } = await listen(server, 'room:traced')
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await client.call('channels.publish', { channel: 'room:traced', data: 1 }, { traceparent })
  await Promise.all(
    [2, 3, 4].map((data) => client.call('channels.publish', { channel: 'room:traced', data })),
  )
  await client.call('no.such', {}).catch(() => undefined)
  await client.call('channels.publish', { channel: 'room:traced', data: 5 }, { traceparent: 'nonsense' })
  await expect.poll(() => events.length).toBe(5)
  expect(partsOf(events[0]?.traceparent).traceId).toBe(partsOf(traceparent).traceId)
  expect(new Set(events.map((event) => event.traceparent)).size).toBe(5)
  await server.close()
  const calls = collected.spans.filter(({ name }) => name === 'channels.publish')
  expect(calls.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).sort()).toEqual(
    events.map((event) => event.traceparent).sort(),
  )
  const links = collected.spans.filter(({ name }) => name === 'deliver room').flatMap((span) => span.links)
  expect(links.map(({ spanId }) => spanId).sort()).toEqual(calls.map(({ spanId }) => spanId).sort())
  expect(collected.spans.find(({ name }) => name === 'unknown')?.attributes).toMatchObject({
    'error.type': 'unknown_command',
  })
})

test('without a collector nothing is traced, and a context that somebody sends is handed on', async () => {
  const server = await start({})
  const { events } = await listen(server, 'chat:quiet')
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await publish(server, 'chat:quiet', {})
  await publish(server, 'chat:quiet', { traceparent })
  await publish(server, 'chat:quiet', {
    traceparent: '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  })
  await expect.poll(() => events.length).toBe(3)
  expect(events.map((event) => event.traceparent)).toEqual([undefined, traceparent, undefined])
})

test('a collector that does not answer holds nobody up', async () => {
  const collected = await startCollector()
  await collected.close()
  const server = await start({ tracing: { endpoint: collected.url } })
  const { events } = await listen(server, 'chat:alone')
  await publish(server, 'chat:alone', {})
  await expect.poll(() => events.length).toBe(1)
})
