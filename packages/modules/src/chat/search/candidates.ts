import { listOf, type Row, type RowReader, sql } from '../rows.ts'
import { type Found, upTo } from './cursor.ts'

/** What is looked for, as digests, and where. */
export interface Lookup {
  /** Numbers of the conversations. */
  readonly rooms: readonly number[]
  /** A message has them all. */
  readonly digests: readonly number[]
  /** No older than this. */
  readonly since: number
}

/** Messages that have all digests, newest first. */
export interface Candidates {
  readonly found: readonly Found[]
  /** Behind it there may be more; undefined when there are none. */
  readonly next: Found | undefined
}

/** How far one query looks: into so many conversations, and so many postings of the first digest in each of them. */
export interface Width {
  readonly rooms: number
  readonly postings: number
}

/** What one query chooses from: the width that reaches farthest back. What is new may lie in one room, or in all. */
export type Reach = readonly Width[]

/** Postings counted at most to tell which digest is the rarest. */
export const maxCounted = 1_000

/** Candidates that one query answers. */
const maxCandidates = 500

/** The digests of a lookup, the rarest first, with how many postings there are, counted up to `maxCounted` and one. */
export async function countPostings(
  reader: RowReader,
  { rooms, digests, since }: Lookup,
  before: Found,
): Promise<readonly { readonly digest: number; readonly count: number }[]> {
  const rows = await reader.query(
    sql(
      `SELECT d.value AS digest, (SELECT count(*) FROM (
          SELECT 1 FROM json_each(?1) AS r CROSS JOIN chat_words AS w
            ON w.word = d.value AND w.conv = r.value AND w.at BETWEEN ?3 AND ?4
          LIMIT ${maxCounted + 1})) AS count
        FROM json_each(?2) AS d ORDER BY count`,
      ...[listOf(rooms), listOf(digests), since, before.at],
    ),
  )
  return rows.map(({ digest, count }) => ({ digest: Number(digest), count: Number(count) }))
}

/** Postings of the first digest in a room, behind the cursor, from a time on. */
const behind = (room: string, low: string): string =>
  `w.word = ?2 AND w.conv = ${room}.conv AND w.at >= ${low} AND (w.at, w.seq) < (?5, ${room}.before_seq)`

/** How far back a width reaches, which is two parameters: `rooms` is the number of the first. */
const reachedBy = (rooms: number): string => `
      SELECT ?${rooms} AS rooms, (SELECT head FROM ranked WHERE rank = ?${rooms} + 1) AS next_at,
        (SELECT conv FROM ranked WHERE rank = ?${rooms} + 1) AS next_conv,
        (SELECT max((SELECT w.at FROM chat_words AS w WHERE ${behind('ranked', '?4')}
            ORDER BY w.at DESC, w.seq DESC LIMIT 1 OFFSET ?${rooms + 1} - 1))
          FROM ranked WHERE rank <= ?${rooms}) AS floor_at`

// The newest posting of each room; what is newest of all lies in the rooms whose newest are the newest. Those are read
// down to where one of them has given as many postings as the width allows: so far the answer is complete. Of two lower
// bounds the database may begin at the farther one, so they are made one.
// ?1 rooms, ?2 first digest, ?3 other digests, ?4 since, ?5 ?6 ?7 cursor, ?8 most rooms, then each width
const candidatesSql = (widths: number): string => `
  WITH rooms AS (
      SELECT value AS conv, CASE WHEN value < ?6 THEN ${upTo().seq} WHEN value = ?6 THEN ?7 ELSE 0 END AS before_seq
      FROM json_each(?1)),
    heads AS MATERIALIZED (
      SELECT conv, before_seq, (SELECT w.at FROM chat_words AS w WHERE ${behind('rooms', '?4')}
        ORDER BY w.at DESC, w.seq DESC LIMIT 1) AS head
      FROM rooms),
    ranked AS MATERIALIZED (
      SELECT conv, before_seq, head, row_number() OVER (ORDER BY head DESC, conv DESC) AS rank
      FROM heads WHERE head IS NOT NULL ORDER BY rank LIMIT ?8 + 1),
    reached AS MATERIALIZED (${Array.from({ length: widths }, (_, index) => reachedBy(9 + 2 * index)).join(' UNION ALL ')}),
    bounds AS MATERIALIZED (
      SELECT *, max(?4, coalesce(next_at, 0), coalesce(floor_at, 0)) AS low FROM reached ORDER BY low, rooms LIMIT 1)
  SELECT next_at AS at, next_conv AS conv, NULL AS seq, floor_at FROM bounds
  UNION ALL
  SELECT * FROM (
    SELECT w.at, w.conv, w.seq, NULL FROM bounds CROSS JOIN ranked AS r CROSS JOIN chat_words AS w
    WHERE r.rank <= bounds.rooms AND ${behind('r', 'bounds.low')}
      AND (w.at, w.conv) > (coalesce(next_at, 0), coalesce(next_conv, 0))
      AND NOT EXISTS (SELECT 1 FROM json_each(?3) AS d WHERE NOT EXISTS (
        SELECT 1 FROM chat_words AS x WHERE x.word = d.value AND x.conv = w.conv AND x.at = w.at AND x.seq = w.seq))
    ORDER BY w.at DESC, w.conv DESC, w.seq DESC LIMIT ${maxCandidates})`

/** Looks messages up, as far as the reach goes. */
export async function findCandidates(
  reader: RowReader,
  { rooms, digests: [first = 0, ...others], since }: Lookup,
  before: Found,
  reach: Reach,
): Promise<Candidates> {
  const rows = await reader.query(
    sql(
      candidatesSql(reach.length),
      ...[listOf(rooms), first, listOf(others), since, before.at, before.conv, before.seq],
      ...[
        Math.max(...reach.map((width) => width.rooms)),
        ...reach.flatMap((width) => [width.rooms, width.postings]),
      ],
    ),
  )
  const found = rows
    .filter(({ seq }) => seq !== null)
    .map(({ at, conv, seq }) => ({ at: Number(at), conv: Number(conv), seq: Number(seq) }))
  const bounds = rows.find(({ seq }) => seq === null)
  return { found, next: found.length === maxCandidates ? found.at(-1) : restOf(bounds) }
}

/** Where what was not looked at begins: at the newest posting of the next room, or where a room was left. */
function restOf(bounds: Row | undefined): Found | undefined {
  const nextAt = bounds?.at ?? null
  const floorAt = bounds?.floor_at ?? null
  if (nextAt === null && floorAt === null) return undefined
  if (floorAt === null || Number(nextAt ?? -1) >= Number(floorAt))
    return { at: Number(nextAt), conv: Number(bounds?.conv), seq: upTo().seq }
  return { at: Number(floorAt), conv: 0, seq: 0 }
}
