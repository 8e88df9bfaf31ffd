import type { SimulationReport } from '@parley/kernel/simulation'
import { describe, expect, test } from 'vitest'
import { keptSchedules } from './kept.ts'
import { nodesFor, runSchedule, runSeed } from './seeds.ts'
import { Totals } from './totals.ts'

/** On a busy machine; alone it takes a few seconds. */
const minutes = 180_000

describe('nodes and clients on virtual time, with faults at random', () => {
  test(
    'lose, double, reorder and falsely recover nothing, and every fault happens',
    async () => {
      const totals = new Totals()
      for (let seed = 1; seed <= 12; seed++)
        totals.add(await runSeed({ seed, steps: 300, class: 'all', nodes: nodesFor(seed) }))
      for (const kind of ['durable', 'recent', 'ephemeral'] as const)
        totals.add(await runSeed({ seed: 16, steps: 300, class: kind, nodes: 2 }))
      expect(totals.failures).toEqual([])
      expect(totals.missingFaults).toEqual([])
      expect(totals.recoveredShare).toBeGreaterThan(0.25)
      expect(totals.allDeliveries).toBeGreaterThan(40_000)
    },
    minutes,
  )

  test(
    'are the same for the same seed, and not for another',
    async () => {
      const traceOf = async (seed: number): Promise<SimulationReport> =>
        runSeed({ seed, steps: 40, class: 'all', nodes: nodesFor(seed) })
      const traces = new Set<string>()
      for (let seed = 1; seed <= 20; seed++) {
        const report = await traceOf(seed)
        expect(await traceOf(seed)).toEqual(report)
        traces.add(report.trace)
      }
      expect(traces.size).toBe(20)
    },
    minutes,
  )
})

describe('what went wrong once does not go wrong again', () => {
  for (const [name, schedule] of keptSchedules())
    test(
      name,
      async () => {
        expect((await runSchedule(schedule)).violations).toEqual([])
      },
      minutes,
    )
})
