import { expect, test } from 'vitest'
import type { Message } from '../message.ts'
import { erased, withPin, withReaction, withReply } from './apply.ts'

const message: Message = {
  ...{ id: 'm', channel: 'conversation:a', seq: 1, author: 'ada', at: 1, text: 'words', reactions: [] },
  replies: { count: 2, lastAt: 50, users: ['ada'] },
}
const thumb = { emoji: '👍', user: 'bob', isMe: false }

test('a reply that a page has counted already is not counted again', () => {
  expect(withReply(message, { at: 40, by: 'eve', isGone: false })).toBe(message)
  expect(withReply(message, { at: 50, by: 'eve', isGone: false }).replies).toEqual({
    ...{ count: 3, lastAt: 50, users: ['ada', 'eve'] },
  })
})

test('the last reply gone, nothing remains of the thread', () => {
  const one = withReply(message, { at: 60, by: 'ada', isGone: true })
  expect(one.replies?.count).toBe(1)
  expect(withReply(one, { at: 61, by: 'ada', isGone: true })).not.toHaveProperty('replies')
})

test('an emoji is counted once for each user, also beyond those who are named', () => {
  const named = Array.from({ length: 10 }, (_, index) => `user${index}`)
  const full = { ...message, reactions: [{ emoji: '👍', count: 12, users: named, mine: false }] }
  expect(withReaction(full, { ...thumb, on: true }).reactions[0]).toMatchObject({ count: 13, users: named })
  expect(withReaction(full, { ...thumb, user: 'user3', on: true })).toBe(full)
  expect(withReaction(full, { ...thumb, on: false }).reactions[0]).toMatchObject({ count: 11, users: named })
  expect(withReaction(full, { ...thumb, user: 'me', isMe: true, on: false })).toBe(full)
  const mine = withReaction(full, { ...thumb, user: 'me', isMe: true, on: true })
  expect(mine.reactions[0]).toMatchObject({ count: 13, mine: true })
  expect(withReaction(mine, { ...thumb, user: 'me', isMe: true, on: true })).toBe(mine)
  const few = withReaction(message, { ...thumb, on: true })
  expect(withReaction(few, { ...thumb, user: 'eve', on: false })).toBe(few)
  expect(withReaction(few, { ...thumb, on: false }).reactions).toEqual([])
})

test('what was erased takes neither emoji nor pins, and keeps no word', () => {
  const gone = erased({ ...message, mentions: ['bob'], attachments: [] }, 9, 'ada')
  expect(withReaction(gone, { ...thumb, on: true })).toBe(gone)
  expect(withPin(gone, { by: 'bob', at: 1 })).toBe(gone)
  expect(Object.keys(gone).sort()).toEqual(
    ['at', 'author', 'channel', 'deleted', 'id', 'reactions', 'replies', 'seq', 'text'].sort(),
  )
})
