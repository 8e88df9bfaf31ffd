import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { checkTransport, type TransportSubject } from '@parley/kernel/testing'
import { test } from 'vitest'
import { WebSocket } from 'ws'
import { websocketTransport } from '../websocket.ts'

async function open(): Promise<TransportSubject> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/realtime`
  const transport = websocketTransport({
    server,
    limits: { maxFrameBytes: 65_536 },
    closeTimeoutMs: 1_000,
    logger: silentLogger,
    metrics: memoryMetrics(),
  })
  return {
    transport,
    async connect(listener) {
      const client = new WebSocket(url, 'parley.v1.json')
      client.on('message', (data) => listener.message(String(data)))
      await once(client, 'open')
      client.on('error', () => undefined)
      client.on('close', (code, reason) => listener.closed(code, String(reason)))
      return {
        send: (text) => client.send(text),
        close: (code, reason) => client.close(code, reason),
        drop: () => client.terminate(),
        stall: () => client.pause(),
        resume: () => client.resume(),
      }
    },
    async close() {
      await transport.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

checkTransport(test, open)
