import { ParleyError } from '@parley/protocol'
import { validate } from '../commands/validate.ts'
import type { Context } from '../context.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Store } from '../ports/store.ts'
import { mayPass, type RetryPolicy, retryDelayMs } from '../resilience/retry.ts'
import { DeadLetterBound } from './dead-letter-bound.ts'
import type { Failure, Job } from './job.ts'
import {
  buryWrite,
  dueAtOf,
  readWaiting,
  type WaitingJob,
  waitingKey,
  waitingTable,
  waitingWrite,
} from './job-records.ts'

export type JobEnd = 'done' | 'retried' | 'dead'

export interface AppJobsParts {
  readonly app: string
  readonly clock: Clock
  readonly log: Logger
  readonly store: Pick<Store, 'records'>
  readonly maxDeadLetters: number
  readonly find: (job: string) => Job | undefined
  /** Runs work as the server, in a unit of its own. */
  readonly run: (work: (ctx: Context) => unknown) => Promise<unknown>
  /** Other nodes ask for jobs of the same store. */
  readonly isShared: boolean
  readonly onEnd: (job: string, end: JobEnd) => void
  readonly onDropped: (count: number) => void
}

interface Claimed {
  readonly key: string
  readonly version: number
  readonly waiting: WaitingJob
}

const atOnce = 4
const idBits = 60
/** The clock on the wall may jump, and other nodes leave jobs: how long a due time is trusted. */
const maxSleepMs = 5_000
const defaultTimeoutMs = 30_000
/** A job that was begun is due again so long after its time is up: whoever did it is gone. */
const graceMs = 5_000
const defaultRetry: RetryPolicy = { maxRetries: 5, baseMs: 1_000, capMs: 30_000 }
const page = 500

/**
 * Does the jobs of one app, the longest due first, a few at a time. A job is claimed before it is begun: its attempt
 * counts, so that one that takes the process with it is not begun for ever, and it is due again some time later, so that
 * no other node begins it meanwhile. It ends in the unit of its handler.
 */
export class AppJobs {
  readonly #parts: AppJobsParts
  readonly #running = new Set<string>()
  readonly #bound: DeadLetterBound
  #timer: Timer | undefined
  #wakeAt = Number.POSITIVE_INFINITY
  #isLooking = false
  #isStopped = false
  #waiting = 0

  constructor(parts: AppJobsParts) {
    this.#parts = parts
    const { app, maxDeadLetters, onDropped, run, store } = parts
    this.#bound = new DeadLetterBound({
      max: maxDeadLetters,
      records: (options) => store.records(app, 'jobs.dead', options),
      ...{ run, onDropped },
    })
  }

  /** Jobs that wait or run, as far as this node knows. */
  get waiting(): number {
    return this.#waiting
  }

  /** Begins with what an earlier process left. */
  async start(): Promise<void> {
    this.#waiting += await this.#count()
    if (this.#waiting > 0 || this.#parts.isShared) this.wake(this.#parts.clock.now())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  requested(dueAt: number): void {
    this.#waiting += 1
    this.wake(dueAt)
  }

  buried(): void {
    this.#bound
      .buried()
      .catch((error: unknown) => this.#warn('Dead letters above the bound could not be dropped.', error))
  }

  wake(at: number): void {
    if (this.#isStopped || at >= this.#wakeAt) return
    const { clock } = this.#parts
    this.#timer?.cancel()
    this.#wakeAt = at
    this.#timer = clock.after(Math.min(Math.max(at - clock.now(), 0), maxSleepMs), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY
      void this.#round()
    })
  }

  async #count(): Promise<number> {
    const { app, store } = this.#parts
    let [count, after] = [0, undefined as string | undefined]
    for (;;) {
      const options = { limit: page, ...(after === undefined ? {} : { after }) }
      const rows = await store.records(app, waitingTable, options)
      count += rows.length
      after = rows.at(-1)?.key
      if (rows.length < page) return count
    }
  }

  async #round(): Promise<void> {
    const { clock, isShared } = this.#parts
    if (this.#isLooking || this.#isStopped || this.#running.size >= atOnce) return
    this.#isLooking = true
    let next = clock.now() + maxSleepMs
    try {
      next = Math.min(await this.#begin(), next)
    } catch (error) {
      this.#warn('Jobs of the server wait.', error)
    }
    this.#isLooking = false
    if (isShared || this.#waiting > 0) this.wake(next)
  }

  /** Begins what is due; answers when to look again. */
  async #begin(): Promise<number> {
    const { app, clock, store } = this.#parts
    const now = clock.now()
    const rows = await store.records(app, waitingTable, { limit: 2 * atOnce })
    if (rows.length < 2 * atOnce) this.#waiting = rows.length
    const idle = rows.filter(({ key }) => !this.#running.has(key))
    const due = idle.filter(({ key }) => dueAtOf(key) <= now).slice(0, atOnce - this.#running.size)
    for (const row of due) {
      this.#running.add(row.key)
      void this.#attempt({ key: row.key, version: row.version, waiting: readWaiting(row) }).finally(() => {
        this.#running.delete(row.key)
        this.wake(clock.now())
      })
    }
    const [later] = idle.slice(due.length)
    return later === undefined ? Number.POSITIVE_INFINITY : Math.max(dueAtOf(later.key), now + 1)
  }

  async #attempt(found: Claimed): Promise<void> {
    try {
      const claimed = await this.#claim(found)
      if (claimed !== undefined) await this.#carryOut(claimed)
    } catch (error) {
      this.#warn('A job of the server waits.', error)
      await new Promise<void>((resolve) => this.#parts.clock.after(maxSleepMs, resolve))
    }
  }

  /** Undefined when another node has it. */
  async #claim(found: Claimed): Promise<Claimed | undefined> {
    const { clock, find } = this.#parts
    const waiting = { ...found.waiting, attempts: found.waiting.attempts + 1 }
    const timeoutMs = find(waiting.job)?.timeoutMs ?? defaultTimeoutMs
    const key = waitingKey(clock.now() + timeoutMs + graceMs, clock.secret(idBits))
    const isMine = await this.#parts.run(async (ctx) => {
      const isThere = await isStill(ctx, found)
      if (isThere) ctx.write(waitingWrite(key, waiting))
      return isThere
    })
    return isMine === true ? { key, version: 1, waiting } : undefined
  }

  async #carryOut(claimed: Claimed): Promise<void> {
    const { waiting } = claimed
    const declared = this.#parts.find(waiting.job)
    const { maxRetries } = policyOf(declared)
    if (declared === undefined)
      await this.#end(claimed, { code: 'unknown_job', message: 'No module of this server does it.' })
    else if (waiting.attempts > maxRetries + 1)
      await this.#end(claimed, {
        code: 'interrupted',
        message: 'The server stopped each time while it was done.',
      })
    else await this.#run(claimed, declared)
  }

  async #run(claimed: Claimed, declared: Job): Promise<void> {
    const { waiting } = claimed
    let cause: unknown
    try {
      await this.#parts.run(async (ctx) => {
        if (!(await isStill(ctx, claimed))) return
        try {
          await this.#handle(ctx, waiting, declared)
        } catch (error) {
          cause = error
          throw error
        }
      })
      this.#waiting -= 1
      this.#parts.onEnd(waiting.job, 'done')
    } catch (error) {
      const reason = cause ?? error
      const isLast = waiting.attempts > policyOf(declared).maxRetries || !mayPass(reason)
      await (isLast ? this.#end(claimed, failureOf(reason)) : this.#postpone(claimed, declared, reason))
    }
  }

  async #handle(ctx: Context, { attempts, input }: WaitingJob, declared: Job): Promise<void> {
    const { clock } = this.#parts
    const timeoutMs = declared.timeoutMs ?? defaultTimeoutMs
    const late = Promise.withResolvers<never>()
    const timer = clock.after(timeoutMs, () =>
      late.reject(new ParleyError('timeout', `It took longer than ${timeoutMs} ms.`)),
    )
    try {
      const valid = validate(declared.input, input) as never
      await Promise.race([declared.run(ctx, valid, { attempt: attempts }), late.promise])
    } finally {
      timer.cancel()
    }
  }

  async #postpone(claimed: Claimed, declared: Job, reason: unknown): Promise<void> {
    const { clock } = this.#parts
    const { waiting } = claimed
    const hintMs = reason instanceof ParleyError ? (reason.retryAfterMs ?? 0) : 0
    const delayMs = Math.max(hintMs, retryDelayMs(waiting.attempts, policyOf(declared), clock.random()))
    const key = waitingKey(clock.now() + delayMs, clock.secret(idBits))
    await this.#replace(claimed, 'retried', (ctx) =>
      ctx.write(waitingWrite(key, { ...waiting, error: failureOf(reason) })),
    )
  }

  /** Gives a job up. */
  async #end(claimed: Claimed, failure: Failure): Promise<void> {
    const { clock, log, app } = this.#parts
    const { job, input, requestedAt, requeues, attempts, error } = claimed.waiting
    // What broke off left no reason; the one before may.
    const reason = failure.code === 'interrupted' && error !== undefined ? error : failure
    const letter = { job, input, requestedAt, requeues, attempts, error: reason, failedAt: clock.now() }
    const id = clock.secret(idBits)
    const isDone = await this.#replace(claimed, 'dead', (ctx) => ctx.write(buryWrite(id, letter)))
    if (!isDone) return
    this.#waiting -= 1
    log.error('A job was given up; it is among the dead letters.', { app, job, error: reason.message })
    this.buried()
  }

  async #replace(claimed: Claimed, end: JobEnd, write: (ctx: Context) => void): Promise<boolean> {
    if (this.#isStopped) return false
    try {
      await this.#parts.run(async (ctx) => {
        if (await isStill(ctx, claimed)) write(ctx)
      })
      this.#parts.onEnd(claimed.waiting.job, end)
      return true
    } catch (error) {
      this.#warn('What became of a job could not be written; it is done again.', error)
      return false
    }
  }

  #warn(what: string, error: unknown): void {
    if (!this.#isStopped) this.#parts.log.warn(what, { app: this.#parts.app, error: String(error) })
  }
}

/** Takes the job off the list in this unit. False when it is not there as it was claimed: somebody has ended it. */
async function isStill(ctx: Context, { key, version }: Claimed): Promise<boolean> {
  const row = await ctx.record(waitingTable, key)
  if (row?.version !== version) return false
  ctx.assert({ table: waitingTable, key, version })
  ctx.write({ table: waitingTable, key, value: null })
  return true
}

function policyOf(declared: Job | undefined): RetryPolicy {
  return { ...defaultRetry, ...declared?.retry }
}

function failureOf(error: unknown): Failure {
  if (error instanceof ParleyError) return { code: error.code, message: error.message }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}
