import { type TestNode, testCluster, testModule } from '@parley/kernel/testing'
import { describe, expect, test } from 'vitest'
import { presenceModule } from './index.ts'
import { joinPresence } from './model.ts'
import { deviceOf, seen, watcherOf } from './testing/presence-node.ts'

const channel = 'presence:ada'

async function twoNodes() {
  const t = await testCluster({
    each: () => ({ modules: [presenceModule(), testModule({ room: { durability: 'ephemeral' } })] }),
  })
  const [one, two] = t.nodes as [TestNode, TestNode]
  return { ...t, one, two }
}

describe('presence on several nodes', () => {
  test('is seen on each of them, whoever came first', async () => {
    const t = await twoNodes()
    const early = await watcherOf(t.two, 'ada')
    expect(seen(early, channel, 'ada')).toBeUndefined()
    const ada = await t.one.client('ada')
    expect(seen(early, channel, 'ada')).toMatchObject({ availability: 'online' })
    const late = await watcherOf(t.two, 'ada', 'late')
    expect(seen(late, channel, 'ada')).toMatchObject({ availability: 'online' })
    ada.wire.drop()
    await t.clock.advance(8_000)
    expect(seen(early, channel, 'ada')).toBeUndefined()
  })

  test('of a user with devices on two nodes is that of both together', async () => {
    const t = await twoNodes()
    const watchers = [await watcherOf(t.one, 'ada'), await watcherOf(t.two, 'ada')]
    const phone = await deviceOf(t.one, 'ada', 'phone')
    await t.clock.advance(1_000)
    const laptop = await deviceOf(t.two, 'ada', 'laptop')
    const shown = () => watchers.map((watcher) => seen(watcher, channel, 'ada'))
    await phone.call('presence.set', { activity: 'typing', where: 'room:a' })
    await t.clock.advance(1_000)
    expect(shown()).toMatchObject([{ activity: 'typing' }, { activity: 'typing' }])
    expect(shown()[0]).toEqual(shown()[1])
    phone.wire.close()
    await t.clock.advance(8_000)
    expect(shown()).toMatchObject([{ availability: 'online' }, { availability: 'online' }])
    expect(shown()[0]?.activity).not.toBe('typing')
    laptop.wire.close()
    await t.clock.advance(8_000)
    expect(shown()).toEqual([undefined, undefined])
  })
})

test('who is busy on one device is busy, who is there on one is not away, and since the first of them', () => {
  const at = (since: number) => ({ since })
  const join = (...values: Parameters<typeof joinPresence>[0]) => joinPresence(values)
  const online = { availability: 'online' as const, ...at(5) }
  const away = { availability: 'away' as const, ...at(1) }
  expect(join(online, away)).toEqual(online)
  expect(join(away, online)).toEqual(online)
  expect(join(online, { availability: 'busy', ...at(9) })).toMatchObject({ availability: 'busy', since: 9 })
  expect(join(online, { ...online, activity: 'editing', ...at(7) })).toEqual({
    ...online,
    activity: 'editing',
  })
})
