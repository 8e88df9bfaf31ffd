import { command, event } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage, pageSize } from '../../paging.ts'
import {
  chatLimits,
  conversation,
  emoji,
  limit,
  message,
  messageBody,
  messageId,
  messageSeq,
  messageText,
  moment,
  priority,
  thread,
} from '../model.ts'

const done = z.object({})
const one = { channel: conversation, seq: messageSeq }
const example = { channel: 'conversation:general', seq: 17 }
const gone = { 'chat.no_such_message': 'There is no such message, or it was deleted.' }

const send = command({
  summary: 'Send a message.',
  description:
    'An ack means that the message is on disk and has its place. `@user` in the text mentions a member; `@room` all, ' +
    '`@here` those who are there now. A text that begins with `/` and names a slash command is not sent but run: see ' +
    '`chat.runCommand`; begin with `//` to send a slash.',
  input: z
    .strictObject({
      channel: conversation,
      text: messageText,
      id: messageId.optional(),
      thread,
      replyTo: messageSeq.optional(),
      attachments: z.array(z.string().min(1).max(64)).max(chatLimits.attachments).optional(),
      priority: priority.optional(),
    })
    .refine(
      ({ text, attachments }) => text.trim() !== '' || (attachments?.length ?? 0) > 0,
      'Write something, or attach a file',
    ),
  output: z.object({
    id: z.string(),
    seq: z.int().meta({ description: '0 when a slash command was run that sends nothing.' }),
    epoch: z.string(),
  }),
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /conversations/{channel}/messages',
  errors: {
    'chat.not_a_member': 'Only members write. Join first.',
    'chat.locked': 'Only admins and owners write here.',
    'chat.archived': 'The conversation is closed.',
    'chat.slow_mode': 'Members write at most one message in so many seconds here.',
    'chat.no_such_message': 'The thread, or the message replied to, is not there.',
    'chat.no_such_file': 'An attachment is not there, not finished, or not yours.',
    'chat.too_many_to_mention': '@room and @here are for admins in a conversation as large as this.',
  },
  example: { channel: 'conversation:general', text: 'Hello **all**' },
})

const edit = command({
  summary: 'Change the text of an own message. Earlier versions stay readable in its history.',
  description: 'Mentions are read anew. A deleted message cannot be edited.',
  input: z.strictObject({ ...one, text: messageText.min(1) }),
  output: z.object({ edited: z.object({ at: moment, count: z.int() }) }),
  permission: { action: 'write', channel: 'channel' },
  rest: 'PATCH /conversations/{channel}/messages/{seq}',
  errors: { ...gone, 'chat.not_the_author': 'Only its author edits a message.' },
  example: { ...example, text: 'Hello to all' },
})

const edits = command({
  summary: 'Earlier versions of a message, oldest first.',
  description: 'For those who can read the message. Deleting a message deletes them too.',
  input: z.strictObject(one),
  output: z.object({ versions: z.array(z.object({ text: z.string(), at: moment })) }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/messages/{seq}/edits',
  readOnly: true,
  errors: gone,
  example,
})

const remove = command({
  summary: 'Delete a message: for all, or only for the caller.',
  description:
    'For all: the author, an admin or an owner. Words, files and earlier versions are in no file afterwards; the place ' +
    'in the conversation stays.',
  input: z.strictObject({ ...one, for: z.enum(['all', 'me']).default('all') }),
  output: done,
  permission: { action: 'read', channel: 'channel' },
  rest: 'DELETE /conversations/{channel}/messages/{seq}',
  errors: {
    ...gone,
    'chat.not_the_author': 'Only the author, an admin or an owner deletes a message for all.',
  },
  example,
})

const get = command({
  summary: 'One message as it stands now.',
  description: 'With edits, reactions and reply count as of the answer.',
  input: z.strictObject(one),
  output: message,
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/messages/{seq}',
  readOnly: true,
  errors: gone,
  example,
})

const history = command({
  summary: 'Messages of a conversation or a thread as they stand now.',
  description:
    'Backward from `before` or the newest message, forward from `after`, or around `around` (a seq) or `at` (a time). ' +
    'Ascending either way. `position` is where to subscribe to miss nothing.',
  input: z
    .strictObject({
      channel: conversation,
      thread,
      before: messageSeq.optional(),
      after: z.int().min(0).optional(),
      around: messageSeq.optional(),
      at: moment.optional().meta({ description: 'The first message from this time on, and some before it.' }),
      limit,
    })
    .refine(
      ({ before, after, around, at }) =>
        [before, after, around, at].filter((given) => given !== undefined).length <= 1,
      'Give one of `before`, `after`, `around` and `at`',
    ),
  output: z.object({
    messages: z.array(message),
    hasBefore: z.boolean().meta({ description: 'There are older messages.' }),
    hasAfter: z.boolean().meta({ description: 'There are newer messages.' }),
    position: z.object({ epoch: z.string(), offset: z.int() }),
  }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/messages',
  readOnly: true,
  example: { channel: 'conversation:general', limit: 50 },
})

const react = command({
  summary: 'Put an emoji on a message, or take it away.',
  description: 'One emoji of a user counts once, however often it is put.',
  input: z.strictObject({ ...one, emoji, on: z.boolean().default(true) }),
  output: done,
  permission: { action: 'write', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/messages/{seq}/reactions',
  errors: { ...gone, 'chat.too_many_emoji': 'The message has as many different emoji as it can.' },
  example: { ...example, emoji: '👍' },
})

const reactions = command({
  summary: 'Who put which emoji on a message.',
  description: 'Page by page, by emoji.',
  input: z.strictObject({ ...one, emoji: emoji.optional(), after: cursor, limit }),
  output: z.object({
    reactions: z.array(z.object({ emoji: z.string(), user: z.string(), at: moment })),
    next: nextPage,
  }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/messages/{seq}/reactions',
  readOnly: true,
  example,
})

const pin = command({
  summary: 'Pin a message, or take the pin out.',
  description: 'Everybody in the conversation sees pins. At most as many as the limit says.',
  input: z.strictObject({ ...one, on: z.boolean().default(true) }),
  output: done,
  permission: { action: 'write', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/messages/{seq}/pin',
  errors: { ...gone, 'chat.too_many_pins': `A conversation has at most ${chatLimits.pins} pins.` },
  example,
})

const pins = command({
  summary: 'Pinned messages, newest pin first.',
  description: 'As they stand now.',
  input: z.strictObject({ channel: conversation }),
  output: z.object({ messages: z.array(message) }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/pins',
  readOnly: true,
  example: { channel: 'conversation:general' },
})

const follow = command({
  summary: 'Follow a thread, or stop. Who starts, writes in or is mentioned in a thread follows it.',
  description: 'Followed threads have unread counts of their own and stand in the list of threads.',
  input: z.strictObject({ channel: conversation, thread: messageSeq, on: z.boolean().default(true) }),
  output: done,
  permission: { action: 'read', channel: 'channel' },
  rest: 'PUT /conversations/{channel}/threads/{thread}/following',
  errors: gone,
  example: { channel: 'conversation:general', thread: 17 },
})

const threads = command({
  summary: 'Threads that the caller follows, newest reply first.',
  description: 'Page by page, with the message that began each and what is unread in it.',
  input: z.strictObject({ limit, after: cursor }),
  output: z.object({
    threads: z.array(z.object({ root: message, unread: z.int(), mentions: z.int() })),
    next: nextPage,
  }),
  permission: 'anyone',
  rest: 'GET /threads',
  readOnly: true,
  example: {},
})

const mentions = command({
  summary: 'Messages that mention the caller, newest first.',
  description: 'By name, as @room or as @here.',
  input: z.strictObject({ limit, after: cursor }),
  output: z.object({ messages: z.array(message), next: nextPage }),
  permission: 'anyone',
  rest: 'GET /mentions',
  readOnly: true,
  example: {},
})

const exportRoom = command({
  summary: 'All messages of a conversation, page by page, with edits and members, for keeping elsewhere.',
  description: 'For admins, owners and back ends. Go on with `next` until it is absent.',
  input: z.strictObject({
    channel: conversation,
    after: z.int().min(0).default(0),
    limit: pageSize(1_000, 500),
  }),
  output: z.object({
    messages: z.array(
      message.extend({ versions: z.array(z.object({ text: z.string(), at: moment })).optional() }),
    ),
    next: z.int().optional().meta({ description: 'Pass as `after` to go on; absent at the end.' }),
  }),
  permission: { action: 'manage', channel: 'channel' },
  rest: 'GET /conversations/{channel}/export',
  readOnly: true,
  example: { channel: 'conversation:general' },
})

const commandInfo = z.object({ name: z.string(), summary: z.string(), usage: z.string() })

const commands = command({
  summary: 'Slash commands that work in a conversation.',
  description: 'With what each does and how it is written.',
  input: z.strictObject({ channel: conversation }),
  output: z.object({ commands: z.array(commandInfo) }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /conversations/{channel}/commands',
  readOnly: true,
  example: { channel: 'conversation:general' },
})

const runCommand = command({
  summary: 'Run a slash command.',
  description: 'Whether the answer is seen by all or by the caller alone depends on the command.',
  input: z.strictObject({
    channel: conversation,
    thread,
    name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'A command name has lower-case letters, digits and -'),
    args: z.string().max(2_000).default(''),
  }),
  output: z.object({
    text: z.string().optional().meta({ description: 'An answer for the caller alone.' }),
    seq: z.int().optional(),
  }),
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /conversations/{channel}/commands/{name}',
  errors: {
    'chat.no_such_command': 'There is no such slash command.',
    'chat.bad_arguments': 'The command cannot do anything with these arguments.',
  },
  example: { channel: 'conversation:general', name: 'me', args: 'waves' },
})

export const messageCommands = {
  send,
  edit,
  edits,
  delete: remove,
  message: get,
  history,
  react,
  reactions,
  pin,
  pins,
  follow,
  threads,
  mentions,
  export: exportRoom,
  commands,
  runCommand,
}

const place = z.object({ seq: z.int(), thread: z.int().optional() })

export const messageEvents = {
  'chat.sent': event('A message. Its offset is its seq.', messageBody),
  'chat.edited': event(
    'A message has another text.',
    place.extend({
      text: z.string(),
      mentions: z.array(z.string()).optional(),
      mentionsAll: z.enum(['room', 'here']).optional(),
      count: z.int(),
    }),
  ),
  'chat.deleted': event('A message was deleted for all: forget its words.', place),
  'chat.reacted': event(
    'Somebody put an emoji on a message, or took it away.',
    place.extend({ emoji: z.string(), on: z.boolean() }),
  ),
  'chat.pinned': event('A message was pinned, or its pin taken out.', place.extend({ on: z.boolean() })),
  // In the inbox of the user concerned.
  'chat.hidden': event('You deleted a message for yourself.', place.extend({ channel: z.string() })),
  // It is written together with the message, before that has its seq: `chat.mentions` has the message itself.
  'chat.mentioned': event(
    'A message mentions you.',
    z.object({ channel: z.string(), id: z.string(), thread: z.int().optional(), by: z.string() }),
  ),
  'chat.thread_followed': event(
    'You follow a thread, or no longer.',
    z.object({ channel: z.string(), thread: z.int(), on: z.boolean() }),
  ),
}
