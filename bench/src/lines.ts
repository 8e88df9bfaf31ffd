/** What one run of one server gave, by name. */
export type Sample = Readonly<Record<string, number>>

/** Samples of every server, one a round. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

/** A bound on the ratio ours / peer, or on our own value. */
export interface Bound {
  readonly of: 'ratio' | 'value'
  readonly atLeast?: number
  readonly atMost?: number
  /** A time that is too long also passes at so many times what bare sockets took in the same rounds. */
  readonly orTimesBare?: number
}

/** A line of the report: what is compared with whom, and what it must reach. */
export interface LinePlan {
  readonly measure: string
  readonly scenario: string
  readonly value: string
  readonly unit: string
  readonly peer: string | undefined
  /** Name of the peer's value; default: the same. */
  readonly peerValue?: string
  readonly must: Bound
  readonly aim?: Bound
}

export interface Line {
  readonly measure: string
  readonly ours: number | null
  readonly unit: string
  readonly peer: string | null
  readonly peerValue: number | null
  readonly ratio: number | null
  /** Lowest and highest ratio of the rounds, or of our values where there is no peer. */
  readonly spread: readonly [number, number] | null
  readonly must: string
  readonly aim: string | null
  readonly pass: boolean | null
  readonly aimed: boolean | null
  /** Why there is no verdict. */
  readonly skipped?: string
  /** Other processes used the cores in every round: the figures say little. */
  readonly rough?: true
}

/** Share of time in which others had the core of server or loader, above which figures mean little. */
export const muchDisturbed = 0.03

/** A round of a line: our value, theirs, and whether both runs had the cores to themselves. */
interface Round {
  readonly ours: number
  readonly theirs: number | undefined
  /** What bare sockets took, where they ran too. */
  readonly bare: number | undefined
  readonly isCalm: boolean
}

/**
 * Median over the rounds of a plan's values and of the ratios within each round. Disturbed rounds are left out; where
 * there is no other, they count and the line is marked as rough.
 */
export function lineOf(plan: LinePlan, samples: Samples, skipped?: string): Line {
  const head = { measure: plan.measure, unit: plan.unit, peer: plan.peer ?? null }
  const bounds = { must: boundText(plan.must), aim: plan.aim === undefined ? null : boundText(plan.aim) }
  const all = roundsOf(plan, samples)
  if (skipped !== undefined || all.length === 0) {
    const ours = (samples.get('parley') ?? []).map((sample) => sample[plan.value] ?? 0)
    const none = { peerValue: null, ratio: null, spread: null, pass: null, aimed: null }
    return {
      ...head,
      ...bounds,
      ...none,
      ours: ours.length === 0 ? null : round(median(ours)),
      skipped: skipped ?? 'no values',
    }
  }
  const calm = all.filter(({ isCalm }) => isCalm)
  const rounds = calm.length > 0 ? calm : all
  const value = median(rounds.map(({ ours }) => ours))
  const theirs = rounds.map((one) => one.theirs).filter((found) => found !== undefined)
  const ratios = rounds.map((one) => (one.theirs === undefined ? one.ours : one.ours / one.theirs))
  const ratio = theirs.length === 0 ? undefined : median(ratios)
  const bare = rounds.map((one) => one.ours / (one.bare ?? 0))
  const measured = { value, ratio, timesBare: median(bare) }
  return {
    ...head,
    ...bounds,
    ours: round(value),
    peerValue: theirs.length === 0 ? null : round(median(theirs)),
    ratio: ratio === undefined ? null : round(ratio),
    spread: [round(Math.min(...ratios)), round(Math.max(...ratios))],
    pass: holds(plan.must, measured),
    aimed: plan.aim === undefined ? null : holds(plan.aim, measured),
    ...(calm.length > 0 ? {} : { rough: true as const }),
  }
}

function roundsOf(plan: LinePlan, samples: Samples): readonly Round[] {
  const ours = samples.get('parley') ?? []
  const bares = samples.get('bare sockets') ?? []
  const peers = plan.peer === undefined ? undefined : (samples.get(plan.peer) ?? [])
  const rounds: Round[] = []
  for (const [index, sample] of ours.entries()) {
    const peer = peers?.[index]
    const [mine, theirs] = [sample[plan.value], peer?.[plan.peerValue ?? plan.value]]
    if (mine === undefined || (peers !== undefined && theirs === undefined)) continue
    const bare = bares[index]?.[plan.value]
    rounds.push({
      ours: mine,
      theirs,
      bare,
      isCalm: isCalm(sample, plan.value) && isCalm(peer ?? {}, plan.value),
    })
  }
  return rounds
}

/** The disturbance of the stretch that a value belongs to: `slow disturbed` for `slow p99`. */
function isCalm(sample: Sample, value: string): boolean {
  return (sample[value.replace(/\S+$/, 'disturbed')] ?? 0) <= muchDisturbed
}

/** The greatest disturbance of all stretches of a sample. */
export function disturbanceOf(sample: Sample): number {
  const shares = Object.entries(sample).map(([name, value]) => (name.endsWith('disturbed') ? value : 0))
  return Math.max(0, ...shares)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

interface Measured {
  readonly value: number
  readonly ratio: number | undefined
  readonly timesBare: number
}

function holds({ of, atLeast, atMost, orTimesBare }: Bound, { value, ratio, timesBare }: Measured): boolean {
  if (orTimesBare !== undefined && timesBare <= orTimesBare) return true
  const measured = of === 'value' ? value : ratio
  if (measured === undefined) return false
  return measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity)
}

function boundText({ of, atLeast, atMost, orTimesBare }: Bound): string {
  const parts = []
  if (atLeast !== undefined) parts.push(`${of} >= ${atLeast}`)
  if (atMost !== undefined) parts.push(`${of} <= ${atMost}`)
  if (orTimesBare !== undefined) parts.push(`or <= ${orTimesBare} x bare sockets`)
  return parts.join(' ')
}

/** Three digits that count. */
function round(value: number): number {
  if (Math.abs(value) >= 1_000) return Math.round(value)
  return Number(value.toPrecision(3))
}
