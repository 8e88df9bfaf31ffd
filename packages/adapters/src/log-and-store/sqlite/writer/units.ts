import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Assertion, controlChannel, Receipt, RecordWrite, Redaction, Unit } from '@parley/kernel'
import type { Position } from '@parley/protocol'
import type { Outcome } from '../messages.ts'
import { hashScope, Receipts } from '../receipts.ts'
import type { Statements } from '../sql/statements.ts'
import type { EventRows } from './event-rows.ts'
import type { Heads } from './heads.ts'

/** The kernel's constant: checked by its type, as the writing thread loads no kernel. */
const control: typeof controlChannel = 'control:access'

/** Whether a unit may turn out impossible: then a savepoint lets the others of its group go on without it. */
export function mayFail(unit: Unit): boolean {
  return unit.assertions.length > 0 || unit.writes.some((write) => 'sql' in write)
}

/** Carries units out, one by one, inside a transaction that somebody else has begun. */
export class Units {
  readonly #database: DatabaseSync
  readonly #heads: Heads
  readonly #events: EventRows
  readonly #statements: Statements
  readonly #receipts: Receipts
  readonly #insertReceipt: StatementSync
  readonly #putRecord: StatementSync
  readonly #removeRecord: StatementSync
  readonly #selectVersion: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync

  constructor(database: DatabaseSync, statements: Statements, heads: Heads, events: EventRows) {
    this.#database = database
    this.#heads = heads
    this.#events = events
    this.#statements = statements
    this.#receipts = new Receipts(database)
    this.#insertReceipt = database.prepare(
      `INSERT INTO parley_receipts (hash, scope, fingerprint, output, positions, expires_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#putRecord = database.prepare(
      `INSERT INTO parley_records (app, name, key, value, version, expires_at) VALUES (?, ?, ?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value, version = version + 1, expires_at = excluded.expires_at`,
    )
    this.#removeRecord = database.prepare('DELETE FROM parley_records WHERE app = ? AND name = ? AND key = ?')
    this.#selectVersion = database.prepare(
      'SELECT version FROM parley_records WHERE app = ? AND name = ? AND key = ?',
    )
    this.#savepoint = database.prepare('SAVEPOINT unit')
    this.#release = database.prepare('RELEASE unit')
  }

  /** Does all of the unit or nothing, and goes on in the transaction. Throws when it failed. */
  runGuarded(unit: Unit): Outcome {
    const marks = [this.#heads.mark(), this.#events.mark()] as const
    this.#savepoint.run()
    try {
      const outcome = this.run(unit)
      if (outcome.status === 'committed') this.#release.run()
      else this.#rollback(...marks)
      return outcome
    } catch (error) {
      if (this.#database.isTransaction) this.#rollback(...marks)
      throw error
    }
  }

  /** Does the unit, or writes nothing of it. What it did before it throws must be rolled back by the caller. */
  run(unit: Unit): Outcome {
    const { receipt } = unit
    const earlier = receipt && this.#receipts.find(receipt.scope, hashScope(receipt.scope))
    if (earlier !== undefined) return { status: 'repeated', receipt: earlier }
    const assertion = unit.assertions.findIndex((asserted) => !this.#holds(unit.app, asserted))
    if (assertion >= 0) return { status: 'refused', assertion }
    const positions = this.#place(unit)
    if (receipt !== undefined) this.#claim(receipt, positions)
    for (const write of unit.writes)
      if ('sql' in write) this.#statements.run(write, positions)
      else this.#writeRecord(unit.app, write)
    if (unit.redactions !== undefined) this.#redact(unit.app, unit.redactions)
    for (const [index, event] of unit.events.entries())
      this.#events.append(
        this.#heads.of(unit.app, event.channel),
        (positions[index] as Position).offset,
        event,
      )
    return { status: 'committed', positions, control: this.#heads.of(unit.app, control).head }
  }

  #redact(app: string, redactions: readonly Redaction[]): void {
    for (const { channel, offset } of redactions) {
      const head = this.#heads.of(app, channel)
      const event = this.#events.find(head, offset)
      if (event !== undefined) this.#events.redact(head, event)
    }
  }

  /** The positions that the events will have. */
  #place({ app, events }: Unit): Position[] {
    const [only, another] = events
    if (only === undefined) return []
    if (another === undefined) return [this.#after(app, only.channel, 0)]
    const before = new Map<string, number>()
    return events.map(({ channel }) => {
      const count = before.get(channel) ?? 0
      before.set(channel, count + 1)
      return this.#after(app, channel, count)
    })
  }

  #after(app: string, channel: string, count: number): Position {
    const { epoch, head } = this.#heads.of(app, channel)
    return { epoch, offset: head + 1 + count }
  }

  #claim({ scope, fingerprint, output, expiresAt }: Receipt, positions: readonly Position[]): void {
    const hash = hashScope(scope)
    this.#insertReceipt.run(hash, scope, fingerprint, output, JSON.stringify(positions), expiresAt)
  }

  #holds(app: string, asserted: Assertion): boolean {
    if ('sql' in asserted) return this.#statements.some(asserted) === (asserted.expect === 'some')
    const row = this.#selectVersion.get(app, asserted.table, asserted.key)
    return (row?.version ?? 0) === asserted.version
  }

  #writeRecord(app: string, { table, key, value, expiresAt }: RecordWrite): void {
    if (value === null) this.#removeRecord.run(app, table, key)
    else this.#putRecord.run(app, table, key, value, expiresAt ?? null)
  }

  #rollback(heads: number, events: number): void {
    this.#heads.undo(heads)
    this.#events.undo(events)
    this.#database.exec('ROLLBACK TO unit')
    this.#release.run()
  }
}
