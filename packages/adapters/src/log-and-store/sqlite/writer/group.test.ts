import { DatabaseSync } from 'node:sqlite'
import type { Unit } from '@parley/kernel'
import { expect, test } from 'vitest'
import { migrate } from '../schema.ts'
import { Statements } from '../sql/statements.ts'
import { EventRows } from './event-rows.ts'
import { Group } from './group.ts'
import { Heads } from './heads.ts'
import { Transaction } from './transaction.ts'
import { Units } from './units.ts'

/** Errors as `node:sqlite` throws them. */
const sqliteError = (errcode: number, message: string) => Object.assign(new Error(message), { errcode })
const ioErrorOnSync = sqliteError(10 | (4 << 8), 'disk I/O error')
const full = sqliteError(13, 'database or disk is full')

function build({ commitError }: { readonly commitError?: Error } = {}) {
  const database = new DatabaseSync(':memory:')
  migrate(database, 'memory')
  const heads = new Heads(database, 'seed')
  const events = new EventRows(database, heads)
  class Failing extends Transaction {
    override commit(): void {
      if (commitError !== undefined) throw commitError
      super.commit()
    }
  }
  const transaction = new Failing(database, heads, events)
  const group = new Group(transaction, heads, new Units(database, new Statements(database), heads, events))
  const count = () => database.prepare('SELECT count(*) AS count FROM parley_events').get()?.count
  return { database, heads, events, group, transaction, count }
}

const unit = (parts: Partial<Unit> = {}): Unit => ({
  app: 'acme',
  assertions: [],
  writes: [],
  events: [{ channel: 'room:a', type: 'test.happened', data: '1', at: 1 }],
  ...parts,
})
const statement = (sql: string) => unit({ writes: [{ sql, parameters: [] }] })
const offsets = (outcomes: ReturnType<Group['commit']>['outcomes']) =>
  outcomes.map((outcome) =>
    outcome.status === 'committed'
      ? outcome.positions[0]?.offset
      : outcome.status === 'failed'
        ? outcome.fault.code
        : outcome.status,
  )

test('a commit that fails on the disk has an unknown outcome, and stops writing for good', () => {
  const { group, heads, count } = build({ commitError: ioErrorOnSync })
  const { outcomes, fault } = group.commit([unit(), unit()])
  expect(offsets(outcomes)).toEqual(['outcome_unknown', 'outcome_unknown'])
  expect(fault).toMatchObject({ stops: true })
  expect(fault?.heals).toBeUndefined()
  expect([heads.of('acme', 'room:a').head, heads.held, count()]).toEqual([0, 0, 0])
})

test('a commit that finds the disk full has stored nothing, and writing may go on later', () => {
  const { group, heads, count } = build({ commitError: full })
  const { outcomes, fault } = group.commit([unit(), unit()])
  expect(offsets(outcomes)).toEqual(['store_full', 'store_full'])
  expect(fault).toMatchObject({ stops: true, heals: true })
  expect([heads.of('acme', 'room:a').head, count()]).toEqual([0, 0])
})

test('a unit that only fails at the commit is refused alone', () => {
  const { database, group, count } = build()
  database.exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`)
  const { outcomes, fault } = group.commit([unit(), statement('INSERT INTO child VALUES (1)'), unit()])
  expect(offsets(outcomes)).toEqual([1, 'conflict', 2])
  expect([fault, count()]).toEqual([undefined, 2])
})

test('a unit that cannot be bound is refused alone, although it takes no savepoint', () => {
  const { group, heads, events } = build()
  const broken = unit({
    events: [...unit().events, { channel: 'room:a', type: 'x', data: '1', at: {} as number }],
  })
  const { outcomes } = group.commit([unit(), broken, unit()])
  expect(offsets(outcomes)).toEqual([1, 'internal', 2])
  expect([heads.of('acme', 'room:a').head, heads.held, events.emptied]).toEqual([2, 2, 0])
})

test.each([
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT mine',
  'RELEASE unit',
  "ATTACH 'other.db' AS other",
  'PRAGMA synchronous = OFF',
  'DELETE FROM parley_events',
  'UPDATE parley_channels SET head = 0',
  "INSERT INTO Parley_Meta VALUES ('seed', 'known')",
  'DROP TABLE parley_receipts',
])('a unit may not run `%s`', (sql) => {
  const { group, transaction, count } = build()
  const { outcomes } = group.commit([unit(), statement(sql), unit()])
  expect(offsets(outcomes)).toEqual([1, 'internal', 2])
  expect([transaction.isOpen, count()]).toEqual([false, 2])
})

test('whole numbers are stored as such, whatever the column', () => {
  const { database, group } = build()
  database.exec('CREATE TABLE plain (a, b TEXT, c)')
  const write = { sql: 'INSERT INTO plain VALUES (?, ?, ?)', parameters: [1, 2, 2.5] }
  expect(group.commit([unit({ writes: [write] })]).outcomes[0]?.status).toBe('committed')
  const row = database.prepare('SELECT typeof(a) AS a, b, typeof(c) AS c FROM plain').get()
  expect({ ...row }).toEqual({ a: 'integer', b: '2', c: 'real' })
})
