import { ParleyError } from '@parley/protocol'
import type { Clock } from '../ports/clock.ts'
import type { RecordRow, Write } from '../ports/store.ts'
import type { DeadLetter, DeadLetterQuery, Failure, JobRequest, Jobs } from './job.ts'
import { buryWrite, deadTable, maxInputLength, readLetter, waitingKey, waitingWrite } from './job-records.ts'

const idBits = 60

/** What jobs need of the unit that they belong to. */
export interface JobsUnit {
  readonly app: string
  readonly clock: Clock
  write(...writes: Write[]): void
  assert(assertion: { readonly table: string; readonly key: string; readonly version: number }): void
  record(table: string, key: string): Promise<RecordRow | undefined>
  records(
    table: string,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<readonly RecordRow[]>
  /** Called when the unit is committed. */
  whenCommitted(run: () => void): void
}

/** What jobs need of the node. */
export interface JobDesk {
  isDeclared(job: string): boolean
  /** @throws ParleyError `overloaded` when no more jobs may wait */
  checkRoom(app: string): void
  requested(app: string, dueAt: number): void
  buried(app: string, job: string): void
}

/** Letters looked at for a page of those of one job. */
const maxLooks = 1_000

/** Jobs and dead letters as a unit sees and changes them. */
export class UnitJobs implements Jobs {
  readonly #unit: JobsUnit
  readonly #desk: JobDesk

  constructor(unit: JobsUnit, desk: JobDesk) {
    this.#unit = unit
    this.#desk = desk
  }

  request({ job, input, at }: JobRequest): void {
    this.#check(job, input)
    this.#desk.checkRoom(this.#unit.app)
    this.#enqueue({ job, input, requeues: 0 }, at)
  }

  bury({ job, input }: JobRequest, error: Failure, attempts: number): void {
    this.#check(job, input)
    const { app, clock } = this.#unit
    const now = clock.now()
    this.#unit.write(
      buryWrite(clock.secret(idBits), {
        ...{ job, input, error, attempts, requestedAt: now, failedAt: now, requeues: 0 },
      }),
    )
    this.#unit.whenCommitted(() => this.#desk.buried(app, job))
  }

  async deadLetters({
    job,
    after,
    limit,
  }: DeadLetterQuery): Promise<{ letters: DeadLetter[]; next?: string }> {
    const letters: DeadLetter[] = []
    let last = after
    for (let looks = 0; looks < maxLooks; ) {
      const page = await this.#unit.records(deadTable, {
        limit,
        ...(last === undefined ? {} : { after: last }),
      })
      for (const row of page) {
        last = row.key
        const letter = readLetter(row)
        if (job === undefined || letter.job === job) letters.push(letter)
        if (letters.length === limit) return { letters, next: last }
      }
      if (page.length < limit) return { letters }
      looks += page.length
    }
    return { letters, ...(last === undefined ? {} : { next: last }) }
  }

  async deadLetter(id: string): Promise<DeadLetter | undefined> {
    const row = await this.#unit.record(deadTable, id)
    return row === undefined ? undefined : readLetter(row)
  }

  async requeue(id: string): Promise<DeadLetter> {
    const letter = await this.#take(id)
    const { job, input, requeues } = letter
    if (!this.#desk.isDeclared(job))
      throw new ParleyError('conflict', `No module of this server does \`${job}\` any more.`)
    this.#desk.checkRoom(this.#unit.app)
    this.#enqueue({ job, input, requeues: requeues + 1 }, undefined)
    return letter
  }

  discard(id: string): Promise<DeadLetter> {
    return this.#take(id)
  }

  async #take(id: string): Promise<DeadLetter> {
    const row = await this.#unit.record(deadTable, id)
    if (row === undefined) throw new ParleyError('not_found', 'There is no such dead letter (any more).')
    this.#unit.assert({ table: deadTable, key: id, version: row.version })
    this.#unit.write({ table: deadTable, key: id, value: null })
    return readLetter(row)
  }

  #enqueue(
    { job, input, requeues }: { readonly job: string; readonly input: unknown; readonly requeues: number },
    at: number | undefined,
  ): void {
    const { app, clock } = this.#unit
    const now = clock.now()
    const dueAt = Math.max(at ?? now, now)
    const waiting = { job, input, requeues, requestedAt: now, attempts: 0 }
    this.#unit.write(waitingWrite(waitingKey(dueAt, clock.secret(idBits)), waiting))
    this.#unit.whenCommitted(() => this.#desk.requested(app, dueAt))
  }

  #check(job: string, input: unknown): void {
    if (!this.#desk.isDeclared(job)) throw new RangeError(`No module declares a job \`${job}\`.`)
    const { length } = JSON.stringify(input) ?? ''
    if (length === 0 || length > maxInputLength)
      throw new RangeError(
        `The input of a job is JSON of 1 to ${maxInputLength} characters; found ${length}.`,
      )
  }
}
