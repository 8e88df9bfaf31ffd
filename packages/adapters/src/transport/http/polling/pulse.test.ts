import { VirtualClock } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { Pulse } from './pulse.ts'

test('all that join go together, once, in their order; who leaves does not', async () => {
  const clock = new VirtualClock()
  const pulse = new Pulse(clock, 20)
  const told: string[] = []
  const say = (name: string) => () => void told.push(`${name} ${clock.elapsed()}`)
  const [a, b, c] = [say('a'), say('b'), say('c')]
  pulse.join(a)
  await clock.advance(15)
  for (const one of [b, c, b]) pulse.join(one)
  pulse.leave(c)
  await clock.advance(100)
  expect(told).toEqual(['a 20', 'b 20'])
  expect(clock.pendingTimers).toBe(0)
  pulse.join(c)
  await clock.advance(20)
  expect(told.at(-1)).toBe('c 135')
})
