import { expect, test } from 'vitest'
import { inputOf, isBlank, queryIn, startOf } from './query.ts'

test('an address is a query, and the query is asked as the server wants it', () => {
  const query = queryIn({ text: ' launch ', author: 'ada', has: 'link', until: '2026-05-20', other: 'x' })
  expect(inputOf(query)).toEqual({
    text: 'launch',
    author: 'ada',
    has: 'link',
    until: new Date(2026, 4, 20, 23, 59, 59, 999).getTime(),
  })
})

test('a conversation alone asks for nothing yet', () => {
  expect(isBlank(queryIn({ channel: 'conversation:general', text: ' ' }))).toBe(true)
  expect(isBlank(queryIn({ has: 'pin' }))).toBe(false)
  expect(queryIn({ has: 'everything' }).has).toBe('')
})

test('a day begins at midnight here; what is no day is none', () => {
  expect(startOf('2026-05-20')).toBe(new Date(2026, 4, 20).getTime())
  expect([startOf(''), startOf('2026-13-40'), startOf('today')]).toEqual(Array(3).fill(undefined))
})
