import { defineContract, type Schema, type StateSnapshot } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { KindOptions } from '../kind.ts'
import { implement, type ModuleServices } from '../module.ts'
import { type BeforeHandler, testKinds, testModule } from '../testing/test-module.ts'
import { type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'

const channel = 'durable:a'
const app = 'default'
const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }

interface Own {
  readonly before?: BeforeHandler
  readonly kinds?: Readonly<Record<string, KindOptions>>
}

/** A node with a module that declares the state `badge`, and that module's hand. */
async function start(options: Omit<TestNodeOptions, 'modules'> & Own = {}) {
  const { before, kinds = testKinds, ...rest } = options
  let services: ModuleServices | undefined
  const badges = implement(
    defineContract({
      name: 'badges',
      summary: 'Badges.',
      commands: {},
      events: {},
      states: { badge: { summary: 'A badge.', value: anything } },
    }),
    {
      handlers: {},
      start: (given) => {
        services = given
      },
    },
  )
  const t = await testNode({ modules: [testModule(kinds, before), badges], ...rest })
  const { state } = services as ModuleServices
  const set = async (value: unknown, more: { channel?: string; owner?: string; ttlMs?: number } = {}) => {
    state.set(app, { channel, name: 'badge', value, ...more })
    await t.clock.settle()
  }
  const remove = async (owner?: string) => {
    state.remove(app, { channel, owner, name: 'badge' })
    await t.clock.settle()
  }
  const watcher = async (where = channel) => {
    const client = await t.client('watcher')
    await client.subscribe(where, { state: true, silent: true })
    return client
  }
  const whole = async (where = channel) => (await watcher(where)).states.get(where)?.entries.size
  return { ...t, state, set, remove, watcher, whole }
}

describe('entries that a module keeps', () => {
  test('are seen like others, by user or for the channel, and belong to no session', async () => {
    const t = await start()
    const bob = await t.watcher()
    await t.set('gold', { owner: 'ada' })
    await t.set({ count: 2 })
    const entries = [
      { key: '~ada|badge', name: 'badge', user: 'ada', value: 'gold' },
      { key: '~|badge', name: 'badge', value: { count: 2 } },
    ]
    expect([...(bob.states.get(channel)?.entries.values() ?? [])]).toEqual(entries)
    const late = await t.client('late')
    const { ok } = await late.subscribe(channel, { state: true, silent: true })
    expect(ok?.state?.entries).toEqual(entries)
    const frames = bob.all('state').length
    await t.set('gold', { owner: 'ada' })
    expect(bob.all('state')).toHaveLength(frames)
    await t.remove('ada')
    await t.remove()
    await t.remove('nobody')
    expect(bob.states.get(channel)?.entries.size).toBe(0)
    expect(bob.states.get(channel)?.gaps).toBe(0)
  })

  test('are set by handlers at once, also of a command that fails', async () => {
    const before: BeforeHandler = async (_command, ctx) => {
      ctx.state.set({ channel, owner: 'ada', name: 'badge', value: ctx.user })
      throw new Error('after all')
    }
    const t = await start({ before })
    const bob = await t.watcher()
    await expect(t.call(testIdentity('ada'), 'test.publish', { channel, data: 1 })).rejects.toThrow()
    expect(bob.state(channel, 'badge')).toEqual({ ada: 'ada' })
  })

  test('have names that a contract declares and that no client sets', async () => {
    const t = await start()
    const ada = await t.client('ada')
    await ada.subscribe(channel)
    for (const value of ['mine', null]) {
      const { error } = await ada.ask({ op: 'set', channel, name: 'badge', value })
      expect(error).toMatchObject({
        code: 'bad_request',
        message: expect.stringContaining('module `badges`'),
      })
    }
    expect(() => t.state.set(app, { channel, name: 'bagde', value: 1 })).toThrow(RangeError)
    expect(() => t.state.remove(app, { channel, name: 'bagde' })).toThrow(RangeError)
    expect(() => t.state.set(app, { channel, name: 'badge', value: null })).toThrow(RangeError)
    expect(() => t.state.set(app, { channel: 'none:a', name: 'badge', value: 1 })).toThrow(
      expect.objectContaining({ code: 'unknown_kind' }),
    )
  })

  test('count for the limits of the channel', async () => {
    const kinds = { durable: { limits: { maxStateEntries: 2, maxStateBytes: 20 } } }
    const t = await start({ kinds })
    await t.set('x', { owner: 'ada' })
    await t.set('x')
    const ada = await t.client('ada')
    await ada.subscribe(channel, { silent: true })
    const refused = { code: 'limit_exceeded', details: { limit: 'maxStateEntries' } }
    expect((await ada.ask({ op: 'set', channel, name: 'mood', value: 1 })).error).toMatchObject(refused)
    expect(() => t.state.set(app, { channel, owner: 'eve', name: 'badge', value: 1 })).toThrow(
      expect.objectContaining({ code: refused.code }),
    )
    expect(() => t.state.set(app, { channel, name: 'badge', value: 'x'.repeat(20) })).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    )
    await t.set('y')
    await t.remove('ada')
    expect(await ada.ask({ op: 'set', channel, name: 'mood', value: 1 })).toMatchObject({ ok: {} })
  })

  test('of apps are apart', async () => {
    const t = await start({ apps: ['other'] })
    t.state.set('other', { channel, name: 'badge', value: 1 })
    expect(await t.whole()).toBe(0)
  })
})

describe('entries with a time', () => {
  test('go when it is over, unless they are set again; others stay', async () => {
    const t = await start()
    const bob = await t.watcher()
    await t.set(1, { owner: 'ada', ttlMs: 5_000 })
    await t.set(1, { owner: 'eve', ttlMs: 2_000 })
    await t.set(1, { owner: 'joe' })
    await t.clock.advance(1_900)
    expect(bob.state(channel, 'badge')).toEqual({ ada: 1, eve: 1, joe: 1 })
    await t.set(1, { owner: 'ada', ttlMs: 5_000 })
    await t.clock.advance(600)
    expect(bob.state(channel, 'badge')).toEqual({ ada: 1, joe: 1 })
    await t.clock.advance(4_000)
    expect(bob.state(channel, 'badge')).toEqual({ ada: 1, joe: 1 })
    await t.set(1, { owner: 'joe', ttlMs: 60_000 })
    await t.set(1, { owner: 'joe' })
    await t.clock.advance(300_000)
    expect(bob.state(channel, 'badge')).toEqual({ joe: 1 })
    expect(bob.all('state')).toHaveLength(5)
  })

  test('go also where nobody listens', async () => {
    const t = await start()
    await t.set(1, { owner: 'ada', ttlMs: 3_000 })
    await t.set(1, { owner: 'eve' })
    await t.clock.advance(4_000)
    const bob = await t.watcher()
    expect(bob.state(channel, 'badge')).toEqual({ eve: 1 })
  })
})

describe('a channel that nobody listens to', () => {
  test('is forgotten, and its entries are there for who comes', async () => {
    const t = await start()
    const bob = await t.watcher()
    await t.set(1, { owner: 'ada' })
    await bob.ask({ op: 'unsubscribe', channel })
    await t.clock.advance(62_000)
    expect(t.node.status().channels).toBe(0)
    await t.set(2, { owner: 'eve' })
    const again = await t.watcher()
    expect(again.state(channel, 'badge')).toEqual({ ada: 1, eve: 2 })
    await t.set(3, { owner: 'ada' })
    expect(again.state(channel, 'badge')).toEqual({ ada: 3, eve: 2 })
    expect(again.states.get(channel)?.gaps).toBe(0)
  })

  test('keeps its entries as long as there is room: who was left alone longest goes first', async () => {
    const t = await start({ limits: { maxIdleStateEntries: 4 } })
    for (const name of ['a', 'b', 'c'])
      for (const owner of ['ada', 'eve']) await t.set(name, { channel: `live:${name}`, owner })
    await t.set('new', { channel: 'live:b', owner: 'ada' })
    await t.set('more', { channel: 'live:d', owner: 'ada' })
    const sizes = []
    for (const name of ['a', 'b', 'c', 'd']) sizes.push(await t.whole(`live:${name}`))
    expect(sizes).toEqual([0, 2, 0, 1])
  })

  test('is not a place to fill: the limits of its kind hold there too', async () => {
    const t = await start({ limits: { maxIdleStateEntries: 1 } })
    expect(() => t.state.set(app, { channel, name: 'badge', value: 'x'.repeat(5_000) })).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    )
    expect(await t.whole()).toBe(0)
  })
})

test('a subscription that is on its way when an entry is set has it', async () => {
  const t = await start({ memoryStore: { readMs: () => 50 } })
  const bob = await t.client('bob')
  const asked = bob.post({ op: 'subscribe', channel, state: true, silent: true })
  await t.set('early', { owner: 'ada' })
  await t.clock.advance(1_000)
  expect((bob.reply(asked).ok as { state: StateSnapshot }).state.entries).toMatchObject([{ value: 'early' }])
})
