import type { SqlStatement, SqlValue } from '@parley/kernel'
import type { z } from 'zod'
import { conversationChannel, conversationId } from '../channel-names.ts'
import { chatLimits, type readState } from '../model.ts'
import { type Row, sql } from '../rows.ts'

export type ReadState = z.output<typeof readState>

/** A read state with what a handler needs to know beside it. */
export interface PlacedState {
  readonly conv: number
  readonly state: ReadState
  /** Where the marker stood before the mark that was asked about. */
  readonly before: number
  readonly versionBefore: number
  /** Whether others are shown how far the user has read. */
  readonly isShown: boolean
}

/** A conversation of a user's, or one of its threads (0: the conversation itself). */
export interface PlaceOf {
  readonly app: string
  readonly user: string
  readonly channel: string
  readonly thread: number
}

// Parameters of every statement: ?1 app, ?2 user, ?3 id of a conversation.

// A marker of an earlier membership counts as none: then everything since the member came is new.
const place = `m.conv, m.user, coalesce(k.version, 0) AS version,
  CASE WHEN k.joined = m.joined_seq THEN k.seq ELSE m.joined_seq END AS before`
const markerOf = (thread: string): string =>
  `LEFT JOIN chat_markers AS k ON k.conv = m.conv AND k.thread = ${thread} AND k.user = m.user`
const named = '(SELECT conv FROM chat_conversations WHERE app = ?1 AND id = ?3)'

const everyPlace = `SELECT 0 AS thread, ${place} FROM chat_members AS m ${markerOf('0')}
    WHERE m.app = ?1 AND m.user = ?2 AND (?3 IS NULL OR m.conv = ${named})
  UNION ALL
  SELECT f.thread, ${place}
    FROM chat_followers AS f JOIN chat_members AS m ON m.conv = f.conv AND m.user = f.user ${markerOf('f.thread')}
    WHERE f.app = ?1 AND f.user = ?2 AND (?3 IS NULL OR f.conv = ${named})`

const onePlace = `SELECT ?4 AS thread, ${place} FROM chat_members AS m ${markerOf('?4')}
  WHERE m.conv = ${named} AND m.user = ?2`

/** Messages of others that still say something, by the row of another table that names them. */
const live = (alias: string): string =>
  `JOIN chat_messages AS x ON x.conv = ${alias}.conv AND x.seq = ${alias}.seq
    AND x.author <> p.user AND x.deleted_at IS NULL`
const behind = (alias: string): string =>
  `${alias}.conv = p.conv AND ${alias}.thread = p.thread AND ${alias}.seq > p.marker`

/**
 * What lies behind the marker: the difference of two numbers of the stream, less what does not count. No term walks
 * through the messages themselves. A mention counts once, also where `@room` and the name stand in one message.
 */
const unread = `p.last_ordinal
  - coalesce((SELECT ordinal FROM chat_messages INDEXED BY chat_messages_stream
      WHERE conv = p.conv AND thread = p.thread AND seq <= p.marker ORDER BY seq DESC LIMIT 1), 0)
  - (SELECT count(*) FROM chat_messages AS x INDEXED BY chat_messages_author
      WHERE ${behind('x')} AND x.author = p.user)
  - CASE WHEN p.live = p.last_ordinal THEN 0 ELSE (SELECT count(*)
      FROM chat_messages AS x INDEXED BY chat_messages_deleted
      WHERE ${behind('x')} AND x.deleted_at IS NOT NULL AND x.author <> p.user) END
  - (SELECT count(*) FROM chat_hidden AS h ${live('h')} WHERE h.user = p.user AND ${behind('h')})`
const mentionsOf = (user: string, also = ''): string =>
  `(SELECT count(*) FROM chat_mentions AS n ${live('n')}
    WHERE n.user = ${user} AND ${behind('n')} ${also} AND NOT EXISTS (SELECT 1 FROM chat_hidden AS h
      WHERE h.conv = n.conv AND h.user = p.user AND h.thread = n.thread AND h.seq = n.seq))`
const mentions = `${mentionsOf('p.user')} + ${mentionsOf(
  "''",
  `AND NOT EXISTS (SELECT 1 FROM chat_mentions AS o
    WHERE o.conv = n.conv AND o.user = p.user AND o.thread = n.thread AND o.seq = n.seq)`,
)}`

/** What a mark asks for beside the state. */
const besides = `p.conv, p.before, p.version, c.receipts AND c.members <= ${chatLimits.seenBy}
  AND coalesce((SELECT receipts FROM chat_settings WHERE app = ?1 AND user = ?2), 1) AS is_shown,`

function statesSql(places: string, marker: string, version: string, also: string): string {
  return `WITH placed AS (${places}),
    p AS (
      SELECT placed.*, ${marker} AS marker, ${version} AS next_version,
        coalesce(s.last_seq, 0) AS head, s.last_ordinal, s.live, s.last_at
      FROM placed LEFT JOIN chat_streams AS s ON s.conv = placed.conv AND s.thread = placed.thread
    )
    SELECT ${also} c.id, p.thread, p.marker, p.next_version, p.head, p.last_at,
      CASE WHEN p.head > p.marker THEN ${unread} ELSE 0 END AS unread,
      CASE WHEN p.head > p.marker THEN ${mentions} ELSE 0 END AS mentions
    FROM p JOIN chat_conversations AS c ON c.conv = p.conv
    WHERE ?4 IS NOT NULL OR p.thread = 0 OR p.head > p.marker`
}

const waitingSql = statesSql(everyPlace, 'before', 'version', '')
const everySql = statesSql(everyPlace, 'before', 'version', besides)
// Not beyond the newest message: what is yet to come is not read. ?5 seq, ?6 version that the mark was made at.
const readSql = statesSql(
  onePlace,
  'CASE WHEN coalesce(?6, version) < version THEN before ELSE max(before, min(?5, coalesce(s.last_seq, 0))) END',
  'version',
  besides,
)
// ?5 seq
const unreadSql = statesSql(onePlace, 'min(before, ?5 - 1)', 'version + 1', besides)

/** The states of everything in which something can wait for a user, or of one conversation and its followed threads. */
export function waitingStates(app: string, user: string, channel: string | undefined): SqlStatement {
  return sql(waitingSql, app, user, channel === undefined ? null : conversationId(channel), null)
}

/** Everything in which something can wait for a user, with what a mark asks for. */
export function everyPlacedState(app: string, user: string): SqlStatement {
  return sql(everySql, app, user, null, null)
}

const parametersOf = ({ app, user, channel, thread }: PlaceOf): SqlValue[] => [
  ...[app, user, conversationId(channel), thread],
]

/** The state of one place as it is after `marksForward`. No row for who is not a member. */
export function stateWhenRead(of: PlaceOf, seq: number, version: number | undefined): SqlStatement {
  return sql(readSql, ...parametersOf(of), seq, version ?? null)
}

/** The state of one place as it is after `markBack`. No row for who is not a member. */
export function stateWhenUnread(of: PlaceOf, seq: number): SqlStatement {
  return sql(unreadSql, ...parametersOf(of), seq)
}

export function toPlacedState(row: Row): PlacedState {
  return {
    conv: Number(row.conv),
    before: Number(row.before),
    versionBefore: Number(row.version),
    isShown: row.is_shown === 1,
    state: toReadState(row),
  }
}

export function toReadState(row: Row): ReadState {
  return {
    channel: conversationChannel(String(row.id)),
    ...(row.thread === 0 ? {} : { thread: Number(row.thread) }),
    seq: Number(row.marker),
    version: Number(row.next_version),
    unread: Number(row.unread),
    mentions: Number(row.mentions),
    head: Number(row.head),
    ...(row.last_at === null ? {} : { lastAt: Number(row.last_at) }),
  }
}
