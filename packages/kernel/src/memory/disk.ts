import type { Position } from '@parley/protocol'
import {
  type Assertion,
  type CommitResult,
  controlChannel,
  type RecordRow,
  type RecordWrite,
  type SqlStatement,
  type StoredReceipt,
  type Unit,
  type UnitStatement,
  type UnitValue,
} from '../ports/store.ts'
import { ChannelLog } from './channel-log.ts'
import { deriveEpoch } from './epoch.ts'
import type { MemorySql } from './sql.ts'

interface HeldRecord extends RecordRow {
  readonly expiresAt: number
}

interface HeldReceipt extends StoredReceipt {
  readonly expiresAt: number
}

interface AppContents {
  readonly logs: Map<string, ChannelLog>
  readonly tables: Map<string, Map<string, HeldRecord>>
}

/** Removed by one sweep at most, of each sort. */
const sweepBatch = 1_000

/**
 * What survives the crash of a memory store. Hand it to the next store to simulate a restart; make another one with
 * another seed to simulate a restored backup's new epochs.
 */
export class MemoryDisk {
  /** Set it to make stores refuse writes and report why, as a full or broken disk does. */
  problem: string | undefined
  /** Where the tables of modules are; it stays with the disk. */
  sql: MemorySql | undefined
  readonly #seed: string
  readonly #apps = new Map<string, AppContents>()
  readonly #receipts = new Map<string, HeldReceipt>()

  /** `seed`: unguessable text (`clock.secret(128)`), from which the epochs follow. */
  constructor(seed: string) {
    this.#seed = seed
  }

  find(app: string, channel: string): ChannelLog | undefined {
    return this.#apps.get(app)?.logs.get(channel)
  }

  names(app: string): readonly string[] {
    return [...(this.#apps.get(app)?.logs.keys() ?? [])].sort()
  }

  epoch(app: string, channel: string): string {
    return deriveEpoch(this.#seed, app, channel)
  }

  receipt(scope: string): StoredReceipt | undefined {
    const held = this.#receipts.get(scope)
    return held && { fingerprint: held.fingerprint, output: held.output, positions: held.positions }
  }

  record(app: string, table: string, key: string): RecordRow | undefined {
    const held = this.#apps.get(app)?.tables.get(table)?.get(key)
    return held && row(held)
  }

  *records(app: string, table: string): Iterable<readonly [key: string, record: RecordRow]> {
    for (const [key, held] of this.#apps.get(app)?.tables.get(table) ?? []) yield [key, row(held)]
  }

  /**
   * Does all of the unit or nothing. Throws when a statement fails; the store has refused units with SQL where there is
   * no engine.
   */
  apply(unit: Unit): CommitResult {
    const earlier = unit.receipt && this.receipt(unit.receipt.scope)
    if (earlier !== undefined) return { status: 'repeated', receipt: earlier }
    const { sql } = this
    const needsSql = sql !== undefined && usesSql(unit)
    const assertion = needsSql ? sql.transaction(() => this.#runSql(sql, unit)) : this.#firstBroken(unit)
    if (assertion >= 0) return { status: 'refused', assertion }
    const contents = this.#contents(unit.app)
    for (const write of unit.writes) if ('key' in write) writeRecord(contents, write)
    for (const { channel, offset } of unit.redactions ?? []) this.find(unit.app, channel)?.redact(offset)
    const positions = unit.events.map(({ channel, ...event }): Position => {
      const log = this.#log(unit.app, channel)
      return { epoch: log.epoch, offset: log.append(event) }
    })
    if (unit.receipt !== undefined) {
      const { scope, fingerprint, output, expiresAt } = unit.receipt
      this.#receipts.set(scope, { fingerprint, output, expiresAt, positions })
    }
    return { status: 'committed', positions, control: this.find(unit.app, controlChannel)?.top.head ?? 0 }
  }

  /** Carries out the statements; answers the index of the assertion that does not hold, or -1. */
  #runSql(sql: MemorySql, unit: Unit): number {
    const broken = this.#firstBroken(unit)
    if (broken >= 0) return broken
    const offsets = this.#offsetsOf(unit)
    for (const write of unit.writes) if ('sql' in write) sql.run(withOffsets(write, offsets))
    return -1
  }

  /** The offsets that the events will have. */
  #offsetsOf({ app, events }: Unit): readonly number[] {
    const counts = new Map<string, number>()
    return events.map(({ channel }) => {
      const count = (counts.get(channel) ?? 0) + 1
      counts.set(channel, count)
      return (this.find(app, channel)?.top.head ?? 0) + count
    })
  }

  #firstBroken({ app, assertions }: Unit): number {
    return assertions.findIndex((asserted) => !this.#holds(app, asserted))
  }

  sweep(now: number): void {
    sweepExpired(this.#receipts, now)
    for (const { tables } of this.#apps.values())
      for (const table of tables.values()) sweepExpired(table, now)
  }

  #holds(app: string, asserted: Assertion): boolean {
    if ('sql' in asserted) return (this.sql?.all(asserted) ?? []).length > 0 === (asserted.expect === 'some')
    return (this.record(app, asserted.table, asserted.key)?.version ?? 0) === asserted.version
  }

  #contents(app: string): AppContents {
    let contents = this.#apps.get(app)
    if (contents === undefined) {
      contents = { logs: new Map(), tables: new Map() }
      this.#apps.set(app, contents)
    }
    return contents
  }

  #log(app: string, channel: string): ChannelLog {
    const { logs } = this.#contents(app)
    let log = logs.get(channel)
    if (log === undefined) {
      log = new ChannelLog(this.epoch(app, channel))
      logs.set(channel, log)
    }
    return log
  }
}

/** Whether a unit needs an SQL engine. */
export function usesSql({ writes, assertions }: Unit): boolean {
  return writes.some((write) => 'sql' in write) || assertions.some((asserted) => 'sql' in asserted)
}

function withOffsets({ sql, parameters }: UnitStatement, offsets: readonly number[]): SqlStatement {
  const place = (value: UnitValue) =>
    typeof value === 'object' && value !== null && 'offsetOf' in value
      ? (offsets[value.offsetOf] as number)
      : value
  return { sql, parameters: parameters.map(place) }
}

function row({ key, value, version }: HeldRecord): RecordRow {
  return { key, value, version }
}

function writeRecord({ tables }: AppContents, { table, key, value, expiresAt }: RecordWrite): void {
  let records = tables.get(table)
  if (records === undefined) {
    records = new Map()
    tables.set(table, records)
  }
  if (value === null) {
    records.delete(key)
    return
  }
  const version = (records.get(key)?.version ?? 0) + 1
  records.set(key, { key, value, version, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY })
}

function sweepExpired(held: Map<string, { readonly expiresAt: number }>, now: number): void {
  let left = sweepBatch
  for (const [key, { expiresAt }] of held) {
    if (expiresAt > now) continue
    held.delete(key)
    left -= 1
    if (left === 0) return
  }
}
