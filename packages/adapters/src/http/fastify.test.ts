import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { HttpRequest, Logger } from '@parley/kernel'
import { silentLogger } from '@parley/kernel/memory'
import { ParleyError } from '@parley/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { type FastifyHttp, type FastifyHttpOptions, fastifyHttp } from './fastify.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** Clients who come at once. */
const crowd = 3_000
const longestQueue =
  process.platform === 'linux' ? Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) : 0

/** A server on a free port. */
async function serve(
  prepare: (http: FastifyHttp) => void,
  options: Partial<FastifyHttpOptions> = {},
): Promise<string> {
  const http = fastifyHttp({ port: 0, logger: silentLogger, ...options })
  prepare(http)
  const url = await http.listen()
  cleanups.push(() => http.close())
  return url
}

const echo = (http: FastifyHttp) => {
  const handler = (request: HttpRequest) => ({ status: 200, body: { ...request, headers: undefined } })
  http.route({ method: 'POST', path: '/channels/{channel}/events', handler })
  http.route({ method: 'GET', path: '/channels:all/{channel}', handler })
}

const post = (body: string, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', ...headers },
})

async function raw(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  cleanups.push(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write(text)
  return await readAll(socket)
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  await once(socket, 'close')
  return text
}

describe('routes', () => {
  test('get path, query, body and address', async () => {
    const url = await serve(echo)
    const answer = await fetch(`${url}/channels/chat%3Age%20n%C3%A9ral/events?a=1&b=2&b=3`, post('{"x":[1]}'))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await answer.json()).toMatchObject({
      method: 'POST',
      path: '/channels/chat%3Age%20n%C3%A9ral/events',
      params: { channel: 'chat:ge néral' },
      query: { a: '1', b: ['2', '3'] },
      body: { x: [1] },
      ip: '127.0.0.1',
    })
  })

  test('a colon in a path is a colon, and a long parameter of any script fits', async () => {
    const url = await serve(echo)
    const channel = `chat:${'漢'.repeat(195)}`
    const answer = await fetch(`${url}/channels:all/${encodeURIComponent(channel)}`)
    expect(await answer.json()).toMatchObject({ params: { channel } })
  })

  test('HEAD is answered where GET is, without a body', async () => {
    const url = await serve(echo)
    const answer = await fetch(`${url}/channels:all/x`, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  test('an empty body is no body; other JSON types are JSON', async () => {
    const url = await serve(echo)
    expect(await (await fetch(`${url}/channels/x/events`, { method: 'POST' })).json()).not.toHaveProperty(
      'body',
    )
    expect(await (await fetch(`${url}/channels/x/events`, post(''))).json()).not.toHaveProperty('body')
    const json = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
    expect(await (await fetch(`${url}/channels/x/events`, post('"text"', json))).json()).toMatchObject({
      body: 'text',
    })
  })

  test('text and bytes are sent as they are, and headers of the route win', async () => {
    const url = await serve((http) => {
      const headers = {
        'content-type': 'text/plain; version=0.0.4',
        'content-security-policy': "default-src 'none'",
      }
      http.route({ method: 'GET', path: '/text', handler: () => ({ status: 201, headers, body: 'a 1\n' }) })
      http.route({ method: 'GET', path: '/nothing', handler: () => ({ status: 204 }) })
    })
    const answer = await fetch(`${url}/text`)
    expect([answer.status, await answer.text()]).toEqual([201, 'a 1\n'])
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'")
    expect((await fetch(`${url}/nothing`)).status).toBe(204)
  })

  test('every answer carries the security headers and its request id', async () => {
    const url = await serve(echo)
    for (const path of ['/channels:all/x', '/nowhere']) {
      const { headers } = await fetch(url + path)
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
    }
  })

  test('a well-formed request id of the client is kept, another one is not', async () => {
    const url = await serve(echo)
    const ask = async (id: string) =>
      (await fetch(`${url}/channels:all/x`, { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    expect(await ask('trace-1:2.3_4')).toBe('trace-1:2.3_4')
    expect(await ask('<script>')).not.toBe('<script>')
    expect(await ask('x'.repeat(129))).not.toBe('x'.repeat(129))
  })

  test('are run for a caller that is gone already, whose address nobody knows any more', async () => {
    const { promise, resolve } = Promise.withResolvers<HttpRequest>()
    const url = await serve((http) => {
      http.server.prependListener('request', ({ socket }) => socket.destroy())
      http.route({
        method: 'GET',
        path: '/address',
        handler: (request) => {
          resolve(request)
          return { status: 200 }
        },
      })
    })
    await expect(fetch(`${url}/address`)).rejects.toThrow()
    expect((await promise).ip).toBe('')
  })

  test('believes as many proxies as were configured', async () => {
    const forwarded = { headers: { 'x-forwarded-for': '6.6.6.6, 203.0.113.9' } }
    const ipAt = async (options: Partial<FastifyHttpOptions>) => {
      const answer = await fetch(`${await serve(echo, options)}/channels:all/x`, forwarded)
      return ((await answer.json()) as { ip: string }).ip
    }
    expect(await ipAt({})).toBe('127.0.0.1')
    expect(await ipAt({ trustedProxies: 1 })).toBe('203.0.113.9')
    expect(await ipAt({ trustedProxies: 2 })).toBe('6.6.6.6')
  })
})

describe('errors are error bodies', () => {
  const failing = (http: FastifyHttp) => {
    http.route({
      method: 'POST',
      path: '/fail/{how}',
      handler({ params }) {
        if (params.how === 'limited')
          throw new ParleyError('rate_limited', undefined, { retryAfterMs: 1_200 })
        if (params.how === 'own') throw new ParleyError('chat.message_locked', 'The message is locked.')
        if (params.how === 'hang') return new Promise(() => undefined)
        throw new Error('secret of the inside')
      },
    })
  }

  test.each([
    ['limited', 429, { code: 'rate_limited', retryable: true, retryAfterMs: 1_200 }],
    ['own', 409, { code: 'chat.message_locked', retryable: false }],
    ['defect', 500, { code: 'internal', retryable: true }],
  ])('%s → %i', async (how, status, body) => {
    const logged: unknown[] = []
    const logger: Logger = {
      ...silentLogger,
      error: (message, fields) => logged.push([message, fields?.requestId]),
    }
    const url = await serve(failing, { logger })
    const answer = await fetch(`${url}/fail/${how}`, { method: 'POST', headers: { 'x-request-id': 'r1' } })
    expect(answer.status).toBe(status)
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject(body)
    expect(text).not.toContain('secret')
    expect(answer.headers.get('retry-after')).toBe(how === 'limited' ? '2' : null)
    expect(logged).toEqual(how === 'defect' ? [['A request failed.', 'r1']] : [])
  })

  test.each<[string, RequestInit, number, string]>([
    ['/channels/x/events', post('{"x":'), 400, 'bad_request'],
    ['/channels/x/events', post('{}', { 'content-type': 'text/plain' }), 415, 'bad_request'],
    ['/channels/x/events', post(JSON.stringify('x'.repeat(2_000))), 413, 'payload_too_large'],
    ['/channels/%ff/events', post('{}'), 400, 'bad_request'],
    ['/nowhere', {}, 404, 'not_found'],
    ['/channels/x/events', { method: 'DELETE' }, 404, 'not_found'],
    ['/channels:all/x', { method: 'POST' }, 404, 'not_found'],
  ])('%s %o → %i %s', async (path, request, status, code) => {
    const url = await serve(echo, { limits: { maxBodyBytes: 1_000 } })
    const answer = await fetch(url + path, request)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({
      code,
      retryable: false,
      message: expect.stringMatching(/\.$/),
    })
  })

  test('a route that does not answer in time is given up', async () => {
    const url = await serve(failing, { limits: { handlerTimeoutMs: 30 } })
    const answer = await fetch(`${url}/fail/hang`, { method: 'POST' })
    expect(answer.status).toBe(504)
    expect(await answer.json()).toMatchObject({ code: 'timeout', retryable: true })
  })

  test('bytes that are no HTTP, and headers beyond the limit', async () => {
    const url = await serve(echo)
    expect(await raw(url, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"bad_request"/)
    expect(await raw(url, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    )
  })

  test('headers that trickle in are cut off', async () => {
    const url = await serve(echo, { limits: { headersTimeoutMs: 50, requestTimeoutMs: 100 } })
    expect(await raw(url, 'GET /channels:all/x HTTP/1.1\r\nHost: localhost\r\n')).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('pages of other origins', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'PUT' },
  }

  test('are told nothing unless they are allowed', async () => {
    const url = await serve(echo)
    const answer = await fetch(`${url}/channels:all/x`, preflight)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test.each([
    ['https://app.example', true],
    ['https://a.apps.example', true],
    ['https://apps.example.evil', false],
    ['http://a.apps.example', false],
    ['null', false],
  ])('%s allowed: %s', async (origin, isAllowed) => {
    const url = await serve(echo, {
      allowedOrigins: ['self', 'https://app.example', 'https://*.apps.example'],
    })
    const before = await fetch(`${url}/channels/x/events`, {
      ...preflight,
      headers: { ...preflight.headers, origin },
    })
    expect(before.status).toBe(204)
    expect(before.headers.get('access-control-allow-origin')).toBe(isAllowed ? origin : null)
    expect(before.headers.get('access-control-allow-headers')?.includes('Idempotency-Key') ?? false).toBe(
      isAllowed,
    )
    const answer = await fetch(`${url}/nowhere`, { headers: { origin } })
    expect(answer.headers.get('access-control-allow-origin')).toBe(isAllowed ? origin : null)
    expect(answer.headers.get('vary')).toBe('Origin')
  })
})

describe('files', () => {
  async function site(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-http-'))
    cleanups.push(() => rm(folder, { recursive: true }))
    await mkdir(join(folder, 'site/assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'outside')
    await writeFile(join(folder, 'site/index.html'), '<h1>app</h1>')
    await writeFile(join(folder, 'site/.hidden'), 'hidden')
    await writeFile(join(folder, 'site/assets/app-DzUwK3aB.js'), 'run()')
    await symlink(join(folder, 'secret.txt'), join(folder, 'site/link.txt'))
    return join(folder, 'site')
  }
  const asBrowser = { headers: { accept: 'text/html,*/*' } }

  test('are served with type, tag and how long they are good for', async () => {
    const folder = await site()
    const url = await serve((http) => http.files({ path: '/', folder, fallback: 'index.html' }))
    const script = await fetch(`${url}/assets/app-DzUwK3aB.js`)
    expect(await script.text()).toBe('run()')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
    const page = await fetch(url, asBrowser)
    expect(await page.text()).toBe('<h1>app</h1>')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const again = await fetch(url, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['12', ''])
  })

  test('are sent compressed where a fresh copy lies beside them and the client can read it', async () => {
    const folder = await site()
    const path = join(folder, 'assets/app-DzUwK3aB.js')
    await writeFile(`${path}.gz`, gzipSync('run()'))
    const url = await serve((http) => http.files({ path: '/', folder }))
    const script = `${url}/assets/app-DzUwK3aB.js`
    const compressed = await fetch(script, { headers: { 'accept-encoding': 'br, gzip' } })
    expect(compressed.headers.get('content-encoding')).toBe('gzip')
    expect(compressed.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(await compressed.text()).toBe('run()')
    for (const encodings of ['identity', 'gzip;q=0']) {
      const plain = await fetch(script, { headers: { 'accept-encoding': encodings } })
      expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, 'run()'])
    }
    const later = new Date(Date.now() + 60_000)
    await utimes(path, later, later)
    expect((await fetch(script)).headers.get('content-encoding')).toBeNull()
  })

  test('a page of the application is its entry; what is asked for by a program, or by a file name, is not found', async () => {
    const folder = await site()
    const url = await serve((http) => http.files({ path: '/', folder, fallback: 'index.html' }))
    expect(await (await fetch(`${url}/channels/chat`, asBrowser)).text()).toBe('<h1>app</h1>')
    expect((await fetch(`${url}/channels/chat`)).status).toBe(404)
    expect((await fetch(`${url}/missing.js`, asBrowser)).status).toBe(404)
    expect((await fetch(`${url}/channels/chat`, { method: 'POST', ...asBrowser })).status).toBe(404)
  })

  test('of several folders the closest one answers, and routes go first', async () => {
    const folder = await site()
    const url = await serve((http) => {
      http.files({ path: '/', folder, fallback: 'index.html' })
      http.files({ path: '/console', folder: join(folder, 'assets') })
      http.route({
        method: 'GET',
        path: '/assets/app-DzUwK3aB.js',
        handler: () => ({ status: 200, body: 'route' }),
      })
    })
    expect(await (await fetch(`${url}/console/app-DzUwK3aB.js`)).text()).toBe('run()')
    expect(await (await fetch(`${url}/assets/app-DzUwK3aB.js`)).text()).toBe('route')
  })

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%5csecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%00/../secret.txt',
    '/.hidden',
    '/link.txt',
    '//etc/passwd',
    '/%2fetc%2fpasswd',
  ])('nothing outside the folder is reached: %s', async (path) => {
    const folder = await site()
    const url = await serve((http) => http.files({ path: '/', folder, fallback: 'index.html' }))
    const answer = await raw(url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(answer).not.toMatch(/outside|hidden"|root:/)
  })
})

describe('listening and closing', () => {
  test('a port in use is named, with the way to change it', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    cleanups.push(() => other.close())
    const { port } = other.address() as AddressInfo
    const http = fastifyHttp({ port, logger: silentLogger })
    await expect(http.listen()).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is in use. Stop the program that has it, or choose another one: PORT`,
    )
    await http.close()
  })

  test('an address of another machine is named', async () => {
    const http = fastifyHttp({ port: 0, host: '192.0.2.1', logger: silentLogger })
    await expect(http.listen()).rejects.toThrow('The address 192.0.2.1 is not one of this machine.')
    await http.close()
  })

  test.skipIf(longestQueue < crowd)('a crowd that comes while the process is busy finds room', async () => {
    const { port } = new URL(await serve(() => undefined))
    const come = `
      const { connect } = require('node:net')
      let connected = 0
      for (let count = 0; count < ${crowd}; count++) connect(${port}, '127.0.0.1', () => connected++)
      const start = Date.now()
      const look = () => connected === ${crowd} || Date.now() - start > 10_000
      setInterval(() => look() && (process.stdout.write(String(connected)), process.exit()), 10)`
    // This process accepts nobody until the other one has ended.
    expect(spawnSync(process.execPath, ['-e', come]).stdout.toString()).toBe(String(crowd))
  })

  test('closing waits for a request under way, not for connections kept alive', async () => {
    const begun = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const http = fastifyHttp({ port: 0, logger: silentLogger })
    http.route({
      method: 'GET',
      path: '/slow',
      async handler() {
        begun.resolve()
        await finish.promise
        return { status: 200, body: 'done' }
      },
    })
    const url = await http.listen()
    const idle = connect(Number(new URL(url).port), '127.0.0.1')
    await once(idle, 'connect')
    const answer = fetch(`${url}/slow`)
    await begun.promise
    const closing = http.close()
    finish.resolve()
    expect(await (await answer).text()).toBe('done')
    await closing
    await expect(fetch(url)).rejects.toThrow()
  })

  test('a request that comes meanwhile over a connection kept alive is answered by its route', async () => {
    const [begun, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const http = fastifyHttp({ port: 0, logger: silentLogger })
    http.route({
      method: 'GET',
      path: '/slow',
      async handler() {
        begun.resolve()
        await finish.promise
        return { status: 200, body: 'done' }
      },
    })
    http.route({
      method: 'GET',
      path: '/late',
      handler: () => Promise.reject(new ParleyError('unavailable', 'The node is not running.')),
    })
    const { port } = new URL(await http.listen())
    const [slow, late] = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')]
    cleanups.push(
      () => slow.destroy(),
      () => late.destroy(),
    )
    // Both connections are in use before the port is closed.
    late.write('GET /late HTTP/1.1\r\nHost: localhost\r\n')
    slow.write('GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await begun.promise
    const closing = http.close()
    const answer = readAll(late)
    late.write('Connection: close\r\n\r\n')
    expect(await answer).toMatch(/^HTTP\/1.1 503 [\s\S]*"code":"unavailable"/)
    finish.resolve()
    await closing
  })

  test('a request that does not finish is cut off', async () => {
    const begun = Promise.withResolvers<void>()
    const http = fastifyHttp({ port: 0, logger: silentLogger, limits: { closeTimeoutMs: 20 } })
    http.route({
      method: 'GET',
      path: '/hang',
      handler() {
        begun.resolve()
        return new Promise(() => undefined)
      },
    })
    const answer = fetch(`${await http.listen()}/hang`).then(
      () => 'answered',
      () => 'cut off',
    )
    await begun.promise
    await http.close()
    expect(await answer).toBe('cut off')
  })
})
