import { describe, expect, test } from 'vitest'
import type { Identity } from '../ports/authenticator.ts'
import { controlChannel, type Store } from '../ports/store.ts'
import type { TestClient } from '../testing/test-client.ts'
import { testModule } from '../testing/test-module.ts'
import { testIdentity } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { dataOf, road, twoNodes } from './testing/two-nodes.ts'

const backend = testIdentity(undefined)
const channel = 'durable:a'

const kick = (from: TestClient, user: string) => from.call('test.kick', { channel, user })
const ended = (client: TestClient) => client.all('unsubscribed').map(({ code }) => code)

describe('a kick on one node', () => {
  test.each([
    ['whose announcement is lost', () => []],
    ['whose announcement is late', () => [300]],
  ])('%s comes before every later event on the other one', async (_what, control) => {
    const way = road()
    const t = await twoNodes(way)
    const { ada, bob, clock } = t
    await bob.subscribe(channel)
    const watcher = await t.two.client('watcher')
    await watcher.subscribe(channel)
    await ada.publish(channel, 'before')
    // The kick is announced on the control channel and, as an event, on its own one: both are lost, or late.
    way.announcements = control
    await kick(ada, 'bob')
    way.announcements = () => [0]
    await ada.publish(channel, 'after')
    await clock.advance(1_000)
    expect(dataOf(bob, channel)).toEqual(['before'])
    expect(ended(bob)).toEqual(['forbidden'])
    expect(dataOf(watcher, channel)).toEqual(['before', 'bob', 'after'])
    expect([...bob.faults, ...watcher.faults]).toEqual([])
  })

  test('comes before what the other node itself commits after it', async () => {
    const way = road()
    const { ada, bob, two } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = () => []
    await kick(ada, 'bob')
    const { ok } = await (await two.client('eve')).publish(channel, 'after')
    expect(ok).toMatchObject({ offset: 2 })
    expect(bob.of(channel)).toEqual([])
    expect(ended(bob)).toEqual(['forbidden'])
  })

  test('that nothing follows is heard of within 30 s, though its announcement is lost', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe('live:a')
    way.announcements = () => []
    await ada.call('test.change', {
      change: { type: 'unsubscribe', user: 'bob', channel: 'live:a', reason: '' },
    })
    await clock.advance(30_500)
    expect(ended(bob)).toEqual(['forbidden'])
  })

  test('ends the subscription of somebody who is behind before they read what came after', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes({ ...way, limits: { highWaterBytes: 200, readEvents: 2 } })
    await bob.subscribe(channel)
    bob.wire.stall()
    for (let n = 1; n <= 20; n++) await ada.publish(channel, n)
    way.announcements = () => []
    await kick(ada, 'bob')
    way.announcements = () => [0]
    await ada.publish(channel, 'after')
    bob.wire.resume()
    await clock.advance(1_000)
    expect(dataOf(bob, channel)).not.toContain('after')
    expect(ended(bob)).toEqual(['forbidden'])
  })

  test.each([true, false])(
    'counts also where an answer of before is remembered (the channel is open there: %s)',
    async (isOpen) => {
      const way = road()
      const members = new Set(['ada', 'bob', 'watcher'])
      const authorize = async ({ identity }: { readonly identity: Identity }) =>
        members.has(`${identity.user}`)
      const { ada, bob, two } = await twoNodes({
        ...way,
        each: () => ({ modules: [testModule({ durable: { authorize } })] }),
      })
      await bob.call('test.history', { channel })
      if (isOpen) await (await two.client('watcher')).subscribe(channel)
      way.announcements = () => []
      members.delete('bob')
      await kick(ada, 'bob')
      await ada.publish(channel, 'after')
      // Where the node has not looked at the log since, he is let in where it stands.
      const asked = await bob.subscribe(channel, { recent: 100 })
      expect(asked.error?.code).toBe(isOpen ? undefined : 'forbidden')
      way.announcements = () => [0]
      await ada.publish(channel, 'later')
      expect(bob.of(channel)).toEqual([])
      expect(ended(bob)).toEqual(isOpen ? ['forbidden'] : [])
    },
  )

  test('counts for events that were announced together with it', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = (_count, name) => (name === controlChannel ? [] : [0])
    const publish = (data: string) =>
      ada.post({ op: 'call', command: 'test.publish', input: { channel, data } })
    publish('before')
    ada.post({ op: 'call', command: 'test.kick', input: { channel, user: 'bob' } })
    publish('after')
    await clock.advance(1_000)
    expect(bob.of(channel).map(({ data }) => data)).not.toContain('after')
    expect(ended(bob)).toEqual(['forbidden'])
  })

  test('counts for what is read from the log to fill a gap', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe(channel)
    way.announcements = () => []
    await ada.publish(channel, 'lost')
    way.announcements = () => [0]
    await ada.publish(channel, 'early')
    way.announcements = () => []
    await clock.advance(20)
    await kick(ada, 'bob')
    await ada.publish(channel, 'after')
    await clock.advance(1_000)
    expect(dataOf(bob, channel)).toEqual(['lost', 'early'])
  })

  test('counts for what a check of the positions finds', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const way = road()
      const { ada, bob, clock, lines, two } = await twoNodes({
        ...way,
        clock: new VirtualClock({ seed }),
        each: (index) => (index === 1 ? { memoryStore: { readMs: () => 40 } } : {}),
      })
      const asked = bob.post({ op: 'subscribe', channel })
      await clock.advance(200)
      expect(bob.reply(asked).error).toBeUndefined()
      way.announcements = () => []
      lines.cut(two.node.id)
      lines.mend(two.node.id)
      await clock.advance(38 + (seed % 10))
      await kick(ada, 'bob')
      await ada.publish(channel, 'after')
      await clock.advance(1_000)
      expect(bob.of(channel)).toEqual([])
    }
  })

  test('holds events back while the changes cannot be read, and lets them go then', async () => {
    let isAway = false
    const way = road()
    const away = (store: Store): Store => ({
      ...store,
      read: (app, name, options) =>
        isAway && name === controlChannel
          ? Promise.reject(new Error('away'))
          : store.read(app, name, options),
    })
    const { ada, bob, two, clock } = await twoNodes({
      ...way,
      each: (index) => (index === 1 ? { aroundStore: away } : {}),
    })
    const watcher = await two.client('watcher')
    for (const client of [bob, watcher]) await client.subscribe(channel)
    way.announcements = () => []
    isAway = true
    await kick(ada, 'bob')
    way.announcements = () => [0]
    await ada.publish(channel, 'after')
    const own = watcher.post({ op: 'call', command: 'test.publish', input: { channel, data: 'own' } })
    await clock.advance(2_000)
    expect([...watcher.of(channel), ...bob.of(channel)]).toEqual([])
    expect(watcher.hasReply(own)).toBe(false)
    isAway = false
    await clock.advance(10_000)
    expect(dataOf(watcher, channel)).toEqual(['bob', 'after', 'own'])
    expect(watcher.reply(own).ok).toMatchObject({ offset: 3 })
    expect(bob.of(channel)).toEqual([])
    expect(ended(bob)).toEqual(['forbidden'])
  })
})

test('events that may not go out because changes cannot be read for long go out when they can', async () => {
  let isAway = false
  const way = road()
  const away = (store: Store): Store => ({
    ...store,
    read: (app, name, options) =>
      isAway && name === controlChannel ? Promise.reject(new Error('away')) : store.read(app, name, options),
  })
  const { ada, bob, clock } = await twoNodes({
    ...way,
    each: (index) => (index === 1 ? { aroundStore: away } : {}),
  })
  await bob.subscribe(channel)
  way.announcements = () => []
  isAway = true
  await kick(ada, 'nobody')
  const call = bob.post({ op: 'call', command: 'test.publish', input: { channel, data: 'own' } })
  await clock.advance(600_000)
  expect(bob.reply(call).ok).toMatchObject({ offset: 2 })
  expect(bob.of(channel)).toEqual([])
  isAway = false
  await clock.advance(31_000)
  expect(dataOf(bob, channel)).toEqual(['nobody', 'own'])
})

describe.each(['recent:a', 'live:a'])('in %s, which has no commits', (name) => {
  test('a change comes before what its node publishes afterwards', async () => {
    const way = road()
    const { ada, bob, clock } = await twoNodes(way)
    await bob.subscribe(name)
    way.announcements = () => []
    await ada.call('test.change', { change: { type: 'unsubscribe', user: 'bob', channel: name, reason: '' } })
    way.announcements = () => [0]
    await ada.publish(name, 'after')
    await clock.advance(200)
    expect(bob.of(name)).toEqual([])
    expect(ended(bob)).toEqual(['forbidden'])
  })
})

describe('access changes of one node act on the other one:', () => {
  test('a subscription on behalf, and its end', async () => {
    const { one, bob } = await twoNodes()
    const change = (type: string) =>
      one.call(backend, 'test.change', { change: { type, user: 'bob', channel, reason: '' } })
    await change('subscribe')
    expect(bob.all('subscribed')).toMatchObject([{ channel }])
    await change('unsubscribe')
    expect(ended(bob)).toEqual(['forbidden'])
  })

  test('a disconnect', async () => {
    const { one, bob } = await twoNodes()
    await one.call(backend, 'test.change', {
      change: { type: 'disconnect', user: 'bob', reason: 'enough', reconnect: false },
    })
    expect(bob.closeCode).toBeGreaterThanOrEqual(3_500)
  })

  test('a revocation, also for a node that is started later', async () => {
    const t = await twoNodes()
    await t.one.call(backend, 'test.change', { change: { type: 'revoke', user: 'bob' } })
    expect(t.bob.closeCode).toBeDefined()
    const again = t.two.stranger()
    expect((await again.connect(JSON.stringify(testIdentity('bob')))).error?.code).toBe('token_revoked')
  })

  test('a flag', async () => {
    const { one, two } = await twoNodes()
    await one.call(backend, 'test.change', { change: { type: 'flag', name: 'rateLimiting', on: false } })
    expect(two.node.flags.isOn('rateLimiting')).toBe(false)
  })
})
