import type { Assertion } from '@parley/kernel'

/** The user is a member when the unit is committed. */
export function memberAssertion(conv: number, user: string): Assertion {
  return {
    sql: 'SELECT 1 FROM chat_members WHERE conv = ? AND user = ?',
    parameters: [conv, user],
    expect: 'some',
  }
}

/** The user is no member when the unit is committed. */
export function strangerAssertion(conv: number, user: string): Assertion {
  return { ...memberAssertion(conv, user), expect: 'none' } as Assertion
}

/** The user is an admin or an owner when the unit is committed. */
export function managerAssertion(conv: number, user: string): Assertion {
  return {
    sql: "SELECT 1 FROM chat_members WHERE conv = ? AND user = ? AND role <> 'member'",
    parameters: [conv, user],
    expect: 'some',
  }
}

/** A member has this role when the unit is committed. */
export function roleAssertion(conv: number, user: string, role: string): Assertion {
  return {
    sql: 'SELECT 1 FROM chat_members WHERE conv = ? AND user = ? AND role = ?',
    parameters: [conv, user, role],
    expect: 'some',
  }
}

/** The user is a member who may write in the conversation when the unit is committed: open, and not locked for them. */
export function writerAssertion(conv: number, user: string): Assertion {
  return {
    sql: `SELECT 1 FROM chat_members m JOIN chat_conversations c ON c.conv = m.conv
      WHERE m.conv = ? AND m.user = ? AND c.archived = 0 AND (c.locked = 0 OR m.role <> 'member')`,
    parameters: [conv, user],
    expect: 'some',
  }
}

/** The message is there and not deleted when the unit is committed. */
export function liveMessageAssertion(conv: number, seq: number): Assertion {
  return {
    sql: 'SELECT 1 FROM chat_messages WHERE conv = ? AND seq = ? AND deleted_at IS NULL',
    parameters: [conv, seq],
    expect: 'some',
  }
}
