import type { ViolationKind } from './oracle/verdict.ts'
import type { Action, Schedule } from './schedule.ts'
import type { SimulationReport } from './simulate.ts'

export interface ShrinkOptions {
  /** One that goes wrong. */
  readonly schedule: Schedule
  readonly run: (schedule: Schedule) => Promise<SimulationReport>
  /** Runs at most. Default: 400. */
  readonly maxRuns?: number
  /** Told of each smaller schedule that still goes wrong. */
  readonly told?: (actions: number, runs: number) => void
}

/**
 * The smallest schedule that goes wrong in the same way: parts of it are left out, first large ones, then single
 * actions, for as long as that helps; then what is left is made milder.
 */
export async function shrink(options: ShrinkOptions): Promise<Schedule> {
  const kind = (await options.run(options.schedule)).violations[0]?.kind
  if (kind === undefined) return options.schedule
  const shrinker = new Shrinker(options, kind)
  await shrinker.leaveOut()
  await shrinker.soften()
  return shrinker.best
}

class Shrinker {
  best: Schedule
  readonly #options: ShrinkOptions
  readonly #kind: ViolationKind
  #runs = 1

  constructor(options: ShrinkOptions, kind: ViolationKind) {
    this.#options = options
    this.#kind = kind
    this.best = options.schedule
  }

  /** Delta debugging: leaves parts out, of half the size when none can go any more. */
  async leaveOut(): Promise<void> {
    let size = Math.ceil(this.best.actions.length / 2)
    while (size >= 1 && !this.#isTired) {
      const hasHelped = await this.#leaveOutParts(size)
      if (!hasHelped && size === 1) return
      if (!hasHelped) size = Math.ceil(size / 2)
      size = Math.min(size, Math.ceil(this.best.actions.length / 2))
    }
  }

  async #leaveOutParts(size: number): Promise<boolean> {
    let hasHelped = false
    for (let start = 0; start < this.best.actions.length && !this.#isTired; ) {
      const { actions } = this.best
      const isGone = await this.#fails([...actions.slice(0, start), ...actions.slice(start + size)])
      if (isGone) hasHelped = true
      else start += size
    }
    return hasHelped
  }

  /** Less of everything. */
  async soften(): Promise<void> {
    for (let index = 0; index < this.best.actions.length && !this.#isTired; index++)
      for (const milder of milderThan(this.best.actions[index] as Action)) {
        const actions = [...this.best.actions]
        actions[index] = milder
        if (await this.#fails(actions)) break
      }
  }

  get #isTired(): boolean {
    return this.#runs >= (this.#options.maxRuns ?? 400)
  }

  async #fails(actions: readonly Action[]): Promise<boolean> {
    if (this.#isTired) return false
    this.#runs += 1
    const schedule = { ...this.best, actions }
    const { violations } = await this.#options.run(schedule)
    if (!violations.some(({ kind }) => kind === this.#kind)) return false
    this.best = schedule
    this.#options.told?.(actions.length, this.#runs)
    return true
  }
}

function milderThan(action: Action): readonly Action[] {
  const { amount, forMs } = action
  return [
    ...(amount > 0 ? [{ ...action, amount: 0 }] : []),
    ...(forMs > 20 ? [{ ...action, forMs: 20 }] : []),
  ]
}
