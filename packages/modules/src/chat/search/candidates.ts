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

/** How far one query looks: conversations, and postings of the first digest in each of them. */
export interface Reach {
  readonly rooms: number
  readonly postings: number
}

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

/** Postings of the first digest in room `r`, behind the cursor. */
const behind = (room: string): string =>
  `w.word = ?2 AND w.conv = ${room}.conv AND w.at >= ?4 AND (w.at, w.seq) < (?5, ${room}.before_seq)`

// The newest posting of each room; what is newest of all lies in the rooms whose newest are the newest. Those are read
// down to where one of them has given as many postings as the reach allows: so far the answer is complete.
// ?1 rooms, ?2 first digest, ?3 other digests, ?4 since, ?5 ?6 ?7 cursor, ?8 rooms of the reach, ?9 its postings
const candidatesSql = `
  WITH rooms AS (
      SELECT value AS conv, CASE WHEN value < ?6 THEN ${upTo().seq} WHEN value = ?6 THEN ?7 ELSE 0 END AS before_seq
      FROM json_each(?1)),
    heads AS MATERIALIZED (
      SELECT conv, before_seq, (SELECT w.at FROM chat_words AS w WHERE ${behind('rooms')}
        ORDER BY w.at DESC, w.seq DESC LIMIT 1) AS head
      FROM rooms),
    ranked AS MATERIALIZED (
      SELECT conv, before_seq, head, row_number() OVER (ORDER BY head DESC, conv DESC) AS rank
      FROM heads WHERE head IS NOT NULL ORDER BY rank LIMIT ?8 + 1),
    bounds AS MATERIALIZED (
      SELECT (SELECT head FROM ranked WHERE rank = ?8 + 1) AS next_at,
        (SELECT conv FROM ranked WHERE rank = ?8 + 1) AS next_conv,
        (SELECT max((SELECT w.at FROM chat_words AS w WHERE ${behind('ranked')}
            ORDER BY w.at DESC, w.seq DESC LIMIT 1 OFFSET ?9 - 1))
          FROM ranked WHERE rank <= ?8) AS floor_at)
  SELECT next_at AS at, next_conv AS conv, NULL AS seq, floor_at FROM bounds
  UNION ALL
  SELECT * FROM (
    SELECT w.at, w.conv, w.seq, NULL FROM bounds CROSS JOIN ranked AS r CROSS JOIN chat_words AS w
    WHERE r.rank <= ?8 AND ${behind('r')}
      AND w.at >= coalesce(bounds.floor_at, 0) AND (w.at, w.conv) > (coalesce(next_at, 0), coalesce(next_conv, 0))
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
      candidatesSql,
      ...[listOf(rooms), first, listOf(others), since, before.at, before.conv, before.seq],
      ...[reach.rooms, reach.postings],
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
