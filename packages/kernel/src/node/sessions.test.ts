import { type ConnectResult, closeCodes, ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { memoryTransport } from '../memory/transport.ts'
import type { TestClient } from '../testing/test-client.ts'
import { testAuthenticator, testIdentity, testNode, testToken } from '../testing/test-node.ts'

const backend = testIdentity(undefined)

describe('resuming a session', () => {
  test('with its secret and a token of the same user: the same session, for 30 s', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    const { session, secret } = alice.session!
    expect(secret.length).toBeGreaterThan(20)
    alice.wire.drop()
    await t.clock.advance(29_000)
    const again = t.stranger()
    const { ok } = await again.connect(testToken('alice'), { session, secret })
    expect(ok).toMatchObject({ resumed: true, session, secret, version: 1, app: 'default', user: 'alice' })
    again.wire.drop()
    await t.clock.advance(31_000)
    const late = t.stranger()
    expect((await late.connect(testToken('alice'), { session, secret })).ok).toMatchObject({ resumed: false })
    expect(late.session?.session).not.toBe(session)
    expect(t.node.status().sessions).toBe(1)
  })

  test.each([
    ['the wrong secret', 'alice', {}, 'x'],
    ['a secret that begins like the right one', 'alice', {}, 'half'],
    ['another user', 'mallory', {}, undefined],
    ['another app', 'alice', { app: 'other' }, undefined],
    ['a session that does not exist', 'alice', {}, 'no session'],
  ])('%s: a new session, and the old one is left alone', async (_what, user, over, secret) => {
    const t = await testNode({ apps: ['other'] })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    const { session, secret: right } = alice.session!
    const wrong = secret === 'half' ? right.slice(0, 10) : secret
    const stranger = t.stranger()
    const resume = { session: secret === 'no session' ? 'nobody' : session, secret: wrong ?? right }
    const { ok } = await stranger.connect(testToken(user, over), resume)
    expect(ok).toMatchObject({ resumed: false })
    expect((ok as ConnectResult).session).not.toBe(session)
    await alice.publish('durable:a', 1)
    expect(alice.of('durable:a')).toHaveLength(1)
    expect(alice.closeCode).toBeUndefined()
  })

  test('again and again: every connection replaces the one before, and only the last one gets anything', async () => {
    const t = await testNode()
    const first = await t.client('alice')
    const clients = [first]
    for (let n = 0; n < 5; n++) {
      const next = t.stranger()
      await next.connect(testToken('alice'), first.session)
      await next.subscribe('durable:a')
      clients.push(next)
    }
    await clients.at(-1)!.publish('durable:a', 1)
    expect(clients.map(({ events }) => events.length)).toEqual([0, 0, 0, 0, 0, 1])
    expect(clients.map(({ closeCode }) => closeCode)).toEqual([4204, 4204, 4204, 4204, 4204, undefined])
    expect(t.node.status()).toMatchObject({ connections: 1, sessions: 1, subscriptions: 1 })
  })

  test('requests of the old connection are not answered on the new one', async () => {
    const t = await testNode({ memoryStore: { readMs: () => 50, commitMs: () => 50 } })
    const old = await t.client('alice')
    old.post({ op: 'subscribe', channel: 'durable:a' })
    old.post({ op: 'unsubscribe', channel: 'durable:b' })
    old.post({ op: 'refresh', token: 'nonsense' })
    old.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:c', data: 1 } })
    old.post({ op: 'call', command: 'test.nothing', input: {} })
    await t.clock.advance(10)
    const next = t.stranger()
    await next.connect(testToken('alice'), old.session)
    await t.clock.advance(1_000)
    expect(next.all('reply').map(({ id }) => id)).toEqual([1])
    expect(t.node.status()).toMatchObject({ subscriptions: 0, calls: 0 })
    // What was accepted was done all the same.
    const reading = t.store.tops('default', ['durable:c'])
    await t.clock.advance(100)
    expect((await reading)[0]?.head).toBe(1)
  })
})

describe('connecting', () => {
  test('who says nothing for 5 s is closed; frames before `connect` are refused', async () => {
    const t = await testNode()
    const silent = t.stranger()
    await t.clock.advance(4_500)
    const early = t.stranger()
    const { error } = await early.ask({ op: 'subscribe', channel: 'durable:a' })
    expect(error?.code).toBe('unauthenticated')
    await t.clock.advance(1_000)
    expect(silent.closeCode).toBe(closeCodes.connect_timeout)
    expect(early.closeCode).toBeUndefined()
    await early.connect(testToken('alice'))
    expect((await early.subscribe('durable:a')).ok).toBeDefined()
    expect(t.node.status().connections).toBe(1)
  })

  test('a slow authenticator has 5 s as well, and its late answer opens nothing', async () => {
    let answer = (): void => undefined
    const t = await testNode({
      authenticator: {
        authenticate: () =>
          new Promise((resolve) => {
            answer = () => resolve(testIdentity('alice'))
          }),
      },
    })
    const client = t.stranger()
    client.post({ op: 'connect', token: 'x' })
    await t.clock.advance(6_000)
    expect(client.closeCode).toBe(closeCodes.connect_timeout)
    answer()
    await t.clock.settle()
    expect(t.node.status()).toMatchObject({ connections: 0, sessions: 0 })
  })

  test('frames sent behind `connect` are carried out in their order once it has succeeded', async () => {
    const t = await testNode()
    const alice = t.stranger()
    const ids = [
      alice.post({ op: 'connect', token: testToken('alice') }),
      alice.post({ op: 'subscribe', channel: 'durable:a' }),
      alice.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data: 1 } }),
    ]
    await t.clock.settle()
    expect(alice.all('reply').map(({ id }) => id)).toEqual(ids)
    expect(alice.of('durable:a')).toHaveLength(1)
  })

  test('what is sent behind `connect` is bounded, and what is beyond can be repeated', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const authenticator = {
      authenticate: async (credentials: { token: string; kind: 'bearer' | 'key' }) => {
        await gate
        return testAuthenticator.authenticate(credentials)
      },
    }
    const t = await testNode({
      authenticator,
      limits: { maxAssembledBytes: 200_000, maxCallsInFlight: 2_000 },
    })
    const many = t.stranger()
    many.post({ op: 'connect', token: testToken('alice') })
    const ids = Array.from({ length: 1_200 }, () =>
      many.post({ op: 'call', command: 'test.history', input: { channel: 'durable:a' } }),
    )
    many.wire.send('{"op":"pong"}')
    const large = t.stranger()
    large.post({ op: 'connect', token: testToken('bob') })
    const input = { channel: 'durable:b', data: 'x'.repeat(60_000) }
    const big = Array.from({ length: 5 }, () => large.post({ op: 'call', command: 'test.publish', input }))
    await t.clock.settle()
    release()
    await t.clock.settle()
    expect(ids.filter((id) => many.reply(id).error !== undefined)).toHaveLength(100)
    expect(many.reply(ids.at(-1)!).error).toMatchObject({ code: 'overloaded', retryable: true })
    expect(big.map((id) => large.reply(id).error?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'overloaded',
      'overloaded',
    ])
    expect([many.closeCode, large.closeCode]).toEqual([undefined, undefined])
  })

  test.each([
    [new ParleyError('unauthenticated', 'Who are you?'), 'unauthenticated'],
    [new ParleyError('token_expired'), 'token_expired'],
    [new ParleyError('token_revoked'), 'token_revoked'],
    [new ParleyError('forbidden'), 'forbidden'],
    [new ParleyError('unavailable'), 'overloaded'],
    [new Error('bug'), 'internal'],
  ] as const)('%s: the reply says why, and the close code what to do', async (error, reason) => {
    const t = await testNode({ authenticator: { authenticate: () => Promise.reject(error) } })
    const client = t.stranger()
    const reply = await client.connect('token')
    expect(reply.error?.code).toBe(error instanceof ParleyError ? error.code : 'internal')
    expect(client.closeCode).toBe(closeCodes[reason])
    expect(t.node.status().connections).toBe(0)
  })

  test('an identity of an app that is not there, or with a user that could be taken for another, is refused', async () => {
    const t = await testNode()
    const bad = [
      testToken('alice', { app: 'elsewhere' }),
      testToken(''),
      testToken('a\nb'),
      testToken('x'.repeat(300)),
    ]
    for (const token of bad) {
      const client = t.stranger()
      expect((await client.connect(token)).error?.code).toBe('unauthenticated')
      expect(client.closeCode).toBe(closeCodes.unauthenticated)
    }
    const none = t.stranger()
    expect((await none.ask({ op: 'connect' })).error?.code).toBe('unauthenticated')
  })

  test('a token of the handshake counts, one in the frame wins; versions are negotiated; twice is an error', async () => {
    const t = await testNode()
    const handshake = t.transport.connect({ token: testToken('alice') })
    const heard: string[] = []
    handshake.onMessage = (text) => heard.push(text)
    handshake.send('{"op":"connect","id":1}')
    await t.clock.settle()
    expect(heard.join()).toContain('"user":"alice"')
    const old = t.stranger()
    expect((await old.ask({ op: 'connect', token: testToken('x'), versions: [99] })).error?.code).toBe(
      'unsupported_version',
    )
    expect(old.closeCode).toBe(closeCodes.unsupported_version)
    const bob = await t.client('bob')
    expect((await bob.ask({ op: 'connect', token: testToken('carl') })).error?.code).toBe('bad_request')
    expect((await bob.publish('durable:a', 1)).ok).toBeDefined()
  })

  test('the connect result says what a client must know', async () => {
    const t = await testNode({ limits: { maxFrameBytes: 1_234 } })
    const expiresAt = t.clock.now() + 60_000
    const client = t.stranger()
    const { ok } = await client.connect(testToken('alice', { expiresAt }))
    expect(ok).toEqual({
      version: 1,
      session: expect.any(String),
      secret: expect.any(String),
      node: t.node.id,
      resumed: false,
      app: 'default',
      user: 'alice',
      expiresAt,
      pingIntervalMs: 30_000,
      pingTimeoutMs: 5_000,
      maxFrameBytes: 1_234,
      time: t.clock.now(),
    })
  })
})

describe('heartbeat', () => {
  test('the node pings every 30 s; who answers stays, who does not is closed within 5 s', async () => {
    const t = await testNode()
    const alive = await t.client('alive')
    const transport = t.transport.connect()
    const dead = { frames: '', code: 0 }
    transport.onMessage = (text) => {
      dead.frames += `${text}\n`
    }
    transport.onClose = (code) => {
      dead.code = code
    }
    transport.send(JSON.stringify({ op: 'connect', id: 1, token: testToken('dead') }))
    await t.clock.advance(30_000)
    expect(dead.frames).toContain('{"op":"ping"}')
    await t.clock.advance(6_000)
    expect(dead.code).toBe(closeCodes.ping_timeout)
    await t.clock.advance(600_000)
    expect(alive.closeCode).toBeUndefined()
    expect(alive.all('ping').length).toBeGreaterThan(18)
    expect(alive.all('ping').length).toBeLessThan(23)
  })

  test('any frame counts as an answer; a ping of the client is answered', async () => {
    const t = await testNode()
    const client = await t.client('alice')
    const take = client.wire.onMessage
    // Never pongs, but talks.
    client.wire.onMessage = (text) => {
      if (!text.includes('"op":"ping"')) take(text)
    }
    for (let n = 0; n < 100; n++) {
      client.wire.send('{"op":"ping"}')
      await t.clock.advance(2_000)
    }
    expect(client.closeCode).toBeUndefined()
    expect(client.all('pong')).toHaveLength(100)
  })

  describe('at the pace that a client asks for', () => {
    const paces = (client: TestClient) => client.all('pong').map(({ pingIntervalMs }) => pingIntervalMs)

    test('within bounds: never more often than by default, nor less often than allowed', async () => {
      const t = await testNode({ limits: { maxPingIntervalMs: 100_000 } })
      for (const [wish, given] of [
        [0, 30_000],
        [29_999, 30_000],
        [90_000, 90_000],
        [Number.MAX_SAFE_INTEGER, 100_000],
      ]) {
        const { ok } = await t
          .stranger()
          .ask({ op: 'connect', token: testToken('alice'), pingIntervalMs: wish })
        expect(ok).toMatchObject({ pingIntervalMs: given })
      }
    })

    test('it is pinged so often, and closed when it does not answer', async () => {
      const t = await testNode()
      const client = t.stranger()
      await client.ask({ op: 'connect', token: testToken('alice'), pingIntervalMs: 200_000 })
      await t.clock.advance(2_000_000)
      expect(client.closeCode).toBeUndefined()
      expect(client.all('ping').length).toBeGreaterThanOrEqual(10)
      expect(client.all('ping').length).toBeLessThanOrEqual(12)
      const { onMessage } = client.wire
      client.wire.onMessage = (text) => {
        if (!text.includes('"op":"ping"')) onMessage(text)
      }
      await t.clock.advance(210_000)
      expect(client.closeCode).toBe(closeCodes.ping_timeout)
    })

    test('it may change its mind, again and again', async () => {
      const t = await testNode()
      const client = await t.client('alice')
      client.wire.send('{"op":"ping","pingIntervalMs":200000}')
      const before = client.all('ping').length
      await t.clock.advance(199_000)
      expect(client.all('ping')).toHaveLength(before)
      await t.clock.advance(2_000)
      expect(client.all('ping')).toHaveLength(before + 1)
      client.wire.send('{"op":"ping","pingIntervalMs":0}\n{"op":"ping"}')
      await t.clock.advance(300_000)
      expect(client.all('ping').length).toBeGreaterThanOrEqual(before + 10)
      expect(paces(client)).toEqual([200_000, 30_000, undefined])
    })

    test('before it is connected, nothing is agreed on; a pace that is none is refused', async () => {
      const t = await testNode()
      const client = t.stranger()
      client.wire.send('{"op":"ping","pingIntervalMs":200000}')
      await t.clock.settle()
      expect(paces(client)).toEqual([undefined])
      client.wire.send('{"op":"ping","pingIntervalMs":-1}')
      await t.clock.settle()
      expect(client.all('error').map(({ error }) => error.code)).toEqual(['bad_frame'])
    })
  })

  test('first pings are spread over time', async () => {
    const t = await testNode()
    const clients = await Promise.all(Array.from({ length: 40 }, (_, n) => t.client(`u${n}`)))
    const counts: number[] = []
    for (let tenth = 0; tenth < 10; tenth++) {
      await t.clock.advance(3_100)
      counts.push(clients.filter((client) => client.all('ping').length > 0).length)
    }
    expect(counts[3]).toBe(0)
    expect(new Set(counts.slice(4)).size).toBeGreaterThan(3)
    expect(counts.at(-1)).toBe(40)
  })
})

describe('subscriptions', () => {
  test('at most one per channel, at most so many per session and per channel', async () => {
    const t = await testNode({ limits: { maxSubscriptionsPerSession: 2 } })
    const alice = await t.client('alice')
    expect((await alice.subscribe('durable:a')).ok).toBeDefined()
    expect((await alice.subscribe('durable:a')).error?.code).toBe('already_subscribed')
    const both = [1, 2].map(() => alice.post({ op: 'subscribe', channel: 'durable:b' }))
    await t.clock.settle()
    expect(both.map((id) => alice.reply(id).error?.code)).toEqual([undefined, 'already_subscribed'])
    expect((await alice.subscribe('durable:c')).error).toMatchObject({
      code: 'limit_exceeded',
      details: { limit: 'maxSubscriptionsPerSession', value: 2 },
    })
    expect((await alice.ask({ op: 'unsubscribe', channel: 'durable:x' })).error?.code).toBe('not_subscribed')
    expect((await alice.ask({ op: 'unsubscribe', channel: 'durable:a' })).ok).toEqual({})
    expect((await alice.subscribe('durable:c')).ok).toBeDefined()
    expect((await alice.subscribe('nokind:a')).error?.code).toBe('unknown_kind')
    expect((await alice.subscribe('durable:../x')).error?.code).toBe('bad_request')
    expect(t.node.status().subscriptions).toBe(2)
  })

  test('requests that wait for an answer are bounded, calls and others', async () => {
    const t = await testNode({
      limits: { maxCallsInFlight: 3, maxRequestsInFlight: 2 },
      memoryStore: { commitMs: () => 50, readMs: () => 50 },
    })
    const alice = await t.client('alice')
    const calls = [1, 2, 3, 4].map((data) =>
      alice.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data } }),
    )
    const others = ['a', 'b', 'c'].map((id) => alice.post({ op: 'subscribe', channel: `durable:${id}` }))
    await t.clock.advance(1_000)
    expect(calls.map((id) => alice.reply(id).error?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'overloaded',
    ])
    expect(others.map((id) => alice.reply(id).error?.code)).toEqual([undefined, undefined, 'overloaded'])
    const again = alice.post({ op: 'subscribe', channel: 'durable:c' })
    await t.clock.advance(1_000)
    expect(alice.reply(again).ok).toBeDefined()
  })

  test('a connection that ends while a subscription is being opened leaves nothing behind', async () => {
    const t = await testNode({ memoryStore: { readMs: () => 50 } })
    const alice = await t.client('alice')
    alice.post({ op: 'subscribe', channel: 'durable:a' })
    await t.clock.advance(10)
    alice.wire.drop()
    await t.clock.advance(120_000)
    expect(t.node.status()).toMatchObject({
      connections: 0,
      sessions: 0,
      subscriptions: 0,
      channels: 0,
      calls: 0,
    })
  })
})

test('a session whose page was closed waits as one that broke does; one that was left is over', async () => {
  const transport = memoryTransport()
  expect(() => transport.connect()).toThrow(/not ready/)
  const t = await testNode()
  const alice = await t.client('alice')
  const bob = await t.client('bob')
  await alice.subscribe('durable:a', { state: true })
  await bob.subscribe('durable:a', { state: true })
  bob.wire.close(1000, 'bye')
  await t.clock.settle()
  expect(Object.keys(alice.state('durable:a'))).toEqual(['alice'])
  alice.wire.close(1001, 'going away')
  await t.clock.settle()
  expect(t.node.status()).toMatchObject({ connections: 0, sessions: 1 })
  await t.call(backend, 'test.publish', { channel: 'durable:a', data: 1 })
  await t.clock.advance(31_000)
  expect(t.node.status().sessions).toBe(0)
})
