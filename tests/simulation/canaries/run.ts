import type { ViolationKind } from '@parley/kernel/simulation'
import type { SeedOptions } from '../seeds.ts'
import { runSeeds } from '../workers.ts'
import { type Defect, defects } from './defects.ts'

/** In how many seeds a defect was found, and how it showed. */
export interface Finding {
  readonly name: string
  readonly seeds: number
  readonly found: number
  readonly kinds: readonly ViolationKind[]
}

export interface CanaryOptions {
  /** Seeds for each. */
  readonly seeds: number
  /** Only those whose name has this in it. */
  readonly only?: string | undefined
  readonly told: (finding: Finding) => void
}

/** Plants every defect in turn, and looks in how many seeds the simulation finds it. */
export async function runCanaries({ seeds, only = '', told }: CanaryOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const defect of defects.filter(({ name }) => name.includes(only))) {
    const finding = await runCanary(defect, seeds)
    findings.push(finding)
    told(finding)
  }
  return findings
}

async function runCanary(defect: Defect, seeds: number): Promise<Finding> {
  const { name } = defect
  let found = 0
  let run = 0
  const kinds = new Set<ViolationKind>()
  await runSeeds({
    seeds: seedsOf(defect, seeds),
    defect: name,
    done: ({ violations }) => {
      run += 1
      if (violations.length > 0) found += 1
      for (const { kind } of violations) kinds.add(kind)
      return false
    },
  })
  return { name, seeds: run, found, kinds: [...kinds] }
}

function* seedsOf(defect: Defect, count: number): Iterable<SeedOptions> {
  const { nodes = 1, class: of = 'all', with: used = [], weights, transport } = defect
  for (let seed = 1; seed <= count; seed++)
    yield { seed, steps: 400, class: of, nodes, with: used, weights, transport }
}
