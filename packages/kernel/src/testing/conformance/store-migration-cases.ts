import type { Migration, Store } from '../../ports/store.ts'
import { equal, refused } from './assert.ts'
import { eventAt } from './log-cases.ts'
import type { SqlSubject } from './store-sql-cases.ts'
import { committed, receipt, type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const on = (channel: string, offset: number) => ({ ...eventAt(offset), channel })

const tables: Migration = {
  name: '1-tables',
  sql: [
    'CREATE TABLE check_amounts (id TEXT PRIMARY KEY, amount BIGINT NOT NULL)',
    'CREATE UNIQUE INDEX check_amounts_by_amount ON check_amounts (amount, id)',
  ],
}
const more: Migration = { name: '2-more', sql: ["INSERT INTO check_amounts (id, amount) VALUES ('more', 1)"] }
const last: Migration = { name: '3-last', sql: ["INSERT INTO check_amounts (id, amount) VALUES ('last', 2)"] }

async function ids(store: Store): Promise<unknown[]> {
  const rows = await store.query({ sql: 'SELECT id FROM check_amounts ORDER BY id', parameters: [] })
  return rows.map(({ id }) => id)
}

/** Tables of modules, and statements that know offsets. */
export const storeMigrationCases: Cases<SqlSubject> = {
  async 'migrations are carried out once, in order'({ store }) {
    await store.migrate('check', [tables, more])
    await store.migrate('check', [tables, more])
    equal(await ids(store), ['more'], 'two runs are one')
    await Promise.all([
      store.migrate('check', [tables, more, last]),
      store.migrate('check', [tables, more, last]),
    ])
    equal(await ids(store), ['last', 'more'], 'what is new is carried out, once')
    await store.migrate('others', [{ ...tables, sql: ['CREATE TABLE others_things (id TEXT)'] }])
    await store.migrate('none', [])
  },

  async 'migrations are remembered by what comes after'({ store, reopen }) {
    await store.migrate('check', [tables, more])
    const next = (await reopen?.()) ?? store
    await next.migrate('check', [tables, more])
    equal(await ids(next), ['more'], 'nothing was done again')
  },

  async 'a migration is carried out whole or not at all'({ store }) {
    const broken = { name: '2-more', sql: [...more.sql, 'INSERT INTO check_amounts VALUES (1)'] }
    await refused(store.migrate('check', [tables, broken, last]), 'a broken step', ['bad_request'])
    equal(await ids(store), [], 'the step before it stands, nothing of it does, nothing behind it was begun')
    await store.migrate('check', [tables, more, last])
    equal(await ids(store), ['last', 'more'], 'corrected, it goes on from there')
  },

  async 'what a newer version has carried out is refused'({ store }) {
    await store.migrate('check', [tables, more, last])
    await refused(store.migrate('check', [tables, more]), 'a list without the last step', ['unavailable'])
    await refused(store.migrate('check', []), 'a list with no step at all', ['unavailable'])
  },

  async 'a list is added to at its end only, and names nothing twice'({ store }) {
    await refused(store.migrate('check', [tables, tables]), 'a name given twice', ['bad_request'])
    await store.migrate('check', [tables, more])
    await refused(store.migrate('check', [tables, last, more]), 'a step in between', ['bad_request'])
    equal(await ids(store), ['more'], 'nothing was carried out')
  },

  async 'a migration keeps to names that begin with its module'({ store }) {
    await store.migrate('check', [tables])
    await store.migrate('others', [{ name: '1', sql: ['CREATE TABLE others_things (id TEXT PRIMARY KEY)'] }])
    const foreign = [
      'CREATE TABLE things (id TEXT)',
      'CREATE TABLE checks (id TEXT)',
      'CREATE INDEX by_amount ON check_amounts (amount)',
      'CREATE INDEX check_things ON others_things (id)',
      'ALTER TABLE check_amounts RENAME TO amounts',
      'ALTER TABLE others_things ADD COLUMN amount BIGINT',
      "INSERT INTO others_things VALUES ('x')",
      'DROP TABLE others_things',
    ]
    for (const sql of foreign)
      await refused(store.migrate('check', [tables, { name: '2', sql: [...more.sql, sql] }]), sql, [
        'bad_request',
      ])
    equal(await ids(store), [], 'nothing of it stays')
    equal(
      await store.query({ sql: 'SELECT * FROM others_things', parameters: [] }),
      [],
      'other tables are as they were',
    )
    await store.migrate('check', [tables, more])
  },

  async 'units write and read the tables of migrations'({ store, insert }) {
    await store.migrate('check', [tables])
    const statement = insert('a', 7)
    const sql = statement.sql.replace('conformance', 'check_amounts')
    await committed(
      store.commit(unit({ writes: [{ ...statement, sql }], events: [on('room:a', 1)] })),
      'a unit',
    )
    equal(await ids(store), ['a'], 'the row is there')
  },

  async 'a statement may take the offset of an event of its unit'({ store, insert }) {
    await store.migrate('check', [tables])
    const row = (id: string, index: number) => {
      const { sql, parameters } = insert(id, 0)
      return {
        sql: sql.replace('conformance', 'check_amounts'),
        parameters: [parameters[0] ?? null, { offsetOf: index }],
      }
    }
    await store.commit(unit({ events: [on('room:a', 1), on('room:a', 2), on('room:b', 1)] }))
    const events = [on('room:a', 3), on('room:b', 2), on('room:a', 4), on('room:new', 1)]
    const whole = unit({
      events,
      writes: range(0, 3).map((index) => row(`first ${index}`, index)),
      receipt: receipt('s'),
    })
    await committed(store.commit(whole), 'a unit on three channels')
    equal((await store.commit(whole)).status, 'repeated', 'a repeat writes nothing')
    const race = range(1, 20).map((turn) =>
      store.commit(unit({ events: [on('room:a', 4 + turn)], writes: [row(`race ${turn}`, 0)] })),
    )
    const positions = await Promise.all(race.map((result) => committed(result, 'a unit among many')))
    const rows = await store.query({ sql: 'SELECT id, amount FROM check_amounts', parameters: [] })
    const amounts = new Map(rows.map(({ id, amount }) => [id, Number(amount)]))
    equal(
      range(0, 3).map((index) => amounts.get(`first ${index}`)),
      [3, 2, 4, 1],
      'each has the offset of its event',
    )
    equal(
      range(1, 20).map((turn) => amounts.get(`race ${turn}`)),
      positions.map(([position]) => position?.offset),
      'also of units that race',
    )
  },

  async 'the offset of an event that there is not is refused'({ store, insert }) {
    await store.migrate('check', [tables])
    const statement = insert('a', 0)
    const sql = statement.sql.replace('conformance', 'check_amounts')
    for (const offsetOf of [1, -1, 0.5]) {
      const writes = [{ sql, parameters: ['a', { offsetOf }] }]
      await refused(
        store.commit(unit({ events: [on('room:a', 1)], writes })),
        `the offset of event ${offsetOf}`,
        ['internal'],
      )
    }
    equal(await ids(store), [], 'nothing was written')
    equal((await store.tops('acme', ['room:a']))[0]?.head, 0, 'the head has not moved')
  },

  async 'a statement that fails leaves the words where they are'({ store, insert }) {
    await store.migrate('check', [tables])
    await store.commit(unit({ events: [on('room:a', 1)] }))
    const sql = insert('a', 0).sql.replace('conformance', 'check_amounts')
    const writes = range(1, 2).map(() => ({ sql, parameters: ['taken', 0] }))
    const redactions = [{ channel: 'room:a', offset: 1 }]
    await refused(store.commit(unit({ writes, redactions })), 'a row whose key is taken')
    equal((await store.read('acme', 'room:a', { after: 0, limit: 1 }))[0]?.data, eventAt(1).data, 'the words')
    await store.purged()
  },
}

/** Stores without SQL take modules without tables. */
export const storeWithoutMigrationsCases: Cases<StoreSubject> = {
  async 'migrations are refused with `unavailable`, none are not'({ store }) {
    await store.migrate('check', [])
    await refused(store.migrate('check', [tables]), 'a migration', ['unavailable'])
  },
}
