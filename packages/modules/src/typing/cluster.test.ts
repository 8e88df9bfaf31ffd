import { type TestClient, type TestNode, testCluster, testModule } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { typingModule } from './index.ts'

const kinds = { room: { durability: 'recent' } } as const
const channel = 'room:a'

async function twoNodes(maxNamed: number) {
  const t = await testCluster({
    each: () => ({ modules: [testModule(kinds), typingModule({ maxNamed })] }),
  })
  const [one, two] = t.nodes as [TestNode, TestNode]
  const watch = async (node: TestNode) => {
    const client = await node.client('watcher')
    await client.subscribe(channel, { state: true, silent: true })
    return client
  }
  const type = async (node: TestNode, ...users: readonly string[]) => {
    for (const user of users) await (await node.client(user)).call('typing.start', { channel })
  }
  return { ...t, one, two, type, watchers: [await watch(one), await watch(two)] as const }
}

const names = (client: TestClient) => Object.keys(client.state(channel, 'typing')).sort()

test('who types on one node is seen on all, and on two is one typist', async () => {
  const t = await twoNodes(5)
  await t.type(t.one, 'ada', 'bob')
  await t.type(t.two, 'ada')
  expect(t.watchers.map(names)).toEqual([
    ['ada', 'bob'],
    ['ada', 'bob'],
  ])
  await t.clock.advance(7_000)
  expect(t.watchers.map(names)).toEqual([[], []])
})

test('where typists are only counted, the counts of all nodes add up', async () => {
  const t = await twoNodes(1)
  await t.type(t.one, 'ada', 'bob', 'cid')
  await t.type(t.two, 'dee', 'eva')
  await t.clock.advance(1_000)
  for (const watcher of t.watchers)
    expect(Object.values(watcher.state(channel, 'typing'))).toEqual([{ count: 5 }])
})
