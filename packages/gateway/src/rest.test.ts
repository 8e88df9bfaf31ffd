import type { Credentials, Http, HttpRequest, HttpResponse, HttpRoute, Identity, Node } from '@parley/kernel'
import { implement, Registry } from '@parley/kernel'
import { command, defineContract, ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { mountRest } from './rest.ts'

const done = z.object({ done: z.boolean() })
const contract = defineContract({
  name: 'shop',
  summary: 'A shop.',
  commands: {
    search: command({
      summary: 'Search.',
      input: z.strictObject({
        shelf: z.string(),
        limit: z.int().default(10),
        fresh: z.boolean().optional(),
        tags: z.array(z.string()).optional(),
        sizes: z.array(z.int()).optional(),
        where: z.object({ price: z.number() }).optional(),
        since: z.union([z.int(), z.iso.datetime()]).optional(),
        level: z.literal([1, 2]).optional(),
        note: z.string().nullable().optional(),
      }),
      output: done,
      permission: 'anyone',
      rest: 'GET /shelves/{shelf}/things',
      readOnly: true,
    }),
    put: command({
      summary: 'Put.',
      input: z.strictObject({ shelf: z.string(), place: z.int(), thing: z.unknown() }),
      output: done,
      permission: { action: 'write' },
      rest: 'PUT /shelves/{shelf}/places/{place}',
    }),
    drop: command({
      summary: 'Drop.',
      input: z.strictObject({ shelf: z.string(), why: z.string().optional() }),
      output: z.undefined(),
      permission: 'anyone',
      rest: 'DELETE /shelves/{shelf}',
    }),
    enter: command({
      summary: 'Enter.',
      input: z.strictObject({ name: z.string() }),
      output: done,
      permission: 'public',
      rest: 'POST /enter',
    }),
  },
  events: {},
})

interface Call {
  readonly user: string | undefined
  readonly command: string
  readonly input: unknown
  readonly origin: unknown
}

/** The routes on a fake server and a fake node that records its calls. */
function mounted() {
  const nothing = () => ({ done: true })
  const module = implement(contract as never, {
    handlers: { search: nothing, put: nothing, drop: nothing, enter: nothing } as never,
  })
  const calls: Call[] = []
  const asked: Credentials[] = []
  const node = {
    registry: new Registry([module]),
    async authenticate(credentials: Credentials): Promise<Identity> {
      asked.push(credentials)
      if (credentials.token === 'expired') throw new ParleyError('token_expired')
      return { app: 'default', user: 'ada', role: 'user', grants: [] }
    },
    async call(identity: Identity | undefined, name: string, input: unknown, origin: unknown) {
      calls.push({ user: identity?.user, command: name, input, origin })
      return name === 'shop.drop' ? undefined : { done: true }
    },
  } as unknown as Node
  const routes = new Map<string, HttpRoute>()
  const http: Http = {
    route: (route) => void routes.set(`${route.method} ${route.path}`, route),
    files: () => undefined,
    stream: () => undefined,
  }
  mountRest(http, node)
  const send = async (route: string, request: Partial<HttpRequest> = {}): Promise<HttpResponse> => {
    const found = routes.get(route)
    if (found === undefined) throw new Error(`no route ${route}; there are ${[...routes.keys()].join(', ')}`)
    const headers = { authorization: 'Bearer a.b.c', ...request.headers }
    const whole = {
      id: 'r1',
      method: found.method,
      path: '',
      params: {},
      query: {},
      body: undefined,
      ip: '192.0.2.7',
      ...request,
      headers,
    }
    return await found.handler(whole)
  }
  return { routes, send, calls, asked }
}

const searchRoute = 'GET /api/shelves/{shelf}/things'
const putRoute = 'PUT /api/shelves/{shelf}/places/{place}'

describe('input', () => {
  test('of a query is read as the schema asks', async () => {
    const { send, calls } = mounted()
    const query = {
      limit: '20',
      fresh: 'true',
      tags: ['a', '7'],
      sizes: '[1,2]',
      where: '{"price":2.5}',
      since: '1700000000000',
      level: '2',
      note: 'null',
    }
    const answer = await send(searchRoute, { params: { shelf: '12' }, query })
    expect(answer).toMatchObject({ status: 200, body: { done: true } })
    expect(calls[0]?.input).toEqual({
      shelf: '12',
      limit: 20,
      fresh: true,
      tags: ['a', '7'],
      sizes: [1, 2],
      where: { price: 2.5 },
      since: 1_700_000_000_000,
      level: 2,
      note: 'null',
    })
  })

  test('a single value is a list of one; a text beside a number stays a text', async () => {
    const { send, calls } = mounted()
    await send(searchRoute, {
      params: { shelf: 'a' },
      query: { tags: 'x', sizes: '3', since: '2026-01-01T00:00:00Z' },
    })
    expect(calls[0]?.input).toEqual({ shelf: 'a', tags: ['x'], sizes: [3], since: '2026-01-01T00:00:00Z' })
  })

  test('what does not fit is left to validation, and so are unknown names', async () => {
    const { send, calls } = mounted()
    const query = { limit: '0x10', fresh: 'yes', where: '{"price":', sizes: '[1,', other: '1' }
    await send(searchRoute, { params: { shelf: 'a' }, query })
    expect(calls[0]?.input).toEqual({ shelf: 'a', ...query })
  })

  test('of a body is joined with the path', async () => {
    const { send, calls } = mounted()
    await send(putRoute, { params: { shelf: '12', place: '3' }, body: { thing: { a: 1 } } })
    await send(putRoute, {
      params: { shelf: '12', place: '3' },
      body: { thing: null, place: 3, shelf: '12' },
    })
    await send(putRoute, { params: { shelf: '12', place: '3' } })
    expect(calls.map((call) => call.input)).toEqual([
      { shelf: '12', place: 3, thing: { a: 1 } },
      { shelf: '12', place: 3, thing: null },
      { shelf: '12', place: 3 },
    ])
  })

  test.each<[string, unknown, RegExp]>([
    ['a list', [1], /JSON object/],
    ['a text', 'x', /JSON object/],
    ['null', null, /JSON object/],
    ['another value than the path', { place: 4 }, /`place` differs/],
    ['depth beyond the limit', JSON.parse(`{"thing":${'['.repeat(80)}${']'.repeat(80)}}`), /64 levels/],
  ])('refuses %s as a body', async (_what, body, message) => {
    const { send, calls } = mounted()
    await expect(send(putRoute, { params: { shelf: 'a', place: '3' }, body })).rejects.toThrow(message)
    expect(calls).toEqual([])
  })

  test('a name like __proto__ changes no prototype', async () => {
    const { send, calls } = mounted()
    await send(putRoute, {
      params: { shelf: 'a', place: '3' },
      body: JSON.parse('{"__proto__":{"thing":1}}'),
    })
    expect(calls[0]?.input).toHaveProperty('shelf', 'a')
    expect(calls[0]?.input).not.toHaveProperty('thing')
    await expect(
      send(searchRoute, {
        params: { shelf: 'a' },
        query: { where: `{"a":${'['.repeat(90)}${']'.repeat(90)}}` },
      }),
    ).rejects.toThrow(/64 levels/)
  })
})

describe('credentials', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  test.each<[Record<string, string>, Credentials]>([
    [{ authorization: 'Bearer x.y.z' }, { kind: 'bearer', token: 'x.y.z' }],
    [{ authorization: 'bearer   x.y.z ' }, { kind: 'bearer', token: 'x.y.z' }],
    [{ authorization: basic('key1:s3cret:é') }, { kind: 'key', token: 'key1:s3cret:é' }],
    [
      { authorization: undefined as never, 'x-api-key': 'key1:s3cret' },
      { kind: 'key', token: 'key1:s3cret' },
    ],
  ])('%o', async (headers, credentials) => {
    const { send, asked, calls } = mounted()
    await send(searchRoute, { params: { shelf: 'a' }, headers })
    expect(asked).toEqual([credentials])
    expect(calls[0]?.user).toBe('ada')
  })

  test.each<[Record<string, string | undefined>, string]>([
    [{ authorization: undefined }, 'unauthenticated'],
    [{ authorization: 'Digest x' }, 'unauthenticated'],
    [{ authorization: 'Bearer' }, 'unauthenticated'],
    [{ authorization: 'Basic %%%' }, 'unauthenticated'],
    [{ authorization: basic('no colon') }, 'unauthenticated'],
    [{ authorization: `Bearer ${'x'.repeat(9_000)}` }, 'unauthenticated'],
    [{ authorization: undefined, 'x-api-key': 'nocolon' }, 'unauthenticated'],
    [{ authorization: 'Bearer expired' }, 'token_expired'],
  ])('%o is refused as %s before the node is called', async (headers, code) => {
    const { send, calls } = mounted()
    const refused = send(searchRoute, { params: { shelf: 'a' }, headers: headers as Record<string, string> })
    await expect(refused).rejects.toMatchObject({ code })
    expect(calls).toEqual([])
  })

  test('a public command needs none, and a token that has expired does not hinder it', async () => {
    const { send, calls, asked } = mounted()
    await send('POST /api/enter', { body: { name: 'ada' }, headers: { authorization: 'Bearer expired' } })
    expect(calls[0]).toMatchObject({ user: undefined, command: 'shop.enter' })
    expect(asked).toEqual([])
  })
})

describe('origin and answer', () => {
  test('key, address and request id reach the node; a reading command has no key', async () => {
    const { send, calls } = mounted()
    const headers = { 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' }
    await send(putRoute, { params: { shelf: 'a', place: '3' }, headers })
    await send(searchRoute, { params: { shelf: 'a' }, headers })
    expect(calls.map((call) => call.origin)).toEqual([
      { key: headers['idempotency-key'], ip: '192.0.2.7', requestId: 'r1' },
      { key: undefined, ip: '192.0.2.7', requestId: 'r1' },
    ])
  })

  test.each(['', 'x'.repeat(129), 'two words', 'é'])('the idempotency key %j is refused', async (key) => {
    const { send } = mounted()
    const sent = send(putRoute, { params: { shelf: 'a', place: '3' }, headers: { 'idempotency-key': key } })
    await expect(sent).rejects.toMatchObject({ code: 'bad_request' })
  })

  test('no output is 204; nothing is kept by caches', async () => {
    const { send } = mounted()
    const answer = await send('DELETE /api/shelves/{shelf}', {
      params: { shelf: 'a' },
      query: { why: 'old' },
    })
    expect(answer).toEqual({ status: 204, headers: { 'cache-control': 'no-store' } })
  })
})
