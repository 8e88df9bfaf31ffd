import { expect, test } from 'vitest'
import { Probes, probeSpacing } from './probes.ts'

/** The payload that answers a probe. */
const answerTo = (probe: Uint8Array) => probe.subarray(2)
const { least, most } = probeSpacing

test('probes are pings with a number each', () => {
  const probes = new Probes()
  expect([probes.next(0), probes.next(0)].map((probe) => [...probe])).toEqual([
    [0x89, 1, 1],
    [0x89, 1, 2],
  ])
})

test('quick answers make probes rare, and a missing one frequent again', () => {
  const probes = new Probes()
  expect(probes.spacing).toBe(least)
  for (let now = 0; now < 20; now++) probes.answered(answerTo(probes.next(now)), now + 1)
  expect(probes.spacing).toBe(most)
  const late = probes.next(100)
  const next = probes.next(5_000)
  expect(probes.spacing).toBe(least)
  expect(probes.answered(answerTo(late), 5_001)).toBe(true)
  expect(probes.answered(answerTo(next), 6_000)).toBe(true)
  expect(probes.spacing).toBe(least)
})

test('an answer is one to all probes before it; nothing else counts', () => {
  const probes = new Probes()
  expect(probes.answered(Uint8Array.of(0), 0)).toBe(false)
  const [first, second, third] = [probes.next(0), probes.next(0), probes.next(0)]
  expect(probes.answered(answerTo(second), 1)).toBe(true)
  expect(probes.answered(answerTo(second), 1)).toBe(false)
  expect(probes.answered(answerTo(first), 1)).toBe(false)
  expect(probes.answered(answerTo(third), 1)).toBe(true)
  for (const foreign of [[], [3, 3], [4], [200]])
    expect(probes.answered(Uint8Array.from(foreign), 1)).toBe(false)
})

test('numbers begin anew after 255', () => {
  const probes = new Probes()
  for (let count = 0; count < 600; count++) expect(probes.answered(answerTo(probes.next(0)), 0)).toBe(true)
  const unanswered = Array.from({ length: 300 }, () => probes.next(0))
  expect(probes.answered(answerTo(unanswered.at(-1) as Uint8Array), 0)).toBe(true)
})
