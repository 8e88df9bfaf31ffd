import type { Clock } from '@parley/kernel'
import type { Fault } from './faults.ts'
import type { Answer, FromReader, Question, QuestionName, ToReader } from './messages.ts'
import type { Queries } from './reader/queries.ts'
import { closedError, overloadedError, toError } from './refusals.ts'
import { startThread, type Thread } from './thread.ts'

/**
 * Rows asked for in one batch, and batches under way: what comes back in one turn must not hold the event loop up,
 * and the reader must not wait for the next batch.
 */
const batchRows = 1_024
const maxBatches = 2

/** A reader that has been at one batch for longer is passed by. */
const patienceMs = 20

interface Asked {
  readonly question: Question
  readonly rows: number
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

export interface ReaderLinkOptions {
  readonly clock: Pick<Clock, 'defer'>
  readonly maxQueued: number
  /** Called when the thread has ended unasked. */
  readonly onGone: (problem: string) => void
}

/** The main thread's end of a reading thread. */
export class ReaderLink {
  readonly #options: ReaderLinkOptions
  readonly #thread: Thread<ToReader>
  readonly #open = Promise.withResolvers<void>()
  #waiting: Asked[] = []
  #underWay: Asked[][] = []
  #backups = new Map<number, PromiseWithResolvers<void>>()
  #lastBackup = 0
  /** When the reader began with the oldest batch under way. */
  #busySince = 0
  #isFlushPlanned = false
  #isClosed = false
  #gone: Fault | undefined

  constructor(options: ReaderLinkOptions) {
    this.#options = options
    this.#open.promise.catch(() => undefined)
    this.#thread = startThread<ToReader, FromReader>('reader', undefined, {
      receive: (message) => this.#receive(message),
      gone: (reason) => this.#end(reason),
    })
  }

  get isAlive(): boolean {
    return this.#gone === undefined
  }

  /** A question takes its time, and what is asked now would wait for it. */
  get isHeldUp(): boolean {
    return this.#underWay.length > 0 && performance.now() - this.#busySince > patienceMs
  }

  /** @throws Error when the database cannot be opened */
  open(path: string, seed: string): Promise<void> {
    this.#thread.post({ kind: 'open', path, seed })
    return this.#open.promise
  }

  /** Asks a question; `rows` is how many rows the answer has at most, roughly. */
  ask<Name extends QuestionName>(
    rows: number,
    ...question: Question<Name>
  ): Promise<ReturnType<Queries[Name]>> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        question: question as unknown as Question,
        rows: Math.max(rows, 1),
        resolve,
        reject,
      } as Asked)
      this.#planFlush()
    })
  }

  backup(to: string): Promise<void> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const backup = Promise.withResolvers<void>()
    this.#lastBackup += 1
    this.#backups.set(this.#lastBackup, backup)
    this.#thread.post({ kind: 'backup', id: this.#lastBackup, to })
    return backup.promise
  }

  /** Refuses new questions; fulfilled when all have been answered and the file is closed. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#closeWhenIdle()
    await this.#thread.ended
  }

  #refusal(): Error | undefined {
    if (this.#isClosed) return closedError()
    if (this.#gone !== undefined) return toError(this.#gone)
    return this.#waiting.length >= this.#options.maxQueued
      ? overloadedError(`${this.#waiting.length} reads`)
      : undefined
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    this.#options.clock.defer(() => {
      this.#isFlushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#underWay.length < maxBatches) {
      let [count, rows] = [0, 0]
      while (count < this.#waiting.length && rows < batchRows) rows += (this.#waiting[count++] as Asked).rows
      const batch = this.#waiting.splice(0, count)
      if (this.#underWay.length === 0) this.#busySince = performance.now()
      this.#underWay.push(batch)
      this.#thread.post({ kind: 'questions', questions: batch.map(({ question }) => question) })
    }
  }

  #receive(message: FromReader): void {
    if (message.kind === 'answers') this.#answer(message.answers)
    else if (message.kind === 'opened') this.#open.resolve()
    else if (message.kind === 'unopened') this.#open.reject(new Error(message.message))
    else this.#answerBackup(message.id, message.fault)
  }

  #answer(answers: readonly Answer[]): void {
    const batch = this.#underWay.shift() ?? []
    this.#busySince = performance.now()
    this.#flush()
    for (const [index, answer] of answers.entries()) {
      const asked = batch[index]
      if ('fault' in answer) asked?.reject(toError(answer.fault))
      else asked?.resolve(answer.value as never)
    }
    if (this.#isClosed) this.#closeWhenIdle()
  }

  #answerBackup(id: number, fault: Fault | undefined): void {
    const backup = this.#backups.get(id)
    this.#backups.delete(id)
    if (fault === undefined) backup?.resolve()
    else backup?.reject(toError(fault))
    if (this.#isClosed) this.#closeWhenIdle()
  }

  #closeWhenIdle(): void {
    if (this.#waiting.length + this.#underWay.length + this.#backups.size === 0)
      this.#thread.post({ kind: 'close' })
  }

  #end(reason: string): void {
    const message = `A reading thread of the database ended (${reason}). Restart the server.`
    const fault: Fault = { code: 'unavailable', message }
    this.#gone = fault
    this.#open.reject(new Error(message))
    const asked = [...this.#underWay.splice(0).flat(), ...this.#waiting.splice(0)]
    for (const { reject } of asked) reject(toError(fault))
    for (const id of [...this.#backups.keys()]) this.#answerBackup(id, fault)
    if (!this.#isClosed) this.#options.onGone(message)
  }
}
