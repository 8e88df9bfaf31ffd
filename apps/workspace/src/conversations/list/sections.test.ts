import type { ConversationInfo } from '@parley/react'
import { expect, test } from 'vitest'
import { type Entry, hasNews, neighbourOf, sectionsOf } from './sections.ts'
import { partnerIn, titleOf } from './title.ts'

type Told = Partial<Omit<Entry, 'conversation'>> & {
  readonly type?: ConversationInfo['type']
  readonly starred?: boolean
  readonly notify?: 'all' | 'mentions' | 'none'
}

const entry = (title: string, told: Told = {}): Entry => {
  const { type = 'room', starred = false, notify = 'all', ...rest } = told
  return {
    conversation: {
      ...{
        channel: `conversation:${title}`,
        type,
        visibility: 'private',
        title,
        topic: '',
        createdBy: 'ada',
      },
      ...{ createdAt: 1, members: 2, locked: false, archived: false, receipts: true, slowSeconds: 0 },
      mine: { role: 'member', notify, starred, joinedAt: 1 },
    },
    ...{ title, partner: undefined, unread: 0, mentions: 0, hasDraft: false, ...rest },
  }
}

const entries = [
  entry('launch', { unread: 2 }),
  entry('Grace Hopper', { type: 'direct', partner: 'grace' }),
  entry('general', { starred: true }),
  entry('lunch', { type: 'group', unread: 1, notify: 'none' }),
  entry('design', { mentions: 1, unread: 1, notify: 'none' }),
]
const shown = (wanted: string) =>
  sectionsOf(entries, wanted).map(({ name, entries: inside }) => [name, ...inside.map(({ title }) => title)])

test('starred ones come first, then rooms, then people; each keeps its order', () => {
  expect(shown('')).toEqual([
    ['Starred', 'general'],
    ['Rooms', 'launch', 'design'],
    ['Groups and direct messages', 'Grace Hopper', 'lunch'],
  ])
})

test('the filter wants every word, in a title or an id', () => {
  expect(shown('hop gr')).toEqual([['Groups and direct messages', 'Grace Hopper']])
  expect(shown('grace')).toEqual([['Groups and direct messages', 'Grace Hopper']])
  expect(shown('nobody')).toEqual([])
})

test('what is muted is news only when it mentions its reader', () => {
  expect(entries.map(hasNews)).toEqual([true, false, false, false, true])
})

test('the next and the one before are those that the list shows, round its end', () => {
  const sections = sectionsOf(entries, '')
  const next = (open: string | undefined, by: 1 | -1, isWanted?: typeof hasNews) =>
    neighbourOf(sections, open && `conversation:${open}`, { by, ...(isWanted && { isWanted }) })
  expect(next('general', 1)).toBe('conversation:launch')
  expect(next('general', -1)).toBe('conversation:lunch')
  expect(next(undefined, 1)).toBe('conversation:general')
  expect(next(undefined, -1)).toBe('conversation:lunch')
  expect(next('launch', 1, hasNews)).toBe('conversation:design')
  expect(next('design', 1, hasNews)).toBe('conversation:launch')
  expect(neighbourOf([], 'x', { by: 1 })).toBeUndefined()
})

test('a conversation without a title is called after who is in it', () => {
  const reader = { me: 'ada', nameOf: (user: string) => user.toUpperCase() }
  const title = (type: ConversationInfo['type'], ...others: string[]) =>
    titleOf({ title: '', type, with: others, channel: 'conversation:k3v' }, reader)
  expect(title('direct', 'ada', 'grace')).toBe('GRACE')
  expect(title('direct', 'ada')).toBe('Notes to yourself')
  expect(title('group', 'b', 'c', 'd', 'e', 'f')).toBe('B, C, D and 2 more')
  expect(title('group')).toBe('k3v')
  expect(partnerIn({ type: 'direct', with: ['ada', 'grace'] }, 'ada')).toBe('grace')
  expect(partnerIn({ type: 'direct', with: ['a', 'b'] }, 'ada')).toBeUndefined()
  expect(partnerIn({ type: 'group', with: ['grace'] }, 'ada')).toBeUndefined()
})
