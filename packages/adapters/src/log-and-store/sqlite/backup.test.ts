import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Unit } from '@parley/kernel'
import { expect, onTestFinished, test } from 'vitest'
import { openSqliteStore, restoreSqlite, type SqliteStore } from '../sqlite.ts'

const everything = { after: 0, limit: 1_000_000 }

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function open(directory: string): Promise<SqliteStore> {
  const store = await openSqliteStore({ directory })
  onTestFinished(() => store.close())
  return store
}

const unit = (data: number): Unit => ({
  app: 'acme',
  assertions: [],
  writes: [],
  events: [{ channel: 'room:a', type: 'test.happened', data: `${data}`, at: 1_767_225_600_000 }],
})

test('a backup is made while the store writes, and restored with the same events under new epochs', async () => {
  const directory = newDirectory()
  const to = join(newDirectory(), 'backup.db')
  const store = await open(directory)
  for (let index = 0; index < 500; index++) await store.commit(unit(index))
  let isDone = false
  const traffic = async (): Promise<void> => {
    for (let index = 500; !isDone; index++) await store.commit(unit(index))
  }
  const going = traffic()
  await store.backup(to)
  isDone = true
  await going
  const [top, never] = await store.tops('acme', ['room:a', 'room:never'])
  await store.commit(unit(-1))
  await store.close()

  await restoreSqlite({ from: to, directory })
  const restored = await open(directory)
  const events = await restored.read('acme', 'room:a', everything)
  expect(events.length).toBeGreaterThanOrEqual(500)
  expect(events.map(({ data }) => Number(data))).toEqual(events.map((_, index) => index))
  const [newTop, newNever] = await restored.tops('acme', ['room:a', 'room:never'])
  expect(newTop?.head).toBe(events.length)
  expect([newTop?.epoch, newNever?.epoch]).not.toContain(top?.epoch)
  expect(newNever?.epoch).not.toBe(never?.epoch)
  expect((await restored.commit(unit(0))) as unknown).toMatchObject({
    positions: [{ epoch: newTop?.epoch, offset: events.length + 1 }],
  })
})

test('a backup replaces an older one of the same name, and leaves nothing else behind', async () => {
  const store = await open(newDirectory())
  const folder = newDirectory()
  await store.backup(join(folder, 'backup.db'))
  await store.commit(unit(1))
  await store.backup(join(folder, 'backup.db'))
  expect(readdirSync(folder)).toEqual(['backup.db'])
  await expect(store.backup(join(folder, 'no', 'such', 'folder'))).rejects.toMatchObject({
    code: 'unavailable',
  })
  const directory = newDirectory()
  await restoreSqlite({ from: join(folder, 'backup.db'), directory })
  expect((await (await open(directory)).read('acme', 'room:a', everything)).length).toBe(1)
})

test('what cannot be restored leaves the database as it was', async () => {
  const directory = newDirectory()
  const folder = newDirectory()
  const store = await open(directory)
  for (let index = 0; index < 300; index++) await store.commit(unit(index))
  const [top] = await store.tops('acme', ['room:a'])
  const good = join(folder, 'good.db')
  await store.backup(good)
  const attempt = (from: string) => restoreSqlite({ from, directory }).catch((error: Error) => error.message)
  expect(await attempt(good)).toContain(`is in use by process ${process.pid}`)
  await store.close()

  const damaged = join(folder, 'damaged.db')
  writeFileSync(damaged, readFileSync(good).fill('damage', 8_192))
  expect(await attempt(damaged)).toMatch(/damaged|malformed/)
  const short = join(folder, 'short.db')
  copyFileSync(good, short)
  truncateSync(short, 10_000)
  expect(await attempt(short)).toMatch(/damaged|malformed/)
  const newer = join(folder, 'newer.db')
  copyFileSync(good, newer)
  setPragma(newer, 'user_version = 99')
  expect(await attempt(newer)).toContain('has schema 99')
  const strange = join(folder, 'strange.db')
  setPragma(strange, 'user_version = 1')
  expect(await attempt(strange)).toContain('another program')
  expect(await attempt(join(folder, 'missing.db'))).toContain('There is no backup at')

  const next = await open(directory)
  expect(await next.tops('acme', ['room:a'])).toEqual([top])
  expect((await next.read('acme', 'room:a', everything)).length).toBe(300)
  expect(readdirSync(directory).sort()).toEqual(
    ['lock.db', 'lock.json', 'parley.db', 'parley.db-shm', 'parley.db-wal'].sort(),
  )
})

test('a restore that was interrupted is finished by the next start, without the old log', async () => {
  const directory = newDirectory()
  const other = newDirectory()
  const store = await open(directory)
  await store.commit(unit(1))
  await store.backup(join(other, 'backup.db'))
  await store.commit(unit(2))
  // What a crash leaves: the restored file beside the old database and its write-ahead log.
  const log = readFileSync(join(directory, 'parley.db-wal'))
  await store.close()
  await restoreSqlite({ from: join(other, 'backup.db'), directory: other })
  writeFileSync(join(directory, 'parley.db-wal'), log)
  copyFileSync(join(other, 'parley.db'), join(directory, 'parley.db.restored'))
  const next = await open(directory)
  expect((await next.read('acme', 'room:a', everything)).map(({ data }) => data)).toEqual(['1'])
  expect(existsSync(join(directory, 'parley.db.restored'))).toBe(false)
})

function setPragma(path: string, pragma: string): void {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA ${pragma}`)
  database.close()
}

test('a database of a newer version is refused with a sentence, and left alone', async () => {
  const directory = newDirectory()
  const first = await open(directory)
  await first.close()
  setPragma(join(directory, 'parley.db'), 'user_version = 99')
  await expect(openSqliteStore({ directory })).rejects.toThrow(
    /has schema 99, and this version of Parley knows schemas up to \d+\. Start the newer version/,
  )
  setPragma(join(directory, 'parley.db'), `user_version = ${first.settings.schema}`)
  await open(directory)
})

test('a database of another program is refused, and left alone', async () => {
  const directory = newDirectory()
  const database = new DatabaseSync(join(directory, 'parley.db'))
  database.exec('CREATE TABLE theirs (id)')
  database.close()
  await expect(openSqliteStore({ directory })).rejects.toThrow('a database of another program')
  writeFileSync(
    join(directory, 'parley.db'),
    'no database at all, but text that is long enough to be one'.repeat(100),
  )
  await expect(openSqliteStore({ directory })).rejects.toThrow('not a database')
})

test('a data directory belongs to one process, which is named to others', async () => {
  const directory = newDirectory()
  const store = await open(directory)
  await expect(openSqliteStore({ directory })).rejects.toThrow(
    new RegExp(`${directory} is in use by process ${process.pid} since \\d{4}-.*Stop it first`),
  )
  await store.commit(unit(1))
  await store.close()
  expect(readdirSync(directory).sort()).toEqual(['lock.db', 'parley.db'])
  await open(directory)
})

test('the settings on which durability rests are read back and reported', async () => {
  const directory = newDirectory()
  const { settings } = await open(directory)
  expect(settings).toEqual({
    path: join(directory, 'parley.db'),
    schema: 2,
    journalMode: 'wal',
    synchronous: 'FULL',
  })
})
