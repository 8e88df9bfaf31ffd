import { expect, test } from 'vitest'
import { makeRoom, startChat } from '../testing/chat-node.ts'

test('finds messages by their words', async () => {
  const t = await startChat()
  const room = await makeRoom(t, 'general', 'ada', 'grace')
  await t.as('ada', 'send', { channel: room, text: 'The launch date is Monday' })
  await t.as('grace', 'send', { channel: room, text: 'A date for lunch' })
  const found = await t.as('grace', 'search', { text: 'DATE' })
  expect(found.messages.map(({ text }) => text)).toEqual(['A date for lunch', 'The launch date is Monday'])
  expect((await t.as('grace', 'unread', {})).total).toBe(0)
})
