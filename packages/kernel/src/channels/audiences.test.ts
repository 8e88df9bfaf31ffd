import { expect, test } from 'vitest'
import { silentLogger } from '../memory/logger.ts'
import { testModule } from '../testing/test-module.ts'
import { type TestNodeOptions, testNode } from '../testing/test-node.ts'
import type { VirtualClock } from '../testing/virtual-clock.ts'

/** A node with a kind that notes when its channels get somebody to listen and lose them. */
async function noting(options: TestNodeOptions & { ms?: number; failing?: () => boolean } = {}) {
  const told: string[] = []
  let clock: VirtualClock | undefined
  const audience = {
    arriving: async (_app: string, channel: string) => {
      told.push(`arriving ${channel}`)
      if (options.failing?.() === true) throw new Error('broken')
      const { ms = 0 } = options
      if (ms > 0) await new Promise<void>((resolve) => void clock?.after(ms, resolve))
    },
    gone: (_app: string, channel: string) => {
      told.push(`gone ${channel}`)
      if (options.failing?.() === true) throw new Error('broken')
    },
  }
  const kinds = { live: { durability: 'ephemeral', audience } } as const
  const t = await testNode({ ...options, modules: [testModule(kinds)] })
  clock = t.clock
  return { t, since: () => told.splice(0) }
}

test('a module is told before the first subscriber joins, and after the last one has left', async () => {
  const { t, since } = await noting()
  const [alice, bob] = [await t.client('alice'), await t.client('bob')]
  await alice.subscribe('live:a')
  await bob.subscribe('live:a')
  expect(since()).toEqual(['arriving live:a'])
  await alice.ask({ op: 'unsubscribe', channel: 'live:a' })
  expect(since()).toEqual([])
  bob.wire.drop()
  await t.clock.settle()
  expect(since()).toEqual(['gone live:a'])
  await alice.subscribe('live:a')
  expect(since()).toEqual(['arriving live:a'])
})

test('the subscription waits; who leaves meanwhile, or is not let in, leaves nobody behind', async () => {
  const { t, since } = await noting({ ms: 50 })
  const alice = await t.client('alice')
  const asked = alice.post({ op: 'subscribe', channel: 'live:a' })
  await t.clock.advance(20)
  expect(alice.hasReply(asked)).toBe(false)
  alice.wire.drop()
  await t.clock.advance(100)
  expect(since()).toEqual(['arriving live:a', 'gone live:a'])
  const stranger = await t.client('stranger', { grants: [] })
  await stranger.subscribe('live:a')
  expect(since()).toEqual([])
})

test('of two who come at once, one may leave while the other one waits', async () => {
  const { t, since } = await noting({ ms: 50 })
  const [alice, bob] = [await t.client('alice'), await t.client('bob')]
  const first = alice.post({ op: 'subscribe', channel: 'live:a' })
  await t.clock.advance(30)
  const second = bob.post({ op: 'subscribe', channel: 'live:a' })
  await t.clock.advance(25)
  expect(alice.reply(first).ok).toBeDefined()
  alice.post({ op: 'unsubscribe', channel: 'live:a' })
  await t.clock.advance(200)
  expect(bob.reply(second).ok).toBeDefined()
  // Nobody is told that the channel is empty while somebody is on the way.
  expect(since()).toEqual(['arriving live:a', 'arriving live:a'])
  expect(t.node.status().subscriptions).toBe(1)
  bob.wire.drop()
  await t.clock.settle()
  expect(since()).toEqual(['gone live:a'])
})

test('a module that fails refuses the first subscriber; when the last one leaves it harms nobody', async () => {
  let isBroken = true
  const errors: string[] = []
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) }
  const { t } = await noting({ failing: () => isBroken, logger })
  const alice = await t.client('alice')
  expect((await alice.subscribe('live:a')).error?.code).toBe('internal')
  isBroken = false
  expect((await alice.subscribe('live:a')).ok).toBeDefined()
  isBroken = true
  expect((await alice.ask({ op: 'unsubscribe', channel: 'live:a' })).ok).toEqual({})
  expect(errors).toHaveLength(2)
})

test('a channel that is forgotten while its module gets it ready is opened again: nothing is missed', async () => {
  const { t } = await noting({ ms: 3_000, limits: { channelIdleMs: 1_000 } })
  const alice = await t.client('alice')
  const asked = alice.post({ op: 'subscribe', channel: 'live:a' })
  await t.clock.advance(10_000)
  expect(alice.reply(asked).error?.code).toBeUndefined()
  await (await t.client('bob')).publish('live:a', 1)
  expect(alice.of('live:a')).toHaveLength(1)
})
