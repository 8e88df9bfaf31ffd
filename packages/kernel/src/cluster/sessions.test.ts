import { closeCodes } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { SessionSummary } from '../context.ts'
import type { TestClient } from '../testing/test-client.ts'
import { type BeforeHandler, testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, testIdentity, testToken } from '../testing/test-node.ts'
import { dataOf, road, twoNodes } from './testing/two-nodes.ts'

const backend = testIdentity(undefined)
const stored = ['durable:a', 'recent:a'] as const
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** The client comes to another node with what it holds: its session and its positions. */
async function move(client: TestClient, to: TestNode): Promise<TestClient> {
  const moved = to.stranger()
  for (const [channel, position] of client.positions) moved.positions.set(channel, position)
  await moved.connect(testToken('bob'), client.session)
  return moved
}

describe('a client that comes to another node', () => {
  test.each(stored)('gets what it missed of %s, each once and in order', async (channel) => {
    const t = await twoNodes()
    await t.bob.subscribe(channel)
    for (const n of numbers(3)) await t.ada.publish(channel, n)
    t.bob.wire.drop()
    for (const n of numbers(5)) await t.ada.publish(channel, n + 3)
    const moved = await move(t.bob, t.one)
    expect((await moved.subscribe(channel)).ok).toMatchObject({ recovered: true })
    await t.ada.publish(channel, 9)
    expect([...dataOf(t.bob, channel), ...dataOf(moved, channel)]).toEqual(numbers(9))
    expect(moved.faults).toEqual([])
  })

  test.each(stored)('further than this one has heard of is not taken for a liar: %s', async (channel) => {
    const way = road()
    const t = await twoNodes(way)
    const here = await t.two.client('bob')
    await here.subscribe(channel)
    const bob = await t.one.client('bob')
    await bob.subscribe(channel)
    way.announcements = () => [500]
    for (const n of numbers(4)) await t.ada.publish(channel, n)
    expect(here.of(channel)).toEqual([])
    const moved = await move(bob, t.two)
    expect((await moved.subscribe(channel)).ok).toMatchObject({ recovered: true, position: { offset: 4 } })
    expect(dataOf(here, channel)).toEqual(numbers(4))
    await t.clock.advance(1_000)
    expect(dataOf(here, channel)).toEqual(numbers(4))
    expect(moved.events).toEqual([])
  })

  test('gets a session of that node: nothing rests on the old one', async () => {
    const t = await twoNodes()
    const moved = await move(t.bob, t.one)
    expect(moved.session?.session).not.toBe(t.bob.session?.session)
  })
})

describe('a command that is repeated on another node', () => {
  test('is answered as the first time, and happens once', async () => {
    const t = await twoNodes()
    await t.bob.subscribe('durable:a')
    const first = await t.ada.publish('durable:a', 'once', 'key')
    const second = await (await t.two.client('ada')).publish('durable:a', 'once', 'key')
    expect(second.ok).toEqual(first.ok)
    expect(dataOf(t.bob, 'durable:a')).toEqual(['once'])
  })

  test('at the same time happens once: the commit decides', async () => {
    const t = await twoNodes({ each: () => ({ memoryStore: { commitMs: () => 20 } }) })
    await t.bob.subscribe('durable:a')
    const twins = [t.ada, await t.two.client('ada')]
    const call = {
      op: 'call',
      command: 'test.publish',
      key: 'key',
      input: { channel: 'durable:a', data: 'once' },
    }
    const asked = twins.map((client) => client.post(call))
    await t.clock.advance(500)
    const [one, two] = twins.map((client, index) => client.reply(asked[index] as number).ok)
    expect(one).toBeDefined()
    expect(two).toEqual(one)
    expect(dataOf(t.bob, 'durable:a')).toEqual(['once'])
  })

  test('with another input is refused', async () => {
    const t = await twoNodes()
    await t.ada.publish('durable:a', 1, 'key')
    const other = await (await t.two.client('ada')).publish('durable:a', 2, 'key')
    expect(other.error?.code).toBe('idempotency_mismatch')
  })
})

describe('the sessions of a user', () => {
  const listing = () => {
    const found: (readonly SessionSummary[])[] = []
    const before: BeforeHandler = (name, { channels }) => {
      if (name !== 'history') return undefined
      return channels.sessions('bob').then((sessions) => void found.push(sessions))
    }
    const each = () => ({ modules: [testModule(testKinds, before)] })
    return { found, each }
  }
  const ask = (node: TestNode) =>
    void node.node.call(backend, 'test.history', { channel: 'durable:a' }).catch(() => undefined)

  test('are those on all nodes', async () => {
    const { found, each } = listing()
    const t = await twoNodes({ each, nodes: 3 })
    const mine = [t.bob, await t.one.client('bob'), await (t.nodes[2] as TestNode).client('bob')]
    ask(t.one)
    await t.clock.settle()
    const ids = found[0]?.map(({ session }) => session)
    expect([...(ids ?? [])].sort()).toEqual(mine.map(({ session }) => session?.session).sort())
  })

  test('of a node that does not answer are left out after a second; messages that are lost are sent again', async () => {
    const way = road()
    const { found, each } = listing()
    const t = await twoNodes({ each, ...way })
    way.messages = () => []
    ask(t.one)
    await t.clock.advance(300)
    way.messages = () => [0]
    await t.clock.advance(500)
    expect(found).toHaveLength(1)
    expect(found[0]).toHaveLength(1)
    way.messages = () => []
    ask(t.one)
    await t.clock.advance(1_100)
    expect(found[1]).toEqual([])
  })
})

describe('a node that is stopped beside another one', () => {
  /** Goes to the other node when it is told to, as the client library does. */
  function obedient(
    client: TestClient,
    to: TestNode,
    channel: string,
  ): { readonly moved: () => TestClient | undefined } {
    let moved: TestClient | undefined
    const { onMessage } = client.wire
    client.wire.onMessage = (text) => {
      onMessage(text)
      if (!text.includes('"op":"goaway"')) return
      client.wire.drop()
      moved = to.stranger()
      for (const [name, position] of client.positions) moved.positions.set(name, position)
      moved.post({ op: 'connect', token: testToken('bob'), resume: client.session })
      moved.post({ op: 'subscribe', channel, from: client.positions.get(channel) })
    }
    return { moved: () => moved }
  }

  test('moves its clients there over a window, serves them until then, and nothing is lost', async () => {
    const t = await twoNodes()
    const channel = 'durable:a'
    const clients = await Promise.all(numbers(200).map(() => t.two.client('bob')))
    const movers = clients.map((client) => obedient(client, t.one, channel))
    for (const client of clients) await client.subscribe(channel)
    const stopped = t.two.node.stop({ graceMs: 5_000 })
    expect(t.two.node.status().ready).toBe(false)
    let n = 0
    const gone: number[] = []
    for (let turn = 0; turn < 60; turn++) {
      n += 1
      t.ada.post({ op: 'call', command: 'test.publish', input: { channel, data: n } })
      await t.clock.advance(10)
      gone.push(movers.filter(({ moved }) => moved() !== undefined).length)
    }
    // 200 connections: a window of 400 ms.
    expect(gone[10]).toBeGreaterThan(20)
    expect(gone[10]).toBeLessThan(120)
    expect(gone[45]).toBe(200)
    await t.clock.advance(5_000)
    await stopped
    for (const [index, client] of clients.entries()) {
      const moved = movers[index]?.moved() as TestClient
      expect([...dataOf(client, channel), ...dataOf(moved, channel)]).toEqual(numbers(n))
      expect([...client.faults, ...moved.faults]).toEqual([])
    }
    expect(t.one.node.status()).toMatchObject({ connections: 201, nodes: [t.one.node.id] })
  })

  test('moves them over the window that it is given, however few they are', async () => {
    const t = await twoNodes()
    const clients = await Promise.all(numbers(20).map(() => t.two.client('bob')))
    const movers = clients.map((client) => obedient(client, t.one, 'durable:a'))
    const gone = () => movers.filter(({ moved }) => moved() !== undefined).length
    // The one who is there from the start is told first, and stays.
    const stopped = t.two.node.stop({ graceMs: 1_000, windowMs: 10_000 })
    await t.clock.advance(5_000)
    expect(gone()).toBeGreaterThan(7)
    expect(gone()).toBeLessThan(13)
    await t.clock.advance(5_000)
    expect(gone()).toBe(20)
    await t.clock.advance(1_000)
    await stopped
    expect(t.bob.closeCode).toBe(closeCodes.server_stopping)
  })

  test('takes no new connection, and answers calls while it moves', async () => {
    const t = await twoNodes()
    const stopped = t.two.node.stop({ graceMs: 2_000 })
    expect(() => t.two.stranger()).toThrow()
    expect((await t.bob.publish('durable:a', 1)).ok).toMatchObject({ offset: 1 })
    expect(t.bob.all('goaway')).toMatchObject([{ retryAfterMs: 0 }])
    await t.clock.advance(5_000)
    await stopped
    expect(t.bob.closeCode).toBe(closeCodes.server_stopping)
  })

  test('and has nobody to move stops at once', async () => {
    const t = await twoNodes()
    t.bob.wire.drop()
    await t.clock.settle()
    const before = t.clock.elapsed()
    const stopped = t.two.node.stop()
    await t.clock.settle()
    await stopped
    expect(t.clock.elapsed()).toBe(before)
  })
})
