import type { ConversationInfo } from '@parley/react'
import { expect, test } from 'vitest'
import type { Entry } from '../../conversations/list/sections.ts'
import { isWorthTelling, tidingsOf, titleWith } from './tidings.ts'

type Notify = 'all' | 'mentions' | 'none'

const entry = (
  counts: { unread?: number; mentions?: number },
  notify: Notify = 'all',
  type: ConversationInfo['type'] = 'room',
): Entry => ({
  conversation: {
    ...{ channel: 'conversation:x', type, visibility: 'private', title: 'X', topic: '', createdBy: 'ada' },
    ...{ createdAt: 1, members: 2, locked: false, archived: false, receipts: true, slowSeconds: 0 },
    mine: { role: 'member', notify, starred: false, joinedAt: 1 },
  },
  ...{ title: 'X', partner: undefined, unread: 0, mentions: 0, hasDraft: false, ...counts },
})

test('what is muted is not counted; mentions and direct messages are personal', () => {
  expect(tidingsOf([entry({ unread: 3 }), entry({ unread: 9 }, 'none')], [])).toEqual({
    count: 3,
    isPersonal: false,
  })
  expect(tidingsOf([entry({ unread: 1, mentions: 1 })], []).isPersonal).toBe(true)
  expect(tidingsOf([entry({ unread: 1 }, 'all', 'direct')], []).isPersonal).toBe(true)
  const thread = { channel: 'conversation:x', thread: 4, seq: 4, version: 0, unread: 2, mentions: 1, head: 6 }
  expect(tidingsOf([entry({})], [thread])).toEqual({ count: 2, isPersonal: true })
  expect(tidingsOf([entry({}, 'none')], [thread])).toEqual({ count: 0, isPersonal: false })
  expect(titleWith('Parley', { count: 0, isPersonal: false })).toBe('Parley')
  expect(titleWith('Parley', { count: 120, isPersonal: false })).toBe('(99+) Parley')
})

test('a notification is for what its reader has asked for, and never for what they have read', () => {
  const counts = (now: { unread?: number; mentions?: number }) => ({ unread: 0, mentions: 0, ...now })
  const before = counts({ unread: 1 })
  expect(isWorthTelling(entry({}), counts({ unread: 2 }), before)).toBe(true)
  expect(isWorthTelling(entry({}), counts({ unread: 1 }), before)).toBe(false)
  expect(isWorthTelling(entry({}), counts({ unread: 0 }), before)).toBe(false)
  expect(isWorthTelling(entry({}, 'mentions'), counts({ unread: 2 }), before)).toBe(false)
  expect(isWorthTelling(entry({}, 'mentions', 'direct'), counts({ unread: 2 }), before)).toBe(true)
  expect(isWorthTelling(entry({}, 'mentions'), counts({ unread: 2, mentions: 1 }), before)).toBe(true)
  expect(isWorthTelling(entry({}, 'none'), counts({ unread: 2, mentions: 1 }), before)).toBe(false)
})
