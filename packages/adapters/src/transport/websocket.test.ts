import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Accept, Connection, ConnectionHandler, Handshake } from '@parley/kernel'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { ParleyError } from '@parley/protocol'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type WebSocketTransportOptions, websocketTransport } from './websocket.ts'

interface Peer extends ConnectionHandler {
  readonly connection: Connection
  readonly handshake: Handshake
  readonly received: string[]
  readonly drains: number[]
  readonly whenClosed: Promise<{ code: number; reason: string }>
}

interface Running {
  readonly port: number
  readonly url: string
  readonly server: Server
  readonly peers: Peer[]
  readonly metrics: ReturnType<typeof memoryMetrics>
  start(accept?: Accept): void
  stop(): Promise<void>
  nextPeer(): Promise<Peer>
}

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

type Options = Partial<WebSocketTransportOptions> & {
  readonly onMessage?: (peer: Peer, text: string) => void
}

/** A server on a free port whose connections are recorded. */
async function serve({ onMessage, ...options }: Options = {}): Promise<Running> {
  const server = createServer((_request, response) => response.end('http'))
  const metrics = memoryMetrics()
  const transport = websocketTransport({
    server,
    limits: { maxFrameBytes: 65_536 },
    closeTimeoutMs: 200,
    logger: silentLogger,
    metrics,
    ...options,
  })
  const peers: Peer[] = []
  const waiting: ((peer: Peer) => void)[] = []
  const record: Accept = (connection, handshake) => {
    const closed = Promise.withResolvers<{ code: number; reason: string }>()
    const peer: Peer = {
      connection,
      handshake,
      received: [],
      drains: [],
      whenClosed: closed.promise,
      receive(text) {
        peer.received.push(text)
        onMessage?.(peer, text)
      },
      drained: () => peer.drains.push(connection.bufferedBytes),
      closed: (code, reason) => closed.resolve({ code, reason }),
    }
    peers.push(peer)
    waiting.shift()?.(peer)
    return peer
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  cleanups.push(async () => {
    await transport.stop()
    server.close()
    server.closeAllConnections()
  })
  const start = (accept: Accept = record) => void transport.start(accept)
  const stop = async () => void (await transport.stop())
  const nextPeer = () => new Promise<Peer>((resolve) => waiting.push(resolve))
  return { port, url: `ws://127.0.0.1:${port}`, server, peers, metrics, start, stop, nextPeer }
}

async function started(options: Options = {}): Promise<Running> {
  const running = await serve(options)
  running.start()
  return running
}

/** An open WebSocket and the server's end of it. */
async function open(
  running: Running,
  path = '/realtime',
): Promise<{ client: WebSocket; peer: Peer; messages: string[] }> {
  const client = new WebSocket(running.url + path, 'parley.v1.json')
  const messages: string[] = []
  client.on('message', (data) => messages.push(String(data)))
  const [peer] = await Promise.all([running.nextPeer(), once(client, 'open')])
  return { client, peer, messages }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: { code?: string; message?: string; retryable?: boolean }
}

const upgradeHeaders = {
  Host: 'chat.example',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

interface RawRequest {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** Sends a handshake over a bare socket. */
function rawSocket(
  port: number,
  { path = '/realtime', method = 'GET', headers = {} }: RawRequest = {},
): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  cleanups.push(() => socket.destroy())
  const lines = Object.entries({ ...upgradeHeaders, ...headers }).filter(([, value]) => value !== undefined)
  socket.write(
    `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  )
  return socket
}

async function readHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end >= 0) return { head: bytes.toString('latin1', 0, end), rest: bytes.subarray(end + 4) }
  }
}

function parseHead(head: string): Pick<Answer, 'status' | 'headers'> {
  const [status = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ])
  return { status: Number(status.split(' ')[1]), headers: Object.fromEntries(headers) }
}

async function ask(port: number, request: RawRequest = {}): Promise<Answer> {
  const socket = rawSocket(port, request)
  const { head, rest } = await readHead(socket)
  const answer = parseHead(head)
  if (answer.status === 101) {
    socket.destroy()
    return { ...answer, body: {} }
  }
  let body = rest
  socket.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk])
  })
  await once(socket, 'end')
  return { ...answer, body: JSON.parse(String(body)) }
}

/** Everything that the server sends until it ends. */
async function readToEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  socket.end()
  return Buffer.concat(chunks)
}

/** A masked client frame with a mask of zeros. */
function masked(first: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload)
  if (bytes.length > 125) throw new RangeError('short frames only')
  return Buffer.concat([Buffer.from([first, 0x80 | bytes.length, 0, 0, 0, 0]), bytes])
}

describe('handshake', () => {
  test('answers RFC 6455 §1.3 with the key that belongs to it, and the subprotocol', async () => {
    const { port } = await started()
    const answer = await ask(port, { headers: { 'Sec-WebSocket-Protocol': 'other, parley.v1.json' } })
    expect(answer.status).toBe(101)
    expect(answer.headers).toMatchObject({
      upgrade: 'websocket',
      'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      'sec-websocket-protocol': 'parley.v1.json',
    })
    expect(answer.headers).not.toHaveProperty('sec-websocket-extensions')
  })

  test('tells the node what it knows of the client, and no forwarded address that nobody vouches for', async () => {
    const running = await started()
    const headers = {
      Origin: 'http://chat.example',
      'User-Agent': 'test/1',
      'X-Forwarded-For': '203.0.113.9',
      Authorization: 'Bearer a.b.c',
    }
    expect((await ask(running.port, { headers })).status).toBe(101)
    const told = {
      transport: 'websocket',
      ip: '127.0.0.1',
      token: 'a.b.c',
      origin: 'http://chat.example',
      userAgent: 'test/1',
    }
    expect(running.peers[0]?.handshake).toEqual(told)
  })

  test('believes as many proxies as were configured', async () => {
    const running = await started({ trustedProxies: 1 })
    await ask(running.port, { headers: { 'X-Forwarded-For': '6.6.6.6, 203.0.113.9' } })
    await ask(running.port, { headers: {} })
    expect(running.peers.map((peer) => peer.handshake.ip)).toEqual(['203.0.113.9', '127.0.0.1'])
  })

  test('takes a token beside the subprotocol, never from the URL', async () => {
    const running = await started()
    const answer = await ask(running.port, {
      headers: { 'Sec-WebSocket-Protocol': 'parley.v1.json, parley.token.x.y.z' },
    })
    expect(answer.headers['sec-websocket-protocol']).toBe('parley.v1.json')
    await ask(running.port, { path: '/realtime?token=x.y.z&access_token=x' })
    expect(running.peers.map((peer) => peer.handshake.token)).toEqual(['x.y.z', undefined])
  })

  test('answers an alias by its own name', async () => {
    const { port } = await started({ subprotocolAliases: { 'edu-matrix-v1': 'parley.v1.json' } })
    const answer = await ask(port, { path: '/ws', headers: { 'Sec-WebSocket-Protocol': 'edu-matrix-v1' } })
    expect(answer).toMatchObject({ status: 101, headers: { 'sec-websocket-protocol': 'edu-matrix-v1' } })
  })

  test.each<[string, RawRequest, number, string]>([
    ['a foreign origin', { headers: { Origin: 'https://evil.example' } }, 403, 'forbidden'],
    ['an unknown subprotocol', { headers: { 'Sec-WebSocket-Protocol': 'soap' } }, 400, 'unsupported_version'],
    [
      'a token without a subprotocol',
      { headers: { 'Sec-WebSocket-Protocol': 'parley.token.x' } },
      400,
      'unsupported_version',
    ],
    [
      'a malformed subprotocol',
      { headers: { 'Sec-WebSocket-Protocol': 'parley.v1.json,,' } },
      400,
      'bad_request',
    ],
    ['another version', { headers: { 'Sec-WebSocket-Version': '8' } }, 426, 'unsupported_version'],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, 400, 'bad_request'],
    ['a short key', { headers: { 'Sec-WebSocket-Key': 'YQ==' } }, 400, 'bad_request'],
    ['another upgrade', { headers: { Upgrade: 'h2c' } }, 400, 'bad_request'],
    ['another method', { method: 'POST', headers: { 'Content-Length': '0' } }, 400, 'bad_request'],
    ['another path', { path: '/elsewhere' }, 404, 'not_found'],
    [
      'a token beyond all bounds',
      { headers: { Authorization: `Bearer ${'x'.repeat(9_000)}` } },
      400,
      'bad_request',
    ],
  ])('refuses %s', async (_what, request, status, code) => {
    const running = await started({ allowedOrigins: ['https://good.example', 'https://*.good.example'] })
    const answer = await ask(running.port, request)
    expect(answer).toMatchObject({ status, body: { code, retryable: false } })
    expect(answer.body.message).toMatch(/\.$/)
    expect(running.peers).toEqual([])
    expect(running.metrics.value('parley_websocket_refused_total', { status: String(status) })).toBe(1)
  })

  test('says when to come again before the node is ready and after it stopped', async () => {
    const running = await serve()
    const early = await ask(running.port)
    expect(early).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'unavailable', retryable: true },
    })
    running.start()
    expect((await ask(running.port)).status).toBe(101)
    await running.stop()
    expect((await ask(running.port)).status).toBe(503)
  })

  test('a refusal of the node is answered with its status and time, a defect with nothing of the inside', async () => {
    const running = await serve()
    running.start(() => {
      throw new ParleyError('overloaded', 'Too many connections.', { retryAfterMs: 2_500 })
    })
    expect(await ask(running.port)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '3' },
      body: { code: 'overloaded' },
    })
    running.start(() => {
      throw new Error('secret of the inside')
    })
    const answer = await ask(running.port)
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } })
    expect(JSON.stringify(answer)).not.toContain('secret')
  })

  test('what the node sends or closes while it accepts comes after the handshake', async () => {
    const running = await serve()
    running.start((connection) => {
      connection.send({ text: 'early' })
      connection.close(4008, 'full')
      return { receive: () => undefined, drained: () => undefined, closed: () => undefined }
    })
    const client = new WebSocket(`${running.url}/ws`)
    const [[message], [code]] = await Promise.all([once(client, 'message'), once(client, 'close')])
    expect([String(message), code]).toEqual(['early', 4008])
  })

  test('a slow handshake is read to its end', async () => {
    const running = await started()
    const socket = connect(running.port, '127.0.0.1')
    cleanups.push(() => socket.destroy())
    const lines = Object.entries(upgradeHeaders).map(([name, value]) => `${name}: ${value}\r\n`)
    for (const part of ['GET /realt', 'ime HTTP/1.1\r\n', ...lines, '\r\n']) {
      socket.write(part)
      await new Promise(setImmediate)
    }
    expect(parseHead((await readHead(socket)).head).status).toBe(101)
  })

  test('frames that come with the handshake are not lost', async () => {
    const running = await started()
    const socket = rawSocket(running.port)
    socket.write(masked(0x81, 'at once'))
    const peer = await running.nextPeer()
    await vi.waitFor(() => expect(peer.received).toEqual(['at once']))
  })
})

describe('messages', () => {
  test('go both ways, in order, of every length class, in any script', async () => {
    const running = await started({ onMessage: (peer, text) => peer.connection.send({ text }) })
    const { client, messages } = await open(running)
    const sent = ['', 'ü😀\ufffd', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(65_535), '☃'.repeat(20_000)]
    for (const text of sent) client.send(text)
    await vi.waitFor(() => expect(messages).toEqual(sent))
    // Longer than the client may send.
    running.peers[0]!.connection.send({ text: 'w'.repeat(65_536) })
    await vi.waitFor(() => expect(messages.at(-1)).toHaveLength(65_536))
  })

  test('a frame is encoded once for all connections; bytes of another transport are not taken for ours', async () => {
    const running = await started()
    const [one, two] = [await open(running), await open(running)]
    const frame: { text: string; cache?: Uint8Array } = { text: 'to all' }
    one.peer.connection.send(frame)
    const { cache } = frame
    two.peer.connection.send(frame)
    expect(frame.cache).toBe(cache)
    two.peer.connection.send({ text: 'mine', cache: Buffer.from('data: theirs\n\n') })
    await vi.waitFor(() => expect([one.messages, two.messages]).toEqual([['to all'], ['to all', 'mine']]))
  })

  test('corked frames leave as one, a close in between takes them along', async () => {
    const running = await started()
    const socket = rawSocket(running.port)
    const peer = await running.nextPeer()
    await readHead(socket)
    const { connection } = peer
    connection.cork()
    connection.send({ text: 'a' })
    connection.cork()
    connection.send({ text: 'b' })
    connection.uncork()
    expect(connection.bufferedBytes).toBe(6)
    connection.close(4201, 'Stopping.')
    connection.uncork()
    connection.send({ text: 'never' })
    const bytes = await readToEnd(socket)
    expect(bytes.toString('latin1')).toBe(`\x81\x01a\x81\x01b\x88\x0b\x10\x69Stopping.`)
    expect(await peer.whenClosed).toEqual({ code: 4201, reason: 'Stopping.' })
  })

  test('a handler that throws costs its own connection only', async () => {
    const running = await started({
      onMessage: () => {
        throw new Error('a defect')
      },
    })
    const [bad, good] = [await open(running), await open(running)]
    bad.client.send('x')
    const [code] = await once(bad.client, 'close')
    expect(code).toBe(4207)
    good.peer.connection.send({ text: 'still here' })
    await vi.waitFor(() => expect(good.messages).toEqual(['still here']))
  })
})

describe('pings', () => {
  test('are answered; of many that wait, only the newest', async () => {
    const running = await started()
    const socket = rawSocket(running.port)
    await readHead(socket)
    socket.write(masked(0x89, 'one'))
    const [pong] = (await once(socket, 'data')) as [Buffer]
    expect(pong.toString('latin1')).toBe('\x8a\x03one')
    socket.write(Buffer.concat([masked(0x89, 'two'), masked(0x89, 'three'), masked(0x8a, 'unasked')]))
    const [newest] = (await once(socket, 'data')) as [Buffer]
    expect(newest.toString('latin1')).toBe('\x8a\x05three')
  })
})

describe('closing', () => {
  test('a client that says goodbye is answered with its own code', async () => {
    const running = await started()
    const { client, peer } = await open(running)
    client.close(4321, 'done — really')
    const [code, reason] = await once(client, 'close')
    expect([code, String(reason)]).toEqual([4321, 'done — really'])
    expect(await peer.whenClosed).toEqual({ code: 4321, reason: 'done — really' })
  })

  test('an empty close frame is answered by an empty one', async () => {
    const running = await started()
    const { client, peer } = await open(running)
    client.close()
    expect((await once(client, 'close'))[0]).toBe(1005)
    expect((await peer.whenClosed).code).toBe(1005)
  })

  test.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'a socket that goes without a word: %s',
    async (way) => {
      const running = await started()
      const socket = rawSocket(running.port)
      const peer = await running.nextPeer()
      await readHead(socket)
      socket[way]()
      expect((await peer.whenClosed).code).toBe(1006)
      peer.connection.send({ text: 'into the void' })
      peer.connection.close(4201, '')
      expect(peer.connection.bufferedBytes).toBe(0)
    },
  )

  test('a long reason is cut between two characters', async () => {
    const running = await started()
    const { client, peer } = await open(running)
    peer.connection.close(4003, `x${'é'.repeat(80)}`)
    const [code, reason] = await once(client, 'close')
    expect([code, String(reason)]).toEqual([4003, `x${'é'.repeat(61)}`])
  })

  test('a client that does not take its close frame is cut off, and nothing it sends meanwhile is heard', async () => {
    const running = await started()
    const socket = rawSocket(running.port)
    const peer = await running.nextPeer()
    await readHead(socket)
    peer.connection.close(4005, 'enough')
    socket.write(masked(0x81, 'but'))
    expect(await peer.whenClosed).toEqual({ code: 4005, reason: 'enough' })
    expect(peer.received).toEqual([])
  })

  test('stop closes what is open, and waits for it', async () => {
    const running = await started()
    const { client, peer } = await open(running)
    const [[code]] = await Promise.all([once(client, 'close'), running.stop()])
    expect(code).toBe(4201)
    expect((await peer.whenClosed).code).toBe(4201)
  })
})

describe('bad input', () => {
  const closeOf = (bytes: Buffer) => {
    const at = bytes.lastIndexOf(0x88)
    return { code: bytes.readUInt16BE(at + 2), reason: bytes.toString('utf8', at + 4) }
  }
  test.each<[string, Buffer, number]>([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1002],
    ['an unmasked frame', Buffer.from([0x81, 1, 0x61]), 1002],
    ['a reserved bit', masked(0xc1, 'a'), 1002],
    ['a binary message', masked(0x82, 'a'), 1003],
    ['wrong UTF-8', masked(0x81, Buffer.from([0xff])), 1007],
    ['a frame larger than the limit', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]), 4004],
  ])('%s is answered by its close code, and others do not notice', async (_what, bytes, code) => {
    const running = await started()
    const other = await open(running)
    const socket = rawSocket(running.port)
    const peer = await running.nextPeer()
    await readHead(socket)
    socket.write(Buffer.concat([masked(0x81, 'fine'), bytes, masked(0x81, 'late')]))
    const close = closeOf(await readToEnd(socket))
    expect(close.code).toBe(code)
    expect(close.reason).toMatch(/\.$/)
    expect(await peer.whenClosed).toEqual(close)
    expect(peer.received).toEqual(['fine'])
    expect(running.metrics.value('parley_websocket_violations_total', { code: String(code) })).toBe(1)
    other.peer.connection.send({ text: 'undisturbed' })
    await vi.waitFor(() => expect(other.messages).toEqual(['undisturbed']))
  })

  test('half a frame and then nothing holds nothing back from the others', async () => {
    const running = await started()
    const socket = rawSocket(running.port)
    const peer = await running.nextPeer()
    await readHead(socket)
    socket.write(Buffer.concat([masked(0x81, 'whole'), Buffer.from([0x81, 0xfe, 0xff])]))
    await vi.waitFor(() => expect(peer.received).toEqual(['whole']))
    socket.destroy()
    expect((await peer.whenClosed).code).toBe(1006)
    expect(peer.received).toEqual(['whole'])
  })
})

describe('a reader that stalls', () => {
  const size = 16_384
  const payload = 'x'.repeat(size)

  /** Sends until the operating system takes no more, then `beyond` frames. */
  function fill(peer: Peer, beyond: number): number {
    let frames = 0
    while (peer.connection.bufferedBytes === 0) {
      peer.connection.send({ text: payload })
      frames += 1
    }
    for (let index = 0; index < beyond; index++) peer.connection.send({ text: payload })
    return frames + beyond
  }

  test('bufferedBytes counts what waits, and never more than was sent', async () => {
    const running = await started()
    const { client, peer } = await open(running)
    client.pause()
    const frames = fill(peer, 10)
    const buffered = peer.connection.bufferedBytes
    expect(buffered).toBeGreaterThan(10 * size)
    expect(buffered).toBeLessThanOrEqual(frames * (size + 10))
    client.resume()
    await vi.waitFor(() => expect(peer.drains).toEqual([0]))
  })

  test.each([0, 1, 3])(
    'drained is told exactly once per backlog, however small (%i frames more)',
    async (beyond) => {
      const running = await started()
      const { client, peer, messages } = await open(running)
      for (let round = 1; round <= 3; round++) {
        client.pause()
        const frames = fill(peer, beyond)
        expect(peer.drains).toHaveLength(round - 1)
        client.resume()
        await vi.waitFor(() => expect(messages).toHaveLength(frames))
        await vi.waitFor(() => expect(peer.drains).toEqual(Array(round).fill(0)))
        messages.length = 0
      }
    },
  )

  test('a corked backlog is told as well, and a ping sent meanwhile is answered', async () => {
    const running = await started()
    const { client, peer } = await open(running)
    client.pause()
    peer.connection.cork()
    for (let index = 0; index < 600; index++) peer.connection.send({ text: payload })
    peer.connection.uncork()
    expect(peer.connection.bufferedBytes).toBeGreaterThan(0)
    client.ping('are you there')
    const pong = once(client, 'pong')
    client.resume()
    expect(String((await pong)[0])).toBe('are you there')
    await vi.waitFor(() => expect(peer.drains).toEqual([0]))
  })

  test('others are served meanwhile, and closing it frees what waits', async () => {
    const running = await started()
    const stalled = await open(running)
    const lively = await open(running)
    stalled.client.pause()
    fill(stalled.peer, 50)
    lively.peer.connection.send({ text: 'quick' })
    await vi.waitFor(() => expect(lively.messages).toEqual(['quick']))
    stalled.peer.connection.close(4202, 'slow')
    expect(stalled.peer.connection.bufferedBytes).toBe(0)
    expect((await stalled.peer.whenClosed).code).toBe(4202)
    expect(stalled.peer.drains).toEqual([])
  })
})
