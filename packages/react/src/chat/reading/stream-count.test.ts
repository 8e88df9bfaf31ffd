import { expect, test } from 'vitest'
import type { ReadState } from '../message.ts'
import { StreamCount } from './stream-count.ts'

const server = (fields: Partial<ReadState> = {}): ReadState => ({
  ...{ channel: 'conversation:a', seq: 10, version: 0, unread: 2, mentions: 1, head: 12 },
  ...fields,
})
const heard = (seq: number, fields: object = {}) => ({
  seq,
  at: seq,
  isMine: false,
  isMention: false,
  ...fields,
})

test('what is heard after the server has counted is added, and no longer when the server has counted it', () => {
  const stream = new StreamCount(server())
  stream.heard(heard(12))
  stream.heard(heard(13, { isMention: true }))
  stream.heard(heard(13))
  expect(stream.state).toMatchObject({ unread: 3, mentions: 2, head: 13 })
  stream.take(server({ head: 13, unread: 3, mentions: 2 }))
  expect(stream.state).toMatchObject({ unread: 3, mentions: 2 })
})

test('reading here counts at once; a refusal takes it back', () => {
  const stream = new StreamCount(server())
  stream.heard(heard(13))
  stream.read(12)
  expect(stream.state).toMatchObject({ unread: 1, mentions: 0, seq: 12 })
  stream.unread()
  expect(stream.state).toMatchObject({ unread: 3, mentions: 1, seq: 10 })
})

test('reading a part of what the server counted waits for the server', () => {
  const stream = new StreamCount(server())
  stream.read(11)
  expect(stream.state).toMatchObject({ unread: 2, seq: 11 })
  stream.take(server({ seq: 11, unread: 1, mentions: 0 }))
  expect(stream.state).toMatchObject({ unread: 1 })
})

test('an own message reads everything before it', () => {
  const stream = new StreamCount(server())
  stream.heard(heard(13))
  stream.heard(heard(14, { isMine: true }))
  stream.heard(heard(15))
  expect(stream.state).toMatchObject({ unread: 1, seq: 14 })
})

test('answers that arrive late change nothing; an explicit step back does', () => {
  const stream = new StreamCount(server({ seq: 12, unread: 0, mentions: 0 }))
  stream.take(server())
  expect(stream.state).toMatchObject({ unread: 0, seq: 12 })
  stream.read(12)
  stream.take(server({ version: 1, seq: 9, unread: 3 }))
  expect(stream.state).toMatchObject({ unread: 3, seq: 9 })
  stream.take(server({ version: 0, seq: 12, unread: 0 }))
  expect(stream.state).toMatchObject({ unread: 3 })
})

test('of a deletion it knows what it has heard and what is read; else the server has to say', () => {
  const stream = new StreamCount(server())
  stream.heard(heard(13))
  expect([stream.deleted(13), stream.deleted(9), stream.deleted(11)]).toEqual([true, true, false])
  expect(stream.state.unread).toBe(2)
})
