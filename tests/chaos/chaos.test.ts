import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defects, smallDatabase } from './canaries/defects.ts'
import { runCanaries } from './canaries/run.ts'
import { runChaos } from './run.ts'

const root = new URL('../../', import.meta.url)

test('a server that is killed, stopped, filled and cut off loses, doubles and reorders nothing', {
  timeout: 400_000,
}, async () => {
  const report = await runChaos({
    ...{ seed: 7, durationMs: 15_000, actors: 12, crowd: 200 },
    say: () => undefined,
  })
  expect(report.violations).toEqual([])
  expect(Object.entries(report.faults).filter(([, count]) => count === 0)).toEqual([])
  expect(report.recovered).toBeGreaterThan(100)
  expect(report.deliveries.durable).toBeGreaterThan(1_000)
})

test('planted bugs are noticed', { timeout: 400_000 }, async () => {
  for (const only of ['ack before commit', 'skipped position']) {
    const [finding] = await runCanaries({ only, told: () => undefined })
    expect(finding?.kinds, only).not.toEqual([])
  }
})

test('every planted bug finds its place in the sources, once', () => {
  expect(defects.length).toBeGreaterThan(5)
  for (const { name, changes } of [...defects, smallDatabase])
    for (const { file, healthy } of changes)
      expect([name, readFileSync(new URL(file, root), 'utf8').split(healthy).length - 1]).toEqual([name, 1])
})
