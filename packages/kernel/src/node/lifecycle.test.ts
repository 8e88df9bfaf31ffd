import { closeCodes, command, defineContract, ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { Flags } from '../flags.ts'
import { implement, type ModuleServices } from '../module.ts'
import type { LogFields } from '../ports/logger.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { testIdentity, testNode, testToken } from '../testing/test-node.ts'

const backend = testIdentity(undefined)

function recordingLogger() {
  const lines: { level: string; message: string; fields: LogFields | undefined }[] = []
  const at = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push({ level, message, fields })
  const logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  }
  return { lines, logger }
}

describe('stopping', () => {
  test('clients are told to go, accepted commands finish and are answered, then connections are closed', async () => {
    const t = await testNode({ memoryStore: { commitMs: () => 500 } })
    const clients = [await t.client('a'), await t.client('b'), await t.client('c')]
    for (const client of clients) await client.subscribe('durable:a')
    const id = clients[0]!.post({
      op: 'call',
      command: 'test.publish',
      input: { channel: 'durable:a', data: 1 },
    })
    const rest = t.node.call(backend, 'test.publish', { channel: 'durable:a', data: 2 })
    await t.clock.settle()
    const stopping = t.node.stop()
    await t.clock.settle()
    for (const [index, client] of clients.entries()) {
      expect(client.all('goaway')).toMatchObject([{ retryAfterMs: 500 + index * 2, spreadMs: 2 }])
      expect(client.closeCode).toBeUndefined()
    }
    expect(t.node.status()).toMatchObject({
      ready: false,
      checks: [{ name: 'node', ok: false, problem: 'The node is stopping.' }, {}],
    })
    expect(() => t.stranger()).toThrow(/not ready/)
    await t.clock.advance(600)
    await stopping
    expect(clients[0]!.reply(id).ok).toMatchObject({ offset: 2 })
    await expect(rest).resolves.toMatchObject({ offset: 1 })
    for (const client of clients) {
      expect(client.of('durable:a').map(({ offset }) => offset)).toEqual([1, 2])
      expect(client.closeCode).toBe(closeCodes.server_stopping)
    }
    expect(t.node.status()).toMatchObject({ ready: false, connections: 0, calls: 0 })
    expect(t.node.status().checks[0]?.problem).toBe('The node is not running.')
    expect(() => t.stranger()).toThrow(/not ready/)
    await expect(t.node.call(backend, 'test.history', { channel: 'durable:a' })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  test('clients are told to come back over the window, each in a part of its own', async () => {
    const t = await testNode()
    const clients = await Promise.all(Array.from({ length: 10 }, () => t.client('bob')))
    const stopped = t.node.stop({ windowMs: 20_000 })
    await t.clock.settle()
    await stopped
    const told = clients.flatMap((client) => client.all('goaway'))
    expect(told.map(({ retryAfterMs }) => retryAfterMs)).toEqual(
      Array.from({ length: 10 }, (_, index) => 500 + index * 2_000),
    )
    expect(told.every(({ spreadMs }) => spreadMs === 2_000)).toBe(true)
  })

  test('a node that gives notice is not ready, and serves everybody until the notice is over', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    const stopped = t.node.stop({ noticeMs: 3_000 })
    await t.clock.advance(2_000)
    expect(t.node.status()).toMatchObject({
      ready: false,
      checks: [{ name: 'node', ok: false, problem: 'The node is stopping.' }, {}],
    })
    const bob = await t.client('bob')
    expect((await bob.publish('durable:a', 1)).ok).toMatchObject({ offset: 1 })
    expect([...alice.all('goaway'), ...bob.all('goaway')]).toEqual([])
    await t.clock.advance(2_000)
    await stopped
    for (const client of [alice, bob]) expect(client.closeCode).toBe(closeCodes.server_stopping)
    expect(() => t.stranger()).toThrow(/not ready/)
  })

  test('new commands are refused while accepted ones finish, what those call included', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const before = (name: string) => (name === 'nest' ? gate : undefined)
    const t = await testNode({ modules: [testModule(testKinds, before)] })
    const alice = await t.client('alice')
    const input = { channel: 'durable:a', data: 1 }
    const accepted = alice.post({
      op: 'call',
      command: 'test.nest',
      input: { command: 'test.publish', input },
    })
    await t.clock.settle()
    const stopping = t.node.stop()
    const late = alice.post({ op: 'call', command: 'test.publish', input })
    await t.clock.settle()
    expect(alice.reply(late).error).toMatchObject({ code: 'unavailable', retryable: true })
    release()
    await t.clock.settle()
    await stopping
    expect(alice.reply(accepted).ok).toMatchObject({ offset: 1 })
  })

  test('a command that does not end holds the stop up for its grace only; to stop twice is to stop once', async () => {
    const t = await testNode({ modules: [testModule(testKinds, () => new Promise(() => undefined))] })
    const alice = await t.client('alice')
    alice.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data: 1 } })
    await t.clock.settle()
    const stops = [t.node.stop({ graceMs: 2_000 }), t.node.stop()]
    let isDone = false
    void Promise.all(stops).then(() => {
      isDone = true
    })
    await t.clock.advance(1_900)
    expect(isDone).toBe(false)
    await t.clock.advance(200)
    expect(isDone).toBe(true)
    expect(alice.closeCode).toBe(closeCodes.server_stopping)
  })

  test('nothing acknowledged is lost over restarts under load', async () => {
    let t = await testNode({ memoryStore: { commitMs: () => 7 } })
    const acked = new Set<number>()
    let next = 0
    for (let round = 0; round < 5; round++) {
      const alice = await t.client('alice')
      const ids = new Map<number, number>()
      for (let n = 0; n < 30; n++) {
        ids.set(
          alice.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:a', data: next } }),
          next,
        )
        next += 1
        await t.clock.advance(1)
      }
      const stopping = t.node.stop()
      await t.clock.advance(100)
      await stopping
      for (const [id, data] of ids)
        if (alice.hasReply(id) && alice.reply(id).ok !== undefined) acked.add(data)
      t = await testNode({ clock: t.clock, disk: t.store.disk, memoryStore: { commitMs: () => 7 } })
    }
    const stored = await t.store.read('default', 'durable:a', { after: 0, limit: 1_000 })
    expect(stored.map(({ data }) => Number(data))).toEqual([...acked])
    expect(acked.size).toBe(150)
  })

  test('leaves no timer behind', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    await alice.subscribe('durable:a', { state: true })
    await t.client('bob', { expiresAt: t.clock.now() + 60_000 })
    await t.node.stop()
    await t.clock.settle()
    expect(t.clock.pendingTimers).toBe(0)
  })
})

describe('starting', () => {
  test('modules are started with what they may use before the first client, and stopped in reverse', async () => {
    const log: string[] = []
    let services: ModuleServices | undefined
    const named = (name: string) =>
      implement(defineContract({ name, summary: name, commands: {}, events: {} }), {
        handlers: {},
        start: (given) => {
          services = given
          log.push(`start ${name}`)
        },
        stop: () => void log.push(`stop ${name}`),
      })
    const t = await testNode({ modules: [testModule(), named('one'), named('two')] })
    expect(services?.modules).toEqual(['test', 'one', 'two'])
    await expect(
      services?.call(backend, 'test.publish', { channel: 'durable:a', data: 1 }),
    ).resolves.toBeDefined()
    await expect(t.node.start()).rejects.toThrow(/starts once/)
    await t.node.stop()
    expect(log).toEqual(['start one', 'start two', 'stop two', 'stop one'])
  })

  test('flags that were switched are loaded; those of another version are left alone', async () => {
    const t = await testNode()
    const write = (key: string, value: unknown) => ({ table: 'flags', key, value: JSON.stringify(value) })
    const writes = [write('rateLimiting', false), write('flagOfYesterday', true)]
    await t.store.commit({ app: 'default', assertions: [], events: [], writes })
    const flags = new Flags({ caching: false })
    const after = await testNode({ clock: t.clock, disk: t.store.disk, flags })
    expect([after.node.flags.isOn('rateLimiting'), after.node.flags.isOn('caching')]).toEqual([false, false])
  })

  test('the metrics tell what goes on', async () => {
    const t = await testNode()
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    await alice.publish('durable:a', 1)
    await alice.publish('nokind:a', 1)
    await alice.call('test.nothing', {})
    alice.wire.drop()
    await t.clock.settle()
    const value = (name: string, labels = {}) => t.metrics.value(`parley_${name}`, labels)
    expect(value('calls_total', { command: 'test.publish', code: 'ok' })).toBe(1)
    expect(value('calls_total', { command: 'test.publish', code: 'unknown_kind' })).toBe(1)
    expect(value('calls_total', { command: 'unknown', code: 'unknown_command' })).toBe(1)
    expect(value('call_seconds')).toBe(3)
    expect(value('events_published_total', { durability: 'durable' })).toBe(1)
    expect(value('deliveries_total', { path: 'live' })).toBe(1)
    expect([value('connections'), value('sessions'), value('channels')]).toEqual([0, 1, 1])
    expect([
      value('connections_closed_total', { reason: 'connection_lost' }),
      value('store_queued_units'),
    ]).toEqual([1, 0])
    expect(value('frames_received_total')).toBeGreaterThan(4)
  })
})

describe('handlers that go wrong', () => {
  const anything = {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
  } as const
  const declare = (verb: string, more: object = {}) =>
    command({
      summary: verb,
      input: anything,
      output: anything,
      permission: 'anyone',
      rest: `POST /${verb}`,
      ...more,
    })
  const contract = defineContract({
    name: 'odd',
    summary: 'Odd commands.',
    commands: {
      fails: declare('fails'),
      failsLater: declare('failsLater'),
      refuses: declare('refuses'),
      circular: declare('circular'),
      badPlaces: declare('badPlaces'),
      flagged: declare('flagged', { flag: 'eventReplay' }),
      open: declare('open', { permission: 'public' }),
      nothing: declare('nothing'),
      require: declare('require'),
      lists: declare('lists'),
    },
    events: {},
  })
  const bug = new TypeError('undefined is not a function')
  const odd = implement(contract, {
    handlers: {
      fails: () => {
        throw bug
      },
      failsLater: async () => {
        await Promise.resolve()
        throw bug
      },
      refuses: () => {
        throw new ParleyError('odd.not_today', 'Not today.', { details: { day: 1 } })
      },
      circular: () => {
        const loop: Record<string, unknown> = {}
        loop.loop = loop
        return loop as never
      },
      badPlaces: {
        run: (ctx) => {
          ctx.append({ channel: 'durable:a', type: 'x', data: 1 })
        },
        complete: () => {
          throw bug
        },
      },
      flagged: () => 'on' as never,
      open: (ctx) => [ctx.app, ctx.user ?? null, ctx.session ?? null] as never,
      nothing: () => undefined as never,
      require: async (ctx) => {
        ctx.log.debug('asked')
        await ctx.require('manage')
        await ctx.require('write', 'durable:a')
        return ctx.readFilter('durable:a', { field: 'type', eq: 'x' })?.canonical as never
      },
      lists: async (ctx) =>
        ({
          channels: await ctx.channels.list({ prefix: 'durable:', after: 'durable:a', limit: 10 }),
          kinds: ctx.channels.kinds().map(({ name }) => name),
          records: await ctx.records('counters', { limit: 5 }),
          rows: await ctx
            .query({ sql: 'select 1', parameters: [] })
            .catch((error: ParleyError) => error.code),
        }) as never,
    },
  })

  async function start() {
    const { lines, logger } = recordingLogger()
    const t = await testNode({ modules: [testModule(), odd], logger })
    return { t, lines, alice: await t.client('alice') }
  }

  test('a bug is answered as internal with the request’s id, and logged with its cause', async () => {
    const { t, alice, lines } = await start()
    for (const verb of ['fails', 'failsLater', 'badPlaces', 'circular']) {
      const { error } = await alice.call(`odd.${verb}`, {})
      expect(error).toMatchObject({ code: 'internal', retryable: true })
    }
    const errors = lines.filter(({ level }) => level === 'error')
    expect(errors).toHaveLength(4)
    expect(errors[0]?.fields).toMatchObject({
      command: 'odd.fails',
      error: expect.stringContaining('undefined is not'),
    })
    expect((await alice.call('odd.circular', {}, 'key')).error?.code).toBe('internal')
    await expect(t.call(backend, 'odd.badPlaces', {})).rejects.toMatchObject({
      code: 'internal',
      details: { requestId: expect.stringMatching(/./) },
    })
    expect(t.node.status().calls).toBe(0)
    expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
  })

  test('an error of a module goes to the caller as it is; metrics keep one label for them', async () => {
    const { t, alice } = await start()
    expect((await alice.call('odd.refuses', {})).error).toEqual({
      code: 'odd.not_today',
      message: 'Not today.',
      retryable: false,
      details: { day: 1 },
    })
    expect(t.metrics.value('parley_calls_total', { command: 'odd.refuses', code: 'module' })).toBe(1)
  })

  test('flags, permissions and inputs are looked at before the handler', async () => {
    const { t, alice } = await start()
    t.node.flags.set('eventReplay', false)
    expect((await alice.call('odd.flagged', {})).error?.code).toBe('disabled')
    t.node.flags.set('eventReplay', true)
    expect((await alice.call('odd.flagged', {})).ok).toBe('on')
    expect((await alice.call('test.publish', 'no object')).error).toMatchObject({ code: 'bad_request' })
    await expect(t.call(undefined, 'test.history', { channel: 'durable:a' })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(await t.call(undefined, 'odd.open', {})).toEqual(['default', null, null])
    expect((await alice.call('odd.open', {})).ok).toEqual(['default', 'alice', alice.session?.session])
    expect((await alice.call('odd.nothing', {})).ok).toBeNull()
    expect((await alice.call('odd.nothing', {}, 'key')).ok).toBeNull()
    expect((await alice.call('odd.nothing', {}, 'key')).ok).toBeNull()
    expect((await alice.call('odd.require', {})).ok).toBe('type{eq:"x"}')
    const reader = await t.client('reader', { grants: [{ pattern: '*', actions: ['manage'] }] })
    expect((await reader.call('odd.require', {})).error?.code).toBe('forbidden')
    const nobody = await t.client('nobody', { grants: [] })
    expect((await nobody.call('odd.require', {})).error?.code).toBe('forbidden')
  })

  test('handlers may list channels, kinds and records; SQL is for stores that have it', async () => {
    const { t, alice } = await start()
    for (const channel of ['durable:a', 'durable:b', 'other:c']) await alice.publish(channel, 1)
    await alice.call('test.count', { channel: 'durable:a' })
    expect(await t.call(backend, 'odd.lists', {})).toMatchObject({
      channels: [{ channel: 'durable:b', head: 1, first: 1 }],
      kinds: ['control', 'durable', 'recent', 'live'],
      records: [{ key: 'durable:a', value: '1', version: 1 }],
      rows: 'unavailable',
    })
  })
})

describe('retention', () => {
  test('is enforced every minute over all channels of all apps, silent recent ones included', async () => {
    const retention = { maxEvents: 5, maxAgeMs: 120_000, maxBytes: 1_000_000 }
    const kinds = { durable: { retention }, recent: { durability: 'recent', retention } } as const
    const t = await testNode({ apps: ['other'], modules: [testModule(kinds)] })
    const first = async (identity: typeof backend, channel: string) =>
      ((await t.call(identity, 'test.history', { channel })) as { first: number }).first
    const other = { ...backend, app: 'other' }
    for (const identity of [backend, other])
      for (const channel of ['durable:a', 'recent:a'])
        for (let n = 0; n < 10; n++) await t.call(identity, 'test.publish', { channel, data: n })
    await t.clock.advance(61_000)
    for (const identity of [backend, other]) {
      expect(await first(identity, 'durable:a')).toBe(6)
      expect(await first(identity, 'recent:a')).toBe(6)
    }
    // Nobody publishes any more: what is too old goes all the same.
    await t.clock.advance(121_000)
    for (const channel of ['durable:a', 'recent:a']) expect(await first(backend, channel)).toBe(11)
  })

  test('walks thousands of channels page by page; one that cannot be read is tried again', async () => {
    const { lines, logger } = recordingLogger()
    let fails = true
    const retention = { maxEvents: 1, maxAgeMs: 10 ** 9, maxBytes: 10 ** 9 }
    const t = await testNode({
      logger,
      modules: [testModule({ durable: { retention }, recent: { durability: 'recent', retention } })],
      aroundStore: (store) => ({
        ...store,
        channels: (app, options) =>
          fails ? Promise.reject(new Error('not now')) : store.channels(app, options),
      }),
    })
    for (let n = 0; n < 450; n++)
      for (const data of [1, 2]) void t.node.call(backend, 'test.publish', { channel: `durable:c${n}`, data })
    for (let n = 0; n < 450; n++)
      void t.node.call(backend, 'test.publish', { channel: `recent:c${n}`, data: 1 })
    await t.clock.advance(61_000)
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    fails = false
    await t.clock.advance(60_000)
    const tops = await t.store.tops('default', ['durable:c0', 'durable:c250', 'durable:c449'])
    expect(tops.map(({ first }) => first)).toEqual([2, 2, 2])
  })

  test('a kind that was taken out of the configuration keeps the default retention', async () => {
    const t = await testNode({
      modules: [testModule({ gone: { retention: { maxEvents: 1 } }, durable: {} })],
    })
    for (const data of [1, 2, 3]) await t.call(backend, 'test.publish', { channel: 'gone:a', data })
    await t.node.stop()
    const after = await testNode({
      clock: t.clock,
      disk: t.store.disk,
      modules: [testModule({ durable: {} })],
    })
    await after.clock.advance(61_000)
    expect((await after.store.tops('default', ['gone:a']))[0]).toMatchObject({ first: 1, head: 3 })
    const alice = after.stranger()
    await alice.connect(testToken('alice'))
    expect((await alice.subscribe('gone:a')).error?.code).toBe('unknown_kind')
  })
})
