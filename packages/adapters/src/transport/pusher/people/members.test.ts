import type { StateEntry } from '@parley/protocol'
import { expect, test } from 'vitest'
import { Members, memberState } from './members.ts'

const member = (session: string, id: string, info: unknown = {}): StateEntry => ({
  key: `${session}|${memberState}`,
  name: memberState,
  session,
  value: { user_id: id, user_info: info },
})
const presence = (session: string, user?: string, profile?: object): StateEntry => ({
  key: `${session}|presence`,
  name: 'presence',
  session,
  ...(user === undefined ? {} : { user }),
  value: { since: 1, ...(profile === undefined ? {} : { profile }) },
})
const added = (id: string, info: unknown = {}) => ({ type: 'added', member: { id, info } })
const removed = (id: string, info: unknown = {}) => ({ type: 'removed', member: { id, info } })

test('several sessions of one user are one member', () => {
  const members = new Members()
  expect(members.apply([presence('s1'), member('s1', 'ada', { name: 'Ada' })], [])).toEqual([
    added('ada', { name: 'Ada' }),
  ])
  expect(members.apply([member('s2', 'ada', { name: 'Ada' })], [])).toEqual([])
  expect(members.size).toBe(1)
  expect(members.apply([], [`s1|${memberState}`])).toEqual([])
  expect(members.apply([], [`s2|${memberState}`])).toEqual([removed('ada', { name: 'Ada' })])
  expect(members.list()).toEqual([])
})

test('a user who changes its session in one step has neither left nor come', () => {
  const members = new Members()
  members.apply([member('s1', 'ada')], [])
  expect(members.apply([member('s2', 'ada')], [`s1|${memberState}`])).toEqual([])
  expect(members.apply([member('s3', 'bob')], [`s2|${memberState}`])).toEqual([removed('ada'), added('bob')])
})

test('clients of Parley are members by the user of their token', () => {
  const members = new Members()
  expect(members.apply([presence('p1', 'grace', { name: 'Grace' })], [])).toEqual([
    added('grace', { name: 'Grace' }),
  ])
  expect(members.apply([presence('p2')], [])).toEqual([])
  expect(members.apply([], ['p1|presence'])).toEqual([removed('grace', { name: 'Grace' })])
})

test('a session with a user of its own cannot be somebody else', () => {
  const members = new Members()
  const forged = { ...member('p1', 'admin'), user: 'eve' }
  expect(members.apply([presence('p1', 'eve'), forged], [])).toEqual([added('eve')])
})

test('a new state takes the place of the old one', () => {
  const members = new Members()
  members.apply([member('s1', 'ada'), member('s2', 'bob')], [])
  expect(members.replace([member('s2', 'bob'), member('s3', 'eve')])).toEqual([removed('ada'), added('eve')])
})
