import { expect, test } from 'vitest'
import { markedParts, plainOf } from './plain.ts'

test('a message reads as one paragraph without signs', () => {
  expect(plainOf('Hello **all**,\n\n> see [the plan](https://example.org) and `npm start`')).toBe(
    'Hello all, see the plan and npm start',
  )
  expect(plainOf('- one\n- _two_\n3. ~~three~~')).toBe('one two three')
  expect(plainOf('```ts\nconst a = 1\n```')).toBe('const a = 1')
  expect(plainOf('snake_case_name and 2 * 3 * 4')).toBe('snake_case_name and 2 * 3 * 4')
})

test('a long one ends between two words', () => {
  expect(plainOf('word '.repeat(20), 22)).toBe('word word word word …')
  expect(plainOf('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)} …`)
})

const marked = (text: string, ...words: string[]) =>
  markedParts(text, words).map(({ text: part, isMarked }) => (isMarked ? `[${part}]` : part))

test('words that were found are marked whole, whatever their case and accents', () => {
  expect(marked('Café CAFE cafeteria', 'cafe')).toEqual(['[Café]', ' ', '[CAFE]', ' cafeteria'])
  expect(marked('nothing here', 'cafe')).toEqual(['nothing here'])
  expect(marked('', 'cafe')).toEqual([])
})

test('scripts without spaces are marked by what they contain, as one mark', () => {
  expect(marked('東京都に行く', '東京', '京都')).toEqual(['[東京都]', 'に行く'])
})
