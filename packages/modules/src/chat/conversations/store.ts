import type { z } from 'zod'
import { conversationChannel, conversationId } from '../channel-names.ts'
import type { conversationInfo } from '../model.ts'
import { listOf, type Row, type RowReader, sql } from '../rows.ts'
import type { Candidate, Role } from './rules.ts'

/** A conversation as it is shown to somebody. */
export type ConversationInfo = z.output<typeof conversationInfo>

/** A conversation with its number. */
export interface Found {
  readonly conv: number
  readonly info: ConversationInfo
}

/** Others that are named beside a direct conversation or a group. */
const othersShown = 10

/** Columns of a conversation (`c`) and of the caller's membership (`m`) that {@link readInfos} reads. */
export const infoColumns = `c.conv, c.id, c.type, c.visibility, c.title, c.topic, c.created_by, c.created_at,
  c.members, c.locked, c.archived, c.receipts, c.slow_seconds, m.role, m.notify, m.starred, m.joined_at`

/** Makes what is shown of rows of {@link infoColumns}, with one more query at most. */
export async function readInfos(
  reader: RowReader,
  rows: readonly Row[],
  viewer: string | undefined,
): Promise<Found[]> {
  const named = rows.filter(({ type }) => type !== 'room').map(({ conv }) => Number(conv))
  const others = named.length === 0 ? new Map<number, string[]>() : await readOthers(reader, named, viewer)
  return rows.map((row) => ({ conv: Number(row.conv), info: toInfo(row, others.get(Number(row.conv))) }))
}

/** A conversation as a user sees it. Undefined when there is none. */
export async function findInfo(
  reader: RowReader,
  app: string,
  channel: string,
  viewer: string | undefined,
): Promise<Found | undefined> {
  const rows = await reader.query(
    sql(
      `SELECT ${infoColumns} FROM chat_conversations c
        LEFT JOIN chat_members m ON m.conv = c.conv AND m.user = ?
        WHERE c.app = ? AND c.id = ?`,
      viewer ?? '',
      app,
      conversationId(channel),
    ),
  )
  const [found] = await readInfos(reader, rows, viewer)
  return found
}

/** The direct conversation of some users, as one of them sees it. */
export async function findDirect(
  reader: RowReader,
  app: string,
  key: string,
  viewer: string,
): Promise<Found | undefined> {
  const rows = await reader.query(
    sql(
      `SELECT ${infoColumns} FROM chat_conversations c
        LEFT JOIN chat_members m ON m.conv = c.conv AND m.user = ?
        WHERE c.app = ? AND c.direct_key = ?`,
      viewer,
      app,
      key,
    ),
  )
  const [found] = await readInfos(reader, rows, viewer)
  return found
}

// The first by name among the members of each.
const othersQuery = `
  SELECT m.conv, m.user FROM json_each(?1) AS wanted JOIN chat_members m ON m.conv = wanted.value
  WHERE m.user <> ?2 AND m.user IN (
    SELECT user FROM chat_members WHERE conv = wanted.value AND user <> ?2 ORDER BY user LIMIT ${othersShown})
  ORDER BY m.conv, m.user`

async function readOthers(
  reader: RowReader,
  convs: readonly number[],
  viewer: string | undefined,
): Promise<Map<number, string[]>> {
  const others = new Map<number, string[]>(convs.map((conv) => [conv, []]))
  for (const row of await reader.query(sql(othersQuery, listOf(convs), viewer ?? '')))
    others.get(Number(row.conv))?.push(String(row.user))
  return others
}

function toInfo(row: Row, others: string[] | undefined): ConversationInfo {
  return {
    channel: conversationChannel(String(row.id)),
    type: row.type as ConversationInfo['type'],
    visibility: row.visibility as ConversationInfo['visibility'],
    title: String(row.title),
    topic: String(row.topic),
    createdBy: String(row.created_by),
    createdAt: Number(row.created_at),
    members: Number(row.members),
    locked: row.locked === 1,
    archived: row.archived === 1,
    receipts: row.receipts === 1,
    slowSeconds: Number(row.slow_seconds),
    ...(row.role === null
      ? {}
      : {
          mine: {
            role: row.role as Role,
            notify: row.notify as NonNullable<ConversationInfo['mine']>['notify'],
            starred: row.starred === 1,
            joinedAt: Number(row.joined_at),
          },
        }),
    ...(others === undefined ? {} : { with: others }),
  }
}

/** A member of a conversation. Undefined when the user is none. */
export async function findMember(
  reader: RowReader,
  conv: number,
  user: string,
): Promise<Candidate | undefined> {
  const [row] = await reader.query(
    sql('SELECT user, role, joined_at FROM chat_members WHERE conv = ? AND user = ?', conv, user),
  )
  return row === undefined ? undefined : toCandidate(row)
}

/** Another owner of a conversation. */
export async function findOtherOwner(
  reader: RowReader,
  conv: number,
  user: string,
): Promise<Candidate | undefined> {
  const [row] = await reader.query(
    sql(
      `SELECT user, role, joined_at FROM chat_members
        WHERE conv = ? AND role = 'owner' AND user <> ? LIMIT 1`,
      conv,
      user,
    ),
  )
  return row === undefined ? undefined : toCandidate(row)
}

/** Those among whom an owner who leaves finds a successor: the first of each role. */
export async function findCandidates(
  reader: RowReader,
  conv: number,
  user: string,
): Promise<readonly Candidate[]> {
  const rows = await reader.query(
    sql(
      `SELECT user, role, joined_at FROM (
        SELECT user, role, joined_at, row_number() OVER (PARTITION BY role ORDER BY joined_at, user) AS place
        FROM chat_members WHERE conv = ? AND user <> ?) WHERE place = 1`,
      conv,
      user,
    ),
  )
  return rows.map(toCandidate)
}

export function toCandidate(row: Row): Candidate {
  return { user: String(row.user), role: row.role as Role, joinedAt: Number(row.joined_at) }
}

/** Those among some users who are members already. */
export async function findMembers(
  reader: RowReader,
  conv: number,
  users: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await reader.query(
    sql(
      'SELECT user FROM chat_members WHERE conv = ? AND user IN (SELECT value FROM json_each(?))',
      conv,
      listOf(users),
    ),
  )
  return new Set(rows.map(({ user }) => String(user)))
}
