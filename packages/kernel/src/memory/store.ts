import { ParleyError } from '@parley/protocol'
import type { Clock } from '../ports/clock.ts'
import type { CommitResult, Store, Unit } from '../ports/store.ts'
import { MemoryDisk, usesSql } from './disk.ts'
import { page, readingSide } from './reading.ts'
import type { MemorySql } from './sql.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  /** What an earlier store left behind. Default: an empty disk. */
  readonly disk?: MemoryDisk
  /** Gives the store SQL. Default: what the disk has, or none. */
  readonly sql?: MemorySql
  /** How long a group of units takes to reach the disk; asked once a group. Default: a microtask. */
  readonly commitMs?: () => number
  /** How long a read takes; it sees the state somewhere in between. Default: no time. */
  readonly readMs?: () => number
  /** Units that may wait; one more is refused with `overloaded`. */
  readonly maxQueued?: number
  /**
   * Called before a group is stored and after it was, before anybody hears of it. What it throws refuses every unit of
   * the group: thrown `before`, nothing was stored; thrown `after`, all was (that is one way in which an outcome is
   * unknown). It may call `crash()`.
   */
  readonly onCommit?: (units: readonly Unit[], phase: 'before' | 'after') => void
}

/** A store that can lose its power. */
export interface MemoryStore extends Store {
  readonly disk: MemoryDisk
  /**
   * Ends the store as a power cut does: what was accepted but not stored is lost, and nobody is told: promises that
   * were open stay open. The disk may go to another store.
   */
  crash(): void
}

/**
 * The reference implementation of a store: in memory, with SQL when it is given an engine. "On disk" means: on its
 * {@link MemoryDisk}.
 */
export function memoryStore(options: MemoryStoreOptions): MemoryStore {
  const disk = options.disk ?? new MemoryDisk(options.clock.secret(128))
  disk.sql ??= options.sql
  const writer = new Writer(disk, options)
  const answer = <T>(read: () => T) => writer.answer(read)
  return {
    ...readingSide(disk, answer),
    disk,
    commit: (unit) => writer.commit(unit),
    receipts: (scopes) => answer(() => scopes.map((scope) => disk.receipt(scope))),
    record: (app, table, key) => answer(() => disk.record(app, table, key)),
    records: (app, table, which) => answer(() => page(disk.records(app, table), which).map(([, row]) => row)),
    migrate: (module, migrations) =>
      answer(() => {
        if (disk.sql !== undefined || migrations.length > 0) engine(disk).migrate(module, migrations)
      }),
    purged: () => answer(() => undefined),
    query: (statement) => answer(() => engine(disk).all(statement)),
    sweep: (now) => answer(() => disk.sweep(now)),
    status: () => writer.status(),
    close: () => writer.close(),
    crash: () => writer.crash(),
  }
}

function engine({ sql }: MemoryDisk): MemorySql {
  if (sql === undefined) throw noSql()
  return sql
}

interface Waiting {
  readonly unit: Unit
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

class Writer {
  readonly #disk: MemoryDisk
  readonly #options: MemoryStoreOptions
  #queue: Waiting[] = []
  #state: 'open' | 'closed' | 'crashed' = 'open'
  #onIdle: (() => void)[] = []

  constructor(disk: MemoryDisk, options: MemoryStoreOptions) {
    this.#disk = disk
    this.#options = options
  }

  commit(unit: Unit): Promise<CommitResult> {
    const refusal = this.#refusal(unit)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject })
      if (this.#queue.length === 1) this.#later(this.#options.commitMs?.(), () => this.#flush())
    })
  }

  async answer<T>(read: () => T): Promise<T> {
    if (this.#state !== 'open') throw closed()
    const delayMs = this.#options.readMs?.()
    if (delayMs === undefined) return read()
    const before = delayMs * this.#options.clock.random()
    await new Promise<void>((resolve) => this.#later(before, resolve))
    const found = read()
    await new Promise<void>((resolve) => this.#later(delayMs - before, resolve))
    return found
  }

  status() {
    const problem = this.#disk.problem ?? (this.#state === 'open' ? undefined : 'The store is closed.')
    const queued = this.#queue.length
    return problem === undefined ? { writable: true, queued } : { writable: false, problem, queued }
  }

  close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed'
    if (this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  crash(): void {
    this.#state = 'crashed'
    this.#queue = []
    this.#onIdle = []
  }

  #refusal(unit: Unit): ParleyError | undefined {
    if (this.#state !== 'open') return closed()
    if (this.#disk.problem !== undefined) return new ParleyError('unavailable', this.#disk.problem)
    if (this.#disk.sql === undefined && usesSql(unit)) return noSql()
    const missing = missingOffset(unit)
    if (missing !== undefined) return missing
    const { maxQueued = 10_000 } = this.#options
    if (this.#queue.length < maxQueued) return undefined
    const message = `${maxQueued} writes are waiting for the store; nothing was stored. Wait \`retryAfterMs\`.`
    return new ParleyError('overloaded', message, { retryAfterMs: 100 })
  }

  /** Nothing happens after a crash. */
  #later(delayMs: number | undefined, run: () => void): void {
    const unlessCrashed = () => {
      if (this.#state !== 'crashed') run()
    }
    if (delayMs === undefined) queueMicrotask(unlessCrashed)
    else this.#options.clock.after(delayMs, unlessCrashed)
  }

  #flush(): void {
    const group = this.#queue
    this.#queue = []
    const units = group.map(({ unit }) => unit)
    try {
      this.#options.onCommit?.(units, 'before')
      const results = this.#crashed ? [] : units.map((unit) => this.#apply(unit))
      this.#options.onCommit?.(units, 'after')
      if (!this.#crashed)
        for (const [index, result] of results.entries()) tell(group[index] as Waiting, result)
    } catch (error) {
      if (!this.#crashed) for (const { reject } of group) reject(error)
    }
    if (this.#queue.length > 0) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** What became of a unit; an error when a statement of it failed. */
  #apply(unit: Unit): CommitResult | Error {
    try {
      return this.#disk.apply(unit)
    } catch (error) {
      return error as Error
    }
  }

  get #crashed(): boolean {
    return this.#state === 'crashed'
  }
}

function tell({ resolve, reject }: Waiting, result: CommitResult | Error): void {
  if (result instanceof Error) reject(result)
  else resolve(result)
}

/** Refuses statements that ask for the offset of an event that the unit does not have. */
function missingOffset({ events, writes }: Unit): ParleyError | undefined {
  for (const write of writes)
    for (const value of 'sql' in write ? write.parameters : [])
      if (
        typeof value === 'object' &&
        value !== null &&
        'offsetOf' in value &&
        events[value.offsetOf] === undefined
      )
        return new ParleyError(
          'internal',
          `A statement asks for the offset of event ${value.offsetOf}; the unit has ${events.length}.`,
        )
  return undefined
}

function closed(): ParleyError {
  return new ParleyError('unavailable', 'The store is closed. Nothing is read or stored any more.')
}

function noSql(): ParleyError {
  return new ParleyError(
    'unavailable',
    'This memory store holds events, records and receipts, and no SQL tables. Configure the store `sqlite`.',
  )
}
