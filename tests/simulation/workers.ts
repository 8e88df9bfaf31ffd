import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { SimulationReport } from '@parley/kernel/simulation'
import type { SeedOptions } from './seeds.ts'

export interface WorkOptions {
  /** Given out in order. */
  readonly seeds: Iterable<SeedOptions>
  /** Processes that work at the same time. Default: as many as there are cores, two at most. */
  readonly workers?: number
  /** Name of a defect that is planted in the sources. */
  readonly defect?: string
  /** Told of each seed, in any order. Answers true when that is enough. */
  readonly done: (report: SimulationReport) => boolean | undefined
}

const script = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Runs seeds in processes of their own, so that they use all cores. */
export async function runSeeds(options: WorkOptions): Promise<void> {
  const seeds = options.seeds[Symbol.iterator]()
  const count = options.workers ?? Math.min(availableParallelism(), 2)
  const working: Promise<void>[] = []
  let isEnough = false
  const next = (): SeedOptions | undefined => {
    const { value, done } = isEnough ? { value: undefined, done: true } : seeds.next()
    return done === true ? undefined : (value as SeedOptions)
  }
  for (let index = 0; index < count; index++)
    working.push(
      work(options.defect, next, (report) => {
        if (options.done(report) === true) isEnough = true
      }),
    )
  await Promise.all(working)
}

function work(
  defect: string | undefined,
  next: () => SeedOptions | undefined,
  done: (report: SimulationReport) => void,
): Promise<void> {
  const child: ChildProcess = fork(script, defect === undefined ? [] : [defect], {
    execArgv: ['--conditions=parley-source', '--disable-warning=ExperimentalWarning'],
  })
  return new Promise((resolve, reject) => {
    let isIdle = false
    const give = () => {
      const options = next()
      if (options !== undefined) child.send(options)
      else {
        isIdle = true
        child.disconnect()
      }
    }
    child.on('message', ({ report }: { readonly report?: SimulationReport }) => {
      if (report !== undefined) done(report)
      give()
    })
    child.on('exit', (code) => {
      if (isIdle) resolve()
      else reject(new Error(`A worker of the simulation ended with code ${code}.`))
    })
  })
}
