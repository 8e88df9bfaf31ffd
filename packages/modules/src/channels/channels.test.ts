import { type Identity, implement } from '@parley/kernel'
import { testIdentity, testNode } from '@parley/kernel/testing'
import { defineContract, type ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { channelsModule, kindsSchema } from './index.ts'
import { isPlainPublish, publishInput } from './model.ts'

const kinds = {
  chat: { durability: 'durable' },
  room: { durability: 'recent' },
  live: { durability: 'ephemeral', presence: false },
} as const

// Another module, whose name nobody else may use for event types.
const orders = implement(defineContract({ name: 'orders', summary: 'Orders.', commands: {}, events: {} }), {
  handlers: {},
})

const backend = testIdentity(undefined)
const ada = testIdentity('ada', { grants: [{ pattern: 'chat:*', actions: ['read', 'write', 'presence'] }] })

async function start(options: Parameters<typeof channelsModule>[0] = { kinds }) {
  const t = await testNode({ modules: [channelsModule(options), orders] })
  const call = async (identity: Identity, command: string, input: unknown, key?: string) =>
    (await t.call(identity, `channels.${command}`, input, key)) as never
  const refused = async (identity: Identity, command: string, input: unknown) =>
    call(identity, command, input).then(
      () => 'ok',
      (error: ParleyError) => error.code,
    )
  return { ...t, call, refused }
}

const publish = (call: Awaited<ReturnType<typeof start>>['call'], channel: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      call(backend, 'publish', { channel, data: index, type: index % 2 ? 'odd' : 'even' }),
    ),
  )

test('publish answers the place of the event, and a repeat with the same key answers the same', async () => {
  const { call } = await start()
  const first: { id: string; epoch: string; offset: number } = await call(
    ada,
    'publish',
    { channel: 'chat:a', data: 1 },
    'k',
  )
  expect(first).toEqual({ id: `${first.epoch}-1`, epoch: expect.any(String), offset: 1 })
  expect(await call(ada, 'publish', { channel: 'chat:a', data: 1 }, 'k')).toEqual(first)
  expect(await call(ada, 'publish', { channel: 'chat:a', data: 2, id: 'mine' })).toMatchObject({
    id: 'mine',
    offset: 2,
  })
  const page: { events: unknown } = await call(ada, 'history', { channel: 'chat:a' })
  expect(page.events).toMatchObject([
    { type: 'message', data: 1, by: 'ada', offset: 1 },
    { id: 'mine', data: 2, offset: 2 },
  ])
})

test.each(['chat:a', 'room:a', 'live:a'])('subscribers of %s see what is published', async (channel) => {
  const { client, call } = await start()
  const reader = await client('bob')
  await reader.subscribe(channel)
  await call(backend, 'publish', { channel, type: 'greeting', data: { text: 'hi' }, tags: { lang: 'en' } })
  expect(reader.of(channel)).toMatchObject([{ type: 'greeting', data: { text: 'hi' }, tags: { lang: 'en' } }])
  expect(reader.faults).toEqual([])
})

test('event types of modules are refused, others are free', async () => {
  const { refused } = await start()
  const types = [
    'channels.redacted',
    'orders.paid',
    'Orders.paid',
    'orders',
    'order.placed',
    'a:b',
    '1st',
    'no space',
  ]
  const codes = await Promise.all(
    types.map((type) => refused(backend, 'publish', { channel: 'chat:a', type, data: 1 })),
  )
  expect(codes).toEqual([
    'forbidden',
    'forbidden',
    'forbidden',
    'forbidden',
    'ok',
    'ok',
    'bad_request',
    'bad_request',
  ])
})

test('the kinds of other modules are not published into, nor redacted', async () => {
  const { refused } = await start()
  expect(await refused(backend, 'publish', { channel: 'control:access', data: 1 })).toBe('forbidden')
  expect(await refused(backend, 'redact', { channel: 'control:access', offset: 1 })).toBe('forbidden')
  expect(await refused(backend, 'publish', { channel: 'nokind:a', data: 1 })).toBe('unknown_kind')
})

test('publishMany is all or nothing, over several channels', async () => {
  const { call, refused } = await start()
  const events = ['chat:a', 'chat:b', 'chat:a'].map((channel, n) => ({ channel, data: n }))
  const { events: places } = (await call(ada, 'publishMany', { events })) as {
    events: { offset: number; id: string }[]
  }
  expect(places.map(({ offset }) => offset)).toEqual([1, 1, 2])
  expect(await refused(ada, 'publishMany', { events: [...events, { channel: 'room:x', data: 1 }] })).toBe(
    'forbidden',
  )
  const tooMany = Array.from({ length: 21 }, (_, n) => ({ channel: `chat:${n}`, data: n }))
  expect(await refused(ada, 'publishMany', { events: tooMany })).toBe('channels.too_many_channels')
  expect(await call(ada, 'get', { channel: 'chat:a' })).toMatchObject({
    head: 2,
    kind: 'chat',
    durability: 'durable',
  })
})

test('history reads forward, backward and since a time, page by page', async () => {
  const { call, refused, clock } = await start()
  await publish(call, 'chat:a', 5)
  await clock.advance(1_000)
  const later = clock.now()
  await publish(call, 'chat:a', 5)
  const read = async (query: object) => {
    const page = (await call(backend, 'history', { channel: 'chat:a', ...query })) as {
      events: { offset: number }[]
      next?: number
    }
    return [page.events.map(({ offset }) => offset), page.next]
  }
  expect(await read({ after: 0, limit: 4 })).toEqual([[1, 2, 3, 4], 4])
  expect(await read({ after: 8, limit: 4 })).toEqual([[9, 10], undefined])
  expect(await read({ limit: 3 })).toEqual([[8, 9, 10], 8])
  expect(await read({ before: 8, limit: 7 })).toEqual([[1, 2, 3, 4, 5, 6, 7], undefined])
  expect(await read({ since: later })).toEqual([[6, 7, 8, 9, 10], undefined])
  expect(await refused(backend, 'history', { channel: 'chat:a', after: 1, before: 2 })).toBe('bad_request')
})

test('history keeps to the filter asked for, and to the one that the token carries', async () => {
  const { call } = await start()
  await publish(call, 'chat:a', 4)
  const read = async (identity: Identity, filter?: object) => {
    const page = (await call(identity, 'history', { channel: 'chat:a', filter })) as {
      events: { data: unknown }[]
    }
    return page.events.map(({ data }) => data)
  }
  const oddOnly = testIdentity('eve', {
    grants: [{ pattern: 'chat:*', actions: ['read'], filter: { field: 'type', eq: 'odd' } }],
  })
  expect(await read(backend, { field: 'type', eq: 'even' })).toEqual([0, 2])
  expect(await read(oddOnly)).toEqual([1, 3])
  expect(await read(oddOnly, { field: 'type', eq: 'even' })).toEqual([])
})

test('presence tells who is there, and kinds without it say so', async () => {
  const { call, refused, client } = await start()
  for (const name of ['bob', 'bob', 'cleo']) await (await client(name)).subscribe('chat:a')
  expect(await call(ada, 'presenceStats', { channel: 'chat:a' })).toEqual({ sessions: 3, users: 2 })
  const page = (await call(ada, 'presence', { channel: 'chat:a' })) as {
    members: { user: string }[]
    sessions: number
  }
  expect(page.sessions).toBe(3)
  expect(page.members.map(({ user }) => user).sort()).toEqual(['bob', 'bob', 'cleo'])
  expect(await refused(backend, 'presence', { channel: 'live:a' })).toBe('channels.no_presence')
})

test('channels are listed by prefix for those who manage all of them', async () => {
  const { call, refused } = await start()
  for (const channel of ['chat:b', 'chat:a', 'chat:c']) await publish(call, channel, 1)
  expect(await call(backend, 'list', { prefix: 'chat:', limit: 2 })).toMatchObject({
    channels: [{ channel: 'chat:a', head: 1 }, { channel: 'chat:b' }],
    next: 'chat:b',
  })
  expect(await call(backend, 'list', { prefix: 'chat:', after: 'chat:b' })).toMatchObject({
    channels: [{ channel: 'chat:c' }],
  })
  const chief = testIdentity('chief', { grants: [{ pattern: 'chat:team-*', actions: ['manage'] }] })
  expect(await refused(chief, 'list', { prefix: 'chat:team-1' })).toBe('ok')
  expect(await refused(chief, 'list', { prefix: 'chat:' })).toBe('forbidden')
  expect(await refused(chief, 'list', {})).toBe('forbidden')
  expect(await refused(ada, 'list', { prefix: 'chat:' })).toBe('forbidden')
})

test('redact takes the words away and tells subscribers', async () => {
  const { call, refused, client } = await start()
  const reader = await client('bob')
  await reader.subscribe('chat:a')
  await call(backend, 'publish', { channel: 'chat:a', data: 'secret words' })
  await call(backend, 'redact', { channel: 'chat:a', offset: 1 })
  const page = (await call(backend, 'history', { channel: 'chat:a' })) as { events: unknown[] }
  expect(page.events[0]).toMatchObject({ offset: 1, data: null, redacted: true })
  expect(reader.of('chat:a').at(-1)).toMatchObject({ type: 'channels.redacted', data: { offset: 1 } })
  expect(await refused(backend, 'redact', { channel: 'chat:a', offset: 9 })).toBe('not_found')
  expect(await refused(ada, 'redact', { channel: 'chat:a', offset: 1 })).toBe('forbidden')
})

test('a back end subscribes, unsubscribes and disconnects users', async () => {
  const { call, client, clock } = await start()
  const bob = await client('bob')
  await call(backend, 'subscribe', { channel: 'chat:a', user: 'bob' })
  await clock.settle()
  await call(backend, 'publish', { channel: 'chat:a', data: 1 })
  expect(bob.of('chat:a').map(({ data }) => data)).toEqual([1])
  const { sessions } = (await call(backend, 'sessions', { user: 'bob' })) as {
    sessions: { session: string }[]
  }
  expect(sessions).toMatchObject([{ connected: true, channels: 1, transport: 'memory' }])
  await call(backend, 'unsubscribe', { channel: 'chat:a', user: 'bob' })
  await call(backend, 'publish', { channel: 'chat:a', data: 2 })
  expect(bob.of('chat:a')).toHaveLength(1)
  expect(bob.frames.some((frame) => frame.op === 'unsubscribed')).toBe(true)
  await call(backend, 'disconnect', { session: sessions[0]?.session })
  expect(bob.closeCode).toBe(4006)
})

test('kinds are shown with all they have', async () => {
  const { call } = await start()
  const { kinds: shown } = (await call(ada, 'kinds', {})) as { kinds: { name: string }[] }
  expect(shown.find(({ name }) => name === 'live')).toMatchObject({
    module: 'channels',
    durability: 'ephemeral',
    slowConsumer: 'drop_oldest',
    presence: false,
    limits: { maxEventBytes: 65_536 },
  })
})

test('a kind that asks the webhook is refused without one, and asked with one', async () => {
  const asking = { chat: { durability: 'durable', authorize: true } } as const
  expect(() => channelsModule({ kinds: asking })).toThrow(/no webhook is configured/)
  const { refused } = await start({
    kinds: asking,
    authorize: async ({ channel }) => channel === 'chat:open',
  })
  expect(await refused(ada, 'publish', { channel: 'chat:open', data: 1 })).toBe('ok')
  expect(await refused(ada, 'publish', { channel: 'chat:closed', data: 1 })).toBe('forbidden')
  expect(await refused(backend, 'publish', { channel: 'chat:closed', data: 1 })).toBe('ok')
})

test('combinations that cannot work are found by the schema of kinds', () => {
  const parsed = kindsSchema.safeParse({
    live: { durability: 'ephemeral', slowConsumer: 'catch_up' },
    Chat: {},
  })
  expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual(['live', 'Chat'])
})

test('the quick check of publish passes only what the schema would pass unchanged', () => {
  const inputs: unknown[] = [
    { channel: 'chat:a', data: 1 },
    { channel: 'chat:a', data: null, type: 'x.y', id: 'abc' },
    { channel: 'chat:a' },
    { data: 1 },
    { channel: 'chat:', data: 1 },
    { channel: 'chat:a', data: 1, type: '' },
    { channel: 'chat:a', data: 1, id: 'with space' },
    { channel: 'chat:a', data: 1, id: 5 },
    { channel: 'chat:a', data: 1, extra: 'x' },
    { channel: 'chat:a', data: 1, type: 'é' },
    null,
    'text',
    [],
  ]
  for (const input of inputs) {
    const parsed = publishInput.safeParse(input)
    if (isPlainPublish(input)) expect(parsed.data).toEqual(input)
  }
  expect(inputs.filter(isPlainPublish)).toEqual(inputs.slice(0, 2))
})
