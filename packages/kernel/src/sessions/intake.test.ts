import { expect, test } from 'vitest'
import type { Clock } from '../ports/clock.ts'
import { Intake } from './intake.ts'

/** A clock on which every message takes a millisecond, and turns are made by hand. */
function stage(limits: { intakeSliceMs?: number; maxIntakeLength?: number } = {}) {
  let now = 0
  const deferred: (() => void)[] = []
  const clock = {
    elapsed: () => now,
    defer: (run: () => void) => void deferred.push(run),
  } as unknown as Clock
  const intake = new Intake(clock, { intakeSliceMs: 20, maxIntakeLength: 1_000, ...limits })
  const heard: string[] = []
  const target = (name: string) => ({
    handle(text: string) {
      now += 1
      heard.push(`${name}${text}`)
    },
    ended: () => void heard.push(`${name} ended`),
  })
  const turn = () => {
    for (const run of deferred.splice(0)) run()
  }
  return { intake, heard, target, turn }
}

test('what comes in small numbers is carried out at once', () => {
  const { intake, heard, target, turn } = stage()
  const ada = target('ada')
  for (let round = 0; round < 5; round++) {
    intake.receive(ada, String(round))
    intake.end(target('bob'))
    expect(heard.at(-1)).toBe('bob ended')
    turn()
  }
  expect(heard).toHaveLength(10)
})

test('a storm is carried out over several turns, in the order in which it came, ends behind what was said', () => {
  const { intake, heard, target, turn } = stage()
  const clients = Array.from({ length: 100 }, (_, index) => target(`c${index}`))
  for (const client of clients) {
    intake.receive(client, '')
    intake.end(client)
  }
  const atOnce = heard.length
  expect(atOnce).toBeGreaterThan(20)
  expect(atOnce).toBeLessThan(100)
  let turns = 0
  for (; heard.length < 200; turns++) {
    const before = heard.length
    turn()
    expect(heard.length - before).toBeLessThan(100)
  }
  expect(turns).toBeGreaterThan(1)
  const order = heard.filter((what) => !what.endsWith('ended'))
  expect(order).toEqual(clients.map((_, index) => `c${index}`))
  for (const [index] of clients.entries())
    expect(heard.indexOf(`c${index} ended`)).toBeGreaterThan(heard.indexOf(`c${index}`))
})

test('above the bound the oldest are carried out at once: nothing is lost, nothing overtakes', () => {
  const { intake, heard, target } = stage({ maxIntakeLength: 10 })
  const ada = target('')
  const sent = Array.from({ length: 200 }, (_, index) => String(index).padStart(3, '0'))
  for (const text of sent) intake.receive(ada, text)
  expect(heard.length).toBeGreaterThan(190)
  intake.flush()
  expect(heard).toEqual(sent)
})
