import { type ChannelEvent, ParleyError } from '@parley/client'
import { expect, test } from 'vitest'
import { contentOf, sizeOf } from './content.ts'
import { dayWords, linesOf } from './lines.ts'

const now = new Date(2026, 4, 20, 12).getTime()
const minute = 60_000
const day = 24 * 60 * minute

const event = (offset: number, by: string | undefined, at: number): ChannelEvent => ({
  id: `e${offset}`,
  channel: 'chat:general',
  type: 'message',
  data: { text: `message ${offset}` },
  offset,
  at,
  ...(by === undefined ? {} : { by }),
})

test('who goes on speaking is not named again, until a pause, a day or somebody else comes between', () => {
  const events = [
    event(1, 'ada', now - day),
    event(2, 'ada', now - day + minute),
    event(3, 'ada', now - day + 10 * minute),
    event(4, 'ada', now - 3 * minute),
    event(5, 'grace', now - 2 * minute),
    event(6, undefined, now - minute),
    event(7, undefined, now - minute),
  ]
  const lines = linesOf(events, [], { me: 'ada', now })
  expect(lines.map(({ begins }) => begins)).toEqual([true, false, true, true, true, true, false])
  expect(lines.map((line) => line.day)).toEqual([
    'Yesterday',
    undefined,
    undefined,
    'Today',
    ...[undefined, undefined, undefined],
  ])
})

test('what is on its way stands at the end, in the name of who wrote it', () => {
  const error = new ParleyError('forbidden')
  const outgoing = [
    { id: 'a', type: 'message', data: { text: 'one' }, sent: false },
    { id: 'b', type: 'message', data: { text: 'two' }, sent: false, error },
  ]
  const lines = linesOf([event(1, 'grace', now)], outgoing, { me: 'ada', now })
  expect(lines.map(({ message, by, begins }) => [message.id, by, begins])).toEqual([
    ['e1', 'grace', true],
    ['a', 'ada', true],
    ['b', 'ada', false],
  ])
  expect(linesOf([], outgoing, { me: 'ada', now })[0]).toMatchObject({ begins: true, day: 'Today' })
})

test('days are called as people call them', () => {
  expect([dayWords(now, now), dayWords(now - day, now)]).toEqual(['Today', 'Yesterday'])
  expect(dayWords(now - 10 * day, now)).not.toMatch(/2026/)
  expect(dayWords(now - 400 * day, now)).toMatch(/2025/)
})

test('events of any publisher can be read: texts as texts, all else as it is', () => {
  const read = (type: string, data: unknown) => contentOf({ type, data })
  expect(read('message', { text: 'hello' })).toEqual({ kind: 'text', text: 'hello' })
  expect(read('message', 'hello')).toEqual({ kind: 'text', text: 'hello' })
  expect(read('message', { text: 7 })).toEqual({ kind: 'data', type: 'message', json: '{\n  "text": 7\n}' })
  expect(read('message', null)).toEqual({ kind: 'data', type: 'message', json: 'null' })
  expect(read('order.placed', { text: 'x' })).toMatchObject({ kind: 'data', type: 'order.placed' })
  expect(contentOf({ type: 'message', data: null, redacted: true })).toEqual({ kind: 'redacted' })
})

test('the size of a message is that of its JSON in bytes', () => {
  expect([sizeOf('a'), sizeOf('é'), sizeOf('"')]).toEqual([12, 13, 13])
})
