import { expect, test } from 'vitest'
import { type Action, makeSchedule, type Schedule } from './schedule.ts'
import { shrink } from './shrink.ts'
import type { SimulationReport } from './simulate.ts'

const schedule = makeSchedule({ seed: 3, steps: 120, class: 'all', nodes: 2 })
const [needed, alsoNeeded] = [schedule.actions[17], schedule.actions[90]] as [Action, Action]

const has = ({ actions }: Schedule, { at }: Action) => actions.some((action) => action.at === at)

/** Goes wrong when two things happen. */
const run = async (one: Schedule) =>
  ({
    violations:
      has(one, needed) && has(one, alsoNeeded) ? [{ kind: 'lost' as const, at: 0, text: 'gone' }] : [],
  }) as unknown as SimulationReport

test('what has nothing to do with it is left out, and the rest is made milder', async () => {
  const told: number[] = []
  const smallest = await shrink({ schedule, run, told: (actions) => told.push(actions) })
  expect(smallest.actions).toEqual([
    { ...needed, amount: 0, forMs: smallest.actions[0]?.forMs },
    { ...alsoNeeded, amount: 0, forMs: smallest.actions[1]?.forMs },
  ])
  expect(smallest).toMatchObject({ seed: 3, class: 'all', nodes: 2 })
  expect(told).toEqual(told.toSorted((a, b) => b - a))
})

test('it gives up after so many runs, and leaves alone what goes well', async () => {
  let runs = 0
  const counted = (one: Schedule) => {
    runs += 1
    return run(one)
  }
  await shrink({ schedule, run: counted, maxRuns: 9 })
  expect(runs).toBe(9)
  const good = { ...schedule, actions: schedule.actions.slice(0, 5) }
  expect(await shrink({ schedule: good, run })).toBe(good)
})

test('weights take the place of the usual ones', () => {
  const others = makeSchedule({ seed: 3, steps: 300, class: 'all', nodes: 1, weights: { crash: 1e9 } })
  expect(others.actions.filter((action) => action.do === 'crash').length).toBeGreaterThan(40)
})
