import type { Unit } from '@parley/kernel'
import { commitFaultOf, type Fault, faultOf } from '../faults.ts'
import type { Outcome } from '../messages.ts'
import type { Heads } from './heads.ts'
import type { Transaction } from './transaction.ts'
import { mayFail, type Units } from './units.ts'

/** What a group came to. `fault` is there when durable writes must stop. */
export interface GroupOutcome {
  readonly outcomes: readonly Outcome[]
  readonly fault?: Fault
}

/** Commits groups of units, each group in one transaction. */
export class Group {
  readonly #transaction: Transaction
  readonly #heads: Heads
  readonly #units: Units

  constructor(transaction: Transaction, heads: Heads, units: Units) {
    this.#transaction = transaction
    this.#heads = heads
    this.#units = units
  }

  /**
   * Each unit whole or not at all, in order. Answers only after the group is on disk, or when it is certain that
   * nothing of it is, or else with `outcome_unknown`.
   */
  commit(units: readonly Unit[]): GroupOutcome {
    // Hardly any unit fails half done, so that none has a savepoint at first.
    const together =
      this.#attempt(units, false) ?? (units.some(mayFail) ? this.#attempt(units, true) : undefined)
    if (together !== undefined) return together
    // A unit without a savepoint failed half done. Alone, each is refused or committed by its own transaction.
    const outcomes: Outcome[] = []
    for (const [index, unit] of units.entries()) {
      const alone = this.#attempt([unit], false) as GroupOutcome
      outcomes.push(...alone.outcomes)
      if (alone.fault === undefined) continue
      outcomes.push(
        ...refuse(units.length - index - 1, { ...alone.fault, code: certain(alone.fault) }).outcomes,
      )
      return { outcomes, fault: alone.fault }
    }
    return { outcomes }
  }

  /** One transaction. Nothing is answered when the units must be tried with savepoints, or one by one. */
  #attempt(units: readonly Unit[], hasSavepoints: boolean): GroupOutcome | undefined {
    const outcomes: Outcome[] = []
    try {
      this.#transaction.begin()
      for (const unit of units) outcomes.push(this.#run(unit, hasSavepoints))
      this.#heads.write()
    } catch (error) {
      return this.#giveUp(units, faultOf(error))
    }
    try {
      this.#transaction.commit()
    } catch (error) {
      return this.#giveUp(units, commitFaultOf(error))
    }
    return { outcomes }
  }

  #giveUp(units: readonly Unit[], fault: Fault): GroupOutcome | undefined {
    this.#transaction.rollback()
    return fault.stops || units.length === 1 ? refuse(units.length, fault) : undefined
  }

  /** Throws when the whole transaction is in doubt. */
  #run(unit: Unit, hasSavepoint: boolean): Outcome {
    if (!hasSavepoint || !mayFail(unit)) return this.#units.run(unit)
    try {
      return this.#units.runGuarded(unit)
    } catch (error) {
      const fault = faultOf(error)
      if (fault.stops || !this.#transaction.isOpen) throw error
      return { status: 'failed', fault }
    }
  }
}

/** Units that were never begun have a certain outcome. */
function certain({ code }: Fault): Fault['code'] {
  return code === 'outcome_unknown' ? 'unavailable' : code
}

function refuse(count: number, fault: Fault): GroupOutcome {
  const outcomes = Array.from({ length: count }, (): Outcome => ({ status: 'failed', fault }))
  return { outcomes, ...(fault.stops ? { fault } : {}) }
}
