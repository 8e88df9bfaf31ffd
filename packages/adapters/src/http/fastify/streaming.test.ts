import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { HttpContent, HttpStreamRequest, HttpStreamRoute } from '@parley/kernel'
import { silentLogger } from '@parley/kernel/memory'
import { ParleyError } from '@parley/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { type FastifyHttpOptions, fastifyHttp } from '../fastify.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function serve(
  routes: readonly HttpStreamRoute[],
  options: Partial<FastifyHttpOptions> = {},
): Promise<string> {
  const http = fastifyHttp({ port: 0, logger: silentLogger, ...options })
  for (const route of routes) http.stream(route)
  const handler = async (request: { body: unknown }) => ({ status: 200, body: { got: request.body } })
  http.route({ method: 'POST', path: '/json', handler })
  const url = await http.listen()
  cleanups.push(() => http.close())
  return url
}

async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Takes a body of at most 1,000 bytes and tells what it got. */
const taking = (
  handler: HttpStreamRoute['handler'] = async ({ bytes }) => ({
    status: 200,
    body: (await gather(bytes)).toString(),
  }),
): HttpStreamRoute => ({ method: 'POST', path: '/bytes/{name}', maxBodyBytes: 1_000, handler })

async function socketTo(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  cleanups.push(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write(text)
  return socket
}

async function untilClosed(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data) => {
    text += String(data)
  })
  if (!socket.closed) await once(socket, 'close')
  return text
}

describe('a streaming route takes bytes', () => {
  test('of any type, with path, query and headers', async () => {
    const url = await serve([
      taking(async ({ bytes, params, query, headers }) => ({
        status: 201,
        body: { params, query, type: headers['content-type'], text: (await gather(bytes)).toString() },
      })),
    ])
    for (const type of ['application/offset+octet-stream', 'application/json', 'text/plain']) {
      const answer = await fetch(`${url}/bytes/a%20b?x=1`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"not":json',
      })
      expect(answer.status).toBe(201)
      expect(await answer.json()).toEqual({
        params: { name: 'a b' },
        query: { x: '1' },
        type,
        text: '{"not":json',
      })
    }
    const empty = await fetch(`${url}/bytes/a`, { method: 'POST' })
    expect(await empty.json()).toMatchObject({ text: '' })
  })

  test('while they come, and no faster than it asks', async () => {
    const seen: string[] = []
    const first = Promise.withResolvers<void>()
    const url = await serve([
      taking(async ({ bytes }) => {
        for await (const piece of bytes) {
          seen.push(Buffer.from(piece).toString())
          first.resolve()
        }
        return { status: 204 }
      }),
    ])
    const socket = await socketTo(
      url,
      'POST /bytes/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nConnection: close\r\n\r\none',
    )
    await first.promise
    expect(seen).toEqual(['one'])
    socket.write('two')
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 204 /)
    expect(seen.join('')).toBe('onetwo')
  })

  test('up to its limit, with and without a length told beforehand', async () => {
    const url = await serve([taking()])
    const post = (body: string | ReadableStream) =>
      fetch(`${url}/bytes/a`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect((await post('x'.repeat(1_000))).status).toBe(200)
    const stream = () => new Blob(['x'.repeat(600), 'y'.repeat(600)]).stream()
    for (const body of ['x'.repeat(1_001), stream()]) {
      const answer = await post(body)
      expect(answer.status).toBe(413)
      expect(await answer.json()).toMatchObject({ code: 'payload_too_large' })
    }
  })

  test('none when it says nothing about a limit', async () => {
    const { maxBodyBytes: _, ...route } = taking()
    const url = await serve([route])
    expect((await fetch(`${url}/bytes/a`, { method: 'POST', body: 'x' })).status).toBe(413)
  })

  test('and is told when the sender goes away', async () => {
    const told = Promise.withResolvers<[unknown, boolean]>()
    const url = await serve([
      taking(async ({ bytes, signal }) => {
        const error = await gather(bytes).catch((reason: unknown) => reason)
        told.resolve([error, signal.aborted])
        return { status: 204 }
      }),
    ])
    const socket = await socketTo(
      url,
      'POST /bytes/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf',
    )
    setTimeout(() => socket.destroy(), 20)
    const [error, isAborted] = await told.promise
    expect(error).toMatchObject({ code: 'disconnected' })
    expect(isAborted).toBe(true)
  })

  test('for as long as something moves, and no longer', async () => {
    const told = Promise.withResolvers<unknown>()
    const url = await serve(
      [taking(async ({ bytes }) => ({ status: 200, body: (await gather(bytes).catch(told.resolve)) ?? '' }))],
      { limits: { requestTimeoutMs: 200 } },
    )
    const request =
      'POST /bytes/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nConnection: close\r\n\r\n'
    const slow = await socketTo(url, request)
    for (const letter of 'steady') {
      await new Promise((resolve) => setTimeout(resolve, 60))
      slow.write(letter)
    }
    expect(await untilClosed(slow)).toMatch(/steady$/)
    const stalled = await socketTo(url, `${request}st`)
    await untilClosed(stalled)
    expect(await told.promise).toMatchObject({ code: 'disconnected' })
  })

  test('or answers without them, and the connection can be used again', async () => {
    const url = await serve([
      taking(async () => {
        throw new ParleyError('forbidden')
      }),
    ])
    const body = 'x'.repeat(900)
    for (let turn = 0; turn < 3; turn++) {
      const answer = await fetch(`${url}/bytes/a`, { method: 'POST', body })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'forbidden'])
    }
  })
})

test('the body of an ordinary route has to be here in time', async () => {
  const url = await serve([], { limits: { requestTimeoutMs: 50 } })
  const head =
    'POST /json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n'
  expect(await untilClosed(await socketTo(url, `${head}{"a"`))).toMatch(
    /^HTTP\/1\.1 408 [\s\S]*"code":"timeout"/,
  )
  const answer = await fetch(`${url}/json`, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  })
  expect(await answer.json()).toEqual({ got: { a: 1 } })
})

describe('content is answered', () => {
  const bytes = Buffer.from('0123456789')
  const content = (over: Partial<HttpContent> = {}): HttpStreamRoute => ({
    method: 'GET',
    path: '/content',
    handler: async () => ({
      ...{ size: bytes.length, type: 'image/png', tag: 'v1', name: 'Häfen "2".png', isInline: true },
      async *read({ start, end }) {
        for (let at = start; at < end; at += 3) yield bytes.subarray(at, Math.min(at + 3, end))
      },
      ...over,
    }),
  })
  const get = async (url: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await fetch(`${url}/content`, { method, headers })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }

  test('whole, with what a browser has to know', async () => {
    const { status, headers, text } = await get(await serve([content({ headers: { 'x-own': 'yes' } })]))
    expect([status, text]).toEqual([200, '0123456789'])
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '10',
      'accept-ranges': 'bytes',
      etag: '"v1"',
      'x-content-type-options': 'nosniff',
      'x-own': 'yes',
      'content-disposition': `inline; filename="H_fen _2_.png"; filename*=UTF-8''H%C3%A4fen%20%222%22.png`,
    })
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none';.*sandbox$/)
  })

  test('for keeping, as bytes of no type that a page could use', async () => {
    const { headers } = await get(await serve([content({ isInline: false, type: 'text/html' })]))
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toMatch(/^attachment; /)
  })

  test.each([
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=3-5', 206, '345', 'bytes 3-5/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-4', 206, '6789', 'bytes 6-9/10'],
    ['bytes=5-100', 206, '56789', 'bytes 5-9/10'],
    ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=5-3', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
    ['bytes=-', 200, '0123456789', null],
  ])('in part: %s → %i %s', async (range, status, text, place) => {
    const answer = await get(await serve([content()]), { range })
    expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([status, text, place])
    expect(answer.headers.get('content-length')).toBe(String(text.length))
  })

  test('in part only of what the client has', async () => {
    const url = await serve([content()])
    expect((await get(url, { range: 'bytes=3-5', 'if-range': '"v1"' })).status).toBe(206)
    expect((await get(url, { range: 'bytes=3-5', 'if-range': '"v0"' })).status).toBe(200)
    expect((await get(url, { range: 'bytes=3-5', 'if-range': 'W/"v1"' })).status).toBe(200)
  })

  test('not when the client has it', async () => {
    const url = await serve([content()])
    for (const tag of ['"v1"', 'W/"v1"', '"v0", "v1"', '*'])
      expect(await get(url, { 'if-none-match': tag })).toMatchObject({ status: 304, text: '' })
    expect((await get(url, { 'if-none-match': '"v0"' })).status).toBe(200)
  })

  test('without bytes to HEAD, and reads none', async () => {
    const url = await serve([
      content({
        read: () => {
          throw new Error('was read')
        },
      }),
    ])
    const { status, headers, text } = await get(url, {}, 'HEAD')
    expect([status, headers.get('content-length'), text]).toEqual([200, '10', ''])
  })

  test('empty when it is', async () => {
    const url = await serve([content({ size: 0, async *read() {} })])
    expect(await get(url)).toMatchObject({ status: 200, text: '' })
    expect((await get(url, { range: 'bytes=0-' })).status).toBe(416)
  })

  test('with the error, when it cannot be read from the start', async () => {
    const url = await serve([
      content({
        // biome-ignore lint/correctness/useYield: it fails before.
        async *read() {
          throw new ParleyError('not_found')
        },
      }),
    ])
    const { status, text, headers } = await get(url)
    expect([status, JSON.parse(text).code]).toEqual([404, 'not_found'])
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(headers.get('etag')).toBeNull()
  })

  test('cut off, when it cannot be read to the end', async () => {
    const url = await serve([
      content({
        async *read() {
          yield bytes.subarray(0, 4)
          throw new Error('the disk is gone')
        },
      }),
    ])
    await expect(get(url)).rejects.toThrow()
  })

  test('and what a reader who goes away leaves is let go', async () => {
    const released = Promise.withResolvers<void>()
    const size = 50_000_000
    const url = await serve([
      content({
        size,
        async *read() {
          try {
            for (let at = 0; at < size; at += 100_000) yield Buffer.alloc(100_000)
          } finally {
            released.resolve()
          }
        },
      }),
    ])
    const socket = await socketTo(url, 'GET /content HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
    await released.promise
  })
})

test('OPTIONS, and a preflight of another origin, which is answered before', async () => {
  const asked: HttpStreamRequest[] = []
  const handler = async (request: HttpStreamRequest) => {
    asked.push(request)
    return { status: 204, headers: { 'tus-version': '1.0.0' } }
  }
  const url = await serve([{ method: 'OPTIONS', path: '/uploads', handler }], {
    allowedOrigins: ['https://app.example'],
  })
  expect((await fetch(`${url}/uploads`, { method: 'OPTIONS' })).headers.get('tus-version')).toBe('1.0.0')
  const preflight = await fetch(`${url}/uploads`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'PATCH' },
  })
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Upload-Offset')
  expect(asked).toHaveLength(1)
})
