import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Unit, UnitEvent } from '@parley/kernel'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openSqliteStore, type SqliteStore } from '../sqlite.ts'

const now = 1_767_225_600_000
const roomy = { maxEvents: 1_000_000, maxAgeMs: 1e12, maxBytes: 1e12 }

async function openNew(): Promise<{ directory: string; store: SqliteStore }> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  const store = await openSqliteStore({ directory })
  onTestFinished(async () => {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { directory, store }
}

const append = (store: SqliteStore, events: readonly UnitEvent[]) =>
  store.commit({ app: 'acme', assertions: [], writes: [], events })

const event = (channel: string, data: string, fields: Partial<UnitEvent> = {}): UnitEvent => ({
  channel,
  type: 'test.happened',
  data: JSON.stringify(data),
  at: now,
  ...fields,
})

/** Everything that the directory's files hold. */
function bytesOf(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'latin1'))
    .join('\n')
}

/** The same numbers every time, evenly spread over [0, 1). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x80000000
  }
}

test('redacted words are in no file, while readers and writers go on', async () => {
  const { directory, store } = await openNew()
  const secret = { id: 'id-of-the-secret', tags: '{"topic":"tag-of-the-secret"}', by: 'alice' }
  for (let index = 0; index < 20; index++)
    await append(store, [
      event('room:a', `before ${index}`),
      event('room:a', `confidential-${index} ${'x'.repeat(index * 700)}`, secret),
      event('room:b', `after ${index}`),
    ])
  expect(bytesOf(directory)).toContain('confidential-7 ')
  let isDone = false
  const traffic = async (): Promise<void> => {
    while (!isDone) {
      await append(store, [event('room:b', 'traffic')])
      await store.read('acme', 'room:a', { after: 0, limit: 100 })
    }
  }
  const going = [traffic(), traffic(), traffic()]
  const offsets = Array.from({ length: 20 }, (_, index) => 2 * index + 2)
  expect(await Promise.all(offsets.map((offset) => store.redact('acme', 'room:a', offset)))).toEqual(
    Array(20).fill(true),
  )
  const files = bytesOf(directory)
  isDone = true
  await Promise.all(going)
  for (const words of ['confidential', 'id-of-the-secret', 'tag-of-the-secret'])
    expect(files).not.toContain(words)
  expect(files).toContain('before 19')
  expect((await store.read('acme', 'room:a', { after: 3, limit: 1 }))[0]).toEqual({
    offset: 4,
    type: 'test.happened',
    data: 'null',
    at: now,
    by: 'alice',
    redacted: true,
  })
})

const redactions = (...offsets: number[]) => offsets.map((offset) => ({ channel: 'room:a', offset }))
const unitOf = (parts: Partial<Unit>): Unit => ({
  app: 'acme',
  assertions: [],
  writes: [],
  events: [],
  ...parts,
})

/** Somebody who reads the database, and so holds on to what is in it. */
function readOn(directory: string): { end(): void } {
  const database = new DatabaseSync(join(directory, 'parley.db'), { readOnly: true })
  database.exec('BEGIN; SELECT count(*) FROM parley_events')
  const end = () => {
    if (database.isOpen) database.close()
  }
  onTestFinished(end)
  return { end }
}

test('a unit that redacts is answered at once; its words are in no file when `purged` says so', async () => {
  const { directory, store } = await openNew()
  for (let index = 1; index <= 20; index++)
    await append(store, [event('room:a', `confidential-${index} `.repeat(200))])
  const assertions = [{ table: 'rooms', key: 'a', version: 5 }]
  expect(await store.commit(unitOf({ assertions, redactions: redactions(1) }))).toMatchObject({
    status: 'refused',
  })
  await store.purged()
  expect(bytesOf(directory)).toContain('confidential-1 ')
  const reader = readOn(directory)
  const sql = 'INSERT INTO nowhere VALUES (1)'
  const failing = store.commit(unitOf({ writes: [{ sql, parameters: [] }], redactions: redactions(2) }))
  await expect(failing).rejects.toMatchObject({ code: 'internal' })
  // Nobody can empty the write-ahead log now, and the answer does not wait for it.
  const events = [event('room:b', 'edited')]
  await store.commit(unitOf({ redactions: redactions(3, 4, 5), events }))
  let isPurged = false
  const purged = store.purged().then(() => {
    isPurged = true
  })
  for (let turn = 0; turn < 5; turn++) await append(store, [event('room:b', 'traffic')])
  expect(isPurged).toBe(false)
  expect(bytesOf(directory)).toContain('confidential-4 ')
  reader.end()
  await purged
  const files = bytesOf(directory)
  for (const offset of [3, 4, 5]) expect(files).not.toContain(`confidential-${offset} `)
  for (const offset of [1, 2, 6, 20]) expect(files).toContain(`confidential-${offset} `)
  expect((await store.read('acme', 'room:a', { after: 2, limit: 1 }))[0]).toMatchObject({
    data: 'null',
    redacted: true,
  })
})

test('the words of a unit are in no file a little later, though nobody asks', async () => {
  const { directory, store } = await openNew()
  await append(store, [event('room:a', 'confidential')])
  await store.commit(unitOf({ redactions: redactions(1) }))
  await vi.waitFor(() => expect(bytesOf(directory)).not.toContain('confidential'), { timeout: 20_000 })
})

test('what a process that was killed had redacted is in no file when the next one has opened the database', async () => {
  const { directory, store } = await openNew()
  await append(store, [event('room:a', 'confidential'), event('room:a', 'public')])
  const reader = readOn(directory)
  await store.commit(unitOf({ redactions: redactions(1) }))
  const copy = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  for (const name of ['parley.db', 'parley.db-wal']) cpSync(join(directory, name), join(copy, name))
  reader.end()
  expect(bytesOf(copy)).toContain('confidential')
  const next = await openSqliteStore({ directory: copy })
  onTestFinished(async () => {
    await next.close()
    rmSync(copy, { recursive: true, force: true })
  })
  expect(bytesOf(copy)).not.toContain('confidential')
  expect(await next.read('acme', 'room:a', { after: 0, limit: 9 })).toMatchObject([
    { redacted: true },
    { data: '"public"' },
  ])
})

test('no word has a second copy, however much was trimmed and moved, so that every redaction is complete', async () => {
  const { directory, store } = await openNew()
  const random = numbers(7)
  const [heads, firsts] = [Array<number>(40).fill(0), Array<number>(40).fill(1)]
  const held = new Map<string, readonly [channel: number, offset: number]>()
  let last = 0
  for (let round = 0; round < 60; round++) {
    const events = Array.from({ length: 500 }, () => {
      const channel = Math.floor(random() ** 2 * 40)
      const word = `W${String(++last).padStart(7, '0')}Z`
      heads[channel] = (heads[channel] as number) + 1
      held.set(word, [channel, heads[channel] as number])
      return event(`room:${channel}`, word + '.'.repeat(20 + Math.floor(random() ** 4 * 5_000)))
    })
    await Promise.all(events.map((one) => append(store, [one])))
    for (let trims = 0; trims < 8; trims++) {
      const channel = Math.floor(random() * 39)
      const maxEvents = Math.floor(random() * 150)
      firsts[channel] = await store.trim('acme', `room:${channel}`, { ...roomy, maxEvents }, now)
    }
  }
  for (const [word, [channel, offset]] of held) if (offset < (firsts[channel] as number)) held.delete(word)
  const redacted = [...held].filter(() => random() < 0.03)
  await Promise.all(redacted.map(([, [channel, offset]]) => store.redact('acme', `room:${channel}`, offset)))
  for (const [word] of redacted) held.delete(word)

  const copies = new Map<string, number>()
  for (const [word] of bytesOf(directory).matchAll(/W\d{7}Z/g)) copies.set(word, (copies.get(word) ?? 0) + 1)
  expect(redacted.length).toBeGreaterThan(20)
  expect([...copies].filter(([word]) => !held.has(word))).toEqual([])
  expect([...copies].filter(([, count]) => count !== 1)).toEqual([])
  expect(copies.size).toBe(held.size)
  for (const [channel, head] of heads.entries()) {
    const events = await store.read('acme', `room:${channel}`, { after: 0, limit: 100_000 })
    const first = firsts[channel] as number
    expect(events.map(({ offset }) => offset)).toEqual(
      Array.from({ length: head - first + 1 }, (_, index) => first + index),
    )
    for (const { data, offset, redacted: isRedacted } of events)
      if (isRedacted === undefined) expect(held.get(data.slice(1, 10))).toEqual([channel, offset])
  }
}, 60_000)

test('trimmed room is used again: the file stops growing, and old events stay where they are', async () => {
  const { directory, store } = await openNew()
  await append(
    store,
    Array.from({ length: 3_000 }, (_, index) => event('room:kept', `kept ${index}`)),
  )
  const sizes: number[] = []
  for (let round = 0; round < 20; round++) {
    for (let unit = 0; unit < 20; unit++)
      await append(
        store,
        Array.from({ length: 500 }, () => event('room:busy', 'x'.repeat(300))),
      )
    expect(await store.trim('acme', 'room:busy', { ...roomy, maxEvents: 100 }, now)).toBe(
      (round + 1) * 10_000 - 99,
    )
    sizes.push(statSync(join(directory, 'parley.db')).size)
  }
  // 200,000 events of 350 bytes went through.
  expect(sizes.at(-1)).toBeLessThan(35_000_000)
  const kept = await store.read('acme', 'room:kept', { after: 0, limit: 10_000 })
  expect(kept.map(({ data }) => data)).toEqual(kept.map((_, index) => `"kept ${index}"`))
  expect(kept.length).toBe(3_000)
  expect((await store.read('acme', 'room:busy', { after: 0, limit: 1_000 })).length).toBe(100)
}, 60_000)

test('commits go on while a long trim is under way', async () => {
  const { store } = await openNew()
  for (let unit = 0; unit < 40; unit++)
    await append(
      store,
      Array.from({ length: 500 }, () => event('room:long', 'x'.repeat(100))),
    )
  const order: string[] = []
  const trim = store.trim('acme', 'room:long', { ...roomy, maxEvents: 0 }, now).then((first) => {
    order.push('trimmed')
    return first
  })
  for (let index = 0; index < 5; index++) {
    await append(store, [event('room:other', 'short')])
    order.push('committed')
  }
  expect(await trim).toBe(20_001)
  expect(order).toEqual([...Array(5).fill('committed'), 'trimmed'])
})
