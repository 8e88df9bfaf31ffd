import { ParleyError } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Store } from '../ports/store.ts'
import { AppJobs, type JobEnd } from './app-jobs.ts'
import type { Job } from './job.ts'
import type { JobDesk } from './unit-jobs.ts'

export interface JobRunnerParts {
  readonly apps: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  readonly store: Store
  /** Other nodes ask for jobs of the same store. */
  readonly isShared: boolean
  readonly limits: { readonly maxWaitingJobs: number; readonly maxDeadLetters: number }
  readonly find: (job: string) => Job | undefined
  readonly run: (app: string, work: (ctx: Context) => unknown) => Promise<unknown>
  readonly onEnd: (job: string, end: JobEnd) => void
  readonly onDropped: (count: number) => void
}

/** Does the jobs of all apps, each app's for itself, so that one whose jobs are slow holds up no other. */
export class JobRunner implements JobDesk {
  readonly #parts: JobRunnerParts
  readonly #apps = new Map<string, AppJobs>()

  constructor(parts: JobRunnerParts) {
    this.#parts = parts
    const { clock, log, store, limits, find, isShared, onEnd, onDropped } = parts
    for (const app of parts.apps) {
      const run = (work: (ctx: Context) => unknown) => parts.run(app, work)
      const { maxDeadLetters } = limits
      this.#apps.set(
        app,
        new AppJobs({ app, clock, log, store, maxDeadLetters, find, run, isShared, onEnd, onDropped }),
      )
    }
  }

  get waiting(): number {
    let waiting = 0
    for (const jobs of this.#apps.values()) waiting += jobs.waiting
    return waiting
  }

  async start(): Promise<void> {
    for (const jobs of this.#apps.values()) await jobs.start()
  }

  stop(): void {
    for (const jobs of this.#apps.values()) jobs.stop()
  }

  isDeclared(job: string): boolean {
    return this.#parts.find(job) !== undefined
  }

  checkRoom(app: string): void {
    const { maxWaitingJobs } = this.#parts.limits
    if ((this.#apps.get(app)?.waiting ?? 0) < maxWaitingJobs) return
    throw new ParleyError('overloaded', `${maxWaitingJobs} jobs of this app wait.`, { retryAfterMs: 5_000 })
  }

  requested(app: string, dueAt: number): void {
    this.#apps.get(app)?.requested(dueAt)
  }

  buried(app: string, job: string): void {
    this.#parts.onEnd(job, 'dead')
    this.#apps.get(app)?.buried()
  }
}
