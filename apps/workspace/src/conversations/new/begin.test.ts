import { expect, test } from 'vitest'
import { roomIdOf } from './begin.ts'

test('the id of a room is made of its title, in the letters that ids have', () => {
  expect(roomIdOf('Launch day!')).toBe('launch-day')
  expect(roomIdOf('  Café & Crème — Überblick ')).toBe('cafe-creme-uberblick')
  expect(roomIdOf('日本')).toBe('')
  expect(roomIdOf(`${'x'.repeat(63)} y`)).toBe('x'.repeat(63))
})
