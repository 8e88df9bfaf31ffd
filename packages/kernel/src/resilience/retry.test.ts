import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { retry, retryDelayMs } from './retry.ts'

/** Something that fails some times, and when it was tried. */
function failing(clock: VirtualClock, times: number, error: unknown = new Error('no')) {
  const tried: number[] = []
  const work = async (attempt: number) => {
    tried.push(clock.elapsed())
    if (attempt <= times) throw error
    return 'done'
  }
  return { tried, work }
}

test('a pause is anything between nothing and a ceiling that doubles up to its cap', () => {
  const policy = { baseMs: 100, capMs: 1_000 }
  const ceilings = [1, 2, 3, 4, 5, 6].map((attempt) => retryDelayMs(attempt, policy, 0.999_999))
  expect(ceilings.map(Math.round)).toEqual([100, 200, 400, 800, 1_000, 1_000])
  expect(retryDelayMs(6, policy, 0)).toBe(0)
})

test('what fails and may pass is tried again until it works, or until there were enough attempts', async () => {
  const clock = new VirtualClock()
  const passing = failing(clock, 3)
  const done = retry(passing.work, { clock })
  await clock.advance(10_000)
  expect(await done).toBe('done')
  expect(passing.tried).toHaveLength(4)
  const vain = failing(clock, 99)
  const given = retry(vain.work, { clock, policy: { maxRetries: 2 } })
  given.catch(() => undefined)
  await clock.advance(10_000)
  await expect(given).rejects.toThrow('no')
  expect(vain.tried).toHaveLength(3)
})

test('what will fail again is not tried again, and a hint is waited for', async () => {
  const clock = new VirtualClock()
  const refused = failing(clock, 99, new ParleyError('forbidden'))
  await expect(retry(refused.work, { clock })).rejects.toMatchObject({ code: 'forbidden' })
  expect(refused.tried).toHaveLength(1)
  const busy = failing(clock, 1, new ParleyError('overloaded', 'Wait.', { retryAfterMs: 2_000 }))
  const done = retry(busy.work, { clock })
  await clock.advance(1_999)
  expect(busy.tried).toHaveLength(1)
  await clock.advance(2)
  expect(await done).toBe('done')
})

test('an abort ends the waiting', async () => {
  const clock = new VirtualClock()
  const abort = new AbortController()
  const vain = failing(clock, 99, new ParleyError('overloaded', 'Wait.', { retryAfterMs: 60_000 }))
  const given = retry(vain.work, { clock, signal: abort.signal })
  given.catch(() => undefined)
  await clock.settle()
  abort.abort()
  await expect(given).rejects.toMatchObject({ code: 'overloaded' })
  expect(clock.pendingTimers).toBe(0)
})
