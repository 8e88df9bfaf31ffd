import { once } from 'node:events'
import { copyFileSync, rmSync } from 'node:fs'
import { get as getSecurely } from 'node:https'
import { connect } from 'node:tls'
import { createClient, type WebSocketConstructor } from '@parley/client'
import { transportOf } from '@parley/client/transports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { isOnPath } from '../../../tools/test/system.mjs'
import { runningServer, type TestServer } from '../running-server.ts'
import { type Certificate, selfSigned } from './certificate.ts'
import { Http2Fetch } from './http2-fetch.ts'

describe.runIf(isOnPath('openssl'))('TLS', () => {
  let certificate: Certificate
  let server: TestServer
  let port: number

  beforeAll(async () => {
    certificate = selfSigned()
    const { certFile, keyFile } = certificate
    server = await runningServer({ storageProvider: 'memory', tls: { certFile, keyFile } })
    port = Number(new URL(server.url).port)
  })
  afterAll(async () => {
    await server?.remove()
    rmSync(certificate.folder, { recursive: true, force: true })
  })

  /** Handshake alone: what was chosen, and who the server says it is. */
  async function handshake(protocols: string[]): Promise<{ protocol: string | false | null; name: unknown }> {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: protocols })
    await once(socket, 'secureConnect')
    const found = { protocol: socket.alpnProtocol, name: socket.getPeerCertificate().subject?.O }
    socket.destroy()
    return found
  }

  async function token(fetcher: typeof fetch): Promise<string> {
    const body = JSON.stringify({ name: 'Ada' })
    const headers = { 'content-type': 'application/json' }
    const response = await fetcher(`https://localhost:${port}/api/auth/sign-in`, {
      method: 'POST',
      headers,
      body,
    })
    return ((await response.json()) as { token: string }).token
  }

  test('HTTP/2 and HTTP/1.1 on one port, as the client likes', async () => {
    expect((await handshake(['h2', 'http/1.1'])).protocol).toBe('h2')
    expect((await handshake(['http/1.1'])).protocol).toBe('http/1.1')
    const [response] = await once(getSecurely({ port, path: '/ready', ca: certificate.cert }), 'response')
    expect([response.statusCode, response.httpVersion]).toEqual([200, '1.1'])
    response.resume()
    const over = new Http2Fetch(certificate.cert)
    expect((await over.fetch(`https://localhost:${port}/ready`)).status).toBe(200)
    over.close()
  })

  test.each(['websocket', 'sse', 'http2', 'polling'] as const)('%s, with REST beside it', async (id) => {
    const over = new Http2Fetch(certificate.cert)
    class Socket extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols, { ca: certificate.cert })
      }
    }
    const client = createClient({
      url: `https://localhost:${port}`,
      token: await token(over.fetch),
      transport: transportOf(id, { fetch: over.fetch, WebSocket: Socket as unknown as WebSocketConstructor }),
    })
    const heard: unknown[] = []
    client.subscribe(`chat:${id}`, { onEvent: ({ data }) => heard.push(data) })
    await client.connect()
    for (let count = 0; count < 20; count++)
      await client.channels.publish({ channel: `chat:${id}`, data: 'x'.repeat(count * 1_000) })
    await expect.poll(() => heard.length).toBe(20)
    client.disconnect()
    over.close()
  })

  test('a new certificate is taken while the server runs', async () => {
    const next = selfSigned(undefined, 'two')
    expect((await handshake(['h2'])).name).toBe('one')
    copyFileSync(next.certFile, certificate.certFile)
    copyFileSync(next.keyFile, certificate.keyFile)
    await expect.poll(async () => (await handshake(['h2'])).name, { timeout: 30_000 }).toBe('two')
    rmSync(next.folder, { recursive: true, force: true })
  })
})
