import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { OrderedLanes } from './ordered-lanes.ts'

interface Step {
  readonly key: string
  /** How long until it is submitted; undefined: at once. */
  readonly ms: number | undefined
  /** Time that passes before the next call. */
  readonly pause: number
}

const step: fc.Arbitrary<Step> = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  ms: fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 20 })),
  pause: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10 })),
})

const wait = (clock: VirtualClock, ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))

/** A promise and the way to fulfil it. */
function opening(): { promise: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

describe('jobs', () => {
  test('of a key run one after the other in the order of the calls, each once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = new VirtualClock()
        const lanes = new OrderedLanes()
        const begun: Record<string, number[]> = { a: [], b: [], c: [] }
        const running: Record<string, number> = { a: 0, b: 0, c: 0 }
        for (const [index, { key, ms, pause }] of steps.entries()) {
          lanes.run(key, () => {
            expect(running[key]).toBe(0)
            begun[key]?.push(index)
            if (ms === undefined) return undefined
            running[key] = 1
            return wait(clock, ms).then(() => {
              running[key] = 0
            })
          })
          if (pause > 0) await clock.advance(pause)
        }
        await clock.advance(1_000)
        for (const key of ['a', 'b', 'c'])
          expect(begun[key]).toEqual(steps.flatMap((one, index) => (one.key === key ? [index] : [])))
      }),
      { numRuns: 60 },
    )
  })

  test('of other keys do not wait', async () => {
    const lanes = new OrderedLanes()
    const { promise, open } = opening()
    const ran: string[] = []
    lanes.run('slow', () => promise)
    lanes.run('slow', () => void ran.push('slow'))
    lanes.run('quick', () => void ran.push('quick'))
    expect(ran).toEqual(['quick'])
    open()
    await promise
    await Promise.resolve()
    expect(ran).toEqual(['quick', 'slow'])
  })

  test('that submit at once run at once, with nobody before them', () => {
    const lanes = new OrderedLanes()
    const ran: number[] = []
    for (const n of [1, 2, 3]) lanes.run('a', () => void ran.push(n))
    expect(ran).toEqual([1, 2, 3])
  })

  test('a lane that has run empty is as new', async () => {
    const clock = new VirtualClock()
    const lanes = new OrderedLanes()
    const ran: number[] = []
    lanes.run('a', () => wait(clock, 5))
    lanes.run('a', () => void ran.push(1))
    await clock.advance(5)
    lanes.run('a', () => void ran.push(2))
    expect(ran).toEqual([1, 2])
  })

  test('that come while the lane works stand behind those that wait', async () => {
    const clock = new VirtualClock()
    const lanes = new OrderedLanes()
    const ran: string[] = []
    lanes.run('a', () => wait(clock, 5))
    lanes.run('a', () => {
      ran.push('first')
      lanes.run('a', () => void ran.push('third'))
      return undefined
    })
    lanes.run('a', () => void ran.push('second'))
    await clock.advance(5)
    expect(ran).toEqual(['first', 'second', 'third'])
  })
})
