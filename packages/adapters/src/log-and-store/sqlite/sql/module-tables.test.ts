import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Migration, ModuleServices, Store } from '@parley/kernel'
import { type TestNodeOptions, testIdentity, testKinds, testModule, testNode } from '@parley/kernel/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSqliteStore, type SqliteStore } from '../../sqlite.ts'
import { memorySql } from './memory-sql.ts'

const notes: Migration = {
  name: '1-notes',
  sql: [
    'CREATE TABLE test_notes (channel TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (channel, at)) WITHOUT ROWID',
  ],
}
const marks: Migration = { name: '2-marks', sql: ['ALTER TABLE test_notes ADD COLUMN mark INTEGER'] }

async function openNew(): Promise<SqliteStore> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  const store = await openSqliteStore({ directory })
  onTestFinished(async () => {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return store
}

const write = (store: Store, sql: string) =>
  store.commit({ app: 'acme', assertions: [], events: [], writes: [{ sql, parameters: [] }] })
const query = (store: Store, sql: string) => store.query({ sql, parameters: [] })

/** A node whose module has tables. */
async function startNode(migrations: readonly Migration[], options: TestNodeOptions) {
  let services: ModuleServices | undefined
  const start = (given: ModuleServices) => {
    services = given
  }
  const t = await testNode({ ...options, modules: [{ ...testModule(testKinds), migrations, start }] })
  return { ...t, services: services as ModuleServices }
}

describe('a node', () => {
  test('makes the tables of its modules before they start, and refuses a database of a newer version', async () => {
    const sql = memorySql()
    const t = await startNode([notes, marks], { sql })
    expect(await t.services.query({ sql: 'SELECT * FROM test_notes', parameters: [] })).toEqual([])
    await expect(startNode([notes], { sql })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/migration `2-marks` of module `test`.*Start the newer version/),
    })
    await expect(startNode([notes], {})).rejects.toMatchObject({ code: 'unavailable' })
    await startNode([notes, marks], { disk: t.store.disk })
  })

  test('puts the offsets of durable events into rows, whatever else is in the unit', async () => {
    const t = await startNode([notes], { sql: memorySql() })
    await t.call(testIdentity('alice'), 'test.publish', { channel: 'durable:b', data: 1 })
    await t.services.run('default', (ctx) => {
      for (const channel of ['live:a', 'durable:a', 'recent:a', 'durable:b', 'durable:a']) {
        const index = ctx.append({ channel, type: 'note', data: null })
        if (!channel.startsWith('durable')) continue
        const parameters = [channel, { offsetOf: index }]
        ctx.write({ sql: 'INSERT INTO test_notes (channel, at) VALUES (?, ?)', parameters })
      }
    })
    expect(
      await t.services.query({ sql: 'SELECT * FROM test_notes ORDER BY channel, at', parameters: [] }),
    ).toEqual([
      { channel: 'durable:a', at: 1 },
      { channel: 'durable:a', at: 2 },
      { channel: 'durable:b', at: 2 },
    ])
  })

  test.each(['live:a', 'recent:a'])('knows no offset of an event in %s', async (channel) => {
    const t = await startNode([notes], { sql: memorySql() })
    const asking = t.services.run('default', (ctx) => {
      const parameters = [channel, { offsetOf: ctx.append({ channel, type: 'note', data: null }) }]
      ctx.write({ sql: 'INSERT INTO test_notes (channel, at) VALUES (?, ?)', parameters })
    })
    await expect(asking).rejects.toMatchObject({ code: 'internal' })
    expect(await t.services.query({ sql: 'SELECT * FROM test_notes', parameters: [] })).toEqual([])
  })

  test('over SQLite, a job that lost a race leaves one row, one event and one tombstone', async () => {
    const store = await openNew()
    const { services } = await startNode([notes], { store })
    await services.run('default', (ctx) => ctx.append({ channel: 'durable:a', type: 'note', data: 'words' }))
    const record = { table: 'counters', key: 'a', value: '1' }
    let runs = 0
    await services.run('default', async (ctx) => {
      runs += 1
      const row = await ctx.record('counters', 'a')
      if (runs === 1) await store.commit({ app: 'default', assertions: [], events: [], writes: [record] })
      ctx.assert({ table: 'counters', key: 'a', version: row?.version ?? 0 })
      ctx.redact('durable:a', 1)
      const offsetOf = ctx.append({ channel: 'durable:a', type: 'note', data: 'other words' })
      const parameters = ['durable:a', { offsetOf }]
      ctx.write({ sql: 'INSERT INTO test_notes (channel, at) VALUES (?, ?)', parameters })
    })
    expect(runs).toBe(2)
    expect(await query(store, 'SELECT * FROM test_notes')).toEqual([{ channel: 'durable:a', at: 2 }])
    expect(await store.read('default', 'durable:a', { after: 0, limit: 9 })).toMatchObject([
      { data: 'null', redacted: true },
      { data: '"other words"' },
    ])
    await services.purged()
  })
})

describe('statements', () => {
  test('change nothing of ours, and do not outlive their unit', async () => {
    const store = await openNew()
    await write(store, 'CREATE TABLE test_notes (id TEXT)')
    for (const sql of [
      "UPDATE parley_events SET data = 'x'",
      'DELETE FROM PARLEY_channels',
      "INSERT INTO parley_migrations VALUES ('test', 1, 'x')",
      'ALTER TABLE parley_events ADD COLUMN extra TEXT',
      'CREATE INDEX test_by_at ON parley_events (at)',
      'CREATE TRIGGER test_spy AFTER INSERT ON parley_events BEGIN DELETE FROM test_notes; END',
      'CREATE TEMP TABLE test_late (id TEXT)',
      'CREATE TABLE parley_more (id TEXT)',
      'DROP TABLE parley_receipts',
      'PRAGMA secure_delete = OFF',
      'COMMIT',
      "ATTACH 'elsewhere.db' AS elsewhere",
    ])
      await expect(write(store, sql), sql).rejects.toMatchObject({ code: 'internal' })
    for (const sql of [
      'COMMIT',
      'PRAGMA secure_delete = OFF',
      'ALTER TABLE parley_events ADD COLUMN extra TEXT',
    ])
      await expect(store.migrate('test', [{ name: '1', sql: [sql] }]), sql).rejects.toMatchObject({
        code: 'bad_request',
        message: expect.stringContaining('Migration `1` of module `test` was not carried out'),
      })
    expect(await write(store, "INSERT INTO test_notes VALUES ('fine')")).toMatchObject({
      status: 'committed',
    })
  })

  test('of a migration may be many in one text, with a full-text index and triggers', async () => {
    const store = await openNew()
    const sql = `CREATE TABLE test_notes (id INTEGER PRIMARY KEY, text TEXT);
      CREATE VIRTUAL TABLE test_words USING fts5 (text, content = '', contentless_delete = 1);
      CREATE TRIGGER test_gone AFTER DELETE ON test_notes BEGIN DELETE FROM test_words WHERE rowid = old.id; END;
      INSERT INTO test_notes VALUES (1, 'good morning'), (2, 'good evening');
      INSERT INTO test_words (rowid, text) SELECT id, text FROM test_notes`
    await store.migrate('test', [{ name: '1-words', sql: [sql] }])
    const found = () =>
      query(store, "SELECT rowid FROM test_words WHERE test_words MATCH 'good' ORDER BY rowid")
    expect(await found()).toEqual([{ rowid: 1 }, { rowid: 2 }])
    await write(store, 'DELETE FROM test_notes WHERE id = 1')
    expect(await found()).toEqual([{ rowid: 2 }])
  })
})

describe('a query', () => {
  const counting = (to: number) =>
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to}) SELECT`

  test('gives at most 50,000 rows', async () => {
    const store = await openNew()
    expect(await query(store, `${counting(50_000)} n FROM numbers`)).toHaveLength(50_000)
    await expect(query(store, `${counting(50_001)} n FROM numbers`)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('more than 50000 rows'),
    })
  })

  test('that is slow holds up no lookup, no scan and no other query', async () => {
    const store = await openNew()
    await write(store, 'CREATE TABLE test_notes (id TEXT)')
    const done: string[] = []
    const slow = query(store, `${counting(6_000_000)} sum(n) AS sum FROM numbers`).then(() =>
      done.push('slow'),
    )
    const began = performance.now()
    while (performance.now() - began < 60) await store.record('acme', 'rooms', 'a')
    await Promise.all([
      query(store, 'SELECT id FROM test_notes').then(() => done.push('query')),
      store.read('acme', 'room:a', { after: 0, limit: 10 }).then(() => done.push('scan')),
      store.record('acme', 'rooms', 'a').then(() => done.push('lookup')),
    ])
    await slow
    expect(done.slice(0, 3).sort()).toEqual(['lookup', 'query', 'scan'])
    expect(done.at(-1)).toBe('slow')
  })
})
