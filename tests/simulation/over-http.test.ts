import { describe, expect, test } from 'vitest'
import { nodesFor, runSeed } from './seeds.ts'

/** On a busy machine; alone it takes a few seconds. */
const minutes = 180_000

describe.each(['sse', 'http-stream', 'polling'])(
  'over %s, both halves of the transport as they are',
  (transport) => {
    test(
      'nothing is lost, doubled, reordered or falsely recovered',
      async () => {
        let deliveries = 0
        for (let seed = 1; seed <= 3; seed++) {
          const report = await runSeed({ seed, steps: 200, class: 'all', nodes: nodesFor(seed), transport })
          expect({ seed, violations: report.violations }).toEqual({ seed, violations: [] })
          deliveries += report.deliveries.durable
        }
        expect(deliveries).toBeGreaterThan(2_000)
      },
      minutes,
    )

    test(
      'a seed is the same each time',
      async () => {
        const once = () => runSeed({ seed: 3, steps: 60, class: 'all', nodes: 2, transport })
        expect(await once()).toEqual(await once())
      },
      minutes,
    )
  },
)

test.each([
  ['http-stream', 15],
  ['http-stream', 21],
  ['polling', 40],
  ['polling', 48],
  ['polling', 58],
])(
  'a seed that went wrong once: %s, %i',
  async (transport, seed) => {
    const { violations } = await runSeed({
      ...{ seed, steps: 400, class: 'all', nodes: nodesFor(seed), transport },
    })
    expect(violations).toEqual([])
  },
  minutes,
)
