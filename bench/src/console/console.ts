import { against, load } from '../against.ts'
import type { LinePlan, Sample } from '../lines.ts'
import type { OperatorResult } from '../loader/operator.ts'
import type { Benchmark } from '../rounds.ts'
import type { Scale } from '../scale.ts'
import { parley } from '../targets.ts'
import { overhead } from './overhead.ts'

/** A page of the list of connections is there after at most so many ms. */
const pageMs = 50

const page = (value: keyof OperatorResult, what: string): LinePlan => ({
  measure: `console: 15,000 connections, ${what}`,
  scenario: 'list',
  ...{ value, unit: 'ms', peer: undefined },
  must: { of: 'value', atMost: pageMs },
})

const plan: readonly LinePlan[] = [
  {
    measure: 'console: CPU of an event while nobody looks, above a node without it',
    scenario: 'overhead',
    ...{ value: 'overhead', unit: '%', peer: undefined },
    must: { of: 'value', atMost: 1 },
  },
  page('first', 'first page'),
  page('deep', 'a page in the middle'),
  page('search', 'search with few matches'),
  page('channel', 'members of a channel'),
  page('queued', 'most bytes waiting first'),
]

async function list(scale: Scale): Promise<Sample> {
  const [connections, pages] = scale.isQuick ? [2_000, 20] : [15_000, 100]
  return against(parley, async (server) => {
    const { result } = await load<OperatorResult>(server, 'operator', { connections, pages })
    if (result.listed < connections) throw new Error(`${result.listed} of ${connections} are listed.`)
    return { ...result }
  })
}

/** The operator's side: what it costs while nobody looks, and how fast lists are while somebody does. */
export const operatorConsole: Benchmark = {
  plan,
  turns: {
    overhead: [{ server: 'parley', run: overhead }],
    list: [{ server: 'parley', run: list }],
  },
}
