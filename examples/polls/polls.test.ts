import { testIdentity, testNode } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { pollsModule } from './index.ts'

const lunch = { channel: 'poll:team', poll: 'lunch' }
const question = { ...lunch, question: 'Where do we eat?', choices: ['Inside', 'Outside'] }

test('everybody sees each vote counted once', async () => {
  const { client, call } = await testNode({ modules: [pollsModule()] })
  const alice = await client('alice')
  await alice.subscribe('poll:team')
  await call(testIdentity('alice'), 'polls.open', question)
  await call(testIdentity('alice'), 'polls.vote', { ...lunch, choice: 0 })
  await call(testIdentity('bob'), 'polls.vote', { ...lunch, choice: 1 })
  await call(testIdentity('alice'), 'polls.vote', { ...lunch, choice: 1 })
  expect(alice.of('poll:team').map((event) => [event.type, event.by])).toEqual([
    ['polls.opened', 'alice'],
    ['polls.voted', 'alice'],
    ['polls.voted', 'bob'],
    ['polls.voted', 'alice'],
  ])
  expect(alice.events.at(-1)?.data).toEqual({ poll: 'lunch', votes: [0, 2] })
})

test('two votes at the same moment both count', async () => {
  const { node, clock, call } = await testNode({ modules: [pollsModule()] })
  await call(testIdentity('alice'), 'polls.open', question)
  const votes = ['alice', 'bob'].map((user) =>
    node.call(testIdentity(user), 'polls.vote', { ...lunch, choice: 1 }),
  )
  await clock.settle()
  const results = await Promise.all(votes)
  expect(results.at(-1)).toEqual({ votes: [0, 2] })
})

test('a poll is opened once, and a choice must be there', async () => {
  const { call } = await testNode({ modules: [pollsModule()] })
  await call(testIdentity('alice'), 'polls.open', question)
  await expect(call(testIdentity('bob'), 'polls.open', question)).rejects.toMatchObject({
    code: 'polls.exists',
  })
  await expect(call(testIdentity('bob'), 'polls.vote', { ...lunch, choice: 7 })).rejects.toMatchObject({
    code: 'polls.no_such_choice',
  })
})
