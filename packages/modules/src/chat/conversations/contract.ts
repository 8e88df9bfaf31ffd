import { command, event } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage } from '../../paging.ts'
import {
  chatLimits,
  conversation,
  conversationInfo,
  limit,
  membership,
  moment,
  notify,
  role,
  title,
  topic,
  userId,
  visibility,
} from '../model.ts'

const done = z.object({})
const link = z.object({
  link: z.string().meta({ description: 'Names the link in lists; it does not open it.' }),
  channel: z.string(),
  role,
  createdBy: z.string(),
  expiresAt: moment.optional(),
  maxUses: z.int().optional(),
  uses: z.int(),
})
const settings = {
  title: title.optional(),
  topic: topic.optional(),
  visibility: visibility.optional(),
  locked: z.boolean().optional().meta({ description: 'Only admins and owners write.' }),
  receipts: z.boolean().optional().meta({ description: 'Whether members see who has read.' }),
  slowSeconds: z
    .int()
    .min(0)
    .max(3600)
    .optional()
    .meta({ description: 'Least seconds between two messages of one member.' }),
}

const create = command({
  summary: 'Create a room or a group.',
  description:
    'A room has a name of its own and may be public; a group is private and lives by its members. The caller is its ' +
    'owner. A repeat with the same `id` by the same owner is refused with `chat.exists`.',
  input: z.strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'An id has 1 to 64 lower-case letters, digits and -')
      .optional()
      .meta({ description: 'Default: made by the server.' }),
    type: z.enum(['room', 'group']).default('room'),
    members: z.array(userId).max(chatLimits.addedAtOnce).default([]),
    ...settings,
  }),
  output: conversationInfo,
  permission: 'anyone',
  rest: 'POST /conversations',
  errors: { 'chat.exists': 'There is a conversation of this id already.' },
  example: { id: 'launch', title: 'Launch', visibility: 'public' },
})

const direct = command({
  summary: 'Open the direct conversation with some users, creating it at first.',
  description:
    'The same users always meet in the same conversation. With yourself alone it is a place for notes.',
  input: z.strictObject({ users: z.array(userId).min(1).max(8) }),
  output: conversationInfo,
  permission: 'anyone',
  rest: 'POST /conversations/direct',
  example: { users: ['grace'] },
})

const get = command({
  summary: 'What a conversation is, and what the caller is in it.',
  description: 'With the role and the preferences of the caller, where they are a member.',
  input: z.strictObject({ channel: conversation }),
  output: conversationInfo,
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}',
  readOnly: true,
  example: { channel: 'conversation:general' },
})

const list = command({
  summary: 'The conversations of the caller, newest activity first.',
  description: 'Page by page. Closed ones are among them when asked for.',
  input: z.strictObject({ limit: limit, after: cursor, archived: z.boolean().default(false) }),
  output: z.object({ conversations: z.array(conversationInfo), next: nextPage }),
  permission: 'anyone',
  rest: 'GET /conversations',
  readOnly: true,
  example: { limit: 50 },
})

const browse = command({
  summary: 'Public rooms of the app, by title.',
  description: 'Closed rooms are left out.',
  input: z.strictObject({ title: z.string().max(100).optional(), limit, after: cursor }),
  output: z.object({ conversations: z.array(conversationInfo), next: nextPage }),
  permission: 'anyone',
  rest: 'GET /rooms',
  readOnly: true,
  example: { title: 'gen' },
})

const update = command({
  summary: 'Change the settings of a conversation.',
  description:
    'What is left out stays as it is. Needs an admin or owner; everybody in the conversation is told by an event.',
  input: z.strictObject({ channel: conversation, ...settings }),
  output: conversationInfo,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'PATCH /conversations/{channel}',
  example: { channel: 'conversation:general', topic: 'Everything and nothing' },
})

const archive = command({
  summary: 'Close a conversation: it can be read, and nobody writes.',
  description: 'Admins and owners close and open it. Members and history stay.',
  input: z.strictObject({ channel: conversation, archived: z.boolean().default(true) }),
  output: conversationInfo,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/archived',
  example: { channel: 'conversation:general' },
})

const join = command({
  summary: 'Join a public room, or a conversation that the caller is invited to.',
  description: 'Joining twice is the same as once.',
  input: z.strictObject({ channel: conversation }),
  output: conversationInfo,
  permission: 'anyone',
  orderBy: 'channel',
  rest: 'PUT /conversations/{channel}/membership',
  errors: { 'chat.not_invited': 'The conversation is private and there is no invitation.' },
  example: { channel: 'conversation:general' },
})

const leave = command({
  summary: 'Leave a conversation. The last owner hands over to the admin or member who came first.',
  description: 'Takes effect at once on every device. What the caller has written stays.',
  input: z.strictObject({ channel: conversation }),
  output: done,
  permission: 'anyone',
  orderBy: 'channel',
  rest: 'DELETE /conversations/{channel}/membership',
  example: { channel: 'conversation:general' },
})

const members = command({
  summary: 'Members of a conversation by name, page by page.',
  description: 'With role and time of joining. Presence is not here: it belongs to the channel’s state.',
  input: z.strictObject({ channel: conversation, limit, after: cursor }),
  output: z.object({ members: z.array(membership), next: nextPage }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/members',
  readOnly: true,
  example: { channel: 'conversation:general' },
})

const addMembers = command({
  summary: 'Make users members of a conversation.',
  description:
    'Needs an admin or owner. Those who are members already are left as they are; either all are added or none.',
  input: z.strictObject({ channel: conversation, users: z.array(userId).min(1).max(chatLimits.addedAtOnce) }),
  output: z.object({ added: z.array(z.string()) }),
  permission: { action: 'manage', channel: 'channel' },
  rest: 'POST /conversations/{channel}/members',
  errors: { 'chat.direct_is_closed': 'Nobody is added to a direct conversation; create a group.' },
  example: { channel: 'conversation:general', users: ['grace'] },
})

const removeMember = command({
  summary: 'Take a member out of a conversation, at once and on every device.',
  description:
    'Nothing that is sent later reaches them: the removal is ordered before every later message. With `ban` they cannot join again by themselves.',
  input: z.strictObject({
    channel: conversation,
    user: userId,
    ban: z.boolean().optional().meta({ description: 'They may not come back until invited again.' }),
  }),
  output: done,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'DELETE /conversations/{channel}/members/{user}',
  errors: { 'chat.outranked': 'The member has the same or a higher role.' },
  example: { channel: 'conversation:general', user: 'mallory' },
})

const setRole = command({
  summary: 'Change the role of a member.',
  description:
    'A role above your own cannot be given, and who has the same or a higher one cannot be changed.',
  input: z.strictObject({ channel: conversation, user: userId, role }),
  output: membership,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/members/{user}/role',
  errors: {
    'chat.outranked': 'The member has the same or a higher role, or the role is above your own.',
    'chat.last_owner': 'A conversation keeps at least one owner.',
  },
  example: { channel: 'conversation:general', user: 'grace', role: 'admin' },
})

const setPreferences = command({
  summary: 'Say how a conversation counts for the caller: star, notifications.',
  description: 'Seen by the caller alone, on all their devices.',
  input: z.strictObject({
    channel: conversation,
    notify: notify.optional(),
    starred: z.boolean().optional(),
  }),
  output: conversationInfo,
  permission: { action: 'read', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/preferences',
  example: { channel: 'conversation:general', notify: 'mentions' },
})

const invite = command({
  summary: 'Invite users; they join when they like.',
  description:
    'Each is told on their own channel. An invitation stays until it is taken, declined or taken back.',
  input: z.strictObject({ channel: conversation, users: z.array(userId).min(1).max(chatLimits.addedAtOnce) }),
  output: z.object({ invited: z.array(z.string()) }),
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /conversations/{channel}/invitations',
  errors: { 'chat.direct_is_closed': 'Nobody is added to a direct conversation; create a group.' },
  example: { channel: 'conversation:general', users: ['grace'] },
})

const invitations = command({
  summary: 'Invitations that wait for the caller.',
  description: 'Newest first, with who invited and what to.',
  input: z.strictObject({}),
  output: z.object({
    invitations: z.array(z.object({ channel: z.string(), title: z.string(), by: z.string(), at: moment })),
  }),
  permission: 'anyone',
  rest: 'GET /invitations',
  readOnly: true,
  example: {},
})

const decline = command({
  summary: 'Decline an invitation; with `user`, an admin takes it back.',
  description: 'It is gone on all devices of the user.',
  input: z.strictObject({ channel: conversation, user: userId.optional() }),
  output: done,
  permission: 'anyone',
  orderBy: 'channel',
  rest: 'DELETE /conversations/{channel}/invitations',
  example: { channel: 'conversation:general' },
})

const createLink = command({
  summary: 'Make a link by which anybody of the app can join.',
  description:
    'It works until it expires, has been used as often as it may be, or is revoked. Its token is shown once, here.',
  input: z.strictObject({
    channel: conversation,
    expiresInHours: z.int().min(1).max(8760).optional(),
    maxUses: z.int().min(1).max(10_000).optional(),
  }),
  output: link.extend({
    token: z.string().meta({ description: 'Shown once; joins with `chat.joinByLink`.' }),
  }),
  permission: { action: 'manage', channel: 'channel' },
  rest: 'POST /conversations/{channel}/links',
  example: { channel: 'conversation:general', expiresInHours: 72 },
})

const links = command({
  summary: 'Join links of a conversation.',
  description: 'With how often each was used. The secrets are not among it.',
  input: z.strictObject({ channel: conversation }),
  output: z.object({ links: z.array(link) }),
  permission: { action: 'manage', channel: 'channel' },
  rest: 'GET /conversations/{channel}/links',
  readOnly: true,
  example: { channel: 'conversation:general' },
})

const revokeLink = command({
  summary: 'Make a join link useless.',
  description: 'At once. Who has joined by it stays.',
  input: z.strictObject({ channel: conversation, link: z.string().min(1).max(64) }),
  output: done,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'DELETE /conversations/{channel}/links/{link}',
  example: { channel: 'conversation:general', link: 'k3v' },
})

const joinByLink = command({
  summary: 'Join by a link.',
  description: 'No invitation is needed.',
  input: z.strictObject({ token: z.string().min(16).max(128) }),
  output: conversationInfo,
  permission: 'anyone',
  rest: 'POST /conversations/join',
  errors: { 'chat.link_is_dead': 'The link has expired, was revoked, or was used as often as it may be.' },
  example: { token: 'V1StGXR8Z5jdHi6BmyT0' },
})

export const conversationCommands = {
  create,
  direct,
  get,
  list,
  browse,
  update,
  archive,
  join,
  leave,
  members,
  addMembers,
  removeMember,
  setRole,
  setPreferences,
  invite,
  invitations,
  decline,
  createLink,
  links,
  revokeLink,
  joinByLink,
}

const who = z.object({ user: z.string(), role: role.optional(), by: z.string().optional() })

export const conversationEvents = {
  'chat.created': event('A conversation began.', z.object({ title: z.string() })),
  'chat.changed': event(
    'Settings of the conversation changed: load it again.',
    z.object({ fields: z.array(z.string()) }),
  ),
  'chat.member_joined': event('Somebody became a member.', who),
  'chat.member_left': event('Somebody left, or was taken out.', who),
  'chat.role_changed': event('A member has another role.', who),
  // In the inbox of the user concerned.
  'chat.added': event('You are a member of a conversation now.', z.object({ channel: z.string() })),
  'chat.removed': event(
    'You are no longer a member of a conversation.',
    z.object({ channel: z.string(), reason: z.string() }),
  ),
  'chat.invited': event(
    'You are invited to a conversation.',
    z.object({ channel: z.string(), title: z.string(), by: z.string() }),
  ),
  'chat.invitation_ended': event('An invitation is gone.', z.object({ channel: z.string() })),
  'chat.preferences_changed': event(
    'You changed how a conversation counts for you.',
    z.object({ channel: z.string(), notify, starred: z.boolean() }),
  ),
}
