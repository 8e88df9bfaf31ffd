import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { type TestNode, testNode, testToken } from '../testing/test-node.ts'

const channelNames = [
  'durable:a',
  'recent:a',
  'live:a',
  'durable:b',
  'nokind:a',
  'control:access',
  'durable:../etc',
  '',
  'durable:\u0000',
]
const commands = [
  'test.publish',
  'test.count',
  'test.history',
  'test.say',
  'test.nest',
  'test.change',
  'test.redact',
  'nothing.here',
  '__proto__',
  'constructor',
]
const json = fc.jsonValue({ maxDepth: 3 })
const channel = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...channelNames) },
  fc.string({ maxLength: 20 }),
)
const id = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 1_000 }) }, json)
const filter = fc.oneof(
  fc.record({
    field: fc.constantFrom('type', 'data.n', 'tags.x', 'nonsense'),
    eq: fc.oneof(fc.integer(), fc.string()),
  }),
  json,
)
const position = fc.record({ epoch: fc.string(), offset: fc.oneof(fc.nat(), fc.double()) })

/** Frames as a client would send them, and everything that it would not. */
const frame = fc.oneof(
  fc.record(
    {
      op: fc.constant('call'),
      id,
      command: fc.oneof(fc.constantFrom(...commands), fc.string()),
      input: fc.oneof(
        fc.record(
          {
            channel,
            data: json,
            offset: fc.integer(),
            limit: fc.integer(),
            after: fc.integer(),
            command: fc.constantFrom(...commands),
            input: json,
          },
          { requiredKeys: [] },
        ),
        json,
      ),
      key: fc.oneof(fc.constantFrom('k1', 'k2'), json),
    },
    { requiredKeys: ['op', 'id', 'command'] },
  ),
  fc.record(
    {
      op: fc.constant('subscribe'),
      id,
      channel,
      from: fc.oneof(position, json),
      filter,
      recent: fc.oneof(fc.nat(), json),
      state: fc.boolean(),
      silent: fc.boolean(),
      isWanted: json,
    },
    { requiredKeys: ['op', 'id', 'channel'] },
  ),
  fc.record(
    { op: fc.constantFrom('unsubscribe', 'state'), id, channel, after: fc.oneof(fc.string(), json) },
    { requiredKeys: ['op'] },
  ),
  fc.record(
    { op: fc.constant('set'), id, channel, name: fc.string({ maxLength: 70 }), value: json },
    { requiredKeys: ['op'] },
  ),
  fc.record({
    op: fc.constant('chunk'),
    of: fc.integer({ min: -1, max: 4 }),
    index: fc.integer({ min: -1, max: 4 }),
    data: fc.string(),
  }),
  fc.record(
    {
      op: fc.constantFrom('ping', 'pong', 'connect', 'refresh', 'dance'),
      id,
      token: fc.oneof(fc.constant(testToken('mallory')), json),
    },
    { requiredKeys: ['op'] },
  ),
  json,
)

const message = fc.oneof(
  { weight: 6, arbitrary: frame.map((value) => JSON.stringify(value)) },
  {
    weight: 2,
    arbitrary: fc
      .array(frame, { maxLength: 5 })
      .map((frames) => frames.map((one) => JSON.stringify(one)).join('\n')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
)

/** What a client does between its messages. */
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ what: fc.constant('send'), text: message }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('wait'), ms: fc.integer({ min: 0, max: 8_000 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('stall', 'resume', 'drop', 'connect') }) },
)

type Step = { readonly what: string; readonly text?: string; readonly ms?: number }

/** The client as it comes back, with its session if it had one. */
function again(t: TestNode, client: TestClient): TestClient {
  client.wire.drop()
  const { session } = client
  const next = t.stranger()
  const resume = session === undefined ? {} : { resume: session }
  next.post({ op: 'connect', token: testToken('mallory'), ...resume })
  return next
}

async function play(t: TestNode, steps: readonly Step[]): Promise<void> {
  let client = t.stranger()
  client.post({ op: 'connect', token: testToken('mallory') })
  for (const { what, text, ms } of steps) {
    if (what === 'send') client.wire.send(text ?? '')
    else if (what === 'wait') await t.clock.advance(ms ?? 0)
    else if (what === 'stall') client.wire.stall(10)
    else if (what === 'resume') client.wire.resume()
    else if (what === 'drop') client.wire.drop()
    else client = again(t, client)
  }
  await t.clock.settle()
  client.wire.resume()
  await t.clock.settle()
  client.wire.drop()
}

describe('whatever a client sends', () => {
  test('the node stands, others notice nothing, and nothing of it stays in memory', async () => {
    const failures: string[] = []
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (text: string, fields?: object) => void failures.push(`${text} ${JSON.stringify(fields)}`),
      child: () => logger,
    }
    const runs = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const t = await testNode({ logger, limits: { highWaterBytes: 2_000, maxControlBytes: 20_000 } })
      const good = await t.client('good')
      await good.subscribe('durable:good', { state: true })
      await play(t, steps)
      const { ok } = await good.publish('durable:good', 'still here')
      expect(ok).toMatchObject({ offset: 1 })
      expect(good.of('durable:good').map(({ data }) => data)).toEqual(['still here'])
      expect(good.faults).toEqual([])
      expect(Object.keys(good.state('durable:good'))).toEqual(['good'])
      good.wire.close()
      await t.clock.advance(200_000)
      expect(t.node.status()).toMatchObject({
        connections: 0,
        sessions: 0,
        subscriptions: 0,
        channels: 0,
        calls: 0,
      })
      await t.node.stop()
      expect(t.clock.pendingTimers).toBe(0)
    })
    await fc.assert(runs, { numRuns: 150 })
    // Handlers of the test module take any object: what they throw on nonsense is theirs. Frames are the kernel's.
    expect(failures.filter((line) => line.startsWith('A frame could not'))).toEqual([])
  }, 60_000)

  test('garbage before `connect` is answered and ended, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 30 }), async (texts) => {
        const t = await testNode()
        const stranger = t.stranger()
        for (const text of texts) stranger.wire.send(text)
        await t.clock.advance(6_000)
        const { connections, sessions } = t.node.status()
        expect(connections).toBeLessThanOrEqual(sessions)
        stranger.wire.drop()
        await t.clock.advance(60_000)
        expect(t.node.status()).toMatchObject({ connections: 0, sessions: 0 })
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})
