import { describe, expect, test } from 'vitest'
import { silentLogger } from '../memory/logger.ts'
import { memoryRecentLog } from '../memory/recent-log.ts'
import type { Store } from '../ports/store.ts'
import { testCluster } from '../testing/test-cluster.ts'
import { type TestNode, testIdentity, testNode } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { dataOf, largeText, road, twoNodes } from './testing/two-nodes.ts'

const stored = ['durable:a', 'recent:a'] as const

describe('what is published on one node', () => {
  test.each([...stored, 'live:a'])(
    'reaches subscribers of %s on the other one, in the same turn',
    async (channel) => {
      const { ada, bob, clock } = await twoNodes()
      await bob.subscribe(channel)
      const before = clock.elapsed()
      for (let n = 1; n <= 5; n++) await ada.publish(channel, n)
      expect(dataOf(bob, channel)).toEqual([1, 2, 3, 4, 5])
      expect(clock.elapsed()).toBe(before)
      expect(bob.faults).toEqual([])
    },
  )

  test.each(stored)(
    'and on the other one at the same time stands in one order for all: %s',
    async (channel) => {
      const { ada, bob, clock } = await twoNodes()
      for (const client of [ada, bob]) await client.subscribe(channel)
      for (let n = 1; n <= 50; n++)
        for (const client of [ada, bob])
          client.post({ op: 'call', command: 'test.publish', input: { channel, data: n } })
      await clock.advance(100)
      expect(ada.of(channel)).toHaveLength(100)
      expect(ada.of(channel)).toEqual(bob.of(channel))
      expect([...ada.faults, ...bob.faults]).toEqual([])
    },
  )

  test('of a unit with events of every kind, each arrives', async () => {
    const { ada, bob } = await twoNodes()
    const channels = ['durable:a', 'recent:a', 'live:a', 'durable:b']
    for (const channel of channels) await bob.subscribe(channel)
    await ada.call('test.publishMany', { events: channels.map((channel) => ({ channel, data: channel })) })
    for (const channel of channels) expect(dataOf(bob, channel)).toEqual([channel])
  })

  test.each(stored)('too large for an announcement is read from the log: %s', async (channel) => {
    const { ada, bob, clock, two } = await twoNodes()
    await bob.subscribe(channel)
    const before = clock.elapsed()
    await ada.publish(channel, largeText)
    await ada.publish(channel, 'small')
    expect(dataOf(bob, channel)).toEqual([largeText, 'small'])
    expect(clock.elapsed()).toBe(before)
    expect(two.metrics.value('parley_gap_reads_total')).toBe(1)
  })
})

describe('announcements', () => {
  test.each(stored)('that are lost are made up for by the next one, after 50 ms: %s', async (channel) => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = () => []
    await ada.publish(channel, 1)
    await ada.publish(channel, 2)
    way.announcements = () => [0]
    await ada.publish(channel, 3)
    expect(bob.of(channel)).toEqual([])
    await clock.advance(50)
    expect(dataOf(bob, channel)).toEqual([1, 2, 3])
    expect(bob.faults).toEqual([])
  })

  test.each(stored)('of which the last is lost are made up for within 30 s: %s', async (channel) => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = () => []
    await ada.publish(channel, 1)
    await clock.advance(30_500)
    expect(dataOf(bob, channel)).toEqual([1])
  })

  test.each(stored)('that overtake each other are brought in order without the log: %s', async (channel) => {
    const way = road()
    const { ada, bob, clock, two } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = (n) => [[30, 20, 10, 40][n % 4] as number]
    for (let n = 1; n <= 8; n++) await ada.publish(channel, n)
    await clock.advance(45)
    expect(dataOf(bob, channel)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(two.metrics.value('parley_gap_reads_total')).toBe(0)
    expect(bob.faults).toEqual([])
  })

  test.each([...stored, 'live:a'])('that come twice are taken once: %s', async (channel) => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = () => [0, 0, 20]
    for (let n = 1; n <= 3; n++) await ada.publish(channel, n)
    await clock.advance(100)
    expect(dataOf(bob, channel)).toEqual([1, 2, 3])
  })

  test('of ephemeral events that are overtaken are dropped: what arrives is in order', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe('live:a')
    way.announcements = (n) => [n % 2 === 0 ? 0 : 10]
    for (let n = 1; n <= 4; n++) {
      await ada.publish('live:a', n)
      await clock.advance(5)
    }
    await clock.advance(100)
    const got = dataOf(bob, 'live:a')
    expect(got).toEqual([...got].sort())
    expect(new Set(got).size).toBe(got.length)
    expect(got.length).toBeGreaterThanOrEqual(2)
  })

  test('of another stream than the one that is open are checked with the log, and change nothing', async () => {
    const { bob, ada, two, lines, clock } = await twoNodes()
    await bob.subscribe('durable:a')
    await ada.publish('durable:a', 1)
    const stranger = lines.broker()
    await stranger.start('stranger', {
      announced: () => undefined,
      received: () => undefined,
      joined: () => undefined,
      left: () => undefined,
      restored: () => undefined,
    })
    const event = { offset: 2, type: 't', data: '"false"', at: 1 }
    stranger.announce({
      app: 'default',
      channel: 'durable:a',
      epoch: 'old',
      prev: 1,
      head: 2,
      control: 0,
      events: [event],
    })
    await clock.advance(1_000)
    expect(dataOf(bob, 'durable:a')).toEqual([1])
    expect(bob.all('unsubscribed')).toEqual([])
    expect(two.node.status().nodes).toContain('stranger')
  })
})

describe('a channel that is opened while events are announced', () => {
  test.each(stored)('misses none of %s, however late its node begins to hear of them', async (channel) => {
    for (const followMs of [0, 5, 40]) {
      const { ada, bob, clock } = await twoNodes({ followMs: () => followMs, travel: () => [7] })
      let n = 0
      const publish = () =>
        void ada.post({ op: 'call', command: 'test.publish', input: { channel, data: ++n } })
      publish()
      const asked = bob.post({ op: 'subscribe', channel, recent: 100 })
      for (let turn = 0; turn < 60; turn++) {
        publish()
        await clock.advance(2)
      }
      await clock.advance(200)
      expect(bob.reply(asked).error).toBeUndefined()
      expect(dataOf(bob, channel)).toEqual(Array.from({ length: n }, (_, index) => index + 1))
      expect(bob.faults).toEqual([])
    }
  })
})

test.each(stored)('the last event of %s before a channel is followed is not missed', async (channel) => {
  for (const followMs of [0, 20, 40]) {
    const { ada, bob, clock } = await twoNodes({ followMs: () => followMs })
    const asked = bob.post({ op: 'subscribe', channel, recent: 10 })
    await clock.advance(10)
    await ada.publish(channel, 'last')
    await clock.advance(200)
    expect(bob.reply(asked).error).toBeUndefined()
    expect(dataOf(bob, channel)).toEqual(['last'])
  }
})

describe('what was missed for a while', () => {
  test.each(stored)('is found when the nodes reach each other again: %s', async (channel) => {
    const { ada, bob, clock, lines, one, two } = await twoNodes()
    for (const client of [ada, bob]) await client.subscribe(channel)
    lines.split([one.node.id], [two.node.id])
    await ada.publish(channel, 1)
    await bob.publish(channel, 2)
    await clock.advance(100)
    lines.heal()
    await clock.advance(500)
    for (const client of [ada, bob]) expect(dataOf(client, channel)).toEqual([1, 2])
    expect([...ada.faults, ...bob.faults]).toEqual([])
  })

  test('is found on both sides when the link of one node was down', async () => {
    const { ada, bob, clock, lines, one } = await twoNodes()
    for (const client of [ada, bob]) await client.subscribe('durable:a')
    lines.cut(one.node.id)
    await ada.publish('durable:a', 1)
    await bob.publish('durable:a', 2)
    expect(dataOf(bob, 'durable:a')).toEqual([])
    await clock.advance(50)
    expect(dataOf(bob, 'durable:a')).toEqual([1, 2])
    await ada.publish('durable:a', 3)
    lines.mend(one.node.id)
    await clock.advance(500)
    for (const client of [ada, bob]) expect(dataOf(client, 'durable:a')).toEqual([1, 2, 3])
  })

  test.each([100, 4_000])(
    'is found by a node whose link was down for %i ms, when it is there again',
    async (ms) => {
      const { ada, bob, clock, lines, one } = await twoNodes()
      await ada.subscribe('durable:a')
      lines.cut(one.node.id)
      await bob.publish('durable:a', 1)
      await clock.advance(ms)
      expect(ada.of('durable:a')).toEqual([])
      lines.mend(one.node.id)
      await clock.advance(200)
      expect(dataOf(ada, 'durable:a')).toEqual([1])
    },
  )

  test('is found by a node to which another one comes back, though it is not told', async () => {
    const way = road()
    const { ada, bob, clock, lines, one } = await twoNodes(way)
    await bob.subscribe('durable:a')
    lines.cut(one.node.id)
    await clock.advance(10_000)
    await ada.publish('durable:a', 1)
    way.messages = () => []
    lines.mend(one.node.id)
    await clock.advance(200)
    expect(dataOf(bob, 'durable:a')).toEqual([1])
  })

  test('is found after the event loop stood still for more than a second', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe('durable:a')
    way.announcements = () => []
    await ada.publish('durable:a', 1)
    clock.spend(1_500)
    await clock.advance(500)
    expect(dataOf(bob, 'durable:a')).toEqual([1])
  })

  test('is found when the node that stored it has died before it could tell', async () => {
    const way = road()
    const { ada, bob, clock, kill, one } = await twoNodes(way)
    await bob.subscribe('durable:a')
    way.announcements = () => []
    await ada.publish('durable:a', 1)
    kill(one)
    await clock.advance(6_000)
    expect(dataOf(bob, 'durable:a')).toEqual([1])
  })

  test('is found when nobody knows whether a commit succeeded', async () => {
    let failNext = false
    const unsure = (store: Store): Store => ({
      ...store,
      commit: async (unit) => {
        const result = await store.commit(unit)
        if (!failNext) return result
        failNext = false
        throw new Error('the answer was lost')
      },
    })
    const { ada, bob, clock } = await twoNodes({
      each: (index) => (index === 0 ? { aroundStore: unsure, logger: silentLogger } : {}),
    })
    await bob.subscribe('durable:a')
    failNext = true
    expect((await ada.publish('durable:a', 1)).error).toBeDefined()
    await clock.advance(1_000)
    expect(dataOf(bob, 'durable:a')).toEqual([1])
  })

  test('is read by the members themselves when it is much, and nothing is lost', async () => {
    const { ada, bob, clock, lines, one } = await twoNodes({ limits: { readEvents: 64 } })
    await bob.subscribe('durable:a')
    lines.cut(one.node.id)
    for (let n = 1; n <= 1_000; n++)
      ada.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data: n } })
    await clock.settle()
    lines.mend(one.node.id)
    await clock.advance(2_000)
    expect(dataOf(bob, 'durable:a')).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
    expect(bob.faults).toEqual([])
  })

  test('and is kept no longer: who was subscribed is told to load a snapshot', async () => {
    const { ada, bob, clock, lines, one, disk } = await twoNodes()
    await bob.subscribe('durable:a')
    lines.cut(one.node.id)
    for (let n = 1; n <= 10; n++) await ada.publish('durable:a', n)
    disk.find('default', 'durable:a')?.trim({ maxEvents: 3, maxAgeMs: 1e12, maxBytes: 1e12 }, clock.now())
    lines.mend(one.node.id)
    await clock.advance(2_000)
    expect(bob.all('unsubscribed')).toMatchObject([{ code: 'position_expired', resubscribe: true }])
  })
})

describe('a cluster', () => {
  test('whose log for recent kinds is one node’s alone is not started', async () => {
    const clock = new VirtualClock()
    const { lines } = await testCluster({ clock })
    const start = testNode({ clock, broker: lines.broker(), recentLog: memoryRecentLog({ clock }) })
    await expect(start).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('`recent`'),
    })
  })

  test('lists its nodes, and says so when a node has lost the others', async () => {
    const { lines, one, two, clock, add } = await twoNodes()
    const ids = [one.node.id, two.node.id].sort()
    expect(one.node.status()).toMatchObject({ ready: true, nodes: ids })
    expect(one.metrics.value('parley_cluster_nodes')).toBe(2)
    const three = await add()
    expect(one.node.status().nodes).toHaveLength(3)
    await Promise.all([three.node.stop(), clock.advance(1)])
    expect(one.node.status().nodes).toEqual(ids)
    lines.cut(two.node.id)
    expect(two.node.status()).toMatchObject({
      ready: false,
      checks: expect.arrayContaining([{ name: 'broker', ok: false, problem: expect.any(String) }]),
    })
    expect(one.node.status().ready).toBe(true)
    lines.mend(two.node.id)
    expect(two.node.status().ready).toBe(true)
  })

  test('is nothing to a node that is alone', async () => {
    const t = await testNode()
    expect(t.node.status().nodes).toEqual([t.node.id])
    expect(t.node.status().checks.map(({ name }) => name)).toEqual(['node', 'store'])
  })

  test('enforces retention on one node; when that one dies, on another', async () => {
    const trims: number[] = []
    const t = await twoNodes({
      each: (index) => ({
        aroundStore: (store) => ({
          ...store,
          trim: (...what) => {
            trims.push(index)
            return store.trim(...what)
          },
        }),
      }),
    })
    await t.ada.publish('durable:a', 1)
    await t.clock.advance(300_000)
    expect(trims.length).toBeGreaterThan(1)
    const [first = 0] = trims
    expect(new Set(trims.splice(0))).toEqual(new Set([first]))
    t.kill(t.nodes[first] as TestNode)
    await t.clock.advance(300_000)
    expect(trims).toContain(1 - first)
  })

  test('keeps apps apart', async () => {
    const { one, two } = await twoNodes({ apps: ['red'] })
    const red = await one.connect(testIdentity('ada', { app: 'red' }))
    const blue = await two.client('bob')
    await blue.subscribe('durable:a')
    await red.publish('durable:a', 'secret')
    expect(blue.events).toEqual([])
  })

  test('leaves nothing behind when its nodes have stopped', async () => {
    const { one, two, bob, ada, clock } = await twoNodes()
    for (const client of [ada, bob]) await client.subscribe('durable:a', { state: true })
    const stopped = Promise.all([one.node.stop(), two.node.stop()])
    await clock.advance(120_000)
    await stopped
    expect(clock.pendingTimers).toBe(0)
  })
})
