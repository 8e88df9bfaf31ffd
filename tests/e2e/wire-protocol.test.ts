import { once } from 'node:events'
import {
  type EventsFrame,
  expandEvents,
  type Position,
  type StateSnapshot,
  type SubscribeResult,
  splitFrame,
} from '@parley/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from './running-server.ts'
import { WireClient } from './wire-client.ts'

/** What PROTOCOL.md promises to people who write clients, section by section, on the real server. */

let server: TestServer
let ada: string
let bob: string
const open: WireClient[] = []

beforeAll(async () => {
  server = await runningServer()
  ada = await signIn('ada')
  bob = await signIn('bob')
})

afterEach(() => {
  for (const client of open.splice(0)) client.socket.terminate()
})

afterAll(() => server.remove())

async function signIn(name: string): Promise<string> {
  const body = JSON.stringify({ name })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api/auth/sign-in`, { method: 'POST', headers, body })
  return ((await response.json()) as { token: string }).token
}

const url = (path = '/realtime') => server.url.replace('http', 'ws') + path

function kept(client: WireClient): WireClient {
  open.push(client)
  return client
}

const connect = async (token = ada) => kept(await WireClient.connect(url(), token))
const bare = async (...how: [subprotocols?: string[], options?: object]) =>
  kept(await WireClient.open(url(), ...how))

let channels = 0
/** A channel that no other test has. */
const fresh = (kind = 'chat') => `${kind}:wire-${channels++}`

function publish(client: WireClient, channel: string, data: unknown, more: object = {}) {
  return client.ask<{ id: string } & Position>({
    op: 'call',
    command: 'channels.publish',
    input: { channel, data, ...more },
  })
}

async function subscribe(client: WireClient, channel: string, more: object = {}) {
  return client.ask<SubscribeResult>({ op: 'subscribe', channel, ...more })
}

/** The data of events up to an offset, with every batch checked to follow the one before. */
async function follow(client: WireClient, { epoch, offset }: Position, until: number): Promise<unknown[]> {
  const data: unknown[] = []
  let at = offset
  while (at < until) {
    const frame: EventsFrame = await client.next('events')
    expect(frame.prev).toBe(at)
    const events = expandEvents(frame, epoch)
    expect(events.at(-1)?.offset ?? frame.prev).toBeLessThanOrEqual(frame.position)
    data.push(...events.map((event) => event.data))
    at = frame.position
  }
  return data
}

describe('§1 transport', () => {
  test.each(['/realtime', '/ws'])('%s answers with the subprotocol that was offered', async (path) => {
    const client = kept(await WireClient.open(url(path), ['graphql-ws', 'parley.v1.json']))
    expect(client.socket.protocol).toBe('parley.v1.json')
    expect(client.socket.extensions).toBe('')
    const compressing = await WireClient.open(url(path), undefined, { perMessageDeflate: true })
    expect(kept(compressing).socket.extensions).toBe('permessage-deflate')
  })

  test('a client that offers no subprotocol is spoken to in version 1', async () => {
    const client = await bare([])
    expect(client.socket.protocol).toBe('')
    expect(await client.ask({ op: 'connect', token: ada })).toMatchObject({ version: 1 })
  })

  test.each([
    {
      what: 'a subprotocol nobody knows',
      headers: { 'sec-websocket-protocol': 'x' },
      status: 400,
      code: 'unsupported_version',
    },
    { what: 'a wrong path', path: '/nowhere', status: 404, code: 'not_found' },
    { what: 'a foreign origin', headers: { origin: 'https://evil.example' }, status: 403, code: 'forbidden' },
  ])('$what is refused by HTTP with an error body', async ({ path, headers = {}, status, code }) => {
    const client = kept(new WireClient(url(path), [], { headers }))
    client.socket.on('error', () => undefined)
    const [, response] = await once(client.socket, 'unexpected-response')
    expect(response.statusCode).toBe(status)
    const body = JSON.parse(String((await response.toArray()).join('')))
    expect(body).toMatchObject({ code, retryable: false, message: expect.any(String) })
  })
})

describe('§2 messages and frames', () => {
  test('bad frames are answered one by one, and their neighbours count', async () => {
    const client = await connect()
    client.sendText(
      '{"op":"ping"}\nnonsense\n\n{"op":"call","id":90}\n{"op":"unheard","id":91}\n{"op":"ping","more":1}',
    )
    expect((await client.reply(91)).error).toMatchObject({ code: 'bad_frame' })
    await client.next('pong')
    expect((await client.next('error')).error.code).toBe('bad_frame')
    expect((await client.reply(90)).error?.code).toBe('bad_frame')
    await client.next('pong')
  })

  test('too many of them end the connection', async () => {
    const client = await connect()
    client.sendText(...Array(16).fill('nonsense'))
    expect(await client.closed).toMatchObject({ code: 4005 })
  })

  test('257 frames in a message are one bad frame', async () => {
    const client = await connect()
    client.sendText(Array(257).fill('{"op":"ping"}').join('\n'))
    expect((await client.next('error')).error.code).toBe('bad_frame')
    expect(client.frames.some(({ op }) => op === 'pong')).toBe(false)
  })
})

describe('§3 connecting', () => {
  test('the result has what the document says', async () => {
    const result = await (await bare()).ask({
      op: 'connect',
      token: ada,
      versions: [7, 1],
      client: { name: 'test' },
    })
    const text = expect.any(String)
    expect(result).toEqual({
      ...{ version: 1, session: text, secret: text, node: text, resumed: false, app: 'default', user: 'ada' },
      ...{ pingIntervalMs: 30_000, pingTimeoutMs: 5_000, maxFrameBytes: 65_536 },
      ...{ expiresAt: expect.any(Number), time: expect.any(Number) },
    })
  })

  test('the token may come as a header or as a subprotocol', async () => {
    const byHeader = await bare(undefined, { headers: { authorization: `Bearer ${ada}` } })
    expect(await byHeader.ask({ op: 'connect' })).toMatchObject({ user: 'ada' })
    const bySubprotocol = await bare(['parley.v1.json', `parley.token.${ada}`])
    expect(bySubprotocol.socket.protocol).toBe('parley.v1.json')
    expect(await bySubprotocol.ask({ op: 'connect' })).toMatchObject({ user: 'ada' })
  })

  test('requests may be sent behind `connect` in the same message', async () => {
    const client = await bare()
    const channel = fresh()
    const call = { op: 'call', command: 'channels.publish', input: { channel, data: 1 } } as const
    const [, subscribed, published] = client.send(
      { op: 'connect', token: ada },
      { op: 'subscribe', channel },
      call,
    )
    expect((await client.reply(published as number)).ok).toMatchObject({ offset: 1 })
    expect((await client.reply(subscribed as number)).ok).toMatchObject({ position: { offset: 0 }, head: 0 })
    expect((await client.next('events')).position).toBe(1)
  })

  test.each([
    ['no token', {}, 'unauthenticated', 4002],
    ['a forged token', { token: 'a.b.c' }, 'unauthenticated', 4002],
    ['no version in common', { token: 'x', versions: [2] }, 'unsupported_version', 4001],
  ])('%s: a reply that says why, and a close that says stop', async (_what, fields, error, code) => {
    const client = await bare()
    expect(await client.refused({ op: 'connect', ...fields })).toBe(error)
    expect(await client.closed).toMatchObject({ code })
  })

  test('another first frame is refused', async () => {
    const client = await bare()
    expect(await client.refused({ op: 'subscribe', channel: fresh() })).toBe('unauthenticated')
    await client.ask({ op: 'connect', token: ada })
    expect(await client.refused({ op: 'connect', token: ada })).toBe('bad_request')
  })

  test('a session goes on with its secret and the same user, and its old connection is closed', async () => {
    const first = await bare()
    const { session, secret } = await first.ask<{ session: string; secret: string }>({
      op: 'connect',
      token: ada,
    })
    const resume = (token: string, more: object = {}) =>
      ({ op: 'connect', token, resume: { session, secret, ...more } }) as const
    for (const request of [resume(bob), resume(ada, { secret: 'guess' }), resume(ada, { session: 'other' })])
      expect(await (await bare()).ask(request)).toMatchObject({ resumed: false })
    expect(await (await bare()).ask(resume(ada))).toMatchObject({ resumed: true, session })
    expect(await first.closed).toMatchObject({ code: 4204 })
  })

  test('subscriptions are not resumed', async () => {
    const channel = fresh()
    const first = await bare()
    const { session, secret } = await first.ask<{ session: string; secret: string }>({
      op: 'connect',
      token: ada,
    })
    await subscribe(first, channel)
    const second = await bare()
    await second.ask({ op: 'connect', token: ada, resume: { session, secret } })
    expect(await second.refused({ op: 'unsubscribe', channel })).toBe('not_subscribed')
    expect(await subscribe(second, channel, { from: { epoch: 'none', offset: 0 } })).toMatchObject({
      recovered: false,
    })
  })
})

describe('§5 subscribing and §6 events', () => {
  test('the position is there before any event, and every batch follows from it', async () => {
    const client = await connect()
    const channel = fresh()
    const { position, head, recovered } = await subscribe(client, channel)
    expect({ offset: position.offset, head, recovered }).toEqual({ offset: 0, head: 0, recovered: undefined })
    const acks = await Promise.all(Array.from({ length: 30 }, (_, index) => publish(client, channel, index)))
    expect(acks.map(({ id, offset }) => ({ id, offset }))).toEqual(
      acks.map((_, index) => ({ id: `${position.epoch}-${index + 1}`, offset: index + 1 })),
    )
    expect(await follow(client, position, 30)).toEqual(acks.map((_, index) => index))
  })

  test.each(['chat', 'room'])(
    'a position in a channel of kind %s is recovered: everything behind it, then live',
    async (kind) => {
      const client = await connect()
      const channel = fresh(kind)
      const { epoch } = await publish(client, channel, 1)
      for (const data of [2, 3, 4]) await publish(client, channel, data)
      const from = { epoch, offset: 1 }
      expect(await subscribe(client, channel, { from })).toMatchObject({
        position: from,
        head: 4,
        recovered: true,
      })
      await publish(client, channel, 5)
      expect(await follow(client, from, 5)).toEqual([2, 3, 4, 5])
    },
  )

  test('a position that cannot be recovered is refused with the reason', async () => {
    const client = await connect()
    const channel = fresh()
    const { epoch } = await publish(client, channel, 1)
    const verdict = async (name: string, from: Position) => {
      const { recovered, reason, position } = await subscribe(client, name, { from })
      await client.ask({ op: 'unsubscribe', channel: name })
      return { recovered, reason, offset: position.offset }
    }
    expect(await verdict(channel, { epoch: 'other', offset: 1 })).toEqual({
      recovered: false,
      reason: 'epoch_changed',
      offset: 1,
    })
    expect(await verdict(channel, { epoch, offset: 2 })).toEqual({
      recovered: false,
      reason: 'position_ahead',
      offset: 1,
    })
    expect(await verdict(fresh('live'), { epoch, offset: 0 })).toEqual({
      recovered: false,
      reason: 'not_stored',
      offset: 0,
    })
  })

  test('unsubscribe and subscribe behind each other close a gap without waiting', async () => {
    const client = await connect()
    const channel = fresh()
    const { position } = await subscribe(client, channel)
    expect(await client.refused({ op: 'subscribe', channel })).toBe('already_subscribed')
    for (const data of [1, 2, 3]) await publish(client, channel, data)
    await follow(client, position, 3)
    const [, asked] = client.send(
      { op: 'unsubscribe', channel },
      { op: 'subscribe', channel, from: { ...position, offset: 1 } },
    )
    expect((await client.reply(asked as number)).ok).toMatchObject({ recovered: true })
    expect(await follow(client, { ...position, offset: 1 }, 3)).toEqual([2, 3])
  })

  test('`recent` begins before the head', async () => {
    const client = await connect()
    const channel = fresh()
    for (const data of [1, 2, 3]) await publish(client, channel, data)
    const { position, head } = await subscribe(client, channel, { recent: 2 })
    expect([position.offset, head]).toEqual([1, 3])
    expect(await follow(client, position, 3)).toEqual([2, 3])
  })

  test('ephemeral channels count too, and gaps show', async () => {
    const [client, channel] = [await connect(), fresh('live')]
    expect(await publish(client, channel, 'unheard')).toMatchObject({ epoch: '', offset: 0 })
    const { position } = await subscribe(client, channel)
    const { offset } = await publish(client, channel, 'heard')
    expect(await follow(client, position, offset)).toEqual(['heard'])
  })

  test('a redacted event keeps its place, and those who have it are told', async () => {
    const [client, channel] = [await connect(), fresh()]
    const { position } = await subscribe(client, channel)
    await publish(client, channel, 'secret', { id: 'm-1' })
    await client.ask({ op: 'call', command: 'channels.redact', input: { channel, offset: 1 } })
    await publish(client, channel, 'after')
    const told = (await follow(client, position, 3))[1]
    expect(told).toEqual({ offset: 1 })
    await client.ask({ op: 'unsubscribe', channel })
    await subscribe(client, channel, { from: position })
    const [first] = expandEvents(await client.next('events'), position.epoch)
    expect(first).toMatchObject({ id: `${position.epoch}-1`, data: null, redacted: true })
  })
})

describe('§7 keyed state', () => {
  test('a snapshot, then differences that follow each other', async () => {
    const channel = fresh()
    const [reader, writer] = [await connect(ada), await connect(bob)]
    const { state } = await subscribe(reader, channel, { state: true })
    expect(state?.entries).toMatchObject([
      { name: 'presence', user: 'ada', value: { since: expect.any(Number) } },
    ])
    await subscribe(writer, channel)
    await writer.ask({ op: 'set', channel, name: 'cursor', value: true })
    const map = new Map(state?.entries.map((entry) => [entry.key, `${entry.user} ${entry.name}`]))
    let version = state?.version ?? -1
    const apply = async () => {
      const frame = await reader.next('state')
      expect({ instance: frame.instance, prev: frame.prev }).toEqual({
        instance: state?.instance,
        prev: version,
      })
      version = frame.version
      for (const key of frame.removed) map.delete(key)
      for (const entry of frame.set) map.set(entry.key, `${entry.user} ${entry.name}`)
    }
    while (map.size < 3) await apply()
    expect([...map.values()].sort()).toEqual(['ada presence', 'bob cursor', 'bob presence'])
    await writer.ask({ op: 'set', channel, name: 'cursor', value: null })
    while (map.size > 2) await apply()
    const page = await reader.ask<StateSnapshot>({ op: 'state', channel })
    expect(page).toMatchObject({ instance: state?.instance, version, total: 2 })
    await writer.ask({ op: 'unsubscribe', channel })
    while (map.size > 1) await apply()
    expect([...map.values()]).toEqual(['ada presence'])
  })

  test('what may not be set', async () => {
    const [client, channel] = [await connect(), fresh()]
    const set = (name: string, value: unknown) => client.refused({ op: 'set', channel, name, value })
    expect(await set('cursor', true)).toBe('not_subscribed')
    await subscribe(client, channel, { silent: true })
    expect(await set('presence', 1)).toBe('bad_request')
    expect(await set('big', 'x'.repeat(5_000))).toBe('payload_too_large')
    expect(await client.ask({ op: 'state', channel })).toMatchObject({ entries: [], total: 0 })
  })
})

describe('§8 filters', () => {
  test('what does not match is left out, and the position goes on', async () => {
    const [client, channel] = [await connect(), fresh()]
    const filter = {
      all: [
        { field: 'data.n', gt: 1 },
        { field: 'tags.lang', eq: 'en' },
      ],
    }
    const { position, filter: runsAt } = await subscribe(client, channel, { filter })
    expect(runsAt).toBe('server')
    const tags = { lang: 'en' }
    for (const n of [1, 2, 0, 0, 3]) await publish(client, channel, { n }, { tags })
    await publish(client, channel, { n: 9 })
    await publish(client, channel, { n: 4 }, { tags })
    expect(await follow(client, position, 7)).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }])
    expect(
      await client.refused({ op: 'subscribe', channel: fresh(), filter: { field: 'x', eq: 1 } as never }),
    ).toBe('bad_request')
  })
})

describe('§9 calls', () => {
  const call = (channel: string, data: unknown, key?: string) =>
    ({
      op: 'call',
      command: 'channels.publish',
      input: { channel, data },
      ...(key === undefined ? {} : { key }),
    }) as const

  test('a key takes effect once, also side by side and over another connection', async () => {
    const [client, other, channel] = [await connect(), await connect(), fresh()]
    const ids = client.send(call(channel, 'a', 'k1'), call(channel, 'a', 'k1'))
    const [one, two] = await Promise.all(ids.map((id) => client.reply(id)))
    expect(one?.ok).toMatchObject({ offset: 1 })
    expect(two?.ok).toEqual(one?.ok)
    expect(await other.ask(call(channel, 'a', 'k1'))).toEqual(one?.ok)
    expect(await other.refused(call(channel, 'b', 'k1'))).toBe('idempotency_mismatch')
    expect(await publish(client, channel, 'next')).toMatchObject({ offset: 2 })
  })

  test('calls about one channel take effect in the order in which they were sent', async () => {
    const [client, channel] = [await connect(), fresh()]
    const ids = client.send(...Array.from({ length: 100 }, (_, index) => call(channel, index)))
    const replies = await Promise.all(ids.map((id) => client.reply(id)))
    expect(replies.map(({ ok }) => (ok as Position).offset)).toEqual(ids.map((_, index) => index + 1))
  })

  test('errors have the form of the document', async () => {
    const client = await connect()
    const [id] = client.send({ op: 'call', command: 'no.such' })
    expect((await client.reply(id as number)).error).toEqual({
      code: 'unknown_command',
      message: expect.any(String),
      retryable: false,
    })
  })
})

describe('§10 chunks', () => {
  test('a frame in chunks is as good as a whole one, with others in between', async () => {
    const [client, channel] = [await connect(), fresh()]
    const { position } = await subscribe(client, channel)
    const data = `${'x'.repeat(60_000)}😀`
    const frame = JSON.stringify({
      op: 'call',
      id: 77,
      command: 'channels.publish',
      input: { channel, data },
    })
    for (const chunk of splitFrame(frame, 10_000)) client.sendText(JSON.stringify(chunk), '{"op":"ping"}')
    expect((await client.reply(77)).ok).toMatchObject({ offset: 1 })
    expect(await follow(client, position, 1)).toEqual([data])
  })

  test('chunks out of order, or of chunks, are bad frames', async () => {
    const client = await connect()
    client.sendText('{"op":"chunk","of":3,"index":1,"data":"x"}')
    expect((await client.next('error')).error.code).toBe('bad_frame')
    const inner = JSON.stringify({ op: 'chunk', of: 1, index: 0, data: '{"op":"ping"}' })
    client.sendText(JSON.stringify({ op: 'chunk', of: 1, index: 0, data: inner }))
    expect((await client.next('error')).error.code).toBe('bad_frame')
  })
})

describe('§11 tokens, §14 limits, §16 REST', () => {
  test('a refreshed token is of the same user', async () => {
    const client = await connect(ada)
    expect(await client.ask({ op: 'refresh', token: await signIn('ada') })).toEqual({
      expiresAt: expect.any(Number),
    })
    expect(await client.refused({ op: 'refresh', token: bob })).toBe('forbidden')
    expect(await client.refused({ op: 'refresh', token: 'a.b.c' })).toBe('unauthenticated')
    expect(await publish(client, fresh(), 1)).toMatchObject({ offset: 1 })
  })

  test('a message above the limit ends the connection', async () => {
    const client = await connect()
    client.sendText(`{"op":"ping","more":"${'x'.repeat(65_536)}"}`)
    expect(await client.closed).toMatchObject({ code: 4004 })
  })

  test('what REST publishes reaches subscribers, once per key', async () => {
    const [client, channel] = [await connect(), fresh()]
    const { position } = await subscribe(client, channel)
    const post = async (data: unknown) => {
      const headers = {
        authorization: `Bearer ${ada}`,
        'content-type': 'application/json',
        'idempotency-key': 'r1',
      }
      const body = JSON.stringify({ data })
      const response = await fetch(`${server.url}/api/channels/${channel}/events`, {
        method: 'POST',
        headers,
        body,
      })
      return { status: response.status, body: await response.json() }
    }
    const first = await post('by REST')
    expect(await post('by REST')).toEqual(first)
    expect(await post('other')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_mismatch', retryable: false },
    })
    expect(await follow(client, position, 1)).toEqual(['by REST'])
  })
})
