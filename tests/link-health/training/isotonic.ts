import type { Scored } from './evaluation.ts'

/** From a score on, this probability; by rising scores. */
export type Steps = readonly (readonly [score: number, probability: number])[]

/** The best rising steps (least squares) from scores to probabilities: pool adjacent violators. */
export function isotonic(scored: readonly Scored[]): Steps {
  const sorted = [...scored].sort((a, b) => a.score - b.score)
  const pools: { from: number; sum: number; count: number }[] = []
  for (const { score, fails } of sorted) {
    const last = pools.at(-1)
    if (last?.from === score) {
      last.sum += fails ? 1 : 0
      last.count += 1
    } else pools.push({ from: score, sum: fails ? 1 : 0, count: 1 })
    while (pools.length > 1) {
      const [before, after] = pools.slice(-2) as [(typeof pools)[number], (typeof pools)[number]]
      if (before.sum / before.count < after.sum / after.count) break
      pools.splice(-2, 2, {
        from: before.from,
        sum: before.sum + after.sum,
        count: before.count + after.count,
      })
    }
  }
  return pools.map(({ from, sum, count }) => [Number(from.toPrecision(5)), Number((sum / count).toFixed(4))])
}

export function calibrate(steps: Steps, score: number): number {
  let probability = steps[0]?.[1] ?? 0
  for (const [from, value] of steps) if (score >= from) probability = value
  return probability
}
