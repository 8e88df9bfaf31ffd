import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openWriterConnection } from '../connection.ts'
import { BackgroundCheckpoints } from './background-checkpoints.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

const maxPages = 1_024
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-log-'))
  folders.push(folder)
  const start = { path: join(folder, 'parley.db'), synchronous: 'FULL' } as const
  const { database } = openWriterConnection(start)
  database.exec('CREATE TABLE words (word BLOB)')
  const background = new BackgroundCheckpoints(start)
  const log = new WriteAheadLog(database, { maxPages, background })
  const insert = database.prepare('INSERT INTO words VALUES (randomblob(4000))')
  const measure = database.prepare('PRAGMA wal_checkpoint(NOOP)')
  const commit = (rows: number) => {
    database.exec('BEGIN')
    for (let row = 0; row < rows; row++) insert.run()
    database.exec('COMMIT')
  }
  const length = () => Number(measure.get()?.log)
  const close = () => {
    log.close()
    database.close()
  }
  return { start, database, background, log, commit, length, close }
}

test('a log that grows without an end begins anew again and again, and nothing is lost', () => {
  const { start, log, commit, length, close } = open()
  let [longest, begun, before] = [0, 0, 0]
  for (let group = 0; group < 300; group++) {
    commit(50)
    log.keepShort()
    const now = length()
    if (now < before) begun += 1
    longest = Math.max(longest, now)
    before = now
  }
  close()
  expect(begun).toBeGreaterThan(0)
  // Far over its bound it is written back between two groups, however slow the disk is.
  expect(longest).toBeLessThan(maxPages * 9)
  const { database } = openWriterConnection(start)
  expect(database.prepare('SELECT count(*) AS count FROM words').get()).toEqual({ count: 300 * 50 })
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
})

test('a reader in the way keeps the log from beginning anew, and no group waits for it', () => {
  const { start, log, commit, length, close, database } = open()
  commit(1)
  const reader = openWriterConnection(start).database
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM words').get()
  for (let group = 0; group < 40; group++) {
    commit(100)
    log.keepShort()
  }
  expect(length()).toBeGreaterThan(maxPages)
  expect(log.truncate()).toBe(false)
  reader.exec('COMMIT')
  reader.close()
  expect(log.truncate()).toBe(true)
  expect(database.prepare('SELECT count(*) AS count FROM words').get()).toEqual({ count: 4_001 })
  close()
})

test('a thread that cannot start leaves the work to the writer', () => {
  const { background, log, commit, length, close } = open()
  background.close()
  for (let group = 0; group < 100; group++) {
    commit(50)
    log.keepShort()
  }
  expect(length()).toBeLessThan(maxPages * 9)
  close()
})
