import { command, defineContract, event } from '@parley/protocol'
import { z } from 'zod'
import { channelName, moment } from '../channels/model.ts'

const activity = z
  .enum(['typing', 'uploading', 'recording'])
  .meta({ description: 'What the user is at: writing, uploading a file, recording a voice message.' })

const thread = z
  .union([z.int().min(1), z.string().min(1).max(64)])
  .meta({ description: 'The thread in the channel that it is about; absent for the channel itself.' })

const shown = z.object({ activity, thread: thread.optional(), since: moment })

const counted = z.object({ count: z.int() })

type Entry = z.output<typeof shown> | z.output<typeof counted>

/** Of several nodes: what they count is added up; of what a user does, the newest counts. */
function joinTypists(values: readonly Entry[]): Entry {
  const counts = values.flatMap((value) => ('count' in value ? [value.count] : []))
  if (counts.length === 0) return values.at(-1) as Entry
  return { count: counts.reduce((sum, count) => sum + count, 0) }
}

const told = shown.extend({ channel: z.string(), user: z.string() })

const start = command({
  summary: 'Show that the calling user is typing.',
  description:
    'Lasts six seconds; repeat it every three while it goes on. All devices of a user are one typist. What comes too ' +
    'often is answered and left out: nothing has to be done about it.',
  input: z.strictObject({
    channel: channelName,
    thread: thread.optional(),
    activity: activity.default('typing'),
  }),
  output: z.object({}),
  permission: { action: 'write', channel: 'channel' },
  rest: 'PUT /channels/{channel}/typing',
  ephemeral: true,
  flag: 'typingIndicators',
  errors: {
    'typing.not_here': 'Channels of this kind show nobody typing. Set `typing: true` for the kind.',
    'typing.no_user': 'Only users type; these credentials belong to a back end.',
  },
  example: { channel: 'chat:general' },
})

const stop = command({
  summary: 'Show no longer that the calling user is typing.',
  description:
    'Ends what this device showed in the channel: all of it, or that of one thread or one activity. Over REST and ' +
    'from other modules, it ends what any device of the user showed.',
  input: z.strictObject({ channel: channelName, thread: thread.optional(), activity: activity.optional() }),
  output: z.object({}),
  permission: { action: 'write', channel: 'channel' },
  rest: 'DELETE /channels/{channel}/typing',
  ephemeral: true,
  flag: 'typingIndicators',
  example: { channel: 'chat:general' },
})

/** Who is typing, uploading or recording, in any channel whose kind shows it. */
export const typing = defineContract({
  name: 'typing',
  summary: 'Who is typing.',
  commands: { start, stop },
  events: {
    'typing.started': event('A user has begun to type, or does something else now.', told),
    'typing.stopped': event('A user types no longer.', told),
  },
  states: {
    typing: {
      summary:
        'One entry for each user who is typing. When they are many, one entry without a user that counts them.',
      value: z.union([shown, counted]),
      merge: joinTypists,
      events: { began: 'typing.started', changed: 'typing.started', ended: 'typing.stopped' },
      fleeting: true,
    },
  },
})
