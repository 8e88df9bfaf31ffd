import { Flags } from '@parley/kernel'
import { type TestClient, testIdentity, testModule, testNode } from '@parley/kernel/testing'
import { describe, expect, test } from 'vitest'
import { type TypingLimits, typingModule } from './index.ts'

const kinds = {
  room: { durability: 'recent' },
  live: { durability: 'ephemeral' },
  mute: { presence: false },
  loud: { presence: false, typing: true },
  tight: { limits: { maxStateEntries: 2 } },
} as const

const channel = 'room:a'

async function start(limits: Partial<TypingLimits> = {}, flags = new Flags()) {
  const typing = typingModule(limits)
  const t = await testNode({ modules: [testModule(kinds), typing], flags })
  /** Somebody who sees who is typing, without being seen. */
  const watcher = async (where = channel) => {
    const client = await t.client('watcher')
    await client.subscribe(where, { state: true, silent: true })
    return client
  }
  return { ...t, typing, watcher }
}

const type = (client: TestClient, more: object = {}) => client.call('typing.start', { channel, ...more })
const rest = (client: TestClient, more: object = {}) => client.call('typing.stop', { channel, ...more })
const seen = (client: TestClient, where = channel) => client.state(where, 'typing')
const names = (client: TestClient) => Object.keys(seen(client)).sort()

describe('who is typing', () => {
  test('is seen by others from the first start to the stop, and both pass at once', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    const now = t.clock.now()
    expect(await type(ada)).toMatchObject({ ok: {} })
    expect(seen(bob)).toEqual({ ada: { activity: 'typing', since: now } })
    await rest(ada)
    expect(seen(bob)).toEqual({})
    expect(t.clock.now()).toBe(now)
    expect(ada.faults).toEqual([])
  })

  test('is seen by who comes later, in every channel, subscribed or not', async () => {
    const t = await start()
    const ada = await t.client('ada')
    await type(ada, { channel: 'live:a' })
    const bob = await t.watcher('live:a')
    expect(seen(bob, 'live:a')).toMatchObject({ ada: { activity: 'typing' } })
    await rest(ada, { channel: 'live:a' })
    expect(seen(bob, 'live:a')).toEqual({})
  })

  test('lasts while it is repeated, and is told once', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    for (let n = 0; n < 10; n++) {
      await type(ada)
      await t.clock.advance(3_000)
      expect(names(bob)).toEqual(['ada'])
    }
    expect(bob.all('state')).toHaveLength(1)
    await t.clock.advance(2_500)
    expect(names(bob)).toEqual(['ada'])
    await t.clock.advance(1_500)
    expect(names(bob)).toEqual([])
  })

  test('ends by itself six seconds after a start whose stop was lost', async () => {
    const t = await start()
    const bob = await t.watcher()
    await t.call(testIdentity('ada'), 'typing.start', { channel })
    await t.clock.advance(5_900)
    expect(names(bob)).toEqual(['ada'])
    await t.clock.advance(700)
    expect(names(bob)).toEqual([])
    expect(bob.all('state')).toHaveLength(2)
  })

  test('ends when the connection breaks, long before the session does', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    await ada.subscribe(channel, { silent: true })
    await type(ada)
    await type(ada, { channel: 'live:a' })
    ada.wire.drop()
    await t.clock.settle()
    expect(names(bob)).toEqual([])
    expect(names(await t.watcher('live:a'))).toEqual([])
  })

  test('ends with the message, as other modules tell it', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    await type(ada)
    t.typing.finished({ app: 'default', channel, user: 'ada' })
    t.typing.finished({ app: 'default', channel, user: 'nobody' })
    await t.clock.settle()
    expect(names(bob)).toEqual([])
    await type(ada)
    await t.call(testIdentity('ada'), 'typing.stop', { channel })
    await t.clock.advance(500)
    expect(names(bob)).toEqual([])
  })

  test('is told with the thread and with what they do; the last begun counts', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    const since = t.clock.now()
    await type(ada, { thread: 17 })
    expect(seen(bob)).toEqual({ ada: { activity: 'typing', thread: 17, since } })
    await type(ada, { thread: 17, activity: 'uploading' })
    await t.clock.advance(500)
    expect(seen(bob)).toEqual({ ada: { activity: 'uploading', thread: 17, since } })
    await rest(ada, { activity: 'uploading' })
    await t.clock.advance(500)
    expect(seen(bob)).toMatchObject({ ada: { activity: 'typing' } })
    await rest(ada, { thread: 99 })
    expect(names(bob)).toEqual(['ada'])
    await rest(ada, { thread: 17 })
    expect(names(bob)).toEqual([])
  })

  test('is one entry for three devices, and ends with the last of them', async () => {
    const t = await start()
    const bob = await t.watcher()
    const devices = [await t.client('ada'), await t.client('ada'), await t.client('ada')] as const
    for (const device of devices) await type(device)
    await t.clock.advance(1_000)
    expect(bob.all('state')).toHaveLength(1)
    await rest(devices[0])
    devices[1].wire.drop()
    await t.clock.advance(1_000)
    expect(names(bob)).toEqual(['ada'])
    await rest(devices[2])
    expect(names(bob)).toEqual([])
  })
})

describe('many', () => {
  const crowd = async (t: Awaited<ReturnType<typeof start>>, count: number) => {
    const clients: TestClient[] = []
    for (let n = 0; n < count; n++) clients.push(await t.client(`u${n}`))
    return clients
  }

  test('typists are counted, above five, and named again when they are fewer', async () => {
    const t = await start()
    const bob = await t.watcher()
    const users = await crowd(t, 8)
    for (const user of users.slice(0, 5)) await type(user)
    expect(names(bob)).toEqual(['u0', 'u1', 'u2', 'u3', 'u4'])
    for (const user of users.slice(5)) await type(user)
    await t.clock.advance(500)
    expect(seen(bob)).toEqual({ '': { count: 8 } })
    for (const user of users.slice(0, 4)) await rest(user)
    await t.clock.advance(500)
    expect(names(bob)).toEqual(['u4', 'u5', 'u6', 'u7'])
    expect(bob.states.get(channel)?.entries.size).toBe(4)
  })

  test('changes of the number are told twice a second at most, the first at once', async () => {
    const t = await start({ maxNamed: 0 })
    const bob = await t.watcher()
    const users = await crowd(t, 60)
    await type(users[0] as TestClient)
    expect(seen(bob)).toEqual({ '': { count: 1 } })
    for (const user of users) {
      await type(user)
      await t.clock.advance(50)
    }
    expect(seen(bob)).toEqual({ '': { count: 60 } })
    expect(bob.all('state').length).toBeLessThanOrEqual(1 + 2 * 3 + 1)
    await t.clock.advance(7_000)
    expect(seen(bob)).toEqual({})
  })

  test('members: who is typing is counted and not named', async () => {
    const t = await start({ maxMembers: 2 })
    const bob = await t.watcher()
    const users = await crowd(t, 3)
    for (const user of users.slice(0, 2)) await user.subscribe(channel)
    await type(users[0] as TestClient)
    expect(names(bob)).toEqual(['u0'])
    await users[2]?.subscribe(channel)
    await t.clock.advance(500)
    await type(users[1] as TestClient)
    expect(seen(bob)).toEqual({ '': { count: 2 } })
  })

  test('starts of one user are left out without an error, and the stop still counts', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    for (let n = 0; n < 50; n++) {
      expect(await type(ada)).toMatchObject({ ok: {} })
      expect(await rest(ada)).toMatchObject({ ok: {} })
    }
    expect(bob.all('state')).toHaveLength(2)
    await t.clock.advance(500)
    expect(names(bob)).toEqual([])
    for (let n = 0; n < 20; n++) await type(ada, { channel: `room:${n}` })
    const [first, late] = [await t.watcher('room:0'), await t.watcher('room:19')]
    expect([seen(first, 'room:0'), seen(late, 'room:19')]).toEqual([{ ada: expect.anything() }, {}])
  })

  test('typists of the node are left out above its bound', async () => {
    const t = await start({ maxTypists: 2 })
    const bob = await t.watcher()
    for (const user of await crowd(t, 4)) await type(user)
    expect(names(bob)).toEqual(['u0', 'u1'])
  })

  test('other entries in a channel: typing is what is left out', async () => {
    const t = await start()
    const where = 'tight:a'
    const bob = await t.watcher(where)
    const users = await crowd(t, 2)
    for (const user of users) await user.subscribe(where)
    expect(await type(users[0] as TestClient, { channel: where })).toMatchObject({ ok: {} })
    expect(seen(bob, where)).toEqual({})
    await t.clock.advance(10_000)
    expect(Object.keys(bob.state(where))).toHaveLength(2)
  })
})

describe('refusals', () => {
  test('a kind without typing, a back end, no permission, the flag', async () => {
    const flags = new Flags()
    const t = await start({}, flags)
    const ada = await t.client('ada')
    expect((await type(ada, { channel: 'mute:a' })).error).toMatchObject({ code: 'typing.not_here' })
    expect(await type(ada, { channel: 'loud:a' })).toMatchObject({ ok: {} })
    await expect(t.call(testIdentity(undefined), 'typing.start', { channel })).rejects.toMatchObject({
      code: 'typing.no_user',
    })
    const eve = await t.client('eve', { grants: [{ pattern: '*', actions: ['read'] }] })
    expect((await type(eve)).error).toMatchObject({ code: 'forbidden' })
    flags.set('typingIndicators', false)
    expect((await type(ada)).error).toMatchObject({ code: 'disabled' })
  })

  test('no client sets the entries itself', async () => {
    const t = await start()
    const ada = await t.client('ada')
    await ada.subscribe(channel)
    const { error } = await ada.ask({ op: 'set', channel, name: 'typing', value: true })
    expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining('module `typing`') })
    expect(await ada.ask({ op: 'set', channel, name: 'mood', value: 1 })).toMatchObject({ ok: {} })
  })

  test('a repeat with a key is a start, and no receipt', async () => {
    const t = await start()
    const bob = await t.watcher()
    const ada = await t.client('ada')
    await ada.call('typing.start', { channel }, 'k')
    await rest(ada)
    await t.clock.advance(500)
    await ada.call('typing.start', { channel }, 'k')
    expect(names(bob)).toEqual(['ada'])
  })
})

test('nothing of it is left: no event, no entry, no timer', async () => {
  const t = await start()
  const bob = await t.watcher()
  const before = bob.positions.get(channel)
  const ada = await t.client('ada')
  await type(ada)
  await t.clock.advance(20_000)
  expect(bob.positions.get(channel)).toEqual(before)
  expect(bob.states.get(channel)?.entries.size).toBe(0)
  await type(ada)
  await t.node.stop()
})
