import type { Assertion, UnitValue, Write } from '@parley/kernel'

/** How far a user has come in a conversation, or (`thread`) in one of its threads; 0 is the conversation itself. */
export interface Mark {
  readonly conv: number
  readonly thread: number
  readonly seq: UnitValue
}

interface Marking {
  readonly user: string
  readonly at: number
  /** Markers that were put back meanwhile stay where they are. */
  readonly version?: number | undefined
}

// The furthest of marks that come together wins, inside the commit. A marker of an earlier membership counts as none; it
// stands before the new one's beginning anyway.
const forward = `ON CONFLICT (conv, thread, user) DO UPDATE
  SET seq = max(seq, excluded.seq), at = excluded.at, joined = excluded.joined
  WHERE (excluded.seq > seq OR excluded.joined <> joined)`

/** Moves the marker of a member who has written; nothing for others. One statement. */
export function ownMessageMark({ conv, thread, seq }: Mark, { user, at }: Marking): Write {
  return {
    sql: `INSERT INTO chat_markers (conv, thread, user, seq, version, at, joined)
      SELECT conv, ?, user, ?, 0, ?, joined_seq FROM chat_members WHERE conv = ? AND user = ? ${forward}`,
    parameters: [thread, seq, at, conv, user],
  }
}

/** Moves markers of a user forward, as far as the user is a member. One statement. */
export function marksForward(marks: readonly Mark[], { user, at, version }: Marking): Write {
  return {
    sql: `INSERT INTO chat_markers (conv, thread, user, seq, version, at, joined)
      SELECT m.conv, mark.value ->> 1, m.user,
        max(mark.value ->> 2, iif(k.joined = m.joined_seq, 0, m.joined_seq)), 0, ?, m.joined_seq
      FROM json_each(?) AS mark
        JOIN chat_members AS m ON m.conv = mark.value ->> 0 AND m.user = ?
        LEFT JOIN chat_markers AS k ON k.conv = m.conv AND k.thread = mark.value ->> 1 AND k.user = m.user
      WHERE true ${forward} AND version <= coalesce(?, version)`,
    parameters: [
      at,
      JSON.stringify(marks.map(({ conv, thread, seq }) => [conv, thread, seq])),
      user,
      version ?? null,
    ],
  }
}

/**
 * A member's marker stands where it was read when the unit is committed: what is told of a change backward, place and
 * version, is what it becomes.
 */
export function unmovedAssertion(
  { conv, thread, seq }: Mark & { readonly seq: number },
  { user, version }: { readonly user: string; readonly version: number },
): Assertion {
  return {
    sql: `SELECT 1 FROM chat_members AS m
        LEFT JOIN chat_markers AS k ON k.conv = m.conv AND k.thread = ? AND k.user = m.user
      WHERE m.conv = ? AND m.user = ? AND coalesce(k.version, 0) = ?
        AND iif(k.joined = m.joined_seq, k.seq, m.joined_seq) = ?`,
    parameters: [thread, conv, user, version, seq],
    expect: 'some',
  }
}

/** Puts a member's marker back before a message, and raises its version. One statement. */
export function markBack(
  { conv, thread, seq }: Mark & { readonly seq: number },
  { user, at }: Marking,
): Write {
  return {
    sql: `INSERT INTO chat_markers (conv, thread, user, seq, version, at, joined)
      SELECT conv, ?, user, min(joined_seq, ?), 1, ?, joined_seq FROM chat_members WHERE conv = ? AND user = ?
      ON CONFLICT (conv, thread, user) DO UPDATE
        SET seq = min(CASE WHEN joined = excluded.joined THEN seq ELSE excluded.joined END, ?),
          version = version + 1, at = excluded.at, joined = excluded.joined`,
    parameters: [thread, seq - 1, at, conv, user, seq - 1],
  }
}
