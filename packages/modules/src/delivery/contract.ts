import { command, defineContract } from '@parley/protocol'
import { z } from 'zod'
import { nextPage, pageSize } from '../paging.ts'

const id = z.string().min(1).max(128).meta({ description: 'As `delivery.deadLetters` lists it.' })
const job = z
  .string()
  .min(1)
  .max(128)
  .meta({ description: 'A job of the server, as `module.name`.', examples: ['chat.sendScheduled'] })

const letter = z.object({
  id: z.string(),
  job: z.string(),
  summary: z.string().meta({ description: 'What the job does; empty when no module does it any more.' }),
  input: z.unknown().meta({ description: 'What the job was given: references, not words.' }),
  error: z.object({ code: z.string(), message: z.string() }),
  attempts: z.int(),
  requestedAt: z.int().meta({ description: 'Milliseconds since 1970.' }),
  failedAt: z.int().meta({ description: 'Milliseconds since 1970.' }),
  requeues: z.int().meta({ description: 'How often it was requeued before.' }),
})

const deadLetters = command({
  summary: 'Work of the server that was given up, the newest first, page by page.',
  description:
    'A job that fails is tried again with growing pauses; after its last attempt it is kept here for 30 days, at most ' +
    '1,000 of an app. Every app sees its own.',
  input: z.strictObject({
    job: job.optional(),
    after: id.optional(),
    limit: pageSize(200, 50),
  }),
  output: z.object({ letters: z.array(letter), next: nextPage }),
  permission: { action: 'manage' },
  rest: 'GET /dead-letters',
  readOnly: true,
  example: { limit: 20 },
})

const deadLetter = command({
  summary: 'One dead letter.',
  description: 'With the input of the job and the errors of its attempts.',
  input: z.strictObject({ id }),
  output: letter,
  permission: { action: 'manage' },
  rest: 'GET /dead-letters/{id}',
  readOnly: true,
  example: { id: '8204483200000.abcdefghij' },
})

const requeue = command({
  summary: 'Have the job of a dead letter done anew, at once and with all its attempts.',
  description:
    'Mend the cause first. The dead letter is gone, and comes back when the job is given up again.',
  input: z.strictObject({ id }),
  output: z.object({ id: z.string(), job: z.string() }),
  permission: { action: 'manage' },
  rest: 'POST /dead-letters/{id}/requeue',
  example: { id: '8204483200000.abcdefghij' },
})

const requeueAll = command({
  summary: 'Have the jobs of many dead letters done anew, the newest first.',
  description: 'For after a system that all of them needed is back.',
  input: z.strictObject({ job: job.optional(), limit: pageSize(200, 200) }),
  output: z.object({ requeued: z.int(), more: z.boolean() }),
  permission: { action: 'manage' },
  rest: 'POST /dead-letters/requeue',
  example: { job: 'chat.sendScheduled' },
})

const discard = command({
  summary: 'Throw a dead letter away.',
  description: 'Its job is not done any more. Nothing brings it back.',
  input: z.strictObject({ id }),
  output: z.object({ id: z.string() }),
  permission: { action: 'manage' },
  rest: 'DELETE /dead-letters/{id}',
  example: { id: '8204483200000.abcdefghij' },
})

const drops = command({
  summary: 'What this node has dropped or refused since its start, by what it was and why.',
  description:
    '`frame`: events of an ephemeral kind that one reader did not get; it was told. `request`: refused before it was ' +
    'looked at, to be tried again. `subscription`: ended, to be made anew. `dead_letter`: above the bound. Concerns ' +
    'the whole server: only the app `default` may see it.',
  input: z.strictObject({}),
  output: z.object({
    node: z.string(),
    drops: z.array(
      z.object({
        what: z.enum(['frame', 'request', 'subscription', 'dead_letter']),
        reason: z.string(),
        lane: z.enum(['critical', 'high', 'normal', 'low', 'background']).optional(),
        count: z.int(),
      }),
    ),
  }),
  permission: { action: 'manage' },
  rest: 'GET /delivery/drops',
  readOnly: true,
  example: {},
})

/** What did not reach its end, and what can be done about it. */
export const delivery = defineContract({
  name: 'delivery',
  summary: 'Dead letters of jobs that were given up, and what was dropped.',
  commands: { deadLetters, deadLetter, requeue, requeueAll, discard, drops },
  events: {},
})
