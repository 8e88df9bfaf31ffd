import type { StateEntry } from '@parley/client'
import { expect, test } from 'vitest'
import { peopleOf } from './people.ts'

const entry = (session: string, user: string | undefined, value: unknown): StateEntry => ({
  ...{ key: `${session}|presence`, name: 'presence', session, value },
  ...(user === undefined ? {} : { user }),
})

test('one person is one entry however many windows they have, and the reader comes first', () => {
  const people = peopleOf(
    [
      entry('s1', 'grace', { since: 20, profile: { name: 'Grace Hopper' } }),
      entry('s2', 'ada', { since: 30, profile: { name: 'Ada Lovelace' } }),
      entry('s3', 'grace', { since: 10 }),
      entry('s4', undefined, null),
      entry('s5', 'zoe', { since: 'today', profile: { name: ' ' } }),
    ],
    'zoe',
  )
  expect(people.map(({ id, name, windows, since, isMe }) => [id, name, windows, since, isMe])).toEqual([
    ['zoe', 'zoe', 1, undefined, true],
    ['ada', 'Ada Lovelace', 1, 30, false],
    ['grace', 'Grace Hopper', 2, 10, false],
    ['s4', 'Guest', 1, undefined, false],
  ])
})
