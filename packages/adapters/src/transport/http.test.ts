import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Connection, ConnectionHandler, Handshake } from '@parley/kernel'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { ParleyError } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { processTime } from './http/testing/process-time.ts'
import { type HttpTransport, httpTransport } from './http.ts'

interface Peer {
  readonly connection: Connection
  readonly handshake: Handshake
  readonly received: string[]
  readonly closed: number[]
}

let server: Server
let transport: HttpTransport
let url: string
let peers: Peer[]
let refusal: ParleyError | undefined

function accept(connection: Connection, handshake: Handshake): ConnectionHandler {
  if (refusal !== undefined) throw refusal
  const peer: Peer = { connection, handshake, received: [], closed: [] }
  peers.push(peer)
  return {
    receive: (text) => {
      if (text === 'throw') throw new Error('a defect')
      peer.received.push(text)
      if (text.includes('connect')) connection.send({ text: '{"op":"reply","id":1,"ok":{}}' })
    },
    drained: () => undefined,
    closed: (code) => peer.closed.push(code),
  }
}

beforeEach(async () => {
  peers = []
  refusal = undefined
  transport = httpTransport({
    clock: processTime,
    limits: { maxFrameBytes: 4_096 },
    allowedOrigins: ['self', 'https://app.example'],
    closeTimeoutMs: 200,
    absenceMs: 5_000,
    logger: silentLogger,
    metrics: memoryMetrics(),
  })
  server = createServer((request, response) => {
    if (!transport.handle(request, response)) response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realtime`
  await transport.start(accept)
})

afterEach(async () => {
  await transport.stop()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const connect = '{"op":"connect","id":1}'

function post(verb: string, envelope: unknown, message?: string, headers: Record<string, string> = {}) {
  const line = typeof envelope === 'string' ? envelope : JSON.stringify(envelope)
  const body = message === undefined ? line : `${line}\n${message}`
  return fetch(`${url}/${verb}`, { method: 'POST', body, headers })
}

async function openPolling(envelope = {}) {
  const response = await post('poll', envelope, connect)
  const [head = '', line = '', ...messages] = (await response.text()).split('\n')
  const { link, secret } = JSON.parse(line) as { link: string; secret: string }
  return { head, name: { link, secret }, messages, peer: peers.at(-1) as Peer }
}

describe('what is refused', () => {
  test.each([
    ['an empty body', 'stream', '', 400],
    ['no object', 'stream', '[]', 400],
    ['no JSON', 'poll', '{', 400],
    ['a number that is none', 'send', '{"link":"a.b","secret":"s","seq":0}', 400],
    ['a link that is a number', 'send', '{"link":7}', 400],
    ['a farewell without a code', 'send', '{"link":"a","close":{}}', 400],
    ['a link that nobody knows', 'send', '{"link":"a.b","secret":"s","seq":1}', 410],
    ['a poll of a link that nobody knows', 'poll', '{"link":"a.b","secret":"s","ack":0}', 410],
  ])('%s', async (_, verb, envelope, status) => {
    const response = await post(verb, envelope)
    expect(response.status).toBe(status)
    const body = (await response.json()) as { code: string; message: string }
    expect(body.message).not.toBe('')
    expect(peers).toEqual([])
  })

  test('another method, a larger body, and bytes that are no text', async () => {
    const put = await fetch(`${url}/stream`, { method: 'PUT', body: '{}' })
    expect(put.status).toBe(405)
    const large = await post('stream', {}, 'x'.repeat(6_000))
    expect(large.status).toBe(413)
    const broken = await fetch(`${url}/poll`, { method: 'POST', body: new Uint8Array([123, 125, 10, 255]) })
    expect(broken.status).toBe(400)
  })

  test('paths that are not its own are left alone', async () => {
    for (const path of ['', '/', '/other', '/stream/more'])
      expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(404)
  })

  test('pages of elsewhere; those that may connect can read the answer', async () => {
    const foreign = await post('poll', {}, connect, { origin: 'https://evil.example' })
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null])
    const known = await post('poll', {}, connect, { origin: 'https://app.example' })
    expect([known.status, known.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example',
    ])
    const preflight = await fetch(`${url}/stream`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-tenant,x-trace',
      },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'Authorization, Content-Type, Last-Event-ID, X-API-Key, x-tenant,x-trace',
    ])
  })

  test('one more than the node takes: before anything is opened, with a code and when to come back', async () => {
    refusal = new ParleyError('overloaded', 'This node is full.', { retryAfterMs: 4_200 })
    for (const verb of ['stream', 'sse', 'poll']) {
      const response = await post(verb, {}, connect)
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await response.json()).toMatchObject({ code: 'overloaded', retryAfterMs: 4_200 })
    }
  })

  test('everything before the start and after the stop', async () => {
    await transport.stop()
    for (const verb of ['stream', 'sse', 'poll', 'send', 'tickets']) {
      const response = await post(verb, {}, connect)
      expect([verb, response.status, response.headers.get('retry-after')]).toEqual([verb, 503, '1'])
    }
  })
})

describe('messages of a client', () => {
  test('are taken once and in order; a gap is refused with the number that is expected', async () => {
    const { name, peer } = await openPolling()
    const send = (seq: number, message: string) => post('send', { ...name, seq }, message)
    expect(await (await send(1, 'one')).text()).toBe('{"seq":1}')
    const gap = await send(3, 'three')
    expect([gap.status, await gap.json()]).toMatchObject([400, { details: { expected: 2 } }])
    expect(await (await send(2, 'two')).text()).toBe('{"seq":2}')
    for (const seq of [1, 2]) expect(await (await send(seq, 'again')).text()).toBe(`{"seq":${seq}}`)
    expect(peer.received).toEqual([connect, 'one', 'two'])
  })

  test('are refused with another secret, and tell nothing of whether the link is there', async () => {
    const { name, peer } = await openPolling()
    for (const secret of ['', `${name.secret}x`, name.secret.replace(/.$/, '~')]) {
      const response = await post('send', { ...name, secret, seq: 1 }, 'stolen')
      expect(response.status).toBe(410)
    }
    expect(peer.received).toEqual([connect])
  })

  test('a farewell ends the link at once, for every downlink', async () => {
    const { name, peer } = await openPolling()
    expect(
      (await post('send', { ...name, seq: 1, close: { code: 1000, reason: 'bye' } }, 'last')).status,
    ).toBe(200)
    expect([peer.received, peer.closed]).toEqual([[connect, 'last'], [1000]])
    expect((await post('poll', { ...name, ack: 1 })).status).toBe(410)
  })

  test('wait while the node wants no more; repeated meanwhile they are taken once, and a farewell is heard', async () => {
    const { name, peer } = await openPolling()
    const send = (seq: number, message: string, more = {}) => post('send', { ...name, seq, ...more }, message)
    await send(1, 'one')
    peer.connection.pause?.()
    expect((await send(1, 'one')).status).toBe(200)
    const first = send(2, 'two')
    const again = send(2, 'two')
    // One of them takes the place of the other, which is to be sent once more.
    const early = await Promise.race([first, again])
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
    expect(peer.received).toEqual([connect, 'one'])
    peer.connection.resume?.()
    const statuses = (await Promise.all([first, again])).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 503])
    expect(peer.received).toEqual([connect, 'one', 'two'])
    peer.connection.pause?.()
    const last = send(3, 'three')
    await expect
      .poll(async () => (await send(3, 'three', { close: { code: 1000, reason: '' } })).status)
      .toBe(200)
    expect([peer.received.at(-1), peer.closed, (await last).status]).toEqual(['three', [1000], 410])
  })

  test('one that the node fails on closes the link, and no other', async () => {
    const broken = await openPolling()
    const other = await openPolling()
    await post('send', { ...broken.name, seq: 1 }, 'throw')
    const answer = await (await post('poll', { ...broken.name, ack: 1 })).text()
    expect(answer).toContain('{"op":"close","code":4207')
    await post('send', { ...other.name, seq: 1 }, 'well')
    expect(other.peer.received).toEqual([connect, 'well'])
  })
})

describe('streams', () => {
  test('tell proxies to pass everything on as it is, and say first how the link is called', async () => {
    for (const [verb, type] of [
      ['stream', 'application/x-ndjson; charset=utf-8'],
      ['sse', 'text/event-stream; charset=utf-8'],
    ] as const) {
      const end = new AbortController()
      const response = await fetch(`${url}/${verb}`, {
        method: 'POST',
        body: `{}\n${connect}`,
        headers: { authorization: 'Bearer ada' },
        signal: end.signal,
      })
      expect(response.headers.get('content-type')).toBe(type)
      expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
      expect(response.headers.get('x-accel-buffering')).toBe('no')
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      let text = ''
      while (!text.includes('reply')) text += new TextDecoder().decode((await reader.read()).value)
      expect(text).toMatch(verb === 'sse' ? /^data: {"op":"link"/ : /^{"op":"link"/)
      expect(peers.at(-1)?.handshake).toMatchObject({ token: 'ada', ip: '127.0.0.1' })
      end.abort()
      await expect.poll(() => peers.at(-1)?.closed).toEqual([1006])
    }
  })
})

describe('polls', () => {
  test('an answer is given again until it is confirmed', async () => {
    const { head, messages, name, peer } = await openPolling()
    expect([head, messages]).toEqual(['{"op":"poll","seq":1}', ['{"op":"reply","id":1,"ok":{}}']])
    peer.connection.send({ text: 'a' })
    const poll = async (ack: number) => (await post('poll', { ...name, ack, waitMs: 50 })).text()
    // The answer with number 1 is not confirmed: it comes once more.
    expect(await poll(0)).toContain('"seq":1}\n{"op":"link"')
    expect(await poll(1)).toBe('{"op":"poll","seq":2}\na')
    expect(await poll(1)).toBe('{"op":"poll","seq":2}\na')
    expect(await poll(2)).toBe('{"op":"poll","seq":2}')
    expect((await post('poll', { ...name, ack: 7 })).status).toBe(400)
  })

  test('a second poll takes the place of the first', async () => {
    const { name, peer } = await openPolling()
    const first = post('poll', { ...name, ack: 1, waitMs: 10_000 })
    await expect.poll(async () => (await post('poll', { ...name, ack: 1, waitMs: 0 })).status).toBe(200)
    expect(await (await first).text()).toBe('{"op":"poll","seq":1}')
    peer.connection.send({ text: 'b' })
    expect(await (await post('poll', { ...name, ack: 1 })).text()).toContain('\nb')
  })
})

describe('tickets', () => {
  const ticketFor = async (message: string | undefined, headers = {}) =>
    ((await (await post('tickets', {}, message, headers)).json()) as { ticket: string }).ticket

  test('open one event stream, once', async () => {
    const ticket = await ticketFor(connect, { authorization: 'Bearer ada' })
    const end = new AbortController()
    const open = () => fetch(`${url}/sse?ticket=${ticket}`, { signal: end.signal })
    const response = await open()
    expect([response.status, peers[0]?.received, peers[0]?.handshake.token]).toEqual([200, [connect], 'ada'])
    const again = await fetch(`${url}/sse?ticket=${ticket}&channel=room:a`)
    expect([again.status, peers.length]).toEqual([401, 1])
    end.abort()
  })

  test('somebody who only listens names channels, and who they are', async () => {
    expect((await fetch(`${url}/sse?channel=room:a`)).status).toBe(401)
    const headers = { authorization: 'Bearer ada' }
    expect((await fetch(`${url}/sse`, { headers })).status).toBe(400)
    expect((await fetch(`${url}/sse?channel=room:a&recent=-1`, { headers })).status).toBe(400)
  })
})
