import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNodeOptions, testNode } from '../testing/test-node.ts'

const off = { perSecond: 0, burst: 0 }
const onlyConnection = (burst: number) => ({
  rates: { connection: { perSecond: 10, burst }, user: off, ip: off, connectPerIp: off },
})

/** Publishes numbers from `first` on, waiting for nothing. */
function publish(
  client: TestClient,
  how: { first: number; count: number; channel?: string; fence?: number },
): readonly number[] {
  const { first, count, channel = 'durable:a', fence } = how
  return Array.from({ length: count }, (_, n) =>
    client.post({
      ...{ op: 'call', command: 'test.publish', input: { channel, data: first + n } },
      ...(fence === undefined ? {} : { fence }),
    }),
  )
}

const outcomes = (client: TestClient, ids: readonly number[]) =>
  ids.map((id) => client.reply(id).error?.code ?? 'ok')

const fenceOf = (client: TestClient): number =>
  Math.max(0, ...client.all('reply').map(({ fence }) => fence ?? 0))

const dataOf = async (t: Awaited<ReturnType<typeof testNode>>, channel = 'durable:a') => {
  const read = t.store.read('default', channel, { after: 0, limit: 100 })
  await t.clock.settle()
  return (await read).map(({ data }) => Number(data))
}

test('what was sent behind a refused call is refused until its client knows of that; other channels go on', async () => {
  const t = await testNode(onlyConnection(4))
  const alice = await t.client('alice')
  const first = publish(alice, { first: 1, count: 5, fence: 0 })
  await t.clock.advance(1_000)
  // There is room again, but these were on their way before.
  const late = publish(alice, { first: 6, count: 2, fence: 0 })
  const other = publish(alice, { first: 1, count: 1, channel: 'durable:b', fence: 0 })
  await t.clock.settle()
  expect(outcomes(alice, first)).toEqual(['ok', 'ok', 'ok', 'rate_limited', 'rate_limited'])
  expect(outcomes(alice, late)).toEqual(['rate_limited', 'rate_limited'])
  expect(outcomes(alice, other)).toEqual(['ok'])
  await t.clock.advance(1_000)
  const again = publish(alice, { first: 4, count: 4, fence: fenceOf(alice) })
  await t.clock.settle()
  expect(outcomes(alice, again)).toEqual(['ok', 'ok', 'ok', 'ok'])
  expect(await dataOf(t)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('a client that drops the refused call, and one that knows nothing of this, are held up by nothing', async () => {
  const t = await testNode(onlyConnection(4))
  const [alice, bob] = [await t.client('alice'), await t.client('bob')]
  publish(alice, { first: 1, count: 5, fence: 0 })
  const unaware = publish(bob, { first: 1, count: 5 })
  await t.clock.advance(1_000)
  const next = [
    ...publish(alice, { first: 6, count: 2, fence: fenceOf(alice) }),
    ...publish(alice, { first: 8, count: 1 }),
  ]
  const nextUnaware = publish(bob, { first: 6, count: 2 })
  await t.clock.settle()
  expect(outcomes(alice, next)).toEqual(['ok', 'ok', 'ok'])
  expect(outcomes(bob, nextUnaware)).toEqual(['ok', 'ok'])
  for (const id of unaware) expect(bob.reply(id)).not.toHaveProperty('fence')
})

test('what the disk refuses holds back what comes before the client knows', async () => {
  let failures = 1
  const options: TestNodeOptions = {
    memoryStore: {
      commitMs: () => 5,
      onCommit: (_units, phase) => {
        if (phase === 'before' && failures-- > 0) throw new ParleyError('outcome_unknown')
      },
    },
  }
  const t = await testNode(options)
  const alice = await t.client('alice')
  const refused = publish(alice, { first: 1, count: 2, fence: 0 })
  await t.clock.advance(20)
  const late = publish(alice, { first: 3, count: 1, fence: 0 })
  const half = publish(alice, { first: 3, count: 1, fence: 1 })
  await t.clock.settle()
  expect(outcomes(alice, [...refused, ...late, ...half])).toEqual([
    'outcome_unknown',
    'outcome_unknown',
    'unavailable',
    'unavailable',
  ])
  const again = publish(alice, { first: 1, count: 3, fence: fenceOf(alice) })
  await t.clock.advance(20)
  expect(outcomes(alice, again)).toEqual(['ok', 'ok', 'ok'])
  expect(await dataOf(t)).toEqual([1, 2, 3])
})

test('what was sent before the refused call, and still waits for its turn, is done', async () => {
  const t = await testNode({
    modules: [
      testModule({
        ...testKinds,
        asked: { authorize: () => new Promise((resolve) => void t.clock.after(50, () => resolve(true))) },
      }),
    ],
    limits: { maxCallsInFlight: 3 },
  })
  const alice = await t.client('alice')
  const ids = publish(alice, { first: 1, count: 5, channel: 'asked:a', fence: 0 })
  await t.clock.advance(1_000)
  expect(outcomes(alice, ids)).toEqual(['ok', 'ok', 'ok', 'overloaded', 'overloaded'])
})

test('a new connection begins anew', async () => {
  const t = await testNode(onlyConnection(4))
  const alice = await t.client('alice')
  publish(alice, { first: 1, count: 5, fence: 0 })
  await t.clock.settle()
  alice.wire.close(1006, '')
  const back = await t.client('alice')
  const ids = publish(back, { first: 4, count: 2, fence: 0 })
  await t.clock.settle()
  expect(outcomes(back, ids)).toEqual(['ok', 'ok'])
})

test('what is refused for good because a call before it was refused for now is sent again behind that one', async () => {
  let failures = 1
  const t = await testNode({
    memoryStore: {
      commitMs: () => 5,
      onCommit: (_units, phase) => {
        if (phase === 'before' && failures-- > 0) throw new ParleyError('unavailable')
      },
    },
  })
  const alice = await t.client('alice')
  const joinAndSpeak = (fence: number) => [
    alice.post({
      ...{ op: 'call', command: 'test.admit', input: { channel: 'durable:a', user: 'alice' } },
      fence,
    }),
    alice.post({ op: 'call', command: 'test.say', input: { channel: 'durable:a', data: 1 }, fence }),
  ]
  const refused = joinAndSpeak(0)
  await t.clock.advance(50)
  expect(outcomes(alice, refused)).toEqual(['unavailable', 'unavailable'])
  const again = joinAndSpeak(fenceOf(alice))
  await t.clock.advance(50)
  expect(outcomes(alice, again)).toEqual(['ok', 'ok'])
  // Who knows of all refusals is told as it is.
  const fence = fenceOf(alice)
  alice.post({
    ...{ op: 'call', command: 'test.kick', input: { channel: 'durable:a', user: 'alice' } },
    fence,
  })
  const last = alice.post({
    ...{ op: 'call', command: 'test.say', input: { channel: 'durable:a', data: 2 } },
    fence,
  })
  await t.clock.advance(50)
  expect(outcomes(alice, [last])).toEqual(['forbidden'])
})
