import { against, load } from '../against.ts'
import type { LinePlan, Sample } from '../lines.ts'
import type { Stretch } from '../loader/window.ts'
import type { Benchmark } from '../rounds.ts'
import type { Scale } from '../scale.ts'
import { prefixed } from '../scenarios.ts'
import { parleyTiers } from '../targets.ts'
import { loads, tiers } from './tiers.ts'
import type { TiersResult } from './tiers-load.ts'

const stalledCommon = { scenario: 'stalled', peer: 'without it' } as const
/** `highWaterBytes`, and the batch that went beyond it. */
const heldAtMost = 2 * 65_536 + 4_096

const tierLines: readonly LinePlan[] = loads.flatMap(({ name, of }) =>
  tiers
    .filter(
      ({ name: tier, millis }) => millis !== undefined && (of <= 1 || tier === 'critical' || tier === 'high'),
    )
    .map(
      ({ name: tier, millis = 0 }): LinePlan => ({
        scenario: 'tiers',
        measure: `${tier}, ${name} of capacity, p99`,
        unit: 'ms',
        value: `${name} ${tier} p99`,
        peer: undefined,
        must: { of: 'value', atMost: millis },
      }),
    ),
)

const yielding: readonly LinePlan[] = tiers.map(({ name, millis }) => ({
  scenario: 'tiers',
  measure: `${name}, at 300 % of capacity, share refused`,
  unit: 'of 1',
  value: `at 300 % ${name} refused`,
  peer: undefined,
  // The two highest lose nothing; who yields first is still served.
  must: {
    of: 'value',
    atMost: name === 'critical' || name === 'high' ? 0 : millis === undefined ? 0.99 : 0.95,
  },
}))

/** The lines of `overload`. */
const plan: readonly LinePlan[] = [
  {
    ...stalledCommon,
    measure: 'one stalled reader among 1000, CPU of the others',
    unit: 'µs CPU per delivery',
    value: 'cpu',
    must: { of: 'ratio', atMost: 1.1 },
  },
  {
    ...stalledCommon,
    measure: 'one stalled reader among 1000, p99 of the others',
    unit: 'ms',
    value: 'p99',
    must: { of: 'ratio', atMost: 1.5 },
  },
  {
    scenario: 'stalled',
    measure: 'one stalled reader among 1000, most that is held for it',
    unit: 'bytes',
    value: 'held',
    peer: undefined,
    must: { of: 'value', atMost: heldAtMost },
  },
  {
    scenario: 'tiers',
    measure: 'capacity: publishes of all tiers, acked, each to 5 subscribers',
    unit: 'publishes/s',
    value: 'capacity',
    peer: undefined,
    must: { of: 'value', atLeast: 1 },
  },
  ...tierLines,
  ...yielding,
]

async function stalled({ millis }: Scale, isStalled: boolean): Promise<Sample> {
  const ask = { members: 1_000, isStalled, perSecond: 200, millis }
  let held = 0
  const { result } = await against(parleyTiers, async (server) => {
    const loaded = await load<Stretch>(server, 'stalledReader', ask)
    held = (await server.link?.ask<number>('mostHeld')) ?? 0
    return loaded
  })
  return { ...result, held }
}

async function tiered({ millis }: Scale): Promise<Sample> {
  const ask = {
    channels: 20,
    subscribers: 100,
    publishers: 8,
    window: 512,
    millis,
    loads: loads.map(({ of }) => of),
  }
  const { result } = await against(parleyTiers, (server) => load<TiersResult>(server, 'tieredLoad', ask))
  const samples = result.loads.map((found, index) => {
    const { name } = loads[index] as (typeof loads)[number]
    const { disturbed, loader } = found
    const values = tiers.map((tier) =>
      prefixed(`${name} ${tier.name}`, { ...found.tiers[tier.name], disturbed }),
    )
    return Object.assign({ [`${name} loader`]: loader }, ...values) as Sample
  })
  return Object.assign({ capacity: result.capacity }, ...samples) as Sample
}

/** What a server does that has more to do than it can: a reader that stalls, and 0.7, 1 and 3 times its capacity. */
export const overload: Benchmark = {
  plan,
  turns: {
    stalled: [
      { server: 'parley', run: (scale) => stalled(scale, true) },
      { server: 'without it', run: (scale) => stalled(scale, false) },
    ],
    tiers: [{ server: 'parley', run: tiered }],
  },
}
