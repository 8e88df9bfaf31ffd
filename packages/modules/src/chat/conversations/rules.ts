import type { z } from 'zod'
import type { conversationType, role, visibility } from '../model.ts'

/** What a member is. */
export type Role = z.output<typeof role>
export type Visibility = z.output<typeof visibility>
export type ConversationType = z.output<typeof conversationType>

const ranks: Readonly<Record<Role, number>> = { member: 1, admin: 2, owner: 3 }

/** Whether one role stands above another. */
export function outranks(role: Role, other: Role): boolean {
  return ranks[role] > ranks[other]
}

/** Whether a role may change settings and members. */
export function manages(role: Role): boolean {
  return outranks(role, 'member')
}

/** What is asked about a user and a conversation. */
export interface Access {
  readonly visibility: Visibility
  /** Undefined when they are no member. */
  readonly role: Role | undefined
  readonly isBanned: boolean
}

/** Whether a user may do something to a conversation. */
export function mayAccess(action: 'read' | 'write' | 'presence' | 'manage', access: Access): boolean {
  const { visibility, role, isBanned } = access
  if (action === 'manage') return role !== undefined && manages(role)
  if (role !== undefined) return true
  return action === 'read' && visibility === 'public' && !isBanned
}

/** Why a member may not write now; undefined when they may. */
export function writeRefusal(
  conversation: { readonly archived: boolean; readonly locked: boolean },
  role: Role,
): 'chat.archived' | 'chat.locked' | undefined {
  if (conversation.archived) return 'chat.archived'
  return conversation.locked && !manages(role) ? 'chat.locked' : undefined
}

/** Whether a member may give another one a role: both must be below what they are, or the role their own. */
export function mayAssign(
  own: Role,
  change: { readonly from: Role; readonly to: Role; readonly isSelf: boolean },
): boolean {
  const { from, to, isSelf } = change
  if (outranks(to, own)) return false
  return isSelf || outranks(own, from)
}

/** A candidate for the ownership of a conversation. */
export interface Candidate {
  readonly user: string
  readonly role: Role
  readonly joinedAt: number
}

/** Who becomes the owner when the last one leaves: the admin who came first, else the member who came first. */
export function successor(members: readonly Candidate[]): Candidate | undefined {
  return members.toSorted(
    (one, other) =>
      ranks[other.role] - ranks[one.role] ||
      one.joinedAt - other.joinedAt ||
      (one.user < other.user ? -1 : 1),
  )[0]
}

/** The role of somebody who comes by themselves: who comes first into an empty room is its owner. */
export function roleOnJoining(members: number): Role {
  return members === 0 ? 'owner' : 'member'
}

/** Names a set of users: the same users always meet in the same direct conversation. */
export function directKey(users: readonly string[]): string {
  return [...new Set(users)].sort().join('\n')
}
