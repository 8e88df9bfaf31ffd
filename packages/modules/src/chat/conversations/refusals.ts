import { ParleyError } from '@parley/protocol'
import { type Role, writeRefusal } from './rules.ts'

/** For whoever may know that there is none. */
export function noSuchConversation(channel: string): ParleyError {
  return new ParleyError('not_found', `There is no conversation \`${channel}\`.`)
}

/** For whoever may read a conversation, and does not belong to it. */
export function notAMember(channel: string): ParleyError {
  return new ParleyError('chat.not_a_member', `Only members write in ${channel}. Join first.`)
}

/** @throws ParleyError `chat.archived`, `chat.locked` */
export function requireWriter(
  conversation: { readonly archived: boolean; readonly locked: boolean },
  role: Role,
): void {
  const refusal = writeRefusal(conversation, role)
  if (refusal === 'chat.archived') throw new ParleyError(refusal, 'The conversation is closed.')
  if (refusal !== undefined) throw new ParleyError(refusal, 'Only admins and owners write here.')
}

/** @throws ParleyError `chat.archived` */
export function requireOpen({ archived, channel }: { readonly archived: boolean; readonly channel: string }) {
  if (archived) throw new ParleyError('chat.archived', `The conversation ${channel} is closed.`)
}

/** @throws ParleyError `chat.direct_is_closed` */
export function requireNotDirect({ type }: { readonly type: string }): void {
  if (type === 'direct')
    throw new ParleyError(
      'chat.direct_is_closed',
      'A direct conversation keeps its members. Create a group for others.',
    )
}

/** One answer for links that never were and links that are over. */
export function deadLink(): ParleyError {
  return new ParleyError(
    'chat.link_is_dead',
    'The link has expired, was revoked, or was used as often as it may be. Ask for another one.',
  )
}
