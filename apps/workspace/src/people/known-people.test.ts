import { expect, test } from 'vitest'
import { peopleLike, userMeant } from './known-people.ts'

const known = [
  { id: 'grace', name: 'Grace Hopper' },
  { id: 'u-17', name: 'Alan Turing' },
  { id: 'agnes', name: 'Agnes Grace' },
]

test('a name means the person of that name, else the id that the name would have', () => {
  const meant = (typed: string) => userMeant(typed, known)
  expect([meant('Grace Hopper'), meant(' @grace '), meant('alan turing')]).toEqual(['grace', 'grace', 'u-17'])
  expect([meant('Mary Jackson'), meant('mary@work.example')]).toEqual(['mary-jackson', 'mary@work.example'])
  expect([meant(''), meant('-x'), meant('a/b'), meant('x'.repeat(129))]).toEqual(Array(4).fill(undefined))
})

test('who is like what was typed: names that begin so come first, those chosen are left out', () => {
  const ids = (typed: string, ...without: string[]) =>
    peopleLike(typed, known, { without }).map(({ id }) => id)
  expect(ids('gra')).toEqual(['grace', 'agnes'])
  expect(ids('gra', 'grace')).toEqual(['agnes'])
  expect(ids('')).toEqual(['agnes', 'u-17', 'grace'])
  expect(ids('17 tur')).toEqual(['u-17'])
})
