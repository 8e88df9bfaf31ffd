import { expect, test } from 'vitest'
import { testNode } from '../testing/test-node.ts'

test('a published event reaches every subscriber once, in order, and its publisher an ack with its place', async () => {
  const t = await testNode()
  const [alice, bob] = [await t.client('alice'), await t.client('bob')]
  await alice.subscribe('durable:a')
  const { ok } = await bob.subscribe('durable:a')
  expect(ok?.position.offset).toBe(0)
  const ack = await alice.publish('durable:a', { n: 1 })
  expect(ack.ok).toEqual({ epoch: ok?.position.epoch, offset: 1 })
  await alice.publish('durable:a', { n: 2 })
  for (const client of [alice, bob]) {
    expect(client.of('durable:a').map((event) => [event.offset, event.data])).toEqual([
      [1, { n: 1 }],
      [2, { n: 2 }],
    ])
    expect(client.faults).toEqual([])
  }
})
