import { ParleyError } from '@parley/protocol'
import { MemoryDisk } from '../../memory/disk.ts'
import { type MemoryStore, memoryStore } from '../../memory/store.ts'
import type { CommitResult, Unit } from '../../ports/store.ts'
import type { SimulatedProcess } from './process.ts'
import type { Random } from './random.ts'

/** How the next commit goes wrong. */
export type CommitFault =
  /** Nothing is stored, and the store says so. */
  | 'failed'
  /** Nothing is stored, and nobody knows. */
  | 'unknown_lost'
  /** All is stored, and nobody knows. */
  | 'unknown_stored'
  /** The power goes while it is written: some units are there, the others are not. */
  | 'torn'

/** A disk that knows what was stored on it, so that it can be copied, and that can lose its power in the middle. */
class SimulatedDisk extends MemoryDisk {
  readonly journal: Unit[] = []
  /** Units until the power goes. */
  unitsLeft = Number.POSITIVE_INFINITY
  onPowerCut: () => void = () => undefined

  override apply(unit: Unit): CommitResult {
    if (this.unitsLeft <= 0) throw new Error('The power is gone.')
    const result = super.apply(unit)
    if (result.status === 'committed') this.journal.push(unit)
    this.unitsLeft -= 1
    if (this.unitsLeft <= 0) this.onPowerCut()
    return result
  }
}

/** Units that may wait for the disk of a node. */
export const maxQueuedUnits = 400

export interface DatabaseOptions {
  readonly random: Random
  /** The disk's power is gone, and with it the processes that use it. */
  readonly onPowerCut: () => void
}

/** What survives the processes, and everything that can happen to it. */
export class SimulatedDatabase {
  /** Set: every commit is refused, for lack of space. */
  isFull = false
  /** Times that a commit takes as long as usual. */
  slowness = 1
  readonly #random: Random
  readonly #options: DatabaseOptions
  #disk: SimulatedDisk
  #faults: CommitFault[] = []
  #backup: { readonly units: readonly Unit[]; readonly at: number } = { units: [], at: 0 }
  /** Faults that have happened. */
  readonly counts: Record<CommitFault | 'full' | 'slow', number> = {
    failed: 0,
    unknown_lost: 0,
    unknown_stored: 0,
    torn: 0,
    full: 0,
    slow: 0,
  }

  constructor(options: DatabaseOptions) {
    this.#options = options
    this.#random = options.random.fork('database')
    this.#disk = this.#newDisk()
  }

  #newDisk(): SimulatedDisk {
    const disk = new SimulatedDisk(this.#random.secret(128))
    disk.onPowerCut = () => {
      this.#options.onPowerCut()
      // What was to be written in the same turn is not.
      queueMicrotask(() => {
        disk.unitsLeft = Number.POSITIVE_INFINITY
      })
    }
    return disk
  }

  /** A store over the disk, for one process. */
  store(process: SimulatedProcess, onCommit: () => void): MemoryStore {
    const disk = this.#disk
    return memoryStore({
      clock: process,
      disk,
      commitMs: () => this.#commitMs(),
      readMs: () => this.#random.below(4),
      maxQueued: maxQueuedUnits,
      onCommit: (units, phase) => {
        onCommit()
        this.#onCommit(disk, units, phase)
      },
    })
  }

  #commitMs(): number {
    if (this.slowness > 1) this.counts.slow += 1
    return (1 + this.#random.below(8)) * this.slowness
  }

  /** One of the next commits goes wrong. */
  fail(fault: CommitFault): boolean {
    this.#faults.push(fault)
    return true
  }

  /** From now on all goes well. */
  mend(): void {
    this.isFull = false
    this.slowness = 1
    this.#faults = []
  }

  /** Takes a backup, in place of the one before. */
  backUp(at: number): void {
    this.#backup = { units: [...this.#disk.journal], at }
  }

  /** What was stored since the last backup is gone. Stores that are open go on with the old disk. Answers its time. */
  restore(): number {
    this.#disk = this.#newDisk()
    for (const unit of this.#backup.units) this.#disk.apply(unit)
    return this.#backup.at
  }

  #onCommit(disk: SimulatedDisk, units: readonly Unit[], phase: 'before' | 'after'): void {
    if (phase === 'before' && this.isFull) {
      this.counts.full += 1
      throw new ParleyError('store_full')
    }
    const [fault] = this.#faults
    if (fault === undefined || (fault === 'unknown_stored') !== (phase === 'after')) return
    this.#faults.shift()
    this.counts[fault] += 1
    if (fault === 'failed') throw new ParleyError('unavailable', 'The disk refused a write.')
    if (fault !== 'torn') throw new ParleyError('outcome_unknown')
    disk.unitsLeft = 1 + this.#random.below(units.length)
  }
}
