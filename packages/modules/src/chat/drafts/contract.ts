import { command, event } from '@parley/protocol'
import { z } from 'zod'
import { conversation, messageText, moment, thread } from '../model.ts'

const draft = z.object({ channel: z.string(), thread: z.int().optional(), text: z.string(), at: moment })
const scheduled = z.object({
  id: z.string(),
  channel: z.string(),
  thread: z.int().optional(),
  text: z.string(),
  dueAt: moment,
  problem: z.string().optional().meta({ description: 'Why it could not be sent when it was due.' }),
})
// Answers of commands that write are kept for repeats, and words are kept in events alone.
const planned = scheduled.omit({ text: true, problem: true })
const id = z.string().min(1).max(64)
const dueAt = moment.meta({
  description: 'When it is sent, in milliseconds since 1970; at least 10 s and at most 366 days from now.',
})

const saveDraft = command({
  summary:
    'Keep what is being written, so that it follows the user to other devices. An empty text drops it.',
  description: 'There is one draft for each conversation and thread; the newest wins.',
  input: z.strictObject({ channel: conversation, thread, text: messageText }),
  output: z.object({ at: moment }),
  // Who may no longer read the conversation can still drop what they wrote for it.
  permission: 'anyone',
  orderBy: 'channel',
  rest: 'PUT /conversations/{channel}/draft',
  errors: { 'chat.too_many_drafts': 'There are as many drafts as can be kept. Send or drop some.' },
  example: { channel: 'conversation:general', text: 'Not sure yet' },
})

const drafts = command({
  summary: 'What the caller is writing, everywhere.',
  description: 'Newest first. Nobody else can read it.',
  input: z.strictObject({}),
  output: z.object({ drafts: z.array(draft) }),
  permission: 'anyone',
  rest: 'GET /drafts',
  readOnly: true,
  example: {},
})

const schedule = command({
  summary: 'Send a message later.',
  description:
    'It is sent with the rights that its author has when it is due, once, also after a restart. If it is refused then, ' +
    'it stays in the list with the `problem`, until it is rescheduled or cancelled.',
  input: z.strictObject({
    channel: conversation,
    thread,
    text: messageText.min(1),
    dueAt,
    id: id
      .optional()
      .meta({ description: 'A repeat with the same id changes nothing while the first waits.' }),
  }),
  output: planned,
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /conversations/{channel}/scheduled',
  errors: {
    'chat.bad_time': 'A message is scheduled for at least 10 seconds and at most 366 days from now.',
    'chat.too_many_scheduled': 'There are as many scheduled messages as can be kept.',
  },
  example: { channel: 'conversation:general', text: 'Good morning', dueAt: 1_900_000_000_000 },
})

const listScheduled = command({
  summary: 'Messages of the caller that wait for their time, soonest first.',
  description: 'They are sent by the server, whether the caller is connected or not.',
  input: z.strictObject({}),
  output: z.object({ scheduled: z.array(scheduled) }),
  permission: 'anyone',
  rest: 'GET /scheduled',
  readOnly: true,
  example: {},
})

const reschedule = command({
  summary: 'Change the time or the text of a scheduled message.',
  description: 'Until it is being sent. The message keeps its id.',
  input: z.strictObject({ id, dueAt: dueAt.optional(), text: messageText.min(1).optional() }),
  output: planned,
  permission: 'anyone',
  rest: 'PATCH /scheduled/{id}',
  errors: {
    'chat.bad_time': 'A message is scheduled for at least 10 seconds and at most 366 days from now.',
    'chat.being_sent': 'It is being sent at this moment.',
  },
  example: { id: 'x1', dueAt: 1_900_000_000_000 },
})

const cancelScheduled = command({
  summary: 'Drop a scheduled message.',
  description: 'Until it is being sent; its words are in no file afterwards.',
  input: z.strictObject({ id }),
  output: z.object({}),
  permission: 'anyone',
  rest: 'DELETE /scheduled/{id}',
  errors: { 'chat.being_sent': 'It is being sent at this moment.' },
  example: { id: 'x1' },
})

export const draftCommands = {
  saveDraft,
  drafts,
  schedule,
  scheduled: listScheduled,
  reschedule,
  cancelScheduled,
}

export const draftEvents = {
  // In the drafts channel of the user concerned.
  'chat.draft_saved': event('A draft has another text.', draft),
  'chat.draft_dropped': event('A draft is gone.', draft.omit({ text: true })),
  'chat.scheduled': event('A message waits for its time.', scheduled),
  'chat.unscheduled': event(
    'A scheduled message was sent or dropped.',
    z.object({ id: z.string(), problem: z.string().optional() }),
  ),
}
