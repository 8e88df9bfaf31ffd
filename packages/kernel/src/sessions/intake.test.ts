import type { ClientFrame } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { Lane } from '../kind.ts'
import type { Clock } from '../ports/clock.ts'
import type { Drop } from '../resilience/drops.ts'
import { Intake, type IntakeTarget } from './intake.ts'

/** A clock on which every frame takes a millisecond, and turns are made by hand. */
function stage(limits: { intakeSliceMs?: number; maxIntakeLength?: number } = {}) {
  let now = 0
  const deferred: (() => void)[] = []
  const clock = {
    elapsed: () => now,
    defer: (run: () => void) => void deferred.push(run),
  } as unknown as Clock
  const drops: Drop[] = []
  const intake = new Intake({
    clock,
    limits: { intakeSliceMs: 20, maxIntakeLength: 1_000, ...limits },
    drops: { add: (drop) => void drops.push(drop) },
  })
  const heard: string[] = []
  const target = (name: string): IntakeTarget => ({
    waiting: 0,
    isEnding: false,
    // A message is its frames, one a word.
    read(text) {
      now += 1
      for (const word of text.split(' ').filter((found) => found !== '')) say(this, word)
    },
    laneOf: (frame) => (frame as { lane?: Lane }).lane ?? 'normal',
    handle(frame) {
      now += 1
      heard.push(`${name}${(frame as unknown as { text: string }).text}`)
    },
    refused: (frame) => void heard.push(`${name}${(frame as unknown as { text: string }).text} refused`),
    ended: () => void heard.push(`${name} ended`),
  })
  const say = (who: IntakeTarget, text: string, lane: Lane = 'normal') =>
    intake.receive(who, { text, lane } as unknown as ClientFrame, Math.max(text.length, 1))
  const turn = () => {
    for (const run of deferred.splice(0)) run()
  }
  /** Says so much in one turn that what follows waits. */
  const fill = () => {
    for (let count = 0; count < 60; count++) say(target('x'), '')
  }
  return { intake, heard, drops, target, say, turn, fill }
}

test('what comes in small numbers is carried out at once', () => {
  const { intake, heard, target, say, turn } = stage()
  const ada = target('ada')
  for (let round = 0; round < 5; round++) {
    say(ada, String(round))
    intake.end(target('bob'))
    expect(heard.at(-1)).toBe('bob ended')
    turn()
  }
  expect(heard).toHaveLength(10)
})

test('a storm is carried out over several turns, in the order in which it came, ends behind what was said', () => {
  const { intake, heard, target, say, turn } = stage()
  const clients = Array.from({ length: 100 }, (_, index) => target(`c${index}`))
  for (const client of clients) {
    say(client, '')
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

test('of what waits, the urgent is carried out first; the order within a lane stays, and all have their turn', () => {
  const { intake, heard, target, say, fill } = stage()
  const ada = target('')
  fill()
  const before = heard.length
  for (let index = 0; index < 40; index++)
    for (const lane of ['background', 'high', 'critical'] as const) say(ada, `${lane} ${index}`, lane)
  intake.flush()
  const order = heard.slice(before).filter((what) => what.includes(' '))
  expect(order).toHaveLength(120)
  const of = (lane: string) => order.filter((what) => what.startsWith(lane))
  for (const lane of ['critical', 'high', 'background'])
    expect(of(lane)).toEqual(Array.from({ length: 40 }, (_, index) => `${lane} ${index}`))
  const last = (lane: string) => order.lastIndexOf(`${lane} 39`)
  expect(last('critical')).toBeLessThan(last('high'))
  expect(last('high')).toBeLessThan(last('background'))
  expect(order.indexOf('background 0')).toBeLessThan(60)
})

test('a lane that is full refuses what comes, and says so; the others have their room', () => {
  const { intake, heard, drops, target, say, fill } = stage({ maxIntakeLength: 100 })
  const ada = target('')
  fill()
  for (let index = 0; index < 30; index++) say(ada, `background ${index}`, 'background')
  say(ada, 'high', 'high')
  expect(heard.filter((what) => what.endsWith('refused'))).toHaveLength(22)
  expect(drops).toHaveLength(22)
  expect(drops[0]).toEqual({ what: 'request', reason: 'overloaded', lane: 'background' })
  intake.flush()
  expect(heard.filter((what) => /^background \d+$/.test(what))).toHaveLength(8)
  expect(heard).toContain('high')
  expect(ada.waiting).toBe(0)
})

test('nothing critical is refused: above the bound the oldest is carried out at once', () => {
  const { intake, heard, target, say } = stage({ maxIntakeLength: 10 })
  const ada = target('')
  const sent = Array.from({ length: 200 }, (_, index) => String(index).padStart(3, '0'))
  for (const text of sent) say(ada, text, 'critical')
  expect(heard.length).toBeGreaterThan(190)
  intake.flush()
  expect(heard).toEqual(sent)
})

test('what comes when a turn is over is taken apart in the next one, and nobody\u2019s words change their order', () => {
  const { intake, heard, target, turn, fill } = stage()
  const [ada, bob] = [target('a'), target('b')]
  fill()
  const before = heard.length
  intake.take(ada, '1 2')
  intake.take(bob, '1')
  intake.take(ada, '')
  intake.take(ada, '3')
  intake.end(ada)
  expect([ada.waiting, bob.waiting, heard.length]).toEqual([3, 1, before])
  while (ada.waiting + bob.waiting > 0) turn()
  const order = heard.slice(before).filter((what) => what !== 'x')
  expect(order).toEqual(['a1', 'a2', 'b1', 'a3', 'a ended'])
})

test('a client that ends behind a message without a word ends', () => {
  const { intake, heard, target, turn, fill } = stage()
  const ada = target('a')
  fill()
  intake.take(ada, '')
  intake.end(ada)
  expect(heard).not.toContain('a ended')
  turn()
  expect(heard).toContain('a ended')
})

test('what comes while messages are taken apart comes behind them', () => {
  const { intake, heard, target, turn, fill } = stage()
  const ada = target('a')
  const { read } = ada
  // As a connection that is read from again says what it held.
  ada.read = (text) => {
    read.call(ada, text)
    if (text === '1') intake.take(ada, '3')
  }
  fill()
  const before = heard.length
  intake.take(ada, '1')
  intake.take(ada, '2')
  while (ada.waiting > 0) turn()
  expect(heard.slice(before).filter((what) => what !== 'x')).toEqual(['a1', 'a2', 'a3'])
})

test('messages that wait have a bound: above it they are taken apart at once', () => {
  const { intake, target, fill } = stage({ maxIntakeLength: 100 })
  const ada = target('a')
  fill()
  for (let count = 0; count < 25; count++) intake.take(ada, 'a b')
  let most = 0
  for (let count = 0; count < 100; count++) {
    intake.take(target('b'), 'c d')
    most = Math.max(most, ada.waiting)
  }
  // Each of its 25 messages holds two frames.
  expect(most).toBe(50)
})
