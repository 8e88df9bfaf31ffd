import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { TimerWheel, type Wakeable } from './timer-wheel.ts'

function setUp() {
  const clock = new VirtualClock()
  const wheel = new TimerWheel(clock)
  const woken: [string, number][] = []
  const item = (name: string, wakeAt: number): Wakeable => {
    const made: Wakeable = {
      wakeAt,
      dueTick: undefined,
      wake: () => void woken.push([name, clock.elapsed()]),
    }
    wheel.add(made)
    return made
  }
  return { clock, wheel, woken, item }
}

test('an item is woken at its time, late by a tick at most, however far away that is', async () => {
  const { clock, woken, item } = setUp()
  for (const [name, at] of [
    ['soon', 10],
    ['later', 10_000],
    ['far', 600_000],
  ] as const)
    item(name, at)
  await clock.advance(700_000)
  expect(woken.map(([name]) => name)).toEqual(['soon', 'later', 'far'])
  for (const [[, at], due] of woken.map((one, index) => [one, [10, 10_000, 600_000][index]!] as const)) {
    expect(at).toBeGreaterThanOrEqual(due)
    expect(at - due).toBeLessThanOrEqual(250)
  }
  expect(clock.pendingTimers).toBe(0)
})

test('a deadline can be put off, brought forward and given up', async () => {
  const { clock, wheel, woken, item } = setUp()
  const [off, forward, gone] = [item('off', 1_000), item('forward', 60_000), item('gone', 1_000)]
  off.wakeAt = 5_000
  gone.wakeAt = undefined
  await clock.advance(2_000)
  forward.wakeAt = 3_000
  wheel.add(forward)
  await clock.advance(1_250)
  expect(woken.map(([name]) => name)).toEqual(['forward'])
  forward.wakeAt = 100_000
  wheel.add(forward)
  await clock.advance(2_000)
  expect(woken.map(([name]) => name)).toEqual(['forward', 'off'])
  await clock.advance(100_000)
  expect(woken.map(([name]) => name)).toEqual(['forward', 'off', 'forward'])
  expect(clock.pendingTimers).toBe(0)
})

test('after a long stall everything that fell due is woken, once', async () => {
  const { clock, woken, item } = setUp()
  for (let n = 0; n < 50; n++) item(`i${n}`, 1_000 + n * 997)
  await clock.advance(900)
  clock.spend(1_000_000)
  await clock.advance(1_000)
  expect(woken).toHaveLength(50)
  expect(new Set(woken.map(([name]) => name)).size).toBe(50)
})

test('a stopped wheel wakes nobody', async () => {
  const { clock, wheel, woken, item } = setUp()
  item('never', 1_000)
  wheel.stop()
  await clock.advance(10_000)
  expect(woken).toEqual([])
  expect(clock.pendingTimers).toBe(0)
})

test('whatever is moved when: nobody is woken early, late or twice', async () => {
  const moves = fc.array(
    fc.record({ item: fc.nat(4), in: fc.integer({ min: 0, max: 300_000 }), after: fc.nat(20_000) }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(moves, async (plan) => {
      const { clock, wheel, woken, item } = setUp()
      const items = [0, 1, 2, 3, 4].map((n) => item(`i${n}`, 5_000))
      const due = items.map(() => [5_000])
      for (const move of plan) {
        const moved = items[move.item] as Wakeable
        const at = clock.elapsed() + move.in
        if (moved.wakeAt !== undefined) due[move.item]?.pop()
        due[move.item]?.push(at)
        moved.wakeAt = at
        wheel.add(moved)
        await clock.advance(move.after)
      }
      await clock.advance(400_000)
      for (const [index, times] of due.entries()) {
        const got = woken.filter(([name]) => name === `i${index}`).map(([, at]) => at)
        expect(got).toHaveLength(times.length)
        for (const [n, at] of got.entries()) {
          expect(at).toBeGreaterThanOrEqual(times[n]!)
          expect(at - times[n]!).toBeLessThanOrEqual(500)
        }
      }
      expect(clock.pendingTimers).toBe(0)
    }),
    { numRuns: 100 },
  )
})
