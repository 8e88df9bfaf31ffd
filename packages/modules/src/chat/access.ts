import { type AuthorizeRequest, defineKind, type Kind, type KindOptions } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { draftsOf, inboxOf } from './channel-names.ts'
import type { Directory } from './conversations/directory.ts'
import { mayAccess } from './conversations/rules.ts'
import { conversationKind, draftsKind, inboxKind } from './model.ts'

const ofUsers = { read: 'user', write: 'user', presence: 'user', manage: 'user' } as const
const day = 24 * 60 * 60 * 1000

/** Messages stay until they are deleted, or until a disk of this size is full of one conversation. */
const conversationRetention = { maxEvents: 100_000_000, maxAgeMs: 36_500 * day, maxBytes: 2 ** 40 }
const inboxRetention = { maxEvents: 10_000, maxAgeMs: 30 * day }

/** A message of the longest text in the widest script, as JSON. */
const maxMessageBytes = 262_144

/** Whether a user may do something to a conversation, as it is in the tables now. */
async function authorizeConversation(
  directory: Directory,
  { identity, action, channel }: AuthorizeRequest,
): Promise<boolean> {
  const { app, user } = identity
  const standing = user === undefined ? undefined : await directory.standing(app, channel, user)
  if (standing === undefined) return false
  const { conversation, member, isBanned } = standing
  const access = { visibility: conversation.visibility, role: member?.role, isBanned }
  if (mayAccess(action, access)) return true
  // Who may read it may know that it is there.
  if (action === 'write' && mayAccess('read', access))
    throw new ParleyError('chat.not_a_member', `Only members write in ${channel}. Join first.`)
  return false
}

const readByOwner =
  (channelOf: (user: string) => string) =>
  async ({ identity, action, channel }: AuthorizeRequest): Promise<boolean> =>
    action === 'read' && identity.user !== undefined && channel === channelOf(identity.user)

/** The kinds of channels that chat has. */
export function chatKinds(
  directory: Directory,
  retention: { readonly conversation?: KindOptions['retention']; readonly drafts: KindOptions['retention'] },
): readonly Kind[] {
  return [
    defineKind('chat', conversationKind, {
      access: ofUsers,
      retention: { ...conversationRetention, ...retention.conversation },
      limits: { maxEventBytes: maxMessageBytes },
      lane: 'high',
      authorize: (request) => authorizeConversation(directory, request),
    }),
    defineKind('chat', inboxKind, {
      access: ofUsers,
      presence: false,
      retention: inboxRetention,
      authorize: readByOwner(inboxOf),
    }),
    defineKind('chat', draftsKind, {
      access: ofUsers,
      presence: false,
      retention: retention.drafts,
      limits: { maxEventBytes: maxMessageBytes },
      authorize: readByOwner(draftsOf),
    }),
  ]
}
