import { rmSync } from 'node:fs'
import type { WebSocketConstructor } from '@parley/client'
import { fallbackTransport, type TransportId, transportOf } from '@parley/client/transports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { isOnPath } from '../../../tools/test/system.mjs'
import { type Certificate, selfSigned } from './certificate.ts'
import { House } from './house.ts'
import { Http2Fetch } from './http2-fetch.ts'
import { type RunningProxy, startProxy } from './proxy.ts'
import { clientOf, freshChannel, scenario } from './scenario.ts'

const ids: readonly TransportId[] = ['websocket', 'sse', 'http-stream', 'polling']
const samples = [
  'nginx/parley.conf',
  'nginx/parley-sticky.conf',
  'haproxy/parley.cfg',
  'haproxy/parley-sticky.cfg',
]

describe.each(samples)('%s', (sample) => {
  const isThere = isOnPath(sample.split('/')[0] as string) && isOnPath('openssl')
  describe.runIf(isThere)('', () => {
    let house: House
    let certificate: Certificate
    let proxy: RunningProxy

    beforeAll(async () => {
      house = await House.open({ trustedProxies: 1 })
      certificate = selfSigned()
      const ports = house.nodes.map(({ port }) => port) as [number, number]
      proxy = await startProxy({ sample, ports, certificate })
    })
    afterAll(async () => {
      await proxy?.stop()
      await house.close()
      rmSync(certificate.folder, { recursive: true, force: true })
    })

    test.each(ids)('the whole scenario over %s', (id) =>
      scenario({ url: proxy.url, transport: () => transportOf(id) }),
    )

    test.each(ids.slice(1))('the whole scenario over %s and HTTP/2', async (id) => {
      const over = [
        new Http2Fetch(certificate.cert),
        new Http2Fetch(certificate.cert),
        new Http2Fetch(certificate.cert),
      ]
      let count = 0
      const transport = () => transportOf(id, { fetch: (over[count++ % 3] as Http2Fetch).fetch })
      await scenario({ url: proxy.secureUrl, transport })
      for (const one of over) one.close()
    })

    test('WebSocket over TLS', () => {
      class Socket extends WebSocket {
        constructor(url: string, protocols?: string | string[]) {
          super(url, protocols, { ca: certificate.cert })
        }
      }
      const transport = () =>
        transportOf('websocket', { WebSocket: Socket as unknown as WebSocketConstructor })
      return scenario({ url: proxy.secureUrl, transport })
    })

    test.each(ids)('%s: each node stops once and starts anew; nothing is lost', async (id) => {
      const way = { url: proxy.url, transport: () => transportOf(id) }
      const channel = freshChannel('room')
      const [writer, ...readers] = ['ada', 'bob', 'cleo', 'dora'].map((user) => clientOf(way, user))
      const heard = readers.map(() => [] as unknown[])
      const unrecovered: unknown[] = []
      for (const [index, reader] of readers.entries())
        reader.subscribe(channel, {
          onEvent: ({ data }) => heard[index]?.push(data),
          onUnrecovered: (verdict) => unrecovered.push(verdict),
        })
      await Promise.all([writer, ...readers].map((client) => client?.connect()))
      const acks: (Promise<unknown> | undefined)[] = []
      const write = async (many: number) => {
        for (let count = 0; count < many; count++) {
          acks.push(writer?.channels.publish({ channel, data: acks.length }))
          if (count % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
      for (let round = 0; round < 2; round++) {
        const node = house.nodes[0]
        await write(50)
        await Promise.all([node?.stop(), write(100)])
        await house.add(node?.port)
        await until(proxy.url)
      }
      await write(20)
      await Promise.all(acks)
      const all = acks.map((_, index) => index)
      await expect
        .poll(() => heard.map(({ length }) => length), { timeout: 60_000 })
        .toEqual(readers.map(() => all.length))
      for (const events of heard) expect(events).toEqual(all)
      expect(unrecovered).toEqual([])
      for (const client of [writer, ...readers]) client?.disconnect()
    })
  })
})

/** Both nodes are served again. */
async function until(url: string): Promise<void> {
  let good = 0
  for (let count = 0; count < 200 && good < 4; count++) {
    const { ok } = await fetch(`${url}/ready`)
    good = ok ? good + 1 : 0
    if (!ok) await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('a proxy that kills WebSockets', () => {
  test('the client connects all the same, and begins with what worked the next time', async () => {
    const house = await House.open({ nodes: 1 })
    const url = `http://127.0.0.1:${house.nodes[0]?.port}`
    let attempts = 0
    // As a proxy does it that knows nothing of upgrades.
    class Killed extends WebSocket {
      constructor() {
        super('ws://127.0.0.1:1')
        attempts += 1
      }
    }
    const Socket = Killed as unknown as WebSocketConstructor
    const transport = fallbackTransport([
      transportOf('websocket', { WebSocket: Socket }),
      transportOf('sse'),
      transportOf('polling'),
    ])
    const client = clientOf({ url, transport: () => transport }, 'ada')
    await client.connect()
    expect([attempts, transport.name]).toEqual([1, 'sse'])
    client.reconnect()
    await client.connect()
    expect(attempts).toBe(1)
    client.disconnect()
    await house.close()
  })
})
