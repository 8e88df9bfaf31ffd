import { testIdentity, testToken } from '@parley/kernel/testing'
import { describe, expect, test } from 'vitest'
import {
  backend,
  deviceOf,
  presenceNode,
  presenceOf,
  seen,
  timeline,
  watcherOf,
} from './testing/presence-node.ts'

const channel = 'presence:ada'

describe('online and offline', () => {
  test('a leave is held back for the grace; then it is told, with the time at which the user was last here', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    expect(seen(watcher, channel, 'ada')).toBeUndefined()
    const ada = await t.client('ada')
    const cameAt = t.clock.now()
    expect(seen(watcher, channel, 'ada')).toEqual({ availability: 'online', since: cameAt })
    await t.clock.advance(60_000)
    ada.wire.drop()
    const leftAt = t.clock.now()
    await t.clock.advance(4_900)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
    await t.clock.advance(300)
    expect(timeline(watcher, channel, 'ada')).toEqual(['online', 'offline'])
    await t.clock.advance(2_000)
    expect(await presenceOf(t, 'ada')).toEqual({ user: 'ada', availability: 'offline', lastSeen: leftAt })
  })

  test('a page that is loaded anew, and a connection that comes back, show nobody offline', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const page = await t.client('ada')
    page.wire.close(1001)
    await t.clock.advance(3_000)
    const reloaded = await t.client('ada')
    await t.clock.advance(60_000)
    reloaded.wire.drop()
    await t.clock.advance(4_000)
    const again = t.stranger()
    await again.connect(testToken('ada'), reloaded.session)
    await t.clock.advance(60_000)
    expect(timeline(watcher, channel, 'ada')).toEqual(['online'])
  })

  test('a session that is resumed after the grace brings its user back', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const ada = await t.client('ada')
    ada.wire.drop()
    await t.clock.advance(20_000)
    await t.stranger().connect(testToken('ada'), ada.session)
    expect(timeline(watcher, channel, 'ada')).toEqual(['online', 'offline', 'online'])
  })

  test('who signs out, or is thrown out, is offline at once', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const ada = await t.client('ada')
    ada.wire.close(1000)
    await t.clock.settle()
    expect(timeline(watcher, channel, 'ada')).toEqual(['online', 'offline'])
    await t.client('ada')
    const out = { type: 'disconnect', user: 'ada', reason: '', reconnect: false }
    await t.call(backend, 'test.change', { change: out })
    expect(timeline(watcher, channel, 'ada')).toEqual(['online', 'offline', 'online', 'offline'])
    await t.client('ada')
    await t.call(backend, 'test.change', { change: { ...out, reconnect: true } })
    expect(timeline(watcher, channel, 'ada').at(-1)).toBe('online')
  })

  test('users of other apps, back ends and names that fit into no channel concern nobody', async () => {
    const t = await presenceNode({ apps: ['other'] })
    const watcher = await watcherOf(t, 'ada')
    await t.client('ada', { app: 'other' })
    await t.connect(backend)
    const odd = await t.client('ada lovelace')
    expect((await odd.call('presence.set', { activity: 'active' })).error?.code).toBe('bad_request')
    expect(timeline(watcher, channel, 'ada')).toEqual([])
    expect(await presenceOf(t, 'ada')).toEqual({ user: 'ada', availability: 'offline' })
  })
})

describe('several devices', () => {
  test('agree: the most available and the most active one counts, told once to all', async () => {
    const t = await presenceNode()
    const [phone, laptop, desk] = [
      await deviceOf(t, 'ada', 'phone'),
      await deviceOf(t, 'ada', 'laptop'),
      await deviceOf(t, 'ada', 'desk'),
    ]
    for (const device of [phone, laptop, desk]) await device.subscribe(channel, { state: true })
    await t.clock.advance(1_000)
    const told = laptop.all('state').length
    await phone.call('presence.set', { activity: 'editing', where: 'doc:plan' })
    const all = [phone, laptop, desk].map((device) => seen(device, channel, 'ada'))
    expect(all[0]).toMatchObject({ availability: 'online', activity: 'editing', where: 'doc:plan' })
    expect(all).toEqual([all[0], all[0], all[0]])
    expect(laptop.all('state')).toHaveLength(told + 1)
    await t.clock.advance(1_000)
    await laptop.call('presence.set', { activity: 'viewing', where: 'chat:a' })
    await desk.call('presence.set', { activity: 'idle' })
    expect(seen(desk, channel, 'ada')).toMatchObject({ activity: 'editing', where: 'doc:plan' })
    await t.clock.advance(1_000)
    phone.wire.close(1000)
    await t.clock.advance(1_000)
    expect(seen(desk, channel, 'ada')).toMatchObject({
      availability: 'online',
      activity: 'viewing',
      where: 'chat:a',
    })
  })

  test('nobody at any of them: away, and back with the first at which somebody is', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const [phone, laptop] = [await deviceOf(t, 'ada', 'phone'), await deviceOf(t, 'ada', 'laptop')]
    await phone.call('presence.set', { activity: 'idle' })
    await t.clock.advance(1_000)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
    await laptop.call('presence.set', { activity: 'idle' })
    await t.clock.advance(1_000)
    expect(seen(watcher, channel, 'ada')).toMatchObject({ availability: 'away', activity: 'idle' })
    await phone.call('presence.set', { activity: 'active' })
    await t.clock.advance(1_000)
    expect(timeline(watcher, channel, 'ada')).toEqual(['online', 'away', 'online'])
  })

  test('whose clients say nothing: away after five minutes without a frame, back with the next one', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const ada = await t.client('ada')
    await t.clock.advance(299_000)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
    await t.clock.advance(2_000)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('away')
    await ada.subscribe('room:a')
    await t.clock.advance(45_000)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
    await t.clock.advance(200_000)
    await ada.ask({ op: 'unsubscribe', channel: 'room:a' })
    await t.clock.advance(200_000)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
  })

  test('are listed for their user alone, who hears of them on a channel of their own', async () => {
    const t = await presenceNode()
    const phone = await deviceOf(t, 'ada', { id: 'd1', name: 'Phone', kind: 'phone' })
    await phone.subscribe('devices:ada')
    await t.clock.advance(10)
    const laptop = await deviceOf(t, 'ada', { id: 'd2', name: 'Laptop' })
    const tab = await deviceOf(t, 'ada', { id: 'd2', name: 'Laptop' })
    await tab.call('presence.set', { activity: 'viewing' })
    const { devices } = (await phone.call('presence.devices', {})).ok as { devices: unknown[] }
    expect(devices).toMatchObject([
      { device: 'd1', name: 'Phone', kind: 'phone', sessions: 1, connected: true },
      { device: 'd2', name: 'Laptop', sessions: 2, connected: true, activity: 'viewing' },
    ])
    laptop.wire.close(1000)
    tab.wire.drop()
    await t.clock.advance(6_000)
    expect(phone.of('devices:ada').map(({ type, data }) => [type, data])).toEqual([
      ['device.connected', { device: 'd2', name: 'Laptop' }],
      ['device.disconnected', { device: 'd2', name: 'Laptop' }],
    ])
    const bob = await t.client('bob')
    expect((await bob.subscribe('devices:ada')).error?.code).toBe('forbidden')
    expect((await bob.call('presence.devices', { user: 'ada' })).ok).toBeDefined()
    const limited = testIdentity('bob', { grants: [] })
    await expect(t.call(limited, 'presence.devices', { user: 'ada' })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })
})

describe('what users say of themselves', () => {
  test('busy and away are chosen for all devices, stay over a sign-out, and end by choosing online', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const ada = await t.client('ada')
    const { ok } = await ada.call('presence.set', { availability: 'busy', activity: 'editing' })
    expect(ok).toMatchObject({ user: 'ada', availability: 'busy', activity: 'editing' })
    await t.clock.advance(1_000)
    expect(seen(watcher, channel, 'ada')).toMatchObject({ availability: 'busy', activity: 'editing' })
    ada.wire.close(1000)
    await t.clock.advance(1_000)
    expect(seen(watcher, channel, 'ada')).toBeUndefined()
    const again = await t.client('ada')
    expect(seen(watcher, channel, 'ada')?.availability).toBe('busy')
    await again.call('presence.set', { availability: 'online' })
    await t.clock.advance(1_000)
    expect(seen(watcher, channel, 'ada')?.availability).toBe('online')
  })

  test('a burst of reports is told at most ten times a second, and the last one always', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const ada = await t.client('ada')
    await t.clock.advance(1_000)
    const before = watcher.all('state').length
    for (let n = 0; n < 100; n++) {
      ada.post({ op: 'call', command: 'presence.set', input: { activity: 'viewing', where: `doc:${n}` } })
      await t.clock.advance(10)
    }
    await t.clock.advance(200)
    expect(watcher.all('state').length - before).toBeLessThanOrEqual(12)
    expect(seen(watcher, channel, 'ada')?.where).toBe('doc:99')
    await ada.call('presence.set', { where: null })
    await t.clock.advance(200)
    expect(seen(watcher, channel, 'ada')).not.toHaveProperty('where')
  })

  test('a status is shown while it lasts, also of somebody who is offline', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'ada')
    const ada = await t.client('ada')
    await t.clock.advance(1_000)
    const until = t.clock.now() + 3_600_000
    const { ok } = await ada.call('presence.setStatus', { emoji: '🏖️', text: ' At the sea ', until })
    const status = { emoji: '🏖️', text: 'At the sea', until }
    expect(ok).toMatchObject({ status })
    expect(seen(watcher, channel, 'ada')?.status).toEqual(status)
    ada.wire.close(1000)
    await t.clock.advance(2_000)
    expect(await presenceOf(t, 'ada')).toMatchObject({ availability: 'offline', status })
    await t.client('ada')
    expect(seen(watcher, channel, 'ada')?.status).toEqual(status)
    await t.clock.advance(3_600_000)
    expect(seen(watcher, channel, 'ada')).not.toHaveProperty('status')
    const again = await t.client('ada')
    await again.call('presence.setStatus', { text: 'Lunch' })
    await again.call('presence.clearStatus', {})
    await t.clock.advance(1_000)
    expect(await presenceOf(t, 'ada')).not.toHaveProperty('status')
  })

  test.each([
    [{}, 'bad_request'],
    [{ text: 'x'.repeat(101) }, 'bad_request'],
    [{ text: 'two\nlines' }, 'bad_request'],
    [{ emoji: 'not an emoji' }, 'bad_request'],
    [{ emoji: '<b>' }, 'bad_request'],
    [{ text: 'late', until: 1 }, 'presence.status_over'],
  ])('the status %j is refused', async (input, code) => {
    const t = await presenceNode()
    await expect(t.call(testIdentity('ada'), 'presence.setStatus', input)).rejects.toMatchObject({ code })
  })

  test('without a session a report is a lease, as for robots; a back end reports for others', async () => {
    const t = await presenceNode()
    const watcher = await watcherOf(t, 'robot')
    const report = { user: 'robot', activity: 'active', leaseMs: 10_000 }
    await t.call(backend, 'presence.set', report)
    expect(seen(watcher, 'presence:robot', 'robot')).toMatchObject({
      availability: 'online',
      activity: 'active',
    })
    await t.clock.advance(8_000)
    await t.call(testIdentity('robot'), 'presence.set', { ...report, user: undefined })
    await t.clock.advance(9_000)
    expect(timeline(watcher, 'presence:robot', 'robot')).toEqual(['online'])
    await t.clock.advance(2_000)
    expect(timeline(watcher, 'presence:robot', 'robot')).toEqual(['online', 'offline'])
    const bob = testIdentity('bob', { grants: [] })
    await expect(t.call(bob, 'presence.set', report)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(t.call(backend, 'presence.set', { activity: 'active' })).rejects.toMatchObject({
      code: 'presence.no_user',
    })
  })
})
