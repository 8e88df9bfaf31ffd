import type { Clock, CommitResult, Logger, Unit } from '@parley/kernel'
import type { SqliteSettings } from './connection.ts'
import type { Fault } from './faults.ts'
import {
  type Chore,
  type ChoreResult,
  type Flat,
  type FromWriter,
  type Outcome,
  readOutcomes,
  type ToWriter,
  type WriterStart,
  writeUnit,
} from './messages.ts'
import { closedError, overloadedError, refuseMalformed, toError } from './refusals.ts'
import { SqlTexts } from './sql/sql-texts.ts'
import { startThread, type Thread } from './thread.ts'

/** A batch goes to the writer at the end of the turn, or as soon as it has grown so large. */
const batch = { units: 1_024, bytes: 1_048_576 }

/** Bytes of a unit beside its data, roughly. */
const unitBytes = 256

interface PendingUnit {
  readonly bytes: number
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

interface PendingChore {
  readonly resolve: (value: number | boolean) => void
  readonly reject: (error: unknown) => void
}

export interface WriterLinkOptions {
  readonly start: WriterStart
  readonly clock: Pick<Clock, 'defer'>
  readonly logger: Logger | undefined
  readonly maxQueuedUnits: number
  readonly maxQueuedBytes: number
}

/** What the writing thread reports when it has opened the database. */
export interface WriterOpened {
  readonly seed: string
  readonly settings: SqliteSettings
}

/** The main thread's end of the writing thread. Answers come in the order of the calls. */
export class WriterLink {
  readonly #options: WriterLinkOptions
  readonly #thread: Thread<ToWriter>
  readonly opened: Promise<WriterOpened>
  readonly #open = Promise.withResolvers<WriterOpened>()
  /** Units without an answer, oldest at `#answered`. The last ones, not yet posted, are packed in `#batch`. */
  #pending: (PendingUnit | undefined)[] = []
  #answered = 0
  #pendingBytes = 0
  #batch: Flat = []
  readonly #texts = new SqlTexts()
  #batchUnits = 0
  #batchBytes = 0
  #isFlushPlanned = false
  readonly #chores = new Map<number, PendingChore>()
  #lastChore = 0
  #fault: Fault | undefined
  /** How often writing has ended. */
  #faults = 0
  /** A unit had no room: until another is done, smaller ones have none either. They would overtake it. */
  #isFull = false
  #isClosed = false

  constructor(options: WriterLinkOptions) {
    this.#options = options
    this.opened = this.#open.promise
    this.opened.catch(() => undefined)
    this.#thread = startThread<ToWriter, FromWriter>('writer', options.start, {
      receive: (message) => this.#receive(message),
      gone: (reason) => this.#gone(reason),
    })
  }

  /** Units without an answer. */
  get queued(): number {
    return this.#pending.length - this.#answered
  }

  get problem(): string | undefined {
    return this.#isClosed ? closedError().message : this.#fault?.message
  }

  commit(unit: Unit): Promise<CommitResult> {
    const { maxQueuedUnits, maxQueuedBytes } = this.#options
    if (this.#isClosed) return Promise.reject(closedError())
    if (this.#fault !== undefined) return Promise.reject(toError(this.#fault))
    const bytes = weigh(unit)
    if (this.queued >= maxQueuedUnits) return Promise.reject(overloadedError(`${this.queued} writes`))
    this.#isFull ||= this.queued > 0 && this.#pendingBytes + bytes > maxQueuedBytes
    if (this.#isFull) return Promise.reject(overloadedError(`Writes of ${this.#pendingBytes} bytes`))
    return new Promise((resolve, reject) => {
      refuseMalformed(unit)
      writeUnit(this.#batch, unit, this.#texts)
      this.#pending.push({ bytes, resolve, reject })
      this.#pendingBytes += bytes
      this.#batchUnits += 1
      this.#batchBytes += bytes
      if (this.#batchUnits >= batch.units || this.#batchBytes >= batch.bytes) this.#flush()
      else this.#planFlush()
    })
  }

  chore(chore: Chore): Promise<number | boolean> {
    if (this.#isClosed) return Promise.reject(closedError())
    if (this.#fault !== undefined && this.#fault.heals === undefined)
      return Promise.reject(toError(this.#fault))
    if (this.#chores.size >= this.#options.maxQueuedUnits)
      return Promise.reject(overloadedError(`${this.#chores.size} pieces of upkeep`))
    this.#flush()
    return new Promise((resolve, reject) => {
      this.#lastChore += 1
      this.#chores.set(this.#lastChore, { resolve, reject })
      this.#post({ kind: 'chore', id: this.#lastChore, chore })
    })
  }

  /** Refuses new work. */
  seal(): void {
    this.#flush()
    this.#isClosed = true
  }

  /** Fulfilled when everything accepted has been answered and the file is closed. */
  async close(): Promise<void> {
    this.seal()
    this.#post({ kind: 'close' })
    await this.#thread.ended
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
    if (this.#batchUnits === 0) return
    const units = this.#batch
    this.#batch = []
    this.#batchUnits = 0
    this.#batchBytes = 0
    this.#post({ kind: 'units', units, texts: this.#texts.take(), faults: this.#faults })
  }

  #post(message: ToWriter): void {
    this.#thread.post(message)
  }

  #receive(message: FromWriter): void {
    if (message.kind === 'results') readOutcomes(message.results, (outcome) => this.#answer(outcome))
    else if (message.kind === 'chore') this.#answerChore(message.id, message.result)
    else if (message.kind === 'health') {
      // What was handed over before this was heard is refused with what was refused.
      this.#flush()
      this.#setHealth(message.fault)
    } else if (message.kind === 'opened') this.#open.resolve(message)
    else this.#open.reject(new Error(message.message))
  }

  #answer(outcome: Outcome): void {
    const pending = this.#pending[this.#answered] as PendingUnit
    // Else the list holds on to whatever came of thousands of units, and the garbage collector copies it all.
    this.#pending[this.#answered] = undefined
    this.#answered += 1
    this.#isFull = false
    this.#pendingBytes -= pending.bytes
    if (this.#answered === this.#pending.length) this.#forgetAnswered()
    else if (this.#answered >= 4_096) this.#forgetAnswered()
    if (outcome.status === 'failed') pending.reject(toError(outcome.fault))
    else pending.resolve(outcome)
  }

  #forgetAnswered(): void {
    this.#pending = this.#pending.slice(this.#answered)
    this.#answered = 0
  }

  #answerChore(id: number, result: ChoreResult): void {
    const pending = this.#chores.get(id)
    this.#chores.delete(id)
    if ('fault' in result) pending?.reject(toError(result.fault))
    else pending?.resolve(result.value)
  }

  #setHealth(fault: Fault | undefined): void {
    if (fault !== undefined) this.#faults += 1
    this.#fault = fault
    const { logger } = this.#options
    if (fault === undefined) logger?.info('The database takes writes again.')
    else logger?.error('The database takes no writes.', { code: fault.code, problem: fault.message })
  }

  /** The thread has ended. Whatever has no answer gets one now. */
  #gone(reason: string): void {
    this.#open.reject(new Error(`The writing thread of the database ended: ${reason}`))
    const isExpected = this.#isClosed && this.queued === 0
    if (isExpected && this.#chores.size === 0) return
    const message = `The writing thread of the database ended (${reason}). Restart the server.`
    this.#setHealth({ code: 'unavailable', message })
    const unknown: Fault = {
      code: 'outcome_unknown',
      message: `${message} The write may or may not have happened.`,
    }
    const posted = this.queued - this.#batchUnits
    this.#batch = []
    this.#batchUnits = 0
    for (let left = posted; left > 0; left--) this.#answer({ status: 'failed', fault: unknown })
    while (this.queued > 0) this.#answer({ status: 'failed', fault: this.#fault as Fault })
    for (const id of [...this.#chores.keys()]) this.#answerChore(id, { fault: unknown })
  }
}

function weigh({ events, writes, receipt }: Unit): number {
  let bytes = unitBytes + (receipt?.output.length ?? 0)
  for (const { data } of events) bytes += data.length + unitBytes
  for (const write of writes) bytes += unitBytes + weighWrite(write)
  return bytes
}

function weighWrite(write: Unit['writes'][number]): number {
  if ('value' in write) return write.value?.length ?? 0
  let bytes = 0
  for (const value of write.parameters)
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length
  return bytes
}
