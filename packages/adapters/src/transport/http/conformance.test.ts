import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { checkTransport, type TransportSubject } from '@parley/kernel/testing'
import { describe, test } from 'vitest'
import { httpTransport } from '../http.ts'
import { type Downlink, LinkClient } from './testing/link-client.ts'
import { processTime } from './testing/process-time.ts'

async function open(kind: Downlink, name: string): Promise<TransportSubject> {
  const transport = httpTransport({
    clock: processTime,
    limits: { maxFrameBytes: 131_072 },
    closeTimeoutMs: 1_000,
    absenceMs: 2_000,
    logger: silentLogger,
    metrics: memoryMetrics(),
  })
  const server = createServer((request, response) => {
    if (!transport.handle(request, response)) response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realtime`
  return {
    // The node is told which of its ways a client came.
    transport: { ...named(transport, name) },
    connect: (listener) => LinkClient.open(url, kind, listener),
    async close() {
      await transport.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function named(transport: ReturnType<typeof httpTransport>, name: string): TransportSubject['transport'] {
  return { name, start: (accept) => transport.start(accept), stop: () => transport.stop() }
}

describe('HTTP streaming', () => checkTransport(test, () => open('stream', 'http-stream')))
describe('server-sent events', () => checkTransport(test, () => open('sse', 'sse')))
describe('polling', () => checkTransport(test, () => open('poll', 'polling')))
