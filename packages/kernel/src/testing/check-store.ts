import type { NewEvent } from '../ports/event-log.ts'
import { type LogSubject, logCases } from './conformance/log-cases.ts'
import { logTrimCases } from './conformance/log-trim-cases.ts'
import { storeCommitCases } from './conformance/store-commit-cases.ts'
import { storeDurableCases } from './conformance/store-durable-cases.ts'
import { storeMigrationCases, storeWithoutMigrationsCases } from './conformance/store-migration-cases.ts'
import { storeReceiptCases } from './conformance/store-receipt-cases.ts'
import { storeRecordCases } from './conformance/store-record-cases.ts'
import { storeRedactionCases } from './conformance/store-redaction-cases.ts'
import { type SqlSubject, storeSqlCases, storeWithoutSqlCases } from './conformance/store-sql-cases.ts'
import { committed, type StoreSubject, unit } from './conformance/store-subject.ts'
import { type DefineTest, defineCases } from './conformance/suite.ts'

export interface StoreChecks {
  /** The store has SQL: statements, assertions and queries are checked. Without it, their refusal is. */
  readonly sql?: boolean
  /** What a parameter looks like in SQL, by its number from 1. Default: `?`. */
  readonly placeholder?: (number: number) => string
  /** The store outlives its process: `reopen` is there, and what it finds is checked. */
  readonly durable?: boolean
}

/** Defines a test for each guarantee of the port `Store`. `open` gives a fresh, empty store. */
export function checkStore(
  test: DefineTest,
  open: () => Promise<StoreSubject>,
  checks: StoreChecks = {},
): void {
  const { sql = false, durable = false, placeholder = () => '?' } = checks
  defineCases(test, async () => asLog(await open()), { ...logCases, ...logTrimCases })
  defineCases(test, open, { ...storeCommitCases, ...storeReceiptCases, ...storeRecordCases })
  defineCases(test, open, storeRedactionCases)
  if (durable) defineCases(test, open, storeDurableCases)
  if (sql) {
    const openSql = async () => withSql(await open(), placeholder)
    defineCases(test, openSql, { ...storeSqlCases, ...storeMigrationCases })
  } else defineCases(test, open, { ...storeWithoutSqlCases, ...storeWithoutMigrationsCases })
}

function withSql(subject: StoreSubject, placeholder: (number: number) => string): SqlSubject {
  const values = `${placeholder(1)}, ${placeholder(2)}`
  return {
    ...subject,
    insert: (id, amount) => ({
      sql: `INSERT INTO conformance (id, amount) VALUES (${values})`,
      parameters: [id, amount],
    }),
    asserts: (id, expect) => ({
      sql: `SELECT 1 FROM conformance WHERE id = ${placeholder(1)}`,
      parameters: [id],
      expect,
    }),
  }
}

function asLog({ store, close }: StoreSubject): LogSubject {
  const append = (app: string, channel: string, events: readonly NewEvent[]) =>
    committed(
      store.commit(unit({ app, events: events.map((event) => ({ ...event, channel })) })),
      'an append',
    )
  return { log: store, append, close }
}
