import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mentionsIn, proseOf } from './mention-words.ts'

const usersOf = (text: string) => mentionsIn(text).users.map((readings) => readings[0])

test('a name behind an @ is a mention, wherever a word may begin', () => {
  expect(usersOf('@ada, look: (@bob) *@eve* "@dan"\n@zoé')).toEqual(['ada', 'bob', 'eve', 'dan', 'zoé'])
  expect(usersOf('nothing here')).toEqual([])
  expect(usersOf('@ @, @-')).toEqual([])
})

test('what ends a sentence is a part of the name only if somebody is called so', () => {
  expect(mentionsIn('Ask @ada. Or @bob: he knows').users).toEqual([
    ['ada.', 'ada'],
    ['bob:', 'bob'],
  ])
  expect(mentionsIn('@grace.hopper').users).toEqual([['grace.hopper']])
})

test('an address is no mention, and neither is what stands in a path', () => {
  expect(usersOf('Write to ada@example.com or a.b+c@example.org')).toEqual([])
  expect(usersOf('https://example.com/@ada and npm i pkg/@bob')).toEqual([])
})

test('code mentions nobody', () => {
  expect(usersOf('`@ada` and ``@bob ` `` but @eve')).toEqual(['eve'])
  expect(usersOf('```\n@ada\n```\n@bob')).toEqual(['bob'])
  expect(usersOf('~~~js\n@ada\n```\n~~~\n@bob')).toEqual(['bob'])
  expect(usersOf('```\n@ada and so on, with no end')).toEqual([])
  expect(usersOf('a lone ` and @ada')).toEqual(['ada'])
  expect(usersOf('escaped \\`@ada\\`')).toEqual(['ada'])
})

test('everybody at once', () => {
  expect(mentionsIn('@room').all).toBe('room')
  expect(mentionsIn('@here!').all).toBe('here')
  expect(mentionsIn('@here and @room.').all).toBe('room')
  expect(mentionsIn('`@room` ada@here').all).toBeUndefined()
})

test('a hundred names are enough, each once', () => {
  expect(usersOf('@ada @ada @bob')).toEqual(['ada', 'bob'])
  const many = Array.from({ length: 150 }, (_, n) => `@user${n}`).join(' ')
  expect(usersOf(many)).toHaveLength(100)
})

test('whatever is written, prose is what was written less some of it, in a moment', () => {
  const marks = fc.constantFrom('`', '``', '```', '~~~', '\\', '\n', '@ada', 'word', ' ')
  fc.assert(
    fc.property(fc.array(marks, { maxLength: 200 }), (parts) => {
      const text = parts.join('')
      expect(proseOf(text).length).toBeLessThanOrEqual(text.length)
    }),
  )
  const worst = Array.from({ length: 190 }, (_, n) => '`'.repeat(n + 1)).join(' ')
  expect(mentionsIn(`${worst} @ada`).users).toEqual([['ada']])
})
