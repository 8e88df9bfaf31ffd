import { command } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage, pageSize } from '../../paging.ts'
import { conversation, message, moment, userId } from '../model.ts'

const search = command({
  summary: 'Find messages with all of some words, newest first, in what the caller may read.',
  description:
    'Words are matched whole, without regard to case and accents; `"two words"` must stand side by side. Filters narrow ' +
    'it. A page may hold fewer messages than asked for while there are more: `next` tells.',
  input: z.strictObject({
    text: z.string().max(200).default(''),
    channel: conversation.optional(),
    author: userId.optional(),
    mentions: userId.optional(),
    has: z.enum(['file', 'link', 'pin', 'reaction']).optional(),
    since: moment.optional(),
    until: moment.optional(),
    limit: pageSize(100, 20),
    after: cursor,
  }),
  output: z.object({
    messages: z.array(message),
    words: z
      .array(z.string())
      .meta({ description: 'What was looked for, as it is compared: for highlighting.' }),
    next: nextPage,
  }),
  permission: 'anyone',
  rest: 'GET /search',
  readOnly: true,
  errors: { 'chat.nothing_to_look_for': 'Give a word of at least one letter or digit, or a filter.' },
  example: { text: 'launch date' },
})

export const searchCommands = { search }
