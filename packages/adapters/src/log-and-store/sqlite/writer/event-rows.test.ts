import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openWriterConnection } from '../connection.ts'
import { EventRows, emptyMargin } from './event-rows.ts'
import { Heads } from './heads.ts'
import { Transaction } from './transaction.ts'

/** The same numbers every time, evenly spread over [0, 1). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x80000000
  }
}

// With a margin of 16 rows instead, words are found in two places.
test('while rows are dropped and moved, every word is in one place only', () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'parley.db')
  const connection = openWriterConnection({ path, synchronous: 'OFF' })
  const { database } = connection
  onTestFinished(() => database.close())
  const heads = new Heads(database, connection.seed)
  const events = new EventRows(database, heads)
  const transaction = new Transaction(database, heads, events)
  const random = numbers(2)
  const held = new Map<string, readonly [channel: string, offset: number]>()
  let words = 0

  const appendSome = () => {
    for (let count = 0; count < 200; count++) {
      const head = heads.of('acme', `room:${Math.floor(random() * 20)}`)
      const word = `W${String(++words).padStart(7, '0')}Z`
      const data = word + '.'.repeat(Math.floor(random() ** 4 * 4_000))
      events.append(head, head.head + 1, { type: 'test.happened', data, at: 1 })
      held.set(word, [head.name, head.head])
    }
  }
  const dropSome = () => {
    const head = heads.of('acme', `room:${Math.floor(random() * 20)}`)
    const dropped = events.sizes(head, head.first, Math.floor(random() * (head.head - head.first + 1)))
    const last = dropped.at(-1)
    if (last === undefined) return
    const bytes = dropped.reduce((sum, size) => sum + size.bytes, 0)
    events.drop(head, last.offset, bytes)
    for (const [word, [channel, offset]] of held)
      if (channel === head.name && offset <= last.offset) held.delete(word)
  }
  const expectOnce = () => {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const copies = new Map<string, number>()
    for (const [word] of readFileSync(path, 'latin1').matchAll(/W\d{7}Z/g))
      copies.set(word, (copies.get(word) ?? 0) + 1)
    expect([...copies].filter(([word, count]) => count !== 1 || !held.has(word))).toEqual([])
    expect(copies.size).toBe(held.size)
  }

  let moves = 0
  for (let round = 0; round < 250; round++) {
    transaction.around(appendSome)
    transaction.around(dropSome)
    while (events.emptied > heads.held / 4 + emptyMargin + 100) {
      transaction.around(() => events.compact(64, 1_000_000))
      moves += 1
      if (moves % 7 === 0) expectOnce()
    }
  }
  expectOnce()
  expect(moves).toBeGreaterThan(500)
  const rows = database.prepare('SELECT count(*) AS count FROM parley_events').get()?.count as number
  expect(rows - heads.held).toBe(events.emptied)
}, 60_000)
