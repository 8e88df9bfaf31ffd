import type { ConversationInfo, Membership } from '@parley/react'

type Role = Membership['role']

const ranks: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 }

/** What a member may do about another one; the server decides, this saves offering what it refuses. */
export interface MayDo {
  /** Roles that the other one can be given. */
  readonly roles: readonly Role[]
  readonly remove: boolean
}

const nothing: MayDo = { roles: [], remove: false }

/** @param mine undefined: the reader is no member */
export function mayDoAbout(member: Membership, mine: ConversationInfo['mine'], isMe: boolean): MayDo {
  if (mine === undefined || mine.role === 'member' || isMe) return nothing
  const rank = ranks[mine.role]
  // Owners are each other's equals and decide about everybody.
  const isBelow = ranks[member.role] < rank || mine.role === 'owner'
  if (!isBelow) return nothing
  const roles = (Object.keys(ranks) as Role[]).filter((role) => ranks[role] <= rank && role !== member.role)
  return { roles, remove: ranks[member.role] < rank }
}

export const roleWords: Readonly<Record<Role, string>> = { owner: 'Owner', admin: 'Admin', member: 'Member' }
