import { command, event } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage } from '../../paging.ts'
import { conversation, limit, messageSeq, moment, readState, thread } from '../model.ts'

const markRead = command({
  summary: 'Say that everything up to a message is read.',
  description:
    'A marker only moves forward; a mark made before the last `chat.markUnread` (older `version`) changes nothing.',
  input: z.strictObject({
    channel: conversation,
    thread,
    seq: messageSeq,
    version: z.int().min(0).optional(),
  }),
  output: readState,
  permission: { action: 'read', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/read',
  errors: { 'chat.not_a_member': 'Only members have a marker.' },
  example: { channel: 'conversation:general', seq: 17 },
})

const markUnread = command({
  summary: 'Say that a message and all after it are unread.',
  description: 'The only way in which a marker moves back. All devices of the caller follow.',
  input: z.strictObject({ channel: conversation, thread, seq: messageSeq }),
  output: readState,
  permission: { action: 'read', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/unread',
  errors: { 'chat.not_a_member': 'Only members have a marker.' },
  example: { channel: 'conversation:general', seq: 17 },
})

const markAllRead = command({
  summary: 'Say that everything everywhere is read.',
  description: 'Moves the markers of all conversations and followed threads to their ends.',
  input: z.strictObject({}),
  output: z.object({ conversations: z.int() }),
  permission: 'anyone',
  rest: 'POST /conversations/read',
  example: {},
})

const unread = command({
  summary: 'What waits for the caller in all their conversations and followed threads.',
  description:
    'The counts are the server’s own, so that all devices agree. After this, changes come on the user’s channel.',
  input: z.strictObject({ channel: conversation.optional() }),
  output: z.object({
    conversations: z.array(readState),
    threads: z.array(readState).meta({ description: 'Followed threads with something unread; at most 500.' }),
    total: z.int(),
    mentions: z.int(),
  }),
  permission: 'anyone',
  rest: 'GET /unread',
  readOnly: true,
  example: {},
})

const seenBy = command({
  summary: 'Who has read a message.',
  description:
    'Members who hide it do not appear and are not counted; above 100 members there are counts only.',
  input: z.strictObject({ channel: conversation, seq: messageSeq, after: cursor, limit }),
  output: z.object({
    count: z.int(),
    users: z.array(z.object({ user: z.string(), at: moment })),
    next: nextPage,
  }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/messages/{seq}/seen-by',
  readOnly: true,
  errors: {
    'chat.receipts_are_off': 'The conversation does not show who has read, or the caller does not.',
    'chat.not_a_member': 'Only members see who has read.',
    'chat.no_such_message': 'There is no such message, or it was deleted.',
  },
  example: { channel: 'conversation:general', seq: 17 },
})

const privacy = z.object({
  receipts: z
    .boolean()
    .meta({ description: 'Whether others see what the caller has read, and the caller what they have.' }),
})

const settings = command({
  summary: 'The chat settings of the caller.',
  description: 'The same on all devices.',
  input: z.strictObject({}),
  output: privacy,
  permission: 'anyone',
  rest: 'GET /chat/settings',
  readOnly: true,
  example: {},
})

const setSettings = command({
  summary: 'Change the chat settings of the caller.',
  description: 'All devices of the caller are told.',
  input: z.strictObject({ receipts: z.boolean() }),
  output: privacy,
  permission: 'anyone',
  rest: 'PUT /chat/settings',
  example: { receipts: false },
})

export const readingCommands = { markRead, markUnread, markAllRead, unread, seenBy, settings, setSettings }

export const readingEvents = {
  // In the inbox of the user concerned.
  'chat.read': event('You have read up to a message, on some device.', readState),
}

export const readingStates = {
  read: {
    summary: 'How far a member has read, a moment after they did; `chat.seenBy` tells it at any time.',
    value: z.object({ seq: z.int(), thread: z.int().optional() }),
  },
}
