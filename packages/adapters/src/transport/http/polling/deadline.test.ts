import { VirtualClock } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { Deadline } from './deadline.ts'

function stage(lookMs = 100) {
  const clock = new VirtualClock()
  const passed: number[] = []
  let timers = 0
  const counted = {
    elapsed: () => clock.elapsed(),
    after(delayMs: number, run: () => void) {
      timers += 1
      return clock.after(delayMs, run)
    },
  }
  const deadline = new Deadline(counted, lookMs, () => passed.push(clock.elapsed()))
  return { clock, deadline, passed, timers: () => timers }
}

test('it passes when its time is up, once', async () => {
  const { clock, deadline, passed } = stage()
  deadline.set(100)
  await clock.advance(99)
  expect(passed).toEqual([])
  await clock.advance(500)
  expect([passed, clock.pendingTimers]).toEqual([[100], 0])
})

test('put off again and again, it passes after the last, and few timers are set', async () => {
  const { clock, deadline, passed, timers } = stage()
  for (let count = 0; count < 1_000; count++) {
    deadline.set(count % 2 === 0 ? 250 : 100)
    await clock.advance(1)
  }
  expect(passed).toEqual([])
  expect(timers()).toBeLessThan(20)
  await clock.advance(1_000)
  expect(passed).toEqual([999 + 100])
})

test('one that is brought forward passes in time; one that is longer than a look, too', async () => {
  const { clock, deadline, passed } = stage()
  deadline.set(250)
  deadline.set(10)
  await clock.advance(10)
  deadline.set(250)
  await clock.advance(1_000)
  expect(passed).toEqual([10, 260])
})

test('after its end nothing is left of it', async () => {
  const { clock, deadline, passed } = stage()
  deadline.set(100)
  deadline.end()
  expect(clock.pendingTimers).toBe(0)
  await clock.advance(1_000)
  expect(passed).toEqual([])
})
