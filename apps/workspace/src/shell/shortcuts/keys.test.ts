import { expect, test } from 'vitest'
import { isSingle, keyReader, patienceMs, shortcuts, spellingOf } from './keys.ts'

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }

test('keys are spelt the same whatever the keyboard needs for them', () => {
  expect(spellingOf({ ...none, key: 'k', metaKey: true })).toBe('Mod+k')
  expect(spellingOf({ ...none, key: 'K', ctrlKey: true })).toBe('Mod+k')
  expect(spellingOf({ ...none, key: '?', shiftKey: true })).toBe('?')
  expect(spellingOf({ ...none, key: 'ArrowDown', altKey: true, shiftKey: true })).toBe('Alt+Shift+ArrowDown')
})

test('two keys after each other are one shortcut, if the second comes soon', () => {
  const read = keyReader()
  expect(read('g', 0)).toBe('begun')
  expect(read('m', 10)).toBe('go-mentions')
  expect(read('m', 20)).toBe('members')
  expect(read('g', 0)).toBe('begun')
  expect(read('m', patienceMs + 1)).toBe('members')
  expect(read('g', 0)).toBe('begun')
  expect(read('x', 1)).toBeUndefined()
  expect(read('Mod+k', 2)).toBe('palette')
})

test('every shortcut has its own keys; those of one key are left to fields', () => {
  expect(new Set(shortcuts.map(({ keys }) => keys)).size).toBe(shortcuts.length)
  expect(shortcuts.filter(isSingle).every(({ group }) => group.startsWith('Single keys'))).toBe(true)
  expect(isSingle({ keys: 'F6' })).toBe(false)
})
