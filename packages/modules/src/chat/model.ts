import { z } from 'zod'
import { channelName, moment, userId } from '../channels/model.ts'
import { pageSize } from '../paging.ts'

/** The kind of channel that a conversation is. */
export const conversationKind = 'conversation'

/** The kind of the channel in which each user hears of what concerns them in any conversation. */
export const inboxKind = 'inbox'

/** The kind of the channel that holds the words of a user's drafts and scheduled messages. */
export const draftsKind = 'drafts'

/** What chat takes at most. */
export const chatLimits = {
  textLength: 20_000,
  titleLength: 120,
  topicLength: 500,
  attachments: 10,
  mentions: 100,
  /** Different emoji on one message. */
  emoji: 50,
  /** Members that one call adds. */
  addedAtOnce: 100,
  membersOfGroup: 500,
  pins: 100,
  scheduled: 100,
  drafts: 500,
  page: 200,
  /** Members among whom everybody sees who has read what; above, only counts. */
  seenBy: 100,
  /** `@here` and `@room` count as a mention up to so many members; above, only admins may use them. */
  broadcastMembers: 1_000,
} as const

/** A conversation by its channel: `conversation:general`. */
export const conversation = channelName
  .refine((name) => name.startsWith(`${conversationKind}:`), 'A conversation is named `conversation:id`')
  .meta({ description: 'The channel of a conversation.', examples: ['conversation:general'] })

/** A message by its place: the offset of its `chat.sent` event in the channel. */
export const messageSeq = z
  .int()
  .min(1)
  .meta({ description: 'The message: the offset of its `chat.sent` event.', examples: [17] })

/** Root of the thread; without it the conversation itself is meant. */
export const thread = messageSeq
  .optional()
  .meta({ description: 'Seq of the message that the thread hangs on; absent for the conversation itself.' })

/** An id that the sender gives a message; a repeat with the same id is the same message. */
export const messageId = z
  .string()
  .regex(/^[!-~]{1,64}$/, 'A message id has 1 to 64 printable ASCII characters and no space')

export const messageText = z
  .string()
  .max(chatLimits.textLength)
  .meta({ description: 'Markdown: bold, italics, strikethrough, code, quotes, lists, links. No HTML.' })

export const emoji = z
  .string()
  .min(1)
  .max(32)
  .regex(/^(:[a-z0-9_+-]{1,30}:|[^\s<>&"'a-zA-Z]{1,16})$/u, 'An emoji, or a name between colons')
  .meta({ examples: ['👍', ':party:'] })

export const title = z.string().trim().min(1).max(chatLimits.titleLength)
export const topic = z.string().trim().max(chatLimits.topicLength)

export const role = z.enum(['owner', 'admin', 'member'])
export const visibility = z.enum(['public', 'private'])
export const conversationType = z.enum(['direct', 'group', 'room'])
/** `urgent` is the register's word for what goes before everything else. */
export const priority = z.enum(['low', 'normal', 'high', 'urgent'])
export const notify = z.enum(['all', 'mentions', 'none'])

/** Cursor of a list, from the answer before. */
export const limit = pageSize(chatLimits.page, 50)

/** A file of a message, as module `files` describes it. */
export const attachment = z.object({
  file: z.string(),
  name: z.string(),
  type: z.string(),
  size: z.int(),
  width: z.int().optional(),
  height: z.int().optional(),
  placeholder: z.string().optional(),
})

const reaction = z.object({
  emoji: z.string(),
  count: z.int(),
  users: z.array(z.string()).meta({ description: 'The first ten who reacted so.' }),
  mine: z.boolean(),
})

/** The words of a message and what hangs on them: data of `chat.sent`. */
export const messageBody = z.object({
  id: z.string(),
  text: z.string(),
  thread: z.int().optional(),
  replyTo: z.int().optional(),
  attachments: z.array(attachment).optional(),
  mentions: z.array(z.string()).optional(),
  mentionsAll: z.enum(['room', 'here']).optional(),
  priority: priority.optional(),
})

/** A message as it stands now. */
export const message = messageBody.extend({
  channel: z.string(),
  seq: z.int(),
  author: z.string(),
  at: moment,
  edited: z.object({ at: moment, count: z.int() }).optional(),
  deleted: z
    .object({ at: moment, by: z.string() })
    .optional()
    .meta({ description: 'The words are gone for everybody: `text` is empty.' }),
  reactions: z.array(reaction),
  replies: z.object({ count: z.int(), lastAt: moment, users: z.array(z.string()) }).optional(),
  pinned: z.object({ by: z.string(), at: moment }).optional(),
})

/** How far somebody has read, and what waits. */
export const readState = z.object({
  channel: z.string(),
  thread: z.int().optional(),
  seq: z.int().meta({ description: 'Everything up to this offset is read.' }),
  version: z
    .int()
    .meta({ description: 'Counts explicit changes backward: a mark of an older version is ignored.' }),
  unread: z.int(),
  mentions: z.int(),
  head: z.int().meta({ description: 'Seq of the newest message; 0 when there is none.' }),
  lastAt: moment.optional(),
})

export const membership = z.object({
  user: z.string(),
  role,
  joinedAt: moment,
})

export const conversationInfo = z.object({
  channel: z.string(),
  type: conversationType,
  visibility,
  title: z.string().meta({ description: 'Empty for direct conversations: the client shows the others.' }),
  topic: z.string(),
  createdBy: z.string(),
  createdAt: moment,
  members: z.int(),
  locked: z.boolean().meta({ description: 'Only admins and owners write.' }),
  archived: z.boolean(),
  receipts: z.boolean().meta({ description: 'Whether members see who has read.' }),
  slowSeconds: z.int(),
  /** Of the caller, if they are a member. */
  mine: z
    .object({
      role,
      notify,
      starred: z.boolean(),
      joinedAt: moment,
    })
    .optional(),
  /** The others of a direct conversation, and the first members of a group. */
  with: z.array(z.string()).optional(),
})

export { moment, userId }
