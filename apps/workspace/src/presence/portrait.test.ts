import { keptIn } from '@parley/look'
import { expect, test } from 'vitest'
import { Names } from './names.ts'
import { hueOf, initialsOf } from './portrait.ts'

test('initials come from the first and the last word, in any script', () => {
  const names = ['Ada Lovelace', 'ada', 'Jean-Luc de la Tour', '日本 太郎', '  ', '🙂 Zoë']
  expect(names.map(initialsOf)).toEqual(['AL', 'A', 'JT', '日太', '?', 'Z'])
})

test('a user has one of seven hues, always the same', () => {
  const hues = Array.from({ length: 500 }, (_, index) => hueOf(`user-${index}`))
  expect(new Set(hues)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]))
  expect(hueOf('ada')).toBe(hueOf('ada'))
})

test('names are remembered; without storage, as long as the page', () => {
  const none = keptIn(() => {
    throw new Error('Storage is switched off.')
  })
  const names = new Names(none)
  names.learn([
    { id: 'ada', name: 'Ada Lovelace' },
    { id: 'bob', name: 'bob' },
  ])
  names.meet(['carl', 'ada'])
  expect(names.all().get('carl')).toBe('')
  names.learn([{ id: 'carl', name: 'Carl' }])
  names.meet(['carl'])
  const before = names.all()
  names.learn([{ id: 'ada', name: 'Ada Lovelace' }])
  expect(names.all()).toBe(before)
  expect([...new Names(none).all()]).toEqual([
    ['ada', 'Ada Lovelace'],
    ['carl', 'Carl'],
  ])
  none.write('parley.names', [['ada', 7], 'x', ['grace', 'Grace']])
  expect([...new Names(none).all()]).toEqual([['grace', 'Grace']])
})
