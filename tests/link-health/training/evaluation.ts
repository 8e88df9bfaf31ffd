/** A score, the higher the worse, and what became of the link. */
export interface Scored {
  readonly score: number
  readonly fails: boolean
}

/** Shares of failing samples found, by the share of the others called failing: the corners of the ROC, by rising alarms. */
interface Corner {
  readonly falseAlarms: number
  readonly found: number
  readonly threshold: number
}

export function corners(scored: readonly Scored[]): readonly Corner[] {
  const sorted = [...scored].sort((a, b) => b.score - a.score)
  const positives = scored.filter(({ fails }) => fails).length
  const negatives = scored.length - positives
  const all: Corner[] = [{ falseAlarms: 0, found: 0, threshold: Number.POSITIVE_INFINITY }]
  let [found, falseAlarms] = [0, 0]
  for (const [index, { score, fails }] of sorted.entries()) {
    if (fails) found += 1
    else falseAlarms += 1
    // Equal scores are one corner.
    if (sorted[index + 1]?.score === score) continue
    all.push({ falseAlarms: falseAlarms / negatives, found: found / positives, threshold: score })
  }
  return all
}

/** The area under the ROC. */
export function areaUnder(curve: readonly Corner[]): number {
  let area = 0
  for (const [index, corner] of curve.entries()) {
    const before = curve[index - 1]
    if (before !== undefined)
      area += (corner.falseAlarms - before.falseAlarms) * ((corner.found + before.found) / 2)
  }
  return area
}

/** The share found at exactly this share of false alarms; between corners a straight line. */
export function foundAt(curve: readonly Corner[], falseAlarms: number): number {
  const index = curve.findIndex((corner) => corner.falseAlarms > falseAlarms)
  const [after, before] = [curve[index], curve[index - 1]]
  if (after === undefined || before === undefined) return curve.at(-1)?.found ?? 0
  const share = (falseAlarms - before.falseAlarms) / (after.falseAlarms - before.falseAlarms)
  return before.found + share * (after.found - before.found)
}

/** The lowest threshold that raises at most this share of false alarms. */
export function thresholdFor(curve: readonly Corner[], falseAlarms: number): number {
  const fitting = curve.filter((corner) => corner.falseAlarms <= falseAlarms)
  return fitting.at(-1)?.threshold ?? Number.POSITIVE_INFINITY
}

/** Mean of the shares that are called rightly among failing and among other samples. */
export function balancedAccuracy(found: number, falseAlarms: number): number {
  return (found + 1 - falseAlarms) / 2
}

export interface Confusion {
  readonly precision: number
  readonly recall: number
  readonly falseAlarms: number
  readonly accuracy: number
  readonly balanced: number
}

export function confusion(scored: readonly Scored[], threshold: number): Confusion {
  let [hits, misses, alarms, rests] = [0, 0, 0, 0]
  for (const { score, fails } of scored) {
    const isCalled = score >= threshold
    if (fails && isCalled) hits += 1
    else if (fails) misses += 1
    else if (isCalled) alarms += 1
    else rests += 1
  }
  const [recall, falseAlarms] = [hits / (hits + misses), alarms / (alarms + rests)]
  return {
    ...{ recall, falseAlarms },
    precision: hits / (hits + alarms),
    accuracy: (hits + rests) / scored.length,
    balanced: balancedAccuracy(recall, falseAlarms),
  }
}

export interface Reliability {
  readonly from: number
  readonly to: number
  readonly count: number
  readonly said: number
  readonly came: number
}

const bounds = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1]

/** What was said beside what came of it. */
export function reliability(scored: readonly Scored[]): readonly Reliability[] {
  return bounds.slice(1).map((to, index) => {
    const from = bounds[index] as number
    const inside = scored.filter(({ score }) => score >= from && (score < to || to === 1))
    const share = (sum: number) => (inside.length === 0 ? 0 : sum / inside.length)
    return {
      ...{ from, to, count: inside.length },
      said: share(inside.reduce((sum, { score }) => sum + score, 0)),
      came: share(inside.filter(({ fails }) => fails).length),
    }
  })
}

/** Mean squared distance between what was said and what came. */
export function brier(scored: readonly Scored[]): number {
  return scored.reduce((sum, { score, fails }) => sum + (score - (fails ? 1 : 0)) ** 2, 0) / scored.length
}

/** Expected calibration error: the distance in each row of the table, weighted by its count. */
export function calibrationError(scored: readonly Scored[]): number {
  return reliability(scored).reduce(
    (sum, { count, said, came }) => sum + (count / scored.length) * Math.abs(said - came),
    0,
  )
}
