import { Flags, type Identity, implement, type Vitals } from '@parley/kernel'
import { type TestNodeOptions, testIdentity, testModule, testNode } from '@parley/kernel/testing'
import { command, defineContract } from '@parley/protocol'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { flags as flagsContract } from '../flags/contract.ts'
import { operationsModule } from './index.ts'
import { figuresChannel, watchedPrefix } from './model.ts'

const operator = testIdentity('olga')
const ada = testIdentity('ada', { grants: [{ pattern: 'chat:*', actions: ['read', 'write'] }] })

const still = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 }
/** A process at rest. What is timed is counted and summed up by its greatest. */
function restingVitals() {
  const state = { watches: 0 }
  const vitals: Vitals = {
    watch() {
      state.watches += 1
      return {
        read: () => ({ cpu: 0.25, rssBytes: 1, heapBytes: 1, availableBytes: 3, eventLoop: still }),
        durations() {
          let [count, max] = [0, 0]
          return {
            record(ms) {
              count += 1
              max = Math.max(max, ms)
            },
            read() {
              const read = { ...still, count, max }
              ;[count, max] = [0, 0]
              return read
            },
          }
        },
        stop: () => {
          state.watches -= 1
        },
      }
    },
  }
  return { vitals, state }
}

const shout = command({
  summary: 'Shout into a channel.',
  input: z.strictObject({ channel: z.string().max(200), words: z.string().max(10) }),
  output: z.object({}),
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /voices/{channel}',
  flag: 'eventBroadcasting',
  example: { channel: 'chat:a', words: 'hey' },
})
const voices = implement(
  defineContract({ name: 'voices', summary: 'Voices.', commands: { shout }, events: {} }),
  { handlers: { shout: () => ({}) } },
)

const switchesOf = (flags: Flags) =>
  implement(flagsContract, {
    handlers: {
      list: () => ({ flags: Object.entries(flags.list()).map(([name, on]) => ({ name, on })) }),
      set: (_ctx, flag) => flag,
    },
  })

async function start(options: TestNodeOptions = {}) {
  const { vitals, state } = restingVitals()
  const flags = new Flags()
  const settings = [{ name: 'port', value: 3001, source: 'default' }]
  const t = await testNode({
    apps: ['other'],
    flags,
    modules: [
      testModule({ chat: { durability: 'durable' }, live: { durability: 'ephemeral' } }),
      voices,
      switchesOf(flags),
      operationsModule({ version: '1.2.3', vitals, settings, keys: [], maxConnections: 10 }),
    ],
    ...options,
  })
  /** Asks a command of the module; those that measure take a moment. */
  const ask = async <T = Record<string, never>>(
    command: string,
    input: object = {},
    identity: Identity = operator,
  ): Promise<T> => {
    const answer = t.node.call(identity, `operations.${command}`, input)
    answer.catch(() => undefined)
    await t.clock.advance(150)
    return (await answer) as T
  }
  return { ...t, ask, flags, process: state }
}

type Started = Awaited<ReturnType<typeof start>>
interface Listed {
  readonly connections: readonly {
    readonly session: string
    readonly user?: string
    readonly connected: boolean
    readonly queuedBytes: number
    readonly ip?: string
  }[]
  readonly next?: number
  readonly total: number
  readonly examined: number
}

const usersOf = ({ connections }: Listed) => connections.map(({ user }) => user)

async function crowd(t: Started, count: number) {
  const clients = []
  for (let index = 0; index < count; index++)
    clients.push(await t.client(`user-${String(index).padStart(3, '0')}`))
  return clients
}

test('is for operators of the app `default`, and nobody else', async () => {
  const t = await start()
  for (const identity of [ada, testIdentity('eve', { app: 'other' }), testIdentity('ann', { grants: [] })])
    await expect(t.ask('connections', {}, identity)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(t.ask('connections')).resolves.toMatchObject({ total: 0 })
  const client = await t.connect({ ...ada, grants: [{ pattern: 'operations:*', actions: ['*'] }] })
  expect(await client.subscribe(figuresChannel)).toMatchObject({ error: { code: 'forbidden' } })
  const everything = [{ pattern: '*', actions: ['read'] }] as const
  const reader = await t.connect({ ...ada, grants: everything })
  expect(await reader.subscribe(figuresChannel)).toMatchObject({ error: { code: 'forbidden' } })
})

test('lists connections page by page, newest or oldest first, whoever comes and goes meanwhile', async () => {
  const t = await start()
  const clients = await crowd(t, 7)
  const first = await t.ask<Listed>('connections', { limit: 3 })
  expect(usersOf(first)).toEqual(['user-006', 'user-005', 'user-004'])
  expect(first).toMatchObject({ total: 7, examined: 4 })
  await t.client('late')
  clients[3]?.wire.close()
  await t.clock.settle()
  const second = await t.ask<Listed>('connections', { limit: 3, after: first.next })
  expect(usersOf(second)).toEqual(['user-002', 'user-001', 'user-000'])
  expect(second.next).toBeUndefined()
  expect(usersOf(await t.ask<Listed>('connections', { order: 'oldest', limit: 2 }))).toEqual([
    'user-000',
    'user-001',
  ])
})

test('finds connections by user, session, address, channel and state', async () => {
  const t = await start()
  const [zero, one, two] = await crowd(t, 12)
  await one?.subscribe('chat:a')
  const found = async (query: object) => usersOf(await t.ask<Listed>('connections', query))
  expect(await found({ text: 'USER-01' })).toEqual(['user-011', 'user-010'])
  expect(await found({ text: zero?.session?.session.slice(0, 8) })).toEqual(['user-000'])
  expect(await found({ text: '127.0.0.1', limit: 1 })).toEqual(['user-011'])
  expect(await found({ channel: 'chat:a' })).toEqual(['user-001'])
  expect(await found({ user: 'user-007', app: 'default' })).toEqual(['user-007'])
  two?.wire.drop()
  await t.clock.settle()
  expect(await found({ state: 'waiting' })).toEqual(['user-002'])
  expect(await found({ state: 'connected', text: 'user-002' })).toEqual([])
  expect(await found({ app: 'other' })).toEqual([])
})

test('shows those first for whom the most waits', async () => {
  const t = await start()
  const clients = await crowd(t, 4)
  for (const client of clients) await client.subscribe('live:news')
  clients[1]?.wire.stall()
  clients[2]?.wire.stall(200)
  await t.call(operator, 'test.publish', { channel: 'live:news', data: 'x'.repeat(2_000) })
  await t.call(operator, 'test.publish', { channel: 'live:news', data: 'x'.repeat(2_000) })
  const most = await t.ask<Listed>('connections', { order: 'queued', limit: 2 })
  expect(usersOf(most)).toEqual(['user-001', 'user-002'])
  expect(most.connections[0]?.queuedBytes).toBeGreaterThan(2_000)
  expect(usersOf(await t.ask<Listed>('connections', { state: 'behind' }))).toEqual(['user-002', 'user-001'])
})

test('shows a connection whole: who, what it may, where it stands in each channel', async () => {
  const t = await start()
  const client = await t.connect(ada)
  await client.subscribe('chat:a')
  await t.call(operator, 'test.publish', { channel: 'chat:a', data: 1 })
  const { session } = client.session as { session: string }
  expect(await t.ask('connection', { session })).toMatchObject({
    user: 'ada',
    role: 'user',
    grants: [{ pattern: 'chat:*', actions: ['read', 'write'] }],
    transport: 'memory',
    ip: '127.0.0.1',
    connected: true,
    subscriptions: [{ channel: 'chat:a', kind: 'chat', position: 1, head: 1, behind: false }],
  })
  await expect(t.ask('connection', { session: 'nobody' })).rejects.toMatchObject({ code: 'not_found' })
})

test('keeps why connections were closed, and by whom', async () => {
  const t = await start()
  const [one, two, three] = await crowd(t, 3)
  one?.wire.close(1000, 'bye')
  two?.wire.drop()
  await t.clock.settle()
  const change = { type: 'disconnect', user: 'user-002', reason: '', reconnect: false }
  await t.call(operator, 'test.change', { change })
  expect(three?.closeCode).toBe(4006)
  const { connections } = await t.ask<{ connections: unknown[] }>('closedConnections')
  expect(connections).toMatchObject([
    { user: 'user-002', code: 4006, reason: 'disconnected_by_server', by: 'server' },
    { user: 'user-001', code: 1006, reason: 'the connection broke', by: 'client' },
    { user: 'user-000', code: 1000, reason: 'bye', by: 'client' },
  ])
  expect(await t.ask('closedConnections', { text: 'broke' })).toMatchObject({
    connections: [{ user: 'user-001' }],
  })
})

test('the ring of closed connections stays small', async () => {
  const t = await start()
  for (let index = 0; index < 1_100; index++) t.stranger().wire.close(1000, `n${index}`)
  await t.clock.settle()
  const { connections } = await t.ask<{ connections: { reason: string }[] }>('closedConnections', {
    limit: 200,
  })
  expect(connections[0]?.reason).toBe('n1099')
  expect(await t.ask('closedConnections', { text: 'n99', limit: 200 })).toMatchObject({
    connections: { length: 10 },
  })
})

test('frames of a connection are shown while somebody looks, without secrets, and no longer', async () => {
  const t = await start()
  const client = await t.connect(ada)
  const { session } = client.session as { session: string }
  await client.subscribe('chat:a')
  const watcher = await t.connect(operator)
  await watcher.subscribe(`${watchedPrefix}${session}`)
  await client.ask({ op: 'refresh', token: JSON.stringify(ada) })
  await t.call(operator, 'test.publish', { channel: 'chat:a', data: 'words' })
  await t.clock.advance(500)
  const records = () =>
    watcher.events.flatMap(({ data }) => (data as { records: { what: string; text?: string }[] }).records)
  const texts = records().map(({ text }) => text ?? '')
  expect(texts.some((text) => text.startsWith('{"op":"refresh"') && text.includes('"[secret]"'))).toBe(true)
  expect(texts.join()).not.toContain('grants')
  expect(texts.some((text) => text.includes('"words"'))).toBe(true)
  expect(records().some(({ what }) => what === 'round_trip')).toBe(true)
  client.wire.drop()
  await t.clock.advance(500)
  expect(records().at(-1)).toMatchObject({ what: 'closed', code: 1006 })
  const before = watcher.events.length
  await watcher.ask({ op: 'unsubscribe', channel: `${watchedPrefix}${session}` })
  await t.clock.advance(2_000)
  expect(watcher.events).toHaveLength(before)
})

test('an operator who looks at their own connection does not see the looking', async () => {
  const t = await start()
  const watcher = await t.connect(operator)
  const { session } = watcher.session as { session: string }
  await watcher.subscribe(`${watchedPrefix}${session}`)
  await t.clock.advance(60_000)
  expect(watcher.events.length).toBeLessThan(40)
  expect(JSON.stringify(watcher.events.map(({ data }) => data))).not.toContain('operations:connection')
})

test('figures come every second while somebody looks, and nothing is measured before or after', async () => {
  const t = await start()
  expect(t.process.watches).toBe(0)
  const watcher = await t.connect(operator)
  await watcher.subscribe(figuresChannel)
  const client = await t.connect(ada)
  await client.subscribe('chat:a')
  for (let index = 0; index < 5; index++)
    await t.call(ada, 'test.publish', { channel: 'chat:a', data: index })
  await t.call(ada, 'test.publish', { channel: 'chat:' }).catch(() => undefined)
  await t.clock.advance(3_500)
  expect(watcher.events.map(({ type }) => type)).toEqual(Array(3).fill('metrics_update'))
  expect(watcher.events[0]?.data).toMatchObject({
    intervalMs: 1_000,
    connections: { open: 2, opened: 1 },
    messages: { published: 5, delivered: 5 },
    drops: { 'call.bad_request': 1 },
    latency: { commit: { count: 5 }, delivery: { count: 5 } },
    process: { cpu: 0.25 },
  })
  expect(watcher.events[2]?.data).toMatchObject({ messages: { delivered: 1 }, drops: {} })
  expect(t.process.watches).toBe(1)
  await watcher.ask({ op: 'unsubscribe', channel: figuresChannel })
  await t.clock.advance(100)
  expect(t.process.watches).toBe(0)
})

test('lists users with their sessions, and the channels that are open', async () => {
  const t = await start()
  const [zero] = await crowd(t, 5)
  await t.client('user-000')
  zero?.wire.drop()
  const client = await t.client('user-001')
  await client.subscribe('chat:big')
  await (await t.client('user-003')).subscribe('chat:big')
  await client.subscribe('chat:small')
  const { users, next } = await t.ask<{ users: unknown[]; next: string }>('users', { limit: 2 })
  expect(users).toMatchObject([
    { user: 'user-000', sessions: 2, connected: 1 },
    { user: 'user-001', sessions: 2, connected: 2 },
  ])
  expect(await t.ask('users', { limit: 2, after: next })).toMatchObject({
    users: [{ user: 'user-002' }, { user: 'user-003' }],
  })
  expect(await t.ask('users', { text: '4' })).toMatchObject({ users: [{ user: 'user-004' }] })
  expect(await t.ask('openChannels', { kind: 'chat' })).toMatchObject({
    channels: [
      { channel: 'chat:big', members: 2, head: 0, behind: 0 },
      { channel: 'chat:small', members: 1 },
    ],
  })
})

test('tells how the node is, and what it has done', async () => {
  const t = await start()
  await t.client('ada')
  await t.call(operator, 'test.publish', { channel: 'chat:a', data: 1 })
  expect(await t.ask('nodes')).toMatchObject({
    nodes: [{ node: t.node.id, isThis: true, ready: true, version: '1.2.3', connections: 1, queuedUnits: 0 }],
  })
  expect(await t.ask('health')).toMatchObject({ healthy: true, checks: { length: 5 } })
  expect(await t.ask('performance')).toMatchObject({
    connections: { total: 1, active: 1, idle: 0, reconnecting: 0, failed: 0, avg_connection_time: 0 },
    messages: { received: 1, queued: 0 },
    scalability: { cpu_usage: 0.25, network_bandwidth: 0, concurrent_capacity: 10 },
    memory: { used: 1, available: 3, percentage: 25, buffer_size: 0 },
    errorRate: 0,
  })
  await t.clock.advance(61_000)
  expect(await t.ask('performance')).toMatchObject({ connections: { active: 1, idle: 1 } })
  expect(await t.ask('settings')).toEqual({
    settings: [{ name: 'port', value: 3001, source: 'default' }],
  })
})

test('connections that end for a fault make a node unhealthy', async () => {
  const t = await start({ limits: { connectTimeoutMs: 10 } })
  for (let index = 0; index < 25; index++) t.stranger()
  await t.clock.advance(1_000)
  const { healthy, checks } = await t.ask<{ healthy: boolean; checks: { name: string; ok: boolean }[] }>(
    'health',
  )
  expect(healthy).toBe(false)
  expect(checks.filter(({ ok }) => !ok)).toMatchObject([
    { name: 'connections', problem: expect.stringContaining('25 of 25') },
  ])
})

test('describes modules with the schemas of their commands', async () => {
  const t = await start()
  const { modules } = await t.ask<{ modules: { name: string; commands: { name: string }[] }[] }>('modules')
  expect(modules.map(({ name }) => name)).toEqual(['test', 'voices', 'flags', 'operations'])
  expect(modules[1]?.commands).toMatchObject([
    {
      name: 'voices.shout',
      permission: 'write:channel',
      rest: 'POST /voices/{channel}',
      flag: 'eventBroadcasting',
      input: { type: 'object', required: ['channel', 'words'] },
      example: { channel: 'chat:a' },
    },
  ])
})

test('explains why somebody may or may not', async () => {
  const t = await start()
  const asked = (question: object) =>
    t.ask<{ allowed: boolean; advice?: string; steps: { name: string; outcome: string }[] }>(
      'explain',
      question,
    )
  const capabilities = [{ pattern: 'chat:*', actions: ['read'] }]
  const mayRead = await asked({ user: 'ada', capabilities, action: 'read', channel: 'chat:a' })
  expect(mayRead).toMatchObject({ allowed: true })
  const mayNot = await asked({ user: 'ada', capabilities, action: 'write', channel: 'chat:a' })
  expect(mayNot.allowed).toBe(false)
  expect(mayNot.advice).toContain('{"chat:a": ["write"]}')
  expect(mayNot.steps.find(({ outcome }) => outcome === 'refuses')).toMatchObject({ name: 'capability' })
  expect(await asked({ user: 'ada', action: 'read', channel: 'nope:a' })).toMatchObject({
    allowed: false,
    steps: [{}, { name: 'channel', outcome: 'refuses' }],
  })
  const client = await t.connect(ada)
  const { session } = client.session as { session: string }
  const command = 'voices.shout'
  expect(await asked({ session, command, channel: 'chat:a' })).toMatchObject({ allowed: true })
  t.flags.set('eventBroadcasting', false)
  expect(await asked({ session, command, channel: 'chat:a' })).toMatchObject({
    allowed: false,
    steps: [{ name: 'flag', outcome: 'refuses' }, {}, {}, {}, {}, {}, {}],
  })
  expect(await asked({ session, command: 'operations.nodes' })).toMatchObject({ allowed: false })
  expect(await asked({ session, command: 'auth.none' }).catch(({ code }) => code)).toBe('unknown_command')
  expect(await asked({ session, action: 'read' }).catch(({ code }) => code)).toBe('bad_request')
})

test('a kind that asks its module is explained with the answer', async () => {
  const authorize = async ({ identity }: { identity: Identity }) => identity.user === 'ada'
  const t = await start({
    modules: [
      testModule({ chat: { access: { read: 'user' }, authorize } }),
      operationsModule({ version: '1', vitals: restingVitals().vitals, maxConnections: 1 }),
    ],
  })
  const asked = (user: string) => t.ask('explain', { user, action: 'read', channel: 'chat:a' })
  expect(await asked('ada')).toMatchObject({ allowed: true })
  const refused = await asked('eve')
  expect(refused).toMatchObject({ allowed: false })
  expect(JSON.stringify(refused)).toContain('Module `test` says no.')
})

interface Health {
  readonly health?: {
    readonly connection_id: string
    readonly latency?: number
    readonly quality_score: number
    readonly error_rate: number
    readonly predicted_failure?: { readonly probability: number; readonly reason: string }
  }
}

test('says how healthy a connection is, and when it is about to fail', async () => {
  const t = await start()
  const client = await t.connect(ada)
  const { session } = client.session as { session: string }
  const health = async () => (await t.ask<Health>('connection', { session })).health
  expect(await health()).toEqual({
    connection_id: session,
    packet_loss: 0,
    active_messages: 0,
    uptime_percentage: 100,
    error_rate: 0,
    quality_score: 100,
  })
  await t.clock.advance(31_000)
  expect(await health()).toMatchObject({ latency: 0, quality_score: 100 })
  client.wire.send('no frame')
  await t.clock.advance(1)
  expect((await health())?.error_rate).toBeGreaterThan(0)
  // It is pinged, and gives no sign of life any more.
  client.wire.onMessage = () => undefined
  let sick = await health()
  for (let step = 0; step < 80 && sick?.predicted_failure === undefined; step++) {
    await t.clock.advance(400)
    sick = await health()
  }
  expect(sick?.predicted_failure).toMatchObject({
    timeframe: '30 s',
    reason: expect.stringMatching(/for \d+ s/),
  })
  expect(sick?.quality_score).toBeLessThanOrEqual(50)
})
