import { describe, expect, test } from 'vitest'
import { type LinePlan, lineOf, median, type Sample } from './lines.ts'

const plan: LinePlan = {
  measure: 'deliveries',
  scenario: 'crowd',
  value: 'rate',
  unit: 'a second',
  peer: 'them',
  must: { of: 'ratio', atLeast: 2 },
  aim: { of: 'ratio', atLeast: 4 },
}

function samplesOf(
  ours: readonly number[],
  theirs: readonly number[],
): ReadonlyMap<string, readonly Sample[]> {
  const rates = (values: readonly number[]): Sample[] => values.map((rate) => ({ rate }))
  return new Map([
    ['parley', rates(ours)],
    ['them', rates(theirs)],
  ])
}

describe('a line', () => {
  test('compares within each round, so that a machine that slows down changes nothing', () => {
    const line = lineOf(plan, samplesOf([300, 30, 150], [100, 10, 50]))
    expect(line).toMatchObject({
      ours: 150,
      peerValue: 50,
      ratio: 3,
      spread: [3, 3],
      pass: true,
      aimed: false,
    })
  })

  test('does not pass below its bound', () => {
    expect(lineOf(plan, samplesOf([100], [100]))).toMatchObject({ ratio: 1, pass: false })
  })

  test('is skipped without a verdict when the peer is not there', () => {
    const line = lineOf(plan, samplesOf([100], []), 'it is not installed')
    expect(line).toMatchObject({ ours: 100, ratio: null, pass: null, skipped: 'it is not installed' })
  })

  test('of a time passes by its value, or by how close it comes to bare sockets', () => {
    const timed: LinePlan = { ...plan, must: { of: 'value', atMost: 20, orTimesBare: 1.5 } }
    const beside = (bare: number): ReadonlyMap<string, readonly Sample[]> =>
      new Map([...samplesOf([21], [1]), ['bare sockets', [{ rate: bare }]]])
    expect(lineOf(timed, samplesOf([15], [1])).pass).toBe(true)
    expect(lineOf(timed, samplesOf([21], [1])).pass).toBe(false)
    expect(lineOf(timed, beside(15)).pass).toBe(true)
    expect(lineOf(timed, beside(10)).pass).toBe(false)
  })

  test('leaves rounds out in which something else used a core', () => {
    const samples = new Map([
      ['parley', [{ rate: 10, disturbed: 0.5 }, { rate: 300 }]],
      ['them', [{ rate: 100 }, { rate: 100 }]],
    ])
    const line = lineOf(plan, samples)
    expect(line).toMatchObject({ ratio: 3, pass: true })
    expect(line.rough).toBeUndefined()
  })

  test('is marked as rough when every round was disturbed', () => {
    const samples = new Map([
      ['parley', [{ rate: 300 }]],
      ['them', [{ rate: 100, disturbed: 0.4 }]],
    ])
    expect(lineOf(plan, samples)).toMatchObject({ ratio: 3, rough: true })
  })

  test('says what it must reach in words', () => {
    expect(lineOf(plan, samplesOf([1], [1])).must).toBe('ratio >= 2')
  })
})

test('the median of an even number of values lies between the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})
