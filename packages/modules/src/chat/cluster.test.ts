import { memorySql } from '@parley/adapters/log-and-store/sqlite'
import { type TestClient, type TestNode, testCluster, testIdentity } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { chatModule } from './index.ts'

const channel = 'conversation:team'

/** Two nodes with chat over the same tables, and a room of two that are on different ones. */
async function room() {
  const t = await testCluster({ sql: memorySql(), each: () => ({ modules: [chatModule()] }) })
  const [one, two] = t.nodes as [TestNode, TestNode]
  const as = (node: TestNode, user: string, command: string, input: object) =>
    node.call(testIdentity(user, { grants: [] }), `chat.${command}`, input)
  await as(one, 'ada', 'create', { id: 'team', members: ['bob'] })
  const [ada, bob] = [await one.client('ada', { grants: [] }), await two.client('bob', { grants: [] })]
  for (const client of [ada, bob])
    expect((await client.subscribe(channel, { state: true })).error).toBeUndefined()
  return { ...t, one, two, ada, bob, as }
}

const texts = (client: TestClient) =>
  client
    .of(channel)
    .filter(({ type }) => type === 'chat.sent')
    .map(({ data }) => (data as { text?: string } | null)?.text)

test('people on different nodes talk, edit and delete, and all see the same', async () => {
  const { ada, bob, as, one, two } = await room()
  for (let n = 0; n < 5; n++) {
    await as(one, 'ada', 'send', { channel, text: `ada ${n}` })
    await as(two, 'bob', 'send', { channel, text: `bob ${n}` })
  }
  expect(texts(ada)).toHaveLength(10)
  expect(ada.of(channel)).toEqual(bob.of(channel))
  const seq = bob.of(channel).find(({ type }) => type === 'chat.sent')?.offset as number
  await as(one, 'ada', 'delete', { channel, seq })
  const late = await two.client('bob', { grants: [] })
  await late.subscribe(channel, { recent: 100 })
  expect(late.of(channel).find(({ offset }) => offset === seq)?.redacted).toBe(true)
  expect([...ada.faults, ...bob.faults, ...late.faults]).toEqual([])
})

test('who is removed on one node gets nothing more on the other one, and may not come back', async () => {
  const { bob, as, one, two } = await room()
  // The second node has learnt who he is.
  await as(two, 'bob', 'send', { channel, text: 'hello' })
  await as(one, 'ada', 'removeMember', { channel, user: 'bob' })
  const before = bob.of(channel).length
  await as(one, 'ada', 'send', { channel, text: 'secret' })
  expect(bob.of(channel)).toHaveLength(before)
  expect(texts(bob)).not.toContain('secret')
  expect((await bob.subscribe(channel)).error?.code).toBe('forbidden')
  await expect(as(two, 'bob', 'send', { channel, text: 'again' })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await expect(as(two, 'bob', 'history', { channel })).rejects.toMatchObject({ code: 'forbidden' })
  expect(texts(bob)).toEqual(['hello'])
})
