import { expect, test } from 'vitest'
import { grouped, itemsLike, type PaletteItem } from './items.ts'

const item = (group: PaletteItem['group'], label: string, hint?: string): PaletteItem => ({
  ...{ id: `${group}${label}`, group, label, hint, run: () => undefined },
})
const items = [
  item('Conversations', 'Design review'),
  item('Conversations', 'General'),
  item('People', 'Grace Hopper', 'grace'),
  item('Actions', 'New conversation', 'create room'),
  item('Actions', 'Sign out'),
]
const labels = (typed: string) => itemsLike(items, typed).map(({ label }) => label)

test('what begins so comes first, then words that do, then the rest', () => {
  expect(labels('gene')).toEqual(['General'])
  expect(labels('re')).toEqual(['Design review', 'New conversation'])
  expect(labels('g')).toEqual(['General', 'Grace Hopper', 'Design review', 'Sign out'])
  expect(labels('hop gra')).toEqual(['Grace Hopper'])
  expect(labels('nothing')).toEqual([])
})

test('groups have a few items each, and stand in the order of their best', () => {
  const many = Array.from({ length: 20 }, (_, index) => item('Conversations', `room ${index}`))
  expect(itemsLike(many, 'room')).toHaveLength(6)
  expect(grouped(itemsLike(items, 'g')).map(([group]) => group)).toEqual([
    'Conversations',
    'People',
    'Actions',
  ])
})
