import { type FaultName, runChaos } from '../run.ts'
import { defects } from './defects.ts'

/** What became of a planted bug. */
export interface Finding {
  readonly name: string
  /** Violations that were reported, by kind; none: nobody noticed. */
  readonly kinds: readonly string[]
}

export interface CanaryOptions {
  /** Only those whose name has this in it. */
  readonly only?: string | undefined
  readonly told: (finding: Finding) => void
}

const all: readonly FaultName[] = ['kill', 'reset', 'reload', 'slowLink', 'delay']
/** The server is killed as well, or stays up, and has to remember what it was told while clients come back again and again. */
const runs: readonly { readonly seed: number; readonly faults: readonly FaultName[] }[] = [
  { seed: 1, faults: all },
  { seed: 2, faults: ['reset', 'reload'] },
  { seed: 3, faults: all },
  { seed: 4, faults: ['reset', 'reload'] },
]
/** A slow machine may be late, and that is no finding. */
const isFinding = (kind: string) => kind !== 'stuck'

/** Plants one bug after the other into a real server, and sees whether chaos notices. */
export async function runCanaries({ only = '', told }: CanaryOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { name } of defects.filter((defect) => defect.name.includes(only))) {
    const finding = { name, kinds: await kindsFound(name) }
    findings.push(finding)
    told(finding)
  }
  return findings
}

async function kindsFound(defect: string): Promise<readonly string[]> {
  for (const { seed, faults } of runs) {
    const { violations } = await runChaos({
      ...{ seed, faults, defect, durationMs: 8_000, actors: 8, crowd: 0, stopsAtFirst: true },
      say: () => undefined,
    })
    const kinds = [...new Set(violations.map(({ kind }) => kind))].filter(isFinding)
    if (kinds.length > 0) return kinds
  }
  return []
}
