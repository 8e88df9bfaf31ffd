import type { Schema } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { RetryPolicy } from '../resilience/retry.ts'

/** What a job's handler is told beside its input. */
export interface JobRun {
  /** Counts the attempts from 1; those that a crash broke off count too. */
  readonly attempt: number
}

/**
 * Work of the server that outlives the process: a module declares it by name, a unit asks for it, and it is carried out
 * once that unit is on disk. What the handler appends, writes and asserts is committed together with the job's end, so
 * that it takes effect once, however often it is attempted.
 */
export interface Job<Input = never> {
  /** One sentence for operators, who meet the job among the dead letters. */
  readonly summary: string
  readonly input: Schema<unknown, Input>
  /** Default: 5 retries, pauses of full jitter up to 30 s. */
  readonly retry?: Partial<RetryPolicy>
  /** An attempt that takes longer has failed. Default 30 s. */
  readonly timeoutMs?: number
  run(ctx: Context, input: Input, run: JobRun): void | Promise<void>
}

/** Declares a job; the type of its input follows from the schema. */
export function job<Input>(declaration: Job<Input>): Job {
  return declaration as unknown as Job
}

export interface JobRequest {
  /** `module.name` */
  readonly job: string
  /** Any JSON value of at most 16 KiB. References, not words: dead letters are shown to operators. */
  readonly input: unknown
  /** Clock time before which it is not begun. Default: at once. */
  readonly at?: number | undefined
}

/** Why a handler failed. */
export interface Failure {
  readonly code: string
  readonly message: string
}

/** A job that was given up. */
export interface DeadLetter {
  readonly id: string
  readonly job: string
  readonly input: unknown
  readonly error: Failure
  readonly attempts: number
  /** Clock times. */
  readonly requestedAt: number
  readonly failedAt: number
  /** How often an operator has requeued it. */
  readonly requeues: number
}

export interface DeadLetterQuery {
  /** Only those of this job. */
  readonly job?: string | undefined
  /** The id of the last letter of the page before. */
  readonly after?: string | undefined
  readonly limit: number
}

/** Jobs of the app of a unit. What is changed belongs to the unit. */
export interface Jobs {
  /**
   * Asks for a job.
   *
   * @throws RangeError for a job that no module declares, or an input that does not fit
   * @throws ParleyError `overloaded` when too many wait
   */
  request(request: JobRequest): void
  /** Puts work of a handler that was given up among the dead letters, under the job that would do it again. */
  bury(request: JobRequest, error: Failure, attempts: number): void
  /** Dead letters, newest first. */
  deadLetters(
    query: DeadLetterQuery,
  ): Promise<{ readonly letters: readonly DeadLetter[]; readonly next?: string }>
  deadLetter(id: string): Promise<DeadLetter | undefined>
  /**
   * Has a dead letter's job carried out anew.
   *
   * @throws ParleyError `not_found`, `conflict` when no module of this node declares the job
   */
  requeue(id: string): Promise<DeadLetter>
  /** @throws ParleyError `not_found` */
  discard(id: string): Promise<DeadLetter>
}
