import { closeCodes, type ErrorBody, splitFrame } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { testIdentity, testNode, testToken } from '../testing/test-node.ts'

const backend = testIdentity(undefined)
const off = { perSecond: 0, burst: 0 }

function publish(client: TestClient, count: number, channel = 'durable:a'): readonly number[] {
  const frame = (data: number) => ({ op: 'call', command: 'test.publish', input: { channel, data } })
  return Array.from({ length: count }, (_, n) => client.post(frame(n)))
}

const refusals = (client: TestClient, ids: readonly number[]): readonly ErrorBody[] =>
  ids.flatMap((id) => client.reply(id).error ?? [])

describe('rates', () => {
  const slow = { perSecond: 10, burst: 5 }

  test('per connection: too many frames are refused with the time to wait', async () => {
    const t = await testNode({ rates: { connection: slow, user: off, ip: off, connectPerIp: off } })
    const [alice, bob] = [await t.client('alice'), await t.client('bob')]
    const ids = publish(alice, 8)
    await t.clock.settle()
    // One token went for `connect`.
    expect(refusals(alice, ids)).toHaveLength(4)
    expect(refusals(alice, ids)[0]).toMatchObject({
      code: 'rate_limited',
      retryable: true,
      retryAfterMs: 100,
    })
    expect(refusals(bob, publish(bob, 0))).toEqual([])
    await t.clock.advance(100)
    expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
    expect((await bob.publish('durable:a', 1)).ok).toBeDefined()
    // A frame without a number is refused without an answer.
    for (let n = 0; n < 10; n++) alice.wire.send('garbage')
    await t.clock.settle()
    expect(alice.all('error').length).toBeLessThan(2)
  })

  test.each([
    ['user', { user: slow }],
    ['ip', { ip: slow }],
    ['app', { app: slow }],
  ] as const)('per %s, over all its connections', async (what, rates) => {
    const t = await testNode({
      apps: ['other'],
      rates: { connection: off, user: off, ip: off, connectPerIp: off, ...rates },
    })
    const clients = [await t.client('alice'), await t.client(what === 'user' ? 'alice' : 'bob')]
    const ids = clients.map((client) => publish(client, 4))
    await t.clock.settle()
    const errors = clients.flatMap((client, index) => refusals(client, ids[index]!))
    expect(errors).toHaveLength(3)
    expect(errors[0]).toMatchObject({ code: 'rate_limited', retryAfterMs: 100 })
    // Somebody else is not concerned.
    const other = await t.client('carl', { app: 'other' })
    const isIp = what === 'ip'
    expect((await other.publish('durable:a', 1)).error?.code).toBe(isIp ? 'rate_limited' : undefined)
    const key = t.call(backend, 'test.publish', { channel: 'durable:a', data: 1 })
    if (what === 'app') await expect(key).rejects.toMatchObject({ code: 'rate_limited' })
    else await expect(key).resolves.toBeDefined()
    // The flag turns all of it off.
    t.node.flags.set('rateLimiting', false)
    const more = publish(clients[0]!, 20)
    await t.clock.settle()
    expect(refusals(clients[0]!, more)).toEqual([])
  })

  test('per channel, as its kind says, whoever publishes', async () => {
    const kinds = { ...testKinds, slow: { limits: { publishPerSecond: 2 } } }
    const t = await testNode({ modules: [testModule(kinds)] })
    const [alice, bob] = [await t.client('alice'), await t.client('bob')]
    const ids = [publish(alice, 3, 'slow:a'), publish(bob, 3, 'slow:a')]
    await t.clock.settle()
    const errors = [...refusals(alice, ids[0]!), ...refusals(bob, ids[1]!)]
    expect(errors).toHaveLength(2)
    expect(errors[0]).toMatchObject({ code: 'rate_limited', retryAfterMs: 500 })
    expect((await alice.publish('slow:b', 1)).ok).toBeDefined()
    await t.clock.advance(500)
    expect((await bob.publish('slow:a', 1)).ok).toBeDefined()
  })

  test('a flood is closed after 5,000 frames refused in a row, and its client may come back', async () => {
    const t = await testNode({ rates: { connection: slow, user: off, ip: off, connectPerIp: off } })
    const flood = await t.client('flood')
    const alice = await t.client('alice')
    for (let n = 0; n < 20; n++) {
      const line = '{"op":"unsubscribe","id":1,"channel":"durable:a"}'
      flood.wire.send(Array.from({ length: 256 }, () => line).join('\n'))
    }
    await t.clock.settle()
    expect(flood.closeCode).toBe(closeCodes.rate_limited)
    expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
  })

  test('of new connections per address', async () => {
    const t = await testNode({
      rates: { connection: off, user: off, ip: off, connectPerIp: { perSecond: 1, burst: 2 } },
    })
    await t.client('a')
    await t.client('b')
    expect(() => t.stranger()).toThrow(/Wait 1000 ms/)
    expect(() => t.transport.connect({ ip: '203.0.113.9' })).not.toThrow()
    await t.clock.advance(1_000)
    expect(() => t.stranger()).not.toThrow()
  })
})

describe('connections', () => {
  test('beyond the limit of the node or of an address are refused, to be tried again', async () => {
    const t = await testNode({ limits: { maxConnections: 3, maxConnectionsPerIp: 2 } })
    const from = (ip: string) => t.transport.connect({ ip })
    const first = from('198.51.100.1')
    from('198.51.100.1')
    expect(() => from('198.51.100.1')).toThrow(
      expect.objectContaining({ code: 'overloaded', retryable: true, retryAfterMs: 5_000 }),
    )
    from('198.51.100.2')
    expect(() => from('198.51.100.3')).toThrow(
      expect.objectContaining({ code: 'overloaded', retryAfterMs: 5_000 }),
    )
    first.close()
    await t.clock.settle()
    expect(() => from('198.51.100.1')).not.toThrow()
  })
})

describe('bad frames', () => {
  test('are answered, and the 16th closes the connection; others are not concerned', async () => {
    const t = await testNode()
    const [bad, good] = [await t.client('bad'), await t.client('good')]
    await good.subscribe('durable:a')
    const rubbish = [
      '{',
      '[]',
      '"text"',
      'null',
      '{"op":"dance","id":9}',
      '{"op":"call","id":10}',
      '{"op":"subscribe","id":0}',
    ]
    for (const line of rubbish) bad.wire.send(line)
    await t.clock.settle()
    expect(bad.all('error').map(({ error }) => error.code)).toEqual(
      Array.from({ length: 5 }, () => 'bad_frame'),
    )
    expect([9, 10].map((id) => bad.reply(id).error?.code)).toEqual(['bad_frame', 'bad_frame'])
    expect((await bad.publish('durable:a', 1)).ok).toBeDefined()
    bad.wire.send(Array.from({ length: 9 }, () => '{').join('\n'))
    await t.clock.settle()
    expect(bad.closeCode).toBe(closeCodes.too_many_errors)
    expect(good.of('durable:a')).toHaveLength(1)
    expect(good.faults).toEqual([])
  })

  test('an empty message is nothing; good frames of a message count beside bad ones', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    alice.wire.send('')
    alice.wire.send('\n\n')
    alice.wire.send('{"op":"subscribe","id":50,"channel":"durable:a"}\n{bad\n{"op":"ping"}')
    await t.clock.settle()
    expect(alice.all('error')).toHaveLength(1)
    expect(alice.all('pong')).toHaveLength(1)
    expect(t.node.status().subscriptions).toBe(1)
  })
})

describe('chunks', () => {
  const large = {
    op: 'call',
    id: 77,
    command: 'test.publish',
    input: { channel: 'durable:a', data: 'ä'.repeat(40_000) },
  }

  test('put a large frame together, with other frames between them', async () => {
    const t = await testNode({ modules: [testModule({ durable: { limits: { maxEventBytes: 1_000_000 } } })] })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    const chunks = splitFrame(JSON.stringify(large), 10_000)
    expect(chunks.length).toBeGreaterThan(5)
    for (const chunk of chunks) {
      alice.wire.send(JSON.stringify(chunk))
      alice.wire.send('{"op":"ping"}')
    }
    await t.clock.settle()
    expect(alice.reply(77).ok).toMatchObject({ offset: 1 })
    expect(alice.of('durable:a')[0]?.data).toBe('ä'.repeat(40_000))
    expect(alice.faults).toEqual([])
  })

  test('out of order, too large or holding chunks are refused; before `connect` they are no frames', async () => {
    const t = await testNode({ limits: { maxAssembledBytes: 1_000, maxBadFrames: 100 } })
    const alice = await t.client('alice')
    const send = (...frames: object[]) => {
      for (const frame of frames) alice.wire.send(JSON.stringify(frame))
    }
    send({ op: 'chunk', of: 3, index: 1, data: 'x' })
    send(
      { op: 'chunk', of: 2, index: 0, data: 'x'.repeat(900) },
      { op: 'chunk', of: 2, index: 1, data: 'x'.repeat(900) },
    )
    send({ op: 'chunk', of: 1, index: 0, data: '{"op":"chunk","of":1,"index":0,"data":"x"}' })
    send({ op: 'chunk', of: 1, index: 0, data: 'no json' })
    await t.clock.settle()
    expect(alice.all('error').map(({ error }) => error.code)).toEqual(
      Array.from({ length: 4 }, () => 'bad_frame'),
    )
    const stranger = t.stranger()
    const connect = JSON.stringify({ op: 'connect', id: 1, token: testToken('bob') })
    for (const chunk of splitFrame(connect, 100)) stranger.wire.send(JSON.stringify(chunk))
    await t.clock.settle()
    expect(new Set(stranger.all('error').map(({ error }) => error.code))).toEqual(
      new Set(['unauthenticated']),
    )
    expect(t.node.status().sessions).toBe(1)
  })

  test('carry replies that are larger than a frame', async () => {
    const t = await testNode({ limits: { maxFrameBytes: 2_000 } })
    const alice = await t.client('alice')
    for (let n = 0; n < 30; n++)
      await t.call(backend, 'test.publish', { channel: 'durable:a', data: `"\\ü${n}`.padEnd(300, '😀') })
    const small = alice.post({
      op: 'call',
      command: 'test.publish',
      input: { channel: 'durable:b', data: 1 },
    })
    const { ok } = await alice.call('test.history', { channel: 'durable:a' })
    expect((ok as { events: unknown[] }).events).toHaveLength(30)
    expect(alice.reply(small).ok).toBeDefined()
    expect(alice.faults).toEqual([])
  })

  test('large pieces count as the one frame that they become; many small ones are a flood', async () => {
    const rates = { connection: { perSecond: 1, burst: 4 }, user: off, ip: off, connectPerIp: off }
    const t = await testNode({
      rates,
      modules: [testModule({ durable: { limits: { maxEventBytes: 1_000_000 } } })],
    })
    const alice = await t.client('alice')
    for (const chunk of splitFrame(JSON.stringify(large), 10_000)) alice.wire.send(JSON.stringify(chunk))
    await t.clock.settle()
    expect(alice.reply(77).ok).toBeDefined()
    for (let n = 0; n < 6_000; n++) alice.wire.send('{"op":"chunk","of":9,"index":0,"data":"x"}')
    await t.clock.settle()
    expect(alice.closeCode).toBe(closeCodes.rate_limited)
  })
})

describe('events and channels', () => {
  test('an event has at most so many bytes, as its kind says, whatever script it is written in', async () => {
    const kinds = { ...testKinds, small: { limits: { maxEventBytes: 100 } } }
    const t = await testNode({ modules: [testModule(kinds)] })
    const alice = await t.client('alice')
    const code = async (data: string) => (await alice.publish('small:a', data)).error
    expect(await code('x'.repeat(98))).toBeUndefined()
    expect(await code('x'.repeat(99))).toMatchObject({
      code: 'payload_too_large',
      details: { value: 100, actual: 101 },
    })
    expect(await code('ä'.repeat(49))).toBeUndefined()
    expect(await code('ä'.repeat(50))).toMatchObject({ details: { actual: 102 } })
    expect(await code('😀'.repeat(24))).toBeUndefined()
    expect(await code('😀'.repeat(25))).toMatchObject({ details: { actual: 102 } })
  })

  test('a channel has at most so many subscribers', async () => {
    const kinds = { ...testKinds, duo: { limits: { maxSubscribers: 2 } } }
    const t = await testNode({ modules: [testModule(kinds)] })
    const clients = [await t.client('a'), await t.client('b'), await t.client('c')]
    const codes = []
    for (const client of clients) codes.push((await client.subscribe('duo:a')).error?.code)
    expect(codes).toEqual([undefined, undefined, 'limit_exceeded'])
    await clients[0]!.ask({ op: 'unsubscribe', channel: 'duo:a' })
    expect((await clients[2]!.subscribe('duo:a')).ok).toBeDefined()
  })

  test('history is paged: forward, backward, since a time, at most so much at once', async () => {
    const t = await testNode({ limits: { historyPage: 4 } })
    for (let n = 1; n <= 10; n++) {
      await t.call(backend, 'test.publish', { channel: 'durable:a', data: n })
      await t.clock.advance(1_000)
    }
    const page = async (query: object) => {
      const found = (await t.call(backend, 'test.history', { channel: 'durable:a', ...query })) as {
        events: { offset: number }[]
        next?: number
        head: number
        first: number
      }
      expect([found.head, found.first]).toEqual([10, 1])
      return [found.events.map(({ offset }) => offset), found.next]
    }
    expect(await page({ after: 0 })).toEqual([[1, 2, 3, 4], 4])
    expect(await page({ after: 8 })).toEqual([[9, 10], undefined])
    expect(await page({ after: 10 })).toEqual([[], undefined])
    expect(await page({})).toEqual([[7, 8, 9, 10], 7])
    expect(await page({ before: 3, limit: 10 })).toEqual([[1, 2], undefined])
    expect(await page({ since: t.clock.now() - 3_500 })).toEqual([[8, 9, 10], undefined])
    expect(await page({ before: 7, limit: 2 })).toEqual([[5, 6], 5])
    const live = (await t.call(backend, 'test.history', { channel: 'live:a' })) as object
    expect(live).toEqual({ epoch: '', head: 0, first: 1, events: [] })
    const alice = await t.client('alice')
    await alice.subscribe('live:a')
    await alice.publish('live:a', 1)
    expect(await t.call(backend, 'test.history', { channel: 'live:a' })).toMatchObject({
      head: 1,
      first: 2,
      events: [],
    })
  })
})
