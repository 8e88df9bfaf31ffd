import { expect, test } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

test('time stands still until it is advanced', async () => {
  const clock = new VirtualClock({ startAt: 1_000 })
  await clock.settle()
  expect([clock.now(), clock.elapsed()]).toEqual([1_000, 0])
  await clock.advance(250.5)
  expect([clock.now(), clock.elapsed()]).toEqual([1_250, 250.5])
})

test('timers fire at their time, and in the order of the calls where that is the same', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  const set = (delayMs: number, name: string) =>
    clock.after(delayMs, () => fired.push(`${name}@${clock.elapsed()}`))
  for (const [delayMs, name] of [
    [30, 'c'],
    [10, 'a'],
    [30, 'd'],
    [20, 'b'],
    [31, 'e'],
  ] as const)
    set(delayMs, name)
  await clock.advance(30)
  expect(fired).toEqual(['a@10', 'b@20', 'c@30', 'd@30'])
  expect(clock.pendingTimers).toBe(1)
  await clock.advance(1)
  expect(fired.at(-1)).toBe('e@31')
})

test('timers in any number are kept in order', async () => {
  const clock = new VirtualClock({ seed: 3 })
  const fired: number[] = []
  const timers = Array.from({ length: 2_000 }, () => {
    const delayMs = 1 + Math.floor(clock.random() * 500)
    return clock.after(delayMs, () => fired.push(delayMs))
  })
  for (const [index, timer] of timers.entries()) if (index % 3 === 0) timer.cancel()
  expect(clock.pendingTimers).toBe(1_333)
  await clock.advance(500)
  expect(fired).toHaveLength(1_333)
  expect(fired).toEqual([...fired].sort((left, right) => left - right))
  expect(clock.pendingTimers).toBe(0)
})

test('a timer that is cancelled does not fire; cancelling late or twice does nothing', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  const early = clock.after(5, () => fired.push('early'))
  const late = clock.after(9, () => fired.push('late'))
  clock.after(7, () => late.cancel())
  await clock.advance(20)
  early.cancel()
  late.cancel()
  late.cancel()
  expect(fired).toEqual(['early'])
  expect(clock.pendingTimers).toBe(0)
})

test('what follows from a timer happens before the next one', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock.after(1, () => {
    void (async () => {
      for (let hop = 0; hop < 500; hop++) await undefined
      seen.push(`promises@${clock.elapsed()}`)
      clock.defer(() => seen.push(`deferred@${clock.elapsed()}`))
      clock.after(1, () => seen.push(`timer@${clock.elapsed()}`))
    })()
  })
  clock.after(3, () => seen.push(`last@${clock.elapsed()}`))
  await clock.advance(10)
  expect(seen).toEqual(['promises@1', 'deferred@1', 'timer@2', 'last@3'])
})

test('deferred calls run in order, with their promises in between; those they defer come after them', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock.defer(() => {
    void Promise.resolve().then(() => seen.push('promise of first'))
    clock.defer(() => seen.push('deferred by first'))
    seen.push('first')
  })
  clock.defer(() => seen.push('second'))
  expect(seen).toEqual([])
  await clock.settle()
  expect(seen).toEqual(['first', 'promise of first', 'second', 'deferred by first'])
})

test('a timer that sets itself again cannot stop time', async () => {
  const clock = new VirtualClock()
  let fired = 0
  const again = () => {
    fired += 1
    clock.after(0, again)
  }
  again()
  await clock.advance(100)
  expect([fired, clock.elapsed()]).toEqual([101, 100])
})

test('a delay that is no number is refused', () => {
  const clock = new VirtualClock()
  for (const delayMs of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => clock.after(delayMs, () => undefined)).toThrow(RangeError)
})

test('a failure comes out of the call that ran it, and the rest still runs', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock.after(1, () => {
    throw new Error('timer')
  })
  clock.after(2, () => seen.push('next timer'))
  await expect(clock.advance(5)).rejects.toThrow('timer')
  await clock.advance(5)
  clock.defer(() => {
    throw new Error('deferred')
  })
  clock.defer(() => seen.push('next deferred'))
  await expect(clock.settle()).rejects.toThrow('deferred')
  await clock.settle()
  expect(seen).toEqual(['next timer', 'next deferred'])
})

test('a long computation makes timers late, and time never goes back', async () => {
  const clock = new VirtualClock()
  const fired: number[] = []
  clock.after(5, () => fired.push(clock.elapsed()))
  clock.spend(20)
  expect(clock.elapsed()).toBe(20)
  await clock.advance(1)
  expect(fired).toEqual([20])
  expect(clock.elapsed()).toBe(21)
})

test('the wall clock may jump alone', () => {
  const clock = new VirtualClock({ startAt: 5_000 })
  clock.jump(-3_000)
  expect([clock.now(), clock.elapsed()]).toEqual([2_000, 0])
})

test('randomness follows from the seed', () => {
  const draw = (seed: number) => {
    const clock = new VirtualClock({ seed })
    return [clock.random(), clock.random(), clock.secret(128)]
  }
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  expect(draw(1)[2]).toMatch(/^[\w-]{22}$/)
  const clock = new VirtualClock()
  const drawn = Array.from({ length: 10_000 }, () => clock.random())
  expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(Math.abs(drawn.reduce((sum, value) => sum + value, 0) / 10_000 - 0.5)).toBeLessThan(0.02)
})
