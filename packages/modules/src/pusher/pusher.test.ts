import { type TestNodeOptions, testNode } from '@parley/kernel/testing'
import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { pusherModule, type Webhook } from './index.ts'

interface Told {
  readonly url: string
  readonly events: readonly { readonly name: string; readonly channel: string; readonly user_id?: string }[]
}

const hook: Webhook = { app: 'default', url: 'https://example.org/hook' }
const second = 1_000

async function start(options: TestNodeOptions & { readonly fault?: () => Error | undefined } = {}) {
  const told: Told[] = []
  const { fault = () => undefined, ...rest } = options
  const module = pusherModule({
    webhooks: [hook, { app: 'default', url: 'https://example.org/members', events: ['member_added'] }],
    send: async ({ url }, body) => {
      const error = fault()
      if (error !== undefined) throw error
      told.push({ url, events: JSON.parse(body).events })
    },
  })
  const t = await testNode({ modules: [module], apps: ['acme'], ...rest })
  const names = (url = hook.url) =>
    told.flatMap((one) => (one.url === url ? one.events.map(({ name }) => name) : []))
  return { t, told, names, desk: module.desk }
}

const occupied = (channel: string, isThere: boolean) => ({ type: 'occupancy', channel, isThere }) as const
const member = (channel: string, user: string, isThere: boolean) =>
  ({ type: 'member', channel, user, isThere }) as const

test('a channel is told of when it is taken up, and a moment after it is left', async () => {
  const { t, desk, names } = await start()
  desk.note('default', occupied('news', true))
  await t.clock.advance(second)
  expect(names()).toEqual(['channel_occupied'])
  desk.note('default', occupied('news', false))
  await t.clock.advance(2 * second)
  desk.note('default', occupied('news', true))
  await t.clock.advance(10 * second)
  expect(names()).toEqual(['channel_occupied'])
  desk.note('default', occupied('news', false))
  await t.clock.advance(10 * second)
  expect(names()).toEqual(['channel_occupied', 'channel_vacated'])
  expect(await t.store.records('default', 'pusher.tallies', { limit: 9 })).toEqual([])
  expect(await t.store.records('default', 'pusher.parcels', { limit: 9 })).toEqual([])
})

test('a visit shorter than the moment is told of whole', async () => {
  const { t, desk, names } = await start()
  desk.note('default', occupied('news', true))
  desk.note('default', occupied('news', false))
  await t.clock.advance(10 * second)
  expect(names()).toEqual(['channel_occupied', 'channel_vacated'])
})

test('each is told what it wants to know, together as far as it happens together', async () => {
  const { t, desk, told, names } = await start()
  desk.note('default', occupied('presence-hall', true))
  desk.note('default', member('presence-hall', 'a user', true))
  desk.note('default', { type: 'cache_miss', channel: 'cache-x' })
  desk.note('acme', occupied('elsewhere', true))
  await t.clock.advance(second)
  expect(names().sort()).toEqual(['cache_miss', 'channel_occupied', 'member_added'])
  expect(told).toHaveLength(2)
  expect(told.find(({ url }) => url.endsWith('members'))?.events).toEqual([
    { name: 'member_added', channel: 'presence-hall', user_id: 'a user' },
  ])
})

test('what never arrives is a dead letter without words', async () => {
  const { t, desk, told } = await start({ fault: () => new ParleyError('unavailable') })
  const event = { channel: 'private-a', event: 'client-x', data: 'a word', socket: '1.1', user: undefined }
  desk.note('default', { type: 'client_event', ...event })
  await t.clock.advance(600 * second)
  const letters = await t.store.records('default', 'jobs.dead', { limit: 9 })
  expect(letters.map(({ value }) => JSON.parse(value))).toMatchObject([
    { job: 'pusher.webhook', attempts: 11, error: { code: 'unavailable' } },
  ])
  expect(JSON.stringify(letters)).not.toContain('a word')
  expect(told).toEqual([])
})

test('what a crash left is taken for gone, unless it is back', async () => {
  const first = await start()
  first.desk.note('default', occupied('stays', true))
  first.desk.note('default', occupied('goes', true))
  first.desk.note('default', member('presence-x', 'ada', true))
  await first.t.clock.advance(second)
  first.t.store.crash()
  const { t, desk, told } = await start({ disk: first.t.store.disk, clock: first.t.clock })
  desk.note('default', occupied('stays', true))
  await t.clock.advance(60 * second)
  expect(told.flatMap(({ events }) => events).map(({ name, channel }) => [name, channel])).toEqual([
    ['channel_vacated', 'goes'],
    ['member_removed', 'presence-x'],
  ])
})

test('a desk without webhooks keeps nothing', async () => {
  const module = pusherModule()
  const t = await testNode({ modules: [module] })
  module.desk.note('default', occupied('news', true))
  await t.clock.advance(10 * second)
  expect(await t.store.records('default', 'pusher.tallies', { limit: 9 })).toEqual([])
})
