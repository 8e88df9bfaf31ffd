import { readFileSync } from 'node:fs'
import { alarmThresholds, ruleScore } from '@parley/client/health'
import { expect, test } from 'vitest'
import { planDevice } from './plan.ts'
import { confusion } from './training/evaluation.ts'
import { partOf, readRecording } from './training/samples.ts'

test('equal seeds give equal plans, in which few lines die', () => {
  const plan = (device: number) => planDevice(3, device, 600_000)
  expect(plan(5)).toEqual(plan(5))
  expect(plan(5)).not.toEqual(plan(6))
  expect(plan(7).steps).toHaveLength(1)
  const plans = Array.from({ length: 200 }, (_, device) => plan(device))
  const deaths = plans.flatMap(({ steps }) => steps).filter(({ deed }) => deed.what !== 'worsen')
  expect(deaths.length).toBeGreaterThan(20)
  expect(deaths.length).toBeLessThan(120)
})

test('the recording is the one whose digest is kept, and what ships does on its test part what the page says', () => {
  const { digest, samples } = readRecording(new URL('traces/links.jsonl.gz', import.meta.url))
  const page = readFileSync(new URL('../../docs/connection-health.md', import.meta.url), 'utf8')
  expect(page).toContain(digest)
  const scored = samples
    .filter(({ device }) => partOf(device) === 'test')
    .map(({ features, fails }) => ({ score: ruleScore(features, alarmThresholds).score, fails }))
  const failing = scored.filter(({ fails }) => fails).length / scored.length
  expect(failing).toBeLessThan(0.05)
  const { balanced, precision, recall } = confusion(scored, 1)
  for (const [name, share] of [
    ['Balanced accuracy', balanced],
    ['Recall', recall],
    ['Precision', precision],
  ] as const) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} `)) ?? ''
    const said = Number(/([\d.]+) %/.exec(row.split('|')[3] ?? '')?.[1])
    expect(Math.abs(said - share * 100), `${name}: ${row}`).toBeLessThan(0.5)
  }
})
