import type { Filter } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { OutgoingFrame } from '../ports/transport.ts'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'

const backend = testIdentity(undefined)
const eq = (field: string, value: string | number): Filter => ({ field, eq: value })

interface Watched extends TestNode {
  /** Events frames as the node sent them. */
  readonly sent: OutgoingFrame[]
}

async function watchedNode(options: TestNodeOptions = {}): Promise<Watched> {
  const sent: OutgoingFrame[] = []
  const t = await testNode({
    ...options,
    aroundAccept: (accept) => (connection, handshake) => {
      const send = connection.send.bind(connection)
      connection.send = (frame) => {
        if (frame.text.includes('"op":"events"')) sent.push(frame)
        send(frame)
      }
      return accept(connection, handshake)
    },
  })
  return { ...t, sent }
}

async function listen(t: TestNode, filter: Filter | undefined, channel = 'durable:a'): Promise<TestClient> {
  const client = await t.client('reader')
  const { error } = await client.subscribe(channel, {
    silent: true,
    ...(filter === undefined ? {} : { filter }),
  })
  if (error !== undefined) throw new Error(error.message)
  return client
}

const publish = (t: TestNode, data: unknown, more: object = {}) =>
  t.call(backend, 'test.publish', { channel: 'durable:a', data, ...more })

const data = (client: TestClient, channel = 'durable:a') => client.of(channel).map((event) => event.data)

describe('filters that the server runs', () => {
  test('let through what matches: type, author, tags and data', async () => {
    const t = await testNode()
    const readers = await Promise.all([
      listen(t, eq('type', 'order')),
      listen(t, eq('by', 'alice')),
      listen(t, eq('tags.region', 'eu')),
      listen(t, { field: 'data.total', gte: 10 }),
      listen(t, undefined),
    ])
    const alice = await t.client('alice')
    await alice.call('test.publish', { channel: 'durable:a', data: { total: 5 }, type: 'order' })
    await publish(t, { total: 10 }, { tags: { region: 'eu' } })
    await publish(t, { total: 20 }, { type: 'order', tags: { region: 'us' } })
    expect(readers.map((reader) => reader.of('durable:a').map(({ offset }) => offset))).toEqual([
      [1, 3],
      [1],
      [2],
      [2, 3],
      [1, 2, 3],
    ])
    for (const reader of readers) expect(reader.faults).toEqual([])
  })

  test('equal filters are one class, however they are written: the same frame object for all its members', async () => {
    const t = await watchedNode()
    const [x, y]: Filter[] = [eq('data.x', 1), eq('data.y', 2)]
    const readers = [
      await listen(t, { all: [x!, y!] }),
      await listen(t, { all: [y!, x!] }),
      await listen(t, { all: [x!, y!, x!] }),
    ]
    await listen(t, { any: [x!, y!] })
    await publish(t, { x: 1, y: 2 })
    expect(t.sent).toHaveLength(4)
    expect(new Set(t.sent.slice(0, 3)).size).toBe(1)
    expect(new Set(t.sent).size).toBe(2)
    for (const reader of readers) expect(data(reader)).toEqual([{ x: 1, y: 2 }])
  })

  test('a silent class is told its position, so that an old one is never the result of silence', async () => {
    const t = await testNode({ limits: { silentPositionMs: 30_000 } })
    const reader = await listen(t, eq('type', 'rare'))
    for (let n = 0; n < 50; n++) await publish(t, n)
    expect(reader.positions.get('durable:a')?.offset).toBe(0)
    await t.clock.advance(31_000)
    expect(reader.positions.get('durable:a')?.offset).toBe(50)
    expect(reader.all('events')).toMatchObject([{ prev: 0, position: 50, events: [] }])
    await publish(t, 'at last', { type: 'rare' })
    expect(reader.all('events').at(-1)).toMatchObject({ prev: 50, position: 51 })
    expect(reader.faults).toEqual([])
  })

  test('who joins a silent class is at the head, and the class with it', async () => {
    const t = await testNode()
    const early = await listen(t, eq('type', 'rare'))
    for (let n = 0; n < 5; n++) await publish(t, n)
    const late = await listen(t, eq('type', 'rare'))
    expect(late.positions.get('durable:a')?.offset).toBe(5)
    expect(early.positions.get('durable:a')?.offset).toBe(5)
    await publish(t, 'x', { type: 'rare' })
    for (const reader of [early, late]) {
      expect(data(reader)).toEqual(['x'])
      expect(reader.faults).toEqual([])
    }
  })

  test('recovery goes through the filter, and its position through the log', async () => {
    const t = await testNode({ limits: { ringEvents: 4, maxBatchBytes: 400 } })
    const filter: Filter = { field: 'data.n', in: [3, 30, 40] }
    const other = await t.client('other')
    await other.subscribe('durable:a', { filter })
    other.wire.drop()
    for (let n = 1; n <= 60; n++) await publish(t, { n })
    const again = await t.client('other')
    const { ok } = await again.subscribe('durable:a', { filter, from: other.positions.get('durable:a')! })
    await t.clock.settle()
    expect(ok).toMatchObject({ recovered: true, filter: 'server' })
    expect(data(again)).toEqual([{ n: 3 }, { n: 30 }, { n: 40 }])
    expect(again.positions.get('durable:a')?.offset).toBe(60)
    await publish(t, { n: 3 })
    expect(data(again)).toHaveLength(4)
    expect(again.faults).toEqual([])
  })

  test('there are at most 16 of them on a channel; the rest filters at the client', async () => {
    const t = await testNode()
    const answers: unknown[] = []
    for (let n = 0; n < 20; n++) {
      const client = await t.client(`user-${n}`)
      const { ok } = await client.subscribe('durable:a', { filter: eq('data.n', n) })
      answers.push(ok?.filter)
    }
    expect(answers.filter((runsAt) => runsAt === 'server')).toHaveLength(16)
    expect(answers.slice(16)).toEqual(['client', 'client', 'client', 'client'])
    // Without a filter one needs no class.
    expect((await (await t.client('plain')).subscribe('durable:a')).ok).not.toHaveProperty('filter')
    // Room is made by those that nobody uses any more.
    await t.call(backend, 'test.change', {
      change: { type: 'disconnect', user: 'user-0', reason: '', reconnect: true },
    })
    const late = await t.client('late')
    expect((await late.subscribe('durable:a', { filter: eq('data.n', 99) })).ok?.filter).toBe('server')
    await publish(t, { n: 99 })
    await publish(t, { n: 1 })
    expect(data(late)).toEqual([{ n: 99 }])
    expect(late.faults).toEqual([])
  })

  test('a filter that is none, or one where the kind takes none, is refused', async () => {
    const t = await testNode({ modules: [testModule({ ...testKinds, plain: { filters: false } })] })
    const client = await t.client('alice')
    const wrong = { field: 'nonsense', eq: 1 } as Filter
    expect((await client.subscribe('durable:a', { filter: wrong })).error).toMatchObject({
      code: 'bad_request',
    })
    expect((await client.subscribe('plain:a', { filter: eq('type', 'x') })).error?.code).toBe('bad_request')
    expect((await client.subscribe('plain:a')).ok).toBeDefined()
    expect(t.node.status().subscriptions).toBe(1)
  })
})

describe('filters that a grant enforces', () => {
  const grants = (...filters: (Filter | undefined)[]) =>
    filters.map((filter) => ({
      pattern: 'durable:*',
      actions: ['read'] as const,
      ...(filter === undefined ? {} : { filter }),
    }))

  test('are joined with the client’s own, and never left to the client', async () => {
    const t = await testNode({ limits: { maxFilterClasses: 2 } })
    const europe = await t.client('eve', { grants: grants(eq('tags.region', 'eu')) })
    const { ok } = await europe.subscribe('durable:a', { filter: eq('type', 'order') })
    expect(ok?.filter).toBe('server')
    const plain = await t.client('eve', { grants: grants(eq('tags.region', 'eu')) })
    await plain.subscribe('durable:a')
    for (const region of ['eu', 'us']) {
      await publish(t, `${region} order`, { type: 'order', tags: { region } })
      await publish(t, `${region} other`, { tags: { region } })
    }
    expect(data(europe)).toEqual(['eu order'])
    expect(data(plain)).toEqual(['eu order', 'eu other'])
    const third = await t.client('tom', { grants: grants(eq('tags.region', 'us')) })
    const { error } = await third.subscribe('durable:a')
    expect(error).toMatchObject({ code: 'limit_exceeded', details: { limit: 'maxFilterClasses' } })
    expect(t.node.status().subscriptions).toBe(2)
  })

  test('of several grants any lets through, and one without a filter lets everything through', async () => {
    const t = await testNode()
    const both = await t.client('b', { grants: grants(eq('tags.region', 'eu'), eq('type', 'x')) })
    await both.subscribe('durable:a')
    const all = await t.client('c', { grants: grants(eq('type', 'x'), undefined) })
    await all.subscribe('durable:a')
    await publish(t, 'eu', { tags: { region: 'eu' } })
    await publish(t, 'x', { type: 'x' })
    await publish(t, 'neither')
    expect(data(both)).toEqual(['eu', 'x'])
    expect(data(all)).toEqual(['eu', 'x', 'neither'])
  })

  test('a refreshed token’s filter is in force where a subscription was still being opened', async () => {
    const t = await testNode({ memoryStore: { readMs: () => 50 } })
    const eve = await t.client('eve')
    const subscribing = eve.post({ op: 'subscribe', channel: 'durable:a' })
    await t.clock.advance(20)
    const token = JSON.stringify(testIdentity('eve', { grants: grants(eq('tags.region', 'eu')) }))
    eve.post({ op: 'refresh', token })
    await t.clock.advance(1_000)
    expect(eve.reply(subscribing).ok).toMatchObject({ filter: 'server' })
    void t.node.call(backend, 'test.publish', { channel: 'durable:a', data: 'us', tags: { region: 'us' } })
    await t.clock.advance(1_000)
    expect(data(eve)).toEqual([])
  })
})
