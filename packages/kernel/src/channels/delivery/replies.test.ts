import { expect, test } from 'vitest'
import { testModule } from '../../testing/test-module.ts'
import { testIdentity, testNode } from '../../testing/test-node.ts'

const backend = testIdentity(undefined)

/** A node whose fan-out looks at the clock after 32 members and has no time then, and a room with so many in it. */
async function start() {
  const modules = [testModule({ room: { durability: 'recent', presence: false } })]
  const t = await testNode({ modules, limits: { fanoutSliceMs: 0 } })
  const ada = await t.client('ada')
  await ada.subscribe('room:small')
  const crowd = await Promise.all(Array.from({ length: 32 }, (_, index) => t.client(`user-${index}`)))
  for (const member of crowd) await member.subscribe('room:large')
  const publish = (channel: string, data: unknown) => {
    void t.node.call(backend, 'test.publish', { channel, data })
  }
  return { ...t, ada, publish }
}

test('what is published into a channel while it waits for its turn is one batch', async () => {
  const { ada, publish, clock } = await start()
  publish('room:large', 1)
  publish('room:small', 1)
  clock.defer(() => publish('room:small', 2))
  await clock.settle()
  expect(ada.all('events').map(({ events }) => events.map(({ data }) => data))).toEqual([[1, 2]])
})

test('who waits for a batch gets the reply that waits too', async () => {
  const { ada, publish, clock } = await start()
  publish('room:large', 1)
  const reply = ada.call('test.publish', { channel: 'room:small', data: 1 })
  await clock.settle()
  expect(await reply).toMatchObject({ ok: { offset: 1 } })
  expect(ada.events.map(({ data }) => data)).toEqual([1])
})

test('a reply for which no batch comes waits for one turn', async () => {
  const { ada, publish, clock } = await start()
  for (let count = 0; count < 100; count++) clock.defer(() => publish('room:large', count))
  const reply = ada.call('test.publish', { channel: 'room:elsewhere', data: 1 })
  await clock.settle()
  expect(await reply).toMatchObject({ ok: { offset: 1 } })
})
