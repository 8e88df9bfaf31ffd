import { memorySql } from '@parley/adapters/log-and-store/sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RowReader } from '../rows.ts'
import { chatMigrations } from '../schema.ts'
import { countPostings, findCandidates, type Reach } from './candidates.ts'
import { type Found, fromCursor, toCursor, upTo } from './cursor.ts'

const digests = [11, 12, 13]

/** Messages of some conversations, close in time, and the digests that each has. */
const messages = fc
  .array(
    fc.record({
      conv: fc.integer({ min: 1, max: 6 }),
      at: fc.integer({ min: 1, max: 12 }),
      has: fc.subarray(digests),
    }),
    { maxLength: 80, size: 'max' },
  )
  .map((all) => all.map((one, index) => ({ ...one, seq: index + 1 })))

const lookup = fc.record({
  rooms: fc.subarray([1, 2, 3, 4, 5, 6, 7]),
  digests: fc.shuffledSubarray(digests, { minLength: 1 }),
  since: fc.integer({ min: 0, max: 8 }),
})
const reach = fc.array(
  fc.record({ rooms: fc.integer({ min: 1, max: 7 }), postings: fc.integer({ min: 1, max: 4 }) }),
  { minLength: 1, maxLength: 3 },
)

function readerOf(
  all: readonly { conv: number; at: number; seq: number; has: readonly number[] }[],
): RowReader {
  const tables = memorySql()
  tables.migrate('chat', chatMigrations)
  for (const { conv, at, seq, has } of all)
    for (const word of has)
      tables.run({
        sql: 'INSERT INTO chat_words (word, conv, at, seq) VALUES (?, ?, ?, ?)',
        parameters: [word, conv, at, seq],
      })
  return { query: async (statement) => tables.all(statement) }
}

const newestFirst = (one: Found, other: Found): number =>
  other.at - one.at || other.conv - one.conv || other.seq - one.seq

test('whatever the reach, going on from where it ended finds everything once, newest first', async () => {
  const runs = fc.asyncProperty(messages, lookup, reach, async (all, look, reach: Reach) => {
    const reader = readerOf(all)
    const expected = all
      .filter(({ conv, at }) => look.rooms.includes(conv) && at >= look.since)
      .filter(({ has }) => look.digests.every((digest) => has.includes(digest)))
      .map(({ at, conv, seq }) => ({ at, conv, seq }))
      .sort(newestFirst)
    const found: Found[] = []
    let looks = 0
    for (let before: Found | undefined = upTo(); before !== undefined; looks++) {
      expect(looks).toBeLessThan(200)
      const page = await findCandidates(reader, look, before, reach)
      found.push(...page.found)
      before = page.next === undefined ? undefined : fromCursor(toCursor(page.next))
    }
    expect(found).toEqual(expected)
  })
  await fc.assert(runs, { numRuns: 200 })
})

test('the rarest digest comes first', async () => {
  const runs = fc.asyncProperty(messages, lookup, async (all, look) => {
    const counted = await countPostings(readerOf(all), look, upTo())
    const inRooms = all.filter(({ conv, at }) => look.rooms.includes(conv) && at >= look.since)
    for (const { digest, count } of counted)
      expect(count).toBe(inRooms.filter(({ has }) => has.includes(digest)).length)
    const counts = counted.map(({ count }) => count)
    expect(counts).toEqual([...counts].sort((one, other) => one - other))
  })
  await fc.assert(runs, { numRuns: 50 })
})
