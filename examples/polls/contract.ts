import { command, defineContract, event } from '@parley/protocol'
import { z } from 'zod'

const pollId = z.string().regex(/^[a-z0-9-]{1,64}$/)
const question = z.string().min(1).max(200)
const choices = z.array(z.string().min(1).max(80)).min(2).max(10)
const choice = z.int().min(0).max(9)

const open = command({
  summary: 'Open a poll.',
  input: z.strictObject({ channel: z.string(), poll: pollId, question, choices }),
  output: z.object({}),
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /polls/{channel}',
  errors: { 'polls.exists': 'A poll of this name is open in the channel already.' },
  example: {
    channel: 'poll:team',
    poll: 'lunch',
    question: 'Where do we eat?',
    choices: ['Inside', 'Outside'],
  },
})

const vote = command({
  summary: 'Vote, or change a vote.',
  input: z.strictObject({ channel: z.string(), poll: pollId, choice }),
  output: z.object({ votes: z.array(z.int()) }),
  permission: { action: 'write', channel: 'channel' },
  rest: 'PUT /polls/{channel}/{poll}/vote',
  errors: { 'polls.no_such_choice': 'The poll has no choice of this number.' },
  example: { channel: 'poll:team', poll: 'lunch', choice: 1 },
})

/** Commands and events of module `polls`. */
export const polls = defineContract({
  name: 'polls',
  summary: 'Questions with a few answers, counted live.',
  commands: { open, vote },
  events: {
    'polls.opened': event('A poll was opened.', z.object({ poll: pollId, question, choices })),
    'polls.voted': event('Somebody voted.', z.object({ poll: pollId, votes: z.array(z.int()) })),
  },
})
