import type { Assertion, SqlStatement, SqlValue, Store } from '../../ports/store.ts'
import { equal, ok, refused } from './assert.ts'
import { eventAt } from './log-cases.ts'
import { committed, receipt, type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const on = (channel: string, offset: number) => ({ ...eventAt(offset), channel })
const select: SqlStatement = { sql: 'SELECT id, amount FROM conformance ORDER BY id', parameters: [] }

async function createTable(store: Store): Promise<void> {
  const sql = 'CREATE TABLE conformance (id TEXT PRIMARY KEY, amount BIGINT NOT NULL)'
  await committed(store.commit(unit({ writes: [{ sql, parameters: [] }] })), 'a unit that makes a table')
}

async function amounts(store: Store): Promise<(readonly [SqlValue | undefined, number])[]> {
  return (await store.query(select)).map(({ id, amount }) => [id, Number(amount)] as const)
}

/** A store with SQL under test, and statements on the table `conformance` in its dialect. */
export interface SqlSubject extends StoreSubject {
  readonly insert: (id: SqlValue, amount: SqlValue) => SqlStatement
  readonly asserts: (
    id: string,
    expect: 'some' | 'none',
  ) => SqlStatement & { readonly expect: 'some' | 'none' }
}

/** Statements, assertions and queries. */
export const storeSqlCases: Cases<SqlSubject> = {
  async 'statements are committed together with events, records and receipt'({ store, insert }) {
    await createTable(store)
    const writes = [insert('a', 1), { table: 'rooms', key: 'a', value: '1' }, insert('b', 2)]
    const together = unit({ writes, events: [on('room:a', 1)], receipt: receipt('s') })
    equal(
      (await committed(store.commit(together), 'a unit of all sorts')).length,
      1,
      'its event has a position',
    )
    equal(
      await amounts(store),
      [
        ['a', 1],
        ['b', 2],
      ],
      'the rows are there',
    )
    equal((await store.record('acme', 'rooms', 'a'))?.version, 1, 'the record as well')
    equal((await store.commit(together)).status, 'repeated', 'a repeat runs no statement')
    equal(
      await amounts(store),
      [
        ['a', 1],
        ['b', 2],
      ],
      'nothing was added',
    )
  },

  async 'a statement that fails takes its unit with it, and no other'({ store, insert }) {
    await createTable(store)
    await store.commit(unit({ writes: [insert('taken', 0)] }))
    const outcomes = range(1, 9).map((index) => {
      const writes = [{ table: 'rooms', key: `${index}`, value: '1' }, insert(`row ${index}`, index)]
      const fails = index === 5 ? [insert('taken', 9)] : []
      return store.commit(
        unit({
          writes: [...writes, ...fails],
          events: [on('room:a', index)],
          receipt: receipt(`s${index}`),
        }),
      )
    })
    await refused(outcomes[4] as Promise<unknown>, 'a row whose key is taken')
    const others = await Promise.all(outcomes.filter((_, index) => index !== 4))
    equal(
      others.map(({ status }) => status),
      others.map(() => 'committed'),
      'the units around it are committed',
    )
    equal(
      others.map((result) => (result.status === 'committed' ? result.positions[0]?.offset : 0)),
      range(1, 8),
      'offsets have no gap',
    )
    equal(
      (await amounts(store)).map(([id]) => id),
      ['row 1', 'row 2', 'row 3', 'row 4', 'row 6', 'row 7', 'row 8', 'row 9', 'taken'],
      'no row of it',
    )
    equal(await store.record('acme', 'rooms', '5'), undefined, 'no record of it')
    equal(await store.receipts(['s5']), [undefined], 'no receipt of it')
    equal(
      (await store.read('acme', 'room:a', { after: 0, limit: 99 })).some(
        ({ data }) => data === eventAt(5).data,
      ),
      false,
      'no event of it',
    )
    equal(store.status().writable, true, 'the store goes on')
  },

  async 'an assertion may ask for some row or none'({ store, insert, asserts }) {
    await createTable(store)
    await store.commit(unit({ writes: [insert('a', 1)] }))
    const attempt = async (...assertions: Assertion[]) => {
      const result = await store.commit(unit({ assertions }))
      return result.status === 'refused' ? result.assertion : result.status
    }
    equal(await attempt(asserts('a', 'some'), asserts('b', 'none')), 'committed', 'both hold')
    equal(await attempt(asserts('b', 'some')), 0, 'no row where some was expected')
    equal(await attempt(asserts('a', 'some'), asserts('a', 'none')), 1, 'a row where none was expected')
  },

  async 'a refused unit runs no statement, and assertions see the units before'({ store, insert, asserts }) {
    await createTable(store)
    const once = (amount: number) =>
      store.commit(
        unit({
          assertions: [asserts('a', 'none')],
          writes: [insert('a', amount)],
          events: [on('room:a', amount)],
        }),
      )
    const results = await Promise.all(range(1, 5).map(once))
    equal(
      results.map(({ status }) => status),
      ['committed', ...range(2, 5).map(() => 'refused')],
      'the first wins',
    )
    equal(await amounts(store), [['a', 1]], 'one row')
    equal((await store.tops('acme', ['room:a']))[0]?.head, 1, 'one event')
  },

  async 'a statement that makes no sense is refused and harms nobody'({ store }) {
    const nonsense = { sql: 'INSERT INTO', parameters: [] }
    await refused(store.commit(unit({ writes: [nonsense], events: [on('room:a', 1)] })), 'a broken statement')
    await refused(store.commit(unit({ assertions: [{ ...nonsense, expect: 'some' }] })), 'a broken assertion')
    await refused(store.query(nonsense), 'a broken query')
    equal((await store.tops('acme', ['room:a']))[0]?.head, 0, 'the head has not moved')
    await committed(store.commit(unit({ events: [on('room:a', 1)] })), 'the next unit')
  },

  async 'values come back as they went in'({ store, insert }) {
    await createTable(store)
    const big = 2n ** 60n
    await store.commit(
      unit({ writes: [insert('big', big), insert('minus', -7), insert('größe 👋', 2 ** 52)] }),
    )
    const rows = new Map((await store.query(select)).map(({ id, amount }) => [id, amount]))
    equal([...rows.keys()].sort(), ['big', 'größe 👋', 'minus'], 'text is kept')
    equal(BigInt(rows.get('big') as bigint), big, 'whole numbers beyond 2^53 are exact')
    equal([Number(rows.get('minus')), Number(rows.get('größe 👋'))], [-7, 2 ** 52], 'smaller ones as well')
  },

  async 'a query sees every commit before it'({ store, insert }) {
    await createTable(store)
    for (const amount of range(1, 20)) {
      await store.commit(unit({ writes: [insert(`${String(amount).padStart(2, '0')}`, amount)] }))
      equal((await amounts(store)).length, amount, 'all rows so far')
    }
  },

  async 'a query cannot write'({ store, insert }) {
    await createTable(store)
    await refused(store.query(insert('a', 1)), 'a query that writes')
    equal(await amounts(store), [], 'nothing was written')
  },
}

const nothing: SqlStatement = { sql: 'SELECT 1', parameters: [] }

/** Stores without SQL say so, before anything is changed. */
export const storeWithoutSqlCases: Cases<StoreSubject> = {
  async 'SQL is refused with `unavailable`, and nothing is changed'({ store }) {
    const events = [on('room:a', 1)]
    await refused(store.commit(unit({ writes: [nothing], events })), 'a statement', ['unavailable'])
    const assertions = [{ ...nothing, expect: 'some' as const }]
    await refused(store.commit(unit({ assertions, events })), 'an SQL assertion', ['unavailable'])
    await refused(store.query(nothing), 'a query', ['unavailable'])
    ok((await store.tops('acme', ['room:a']))[0]?.head === 0, 'the head has not moved')
  },
}
