import { expect, test } from 'vitest'
import { testIdentity, testNode } from '../testing/index.ts'

test('channels named at the connect are subscribed to, each with its verdict, and their events come', async () => {
  const t = await testNode()
  const ada = await t.client('ada')
  const bob = t.stranger()
  const grants = [{ pattern: 'durable:*', actions: ['read'] as const }]
  const token = JSON.stringify(testIdentity('bob', { grants }))
  bob.wire.send(
    JSON.stringify({ op: 'connect', id: 1, token, topics: ['durable:a', 'durable:a', 'live:b', 'nothing'] }),
  )
  await t.clock.settle()
  const told = bob.frames.filter(({ op }) => op === 'subscribed' || op === 'unsubscribed')
  expect(told).toHaveLength(3)
  expect(told).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ op: 'subscribed', channel: 'durable:a' }),
      expect.objectContaining({
        op: 'unsubscribed',
        channel: 'live:b',
        code: 'forbidden',
        resubscribe: false,
      }),
      expect.objectContaining({ op: 'unsubscribed', channel: 'nothing', resubscribe: false }),
    ]),
  )
  expect(bob.frames[0]).toMatchObject({ op: 'reply', id: 1 })
  await ada.subscribe('durable:a')
  await t.call(testIdentity('ada'), 'test.publish', { channel: 'durable:a', data: 1 })
  expect(bob.of('durable:a').map(({ data }) => data)).toEqual([1])
})
