import { defineContract, type Schema, type StateContract } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { KindOptions } from '../kind.ts'
import { implement, type Module, type ModuleServices } from '../module.ts'
import type { BrokerListener } from '../ports/broker.ts'
import type { TestClient } from '../testing/test-client.ts'
import { type BeforeHandler, testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, testIdentity } from '../testing/test-node.ts'
import { road, type TwoNodes, twoNodes } from './testing/two-nodes.ts'

const channel = 'live:hall'
const app = 'default'
const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }

interface Own {
  readonly kinds?: Readonly<Record<string, KindOptions>>
}

/** A module that declares entries, and gives its hand away when it starts. */
function keeping(
  states: Readonly<Record<string, StateContract>>,
  take: (state: ModuleServices['state']) => void,
): Module {
  const contract = defineContract({ name: 'badges', summary: 'Badges.', commands: {}, events: {}, states })
  return implement(contract, { handlers: {}, start: ({ state }) => take(state) })
}

const badge = { summary: 'A badge.', value: anything }

/** Two nodes with a module that keeps entries: `badge`, of which the newest counts, and `count`, which adds up. */
async function start({ kinds = testKinds, ...options }: Parameters<typeof twoNodes>[0] & Own = {}) {
  const hands: ModuleServices['state'][] = []
  const count = {
    summary: 'A number.',
    value: anything,
    merge: (values: readonly unknown[]) => values.reduce((sum: number, value) => sum + Number(value), 0),
  }
  const each = (index: number) => ({
    modules: [
      testModule(kinds),
      keeping({ badge, count }, (state) => {
        hands[index] = state
      }),
    ],
  })
  const t = await twoNodes({ each, ...options })
  const watcher = async (node: TestNode, where = channel) => {
    const client = await node.client('watcher')
    await client.subscribe(where, { state: true, silent: true })
    return client
  }
  const [here, there] = hands as [ModuleServices['state'], ModuleServices['state']]
  return { ...t, hands: [here, there] as const, watcher }
}

const names = (client: TestClient) => Object.keys(client.state(channel)).sort()
const gaps = (...clients: readonly TestClient[]) => clients.map((client) => client.states.get(channel)?.gaps)

describe('who is in a channel', () => {
  test('is seen on the other node, in the snapshot and in changes', async () => {
    const t = await start()
    await t.ada.subscribe(channel)
    const watcher = await t.watcher(t.two)
    expect(names(watcher)).toEqual(['ada'])
    await t.bob.subscribe(channel)
    await t.ada.ask({ op: 'unsubscribe', channel })
    expect(names(watcher)).toEqual(['bob'])
    const other = await t.watcher(t.one)
    expect(names(other)).toEqual(['bob'])
    expect(gaps(watcher, other)).toEqual([0, 0])
  })

  test('is counted on all nodes', async () => {
    const t = await start()
    await t.ada.subscribe(channel)
    const counted = await t.bob.subscribe(channel, { occupancy: true })
    expect(counted.ok?.occupancy).toEqual({ sessions: 2, users: 2 })
    await (await t.one.client('ada')).subscribe(channel)
    await t.clock.advance(1_000)
    expect(t.bob.all('occupancy').at(-1)).toMatchObject({ sessions: 3, users: 2 })
  })

  test('sets entries of its own, which others see', async () => {
    const t = await start()
    const watcher = await t.watcher(t.two)
    await t.ada.subscribe(channel)
    for (const value of [1, 2]) await t.ada.ask({ op: 'set', channel, name: 'cursor', value })
    expect(watcher.state(channel, 'cursor')).toEqual({ ada: 2 })
    await t.ada.ask({ op: 'set', channel, name: 'cursor', value: null })
    expect(watcher.state(channel, 'cursor')).toEqual({})
  })

  test('is told to a back end that asks on a node where nobody listens', async () => {
    const asked: unknown[] = []
    const before = (
      name: string,
      { channels }: Parameters<NonNullable<Parameters<typeof testModule>[1]>>[1],
    ) => {
      if (name !== 'history') return undefined
      const look = async () => {
        await channels.gather(channel)
        asked.push(channels.presence(channel), channels.members(channel, undefined, 10))
      }
      return look()
    }
    const t = await twoNodes({ each: () => ({ modules: [testModule(testKinds, before)] }) })
    await t.ada.subscribe(channel)
    await t.two.call(testIdentity(undefined), 'test.history', { channel: 'durable:a' })
    expect(asked).toEqual([{ sessions: 1, users: 1 }, [{ user: 'ada', sessions: 1 }]])
  })

  test('may be thousands: they come in parts, and all of them', async () => {
    const t = await start({ limits: { maxConnections: 5_000 } })
    for (let n = 0; n < 2_500; n++) {
      const client = await t.one.client(`user-${n}`)
      client.post({ op: 'subscribe', channel })
    }
    await t.clock.settle()
    const watcher = await t.watcher(t.two)
    await t.clock.advance(1_000)
    expect(t.two.node.status().nodes).toHaveLength(2)
    let { next } = { next: undefined as string | undefined }
    const seen = new Set<string>()
    do {
      const page = await watcher.ask({ op: 'state', channel, ...(next === undefined ? {} : { after: next }) })
      const { entries, next: more } = page.ok as { entries: { user: string }[]; next?: string }
      for (const { user } of entries) seen.add(user)
      next = more
    } while (next !== undefined)
    expect(seen.size).toBe(2_500)
  })
})

describe('a node that is gone', () => {
  test.each([
    [
      'stopped',
      async (t: TwoNodes) => void (await Promise.all([t.one.node.stop({ graceMs: 0 }), t.clock.advance(5)])),
      0,
    ],
    ['killed', async (t: TwoNodes) => t.kill(t.one), 5_000],
  ])('%s: its people are seen for the grace of the kind, then no longer', async (_what, leave, leaseMs) => {
    const t = await start({ kinds: { live: { durability: 'ephemeral', presenceGraceMs: 3_000 } } })
    await t.ada.subscribe(channel)
    await t.bob.subscribe(channel)
    const watcher = await t.watcher(t.two)
    await leave(t)
    await t.clock.advance(leaseMs + 2_900)
    expect(names(watcher)).toEqual(['ada', 'bob'])
    await t.clock.advance(200)
    expect(names(watcher)).toEqual(['bob'])
    expect(t.bob.closeCode).toBeUndefined()
  })

  test('and comes back within the grace: nobody flickers', async () => {
    const t = await start({ kinds: { live: { durability: 'ephemeral', presenceGraceMs: 10_000 } } })
    await t.ada.subscribe(channel)
    const watcher = await t.watcher(t.two)
    t.lines.split([t.one.node.id], [t.two.node.id])
    await t.clock.advance(6_000)
    expect(t.two.node.status().nodes).toHaveLength(1)
    await (await t.one.client('eve')).subscribe(channel)
    await t.ada.ask({ op: 'unsubscribe', channel })
    expect(names(watcher)).toEqual(['ada'])
    t.lines.heal()
    await t.clock.advance(2_000)
    expect(names(watcher)).toEqual(['eve'])
    expect(watcher.all('state').filter(({ removed }) => removed.length > 0)).toHaveLength(1)
    await t.clock.advance(20_000)
    expect(names(watcher)).toEqual(['eve'])
  })
})

describe('what nodes tell each other', () => {
  test('may be lost, late and doubled: within 2 s after that ends, all see the same', async () => {
    const way = road()
    const t = await start(way)
    const watchers = [await t.watcher(t.one), await t.watcher(t.two)] as const
    const clients = await Promise.all(
      [t.one, t.two, t.one, t.two].map((node, index) => node.client(`user-${index}`)),
    )
    for (const client of clients) await client.subscribe(channel)
    for (let round = 0; round < 40; round++) {
      way.messages = () => {
        const dice = t.clock.random()
        if (dice < 0.4) return []
        return dice < 0.6 ? [t.clock.random() * 400, t.clock.random() * 3_000] : [t.clock.random() * 50]
      }
      const client = clients[round % clients.length] as TestClient
      client.post({ op: 'set', channel, name: 'cursor', value: round })
      if (round % 7 === 0) client.post({ op: 'set', channel, name: 'cursor', value: null })
      await t.clock.advance(t.clock.random() * 200)
    }
    way.messages = () => [0]
    await t.clock.advance(2_000)
    const [here, there] = watchers.map((watcher) => watcher.state(channel, 'cursor'))
    expect(here).toEqual(there)
    expect(here).toMatchObject({ 'user-3': 39 })
    expect(names(watchers[0])).toEqual(names(watchers[1]))
    expect(gaps(...watchers)).toEqual([0, 0])
  })

  test('stops when the other node no longer listens, and begins anew with the next who does', async () => {
    const t = await start({ limits: { channelIdleMs: 5_000 } })
    await t.ada.subscribe(channel)
    const watcher = await t.watcher(t.two)
    await watcher.ask({ op: 'unsubscribe', channel })
    await t.clock.advance(10_000)
    expect(t.two.node.status().channels).toBe(0)
    await t.ada.ask({ op: 'set', channel, name: 'cursor', value: 7 })
    const again = await t.watcher(t.two)
    expect(again.state(channel, 'cursor')).toEqual({ ada: 7 })
    expect(names(again)).toEqual(['ada'])
  })
})

test('a channel that is forgotten while a subscriber waits for other nodes is opened again', async () => {
  const way = road()
  const t = await start({ ...way, limits: { channelIdleMs: 50 } })
  // Nodes look for idle channels once a second.
  await t.clock.advance(900 - (t.clock.elapsed() % 1_000))
  way.messages = () => []
  const asked = t.bob.post({ op: 'subscribe', channel, state: true })
  await t.clock.advance(3_000)
  expect(t.bob.reply(asked).error).toBeUndefined()
  await t.ada.publish(channel, 1)
  expect(t.bob.of(channel)).toHaveLength(1)
})

test('a channel that is asked about stays open for a while', async () => {
  const before: BeforeHandler = (name, { channels }) =>
    name === 'history' ? channels.gather(channel) : undefined
  const t = await twoNodes({
    limits: { channelIdleMs: 5_000 },
    each: () => ({ modules: [testModule(testKinds, before)] }),
  })
  const ask = () => t.two.call(testIdentity(undefined), 'test.history', { channel: 'durable:a' })
  for (let n = 0; n < 5; n++) {
    await ask()
    await t.clock.advance(4_000)
    expect(t.two.node.status().channels).toBe(1)
  }
  await t.clock.advance(3_000)
  expect(t.two.node.status().channels).toBe(0)
})

test('a channel that is closed forgets what other nodes had there', async () => {
  const t = await start({ limits: { channelIdleMs: 2_000 } })
  await t.ada.subscribe(channel)
  t.hands[1].set(app, { channel, owner: 'bot', name: 'badge', value: 1 })
  const watcher = await t.watcher(t.two)
  expect(names(watcher)).toEqual(['ada'])
  await watcher.ask({ op: 'unsubscribe', channel })
  await t.clock.advance(5_000)
  t.kill(t.one)
  await t.clock.advance(60_000)
  const again = await t.watcher(t.two)
  expect(names(again)).toEqual([])
  expect(again.state(channel, 'badge')).toEqual({ bot: 1 })
})

test('a node that has forgotten another one for a moment is told everything again', async () => {
  const t = await start()
  let listener: BrokerListener | undefined
  const broker = t.lines.broker()
  const three = await t.add({
    broker: {
      ...{ leaseMs: broker.leaseMs, stop: () => broker.stop(), announce: (one) => broker.announce(one) },
      follow: (...what) => broker.follow(...what),
      unfollow: (...what) => broker.unfollow(...what),
      send: (...what) => broker.send(...what),
      nodes: () => broker.nodes(),
      problem: () => broker.problem(),
      start: (node, given) => {
        listener = given
        return broker.start(node, given)
      },
    },
  })
  const watcher = await t.watcher(three)
  await t.ada.subscribe(channel)
  expect(names(watcher)).toEqual(['ada'])
  // The others notice nothing: they go on as before.
  listener?.left(t.one.node.id)
  listener?.joined(t.one.node.id)
  await (await t.one.client('eve')).subscribe(channel)
  await t.clock.advance(2_000)
  expect(names(watcher)).toEqual(['ada', 'eve'])
  const other = await t.watcher(t.one)
  await (await three.client('fay')).subscribe(channel)
  await t.clock.advance(2_000)
  expect(names(other)).toEqual(['ada', 'eve', 'fay'])
})

describe('entries that modules keep', () => {
  test('are seen on all nodes, though nobody listens where they are kept', async () => {
    const t = await start()
    t.hands[0].set(app, { channel, owner: 'ada', name: 'badge', value: 'gold' })
    const watcher = await t.watcher(t.two)
    expect(watcher.state(channel, 'badge')).toEqual({ ada: 'gold' })
    t.hands[0].set(app, { channel, owner: 'ada', name: 'badge', value: 'silver', ttlMs: 1_000 })
    await t.clock.settle()
    expect(watcher.state(channel, 'badge')).toEqual({ ada: 'silver' })
    await t.clock.advance(1_500)
    expect(watcher.state(channel, 'badge')).toEqual({})
  })

  test('of two nodes under one name: the newest counts, on both, and the other one when that goes', async () => {
    const t = await start()
    const watchers = [await t.watcher(t.one), await t.watcher(t.two)]
    const seen = () => watchers.map((watcher) => watcher.state(channel, 'badge').ada)
    const badged = { channel, owner: 'ada', name: 'badge' }
    for (const [index, value] of ['old', 'new'].entries()) {
      t.hands[index]?.set(app, { ...badged, value })
      await t.clock.advance(10)
    }
    expect(seen()).toEqual(['new', 'new'])
    t.hands[1].remove(app, badged)
    await t.clock.settle()
    expect(seen()).toEqual(['old', 'old'])
    t.hands[0].remove(app, badged)
    await t.clock.settle()
    expect(seen()).toEqual([undefined, undefined])
  })

  test('become what their module makes of them', async () => {
    const t = await start()
    const watchers = [await t.watcher(t.one), await t.watcher(t.two)]
    const seen = () => watchers.map((watcher) => Object.values(watcher.state(channel, 'count')))
    t.hands[0].set(app, { channel, name: 'count', value: 3 })
    t.hands[1].set(app, { channel, name: 'count', value: 4 })
    await t.clock.settle()
    expect(seen()).toEqual([[7], [7]])
    t.hands[0].set(app, { channel, name: 'count', value: 5 })
    await t.clock.settle()
    expect(seen()).toEqual([[9], [9]])
    t.hands[1].remove(app, { channel, name: 'count' })
    await t.clock.settle()
    expect(seen()).toEqual([[5], [5]])
  })

  test('for which there is no room any more go everywhere', async () => {
    const t = await start({ limits: { maxIdleStateEntries: 1 } })
    t.hands[0].set(app, { channel, owner: 'ada', name: 'badge', value: 1 })
    const watcher = await t.watcher(t.two)
    t.hands[0].set(app, { channel: 'live:other', owner: 'ada', name: 'badge', value: 1 })
    await t.clock.settle()
    expect(watcher.state(channel, 'badge')).toEqual({})
  })

  test('are set for those who listen elsewhere when the module is told that they came, and as long', async () => {
    const told: string[] = []
    const hands: ModuleServices['state'][] = []
    const kindsOf = (index: number) => ({
      live: {
        durability: 'ephemeral' as const,
        audience: {
          arriving: async (_app: string, name: string) => {
            told.push(`${index} arriving`)
            hands[index]?.set(app, { channel: name, owner: `of-${index}`, name: 'badge', value: index })
          },
          gone: () => void told.push(`${index} gone`),
        },
      },
    })
    const t = await twoNodes({
      limits: { channelIdleMs: 5_000 },
      each: (index) => ({
        modules: [
          testModule(kindsOf(index)),
          keeping({ badge }, (state) => {
            hands[index] = state
          }),
        ],
      }),
    })
    await t.bob.subscribe(channel, { state: true })
    expect(told.splice(0).sort()).toEqual(['0 arriving', '1 arriving'])
    expect(t.bob.state(channel, 'badge')).toEqual({ 'of-0': 0, 'of-1': 1 })
    await t.ada.subscribe(channel)
    expect(told.splice(0)).not.toContain('0 gone')
    await t.ada.ask({ op: 'unsubscribe', channel })
    await t.bob.ask({ op: 'unsubscribe', channel })
    await t.clock.advance(20_000)
    expect(told.filter((line) => line.endsWith('gone')).sort()).toEqual(['0 gone', '1 gone'])
  })
})
