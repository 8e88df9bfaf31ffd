import type { Filter } from '@parley/protocol'
import { compileFilter, maxChannelNameLength, parseChannelName } from '@parley/protocol'
import { z } from 'zod'

/** Most events that one `publishMany` takes, and most channels that they may go to. */
export const publishManyLimits = { maxEvents: 100, maxChannels: 20 } as const

/** Largest page of a history, a list or a presence. */
export const maxPage = 1_000

/** The name of a channel: `kind:id`. */
export const channelName = z
  .string()
  .max(maxChannelNameLength)
  .refine(
    (name) => parseChannelName(name) !== undefined,
    'A channel is named `kind:id`, as in `chat:general`',
  )
  .meta({ description: 'A channel: `kind:id`.', examples: ['chat:general'] })

/** A user of the app: what may stand after the colon of a channel name. */
export const userId = z
  .string()
  .min(1)
  .max(128)
  .refine(
    (id) => parseChannelName(`user:${id}`) !== undefined,
    'A user id has letters, digits and . _ ~ @ + = : - only',
  )
  .meta({ description: 'A user of the app.', examples: ['ada'] })

const typePattern = /^[a-z][\w.:-]{0,63}$/i
const idPattern = /^[!-~]{1,128}$/
const tagPattern = /^[\w-]{1,64}$/
const maxTags = 16
const maxTagLength = 256

/** The type of a published event: free, except for the names of modules. */
const eventType = z
  .string()
  .regex(
    typePattern,
    'An event type begins with a letter and has letters, digits and _ . : - only, at most 64',
  )
  .meta({ description: 'What kind of event this is.', examples: ['message', 'order.placed'] })

/** An id that the publisher gives an event, unique in its channel. */
export const eventId = z
  .string()
  .regex(idPattern, 'An event id has 1 to 128 printable ASCII characters and no space')
  .meta({
    description: 'Unique in the channel; lets a sender recognise its own event. Default: made by the server.',
  })

/** Short texts beside the data, for filters. */
const tags = z
  .record(
    z.string().regex(tagPattern, 'A tag name has 1 to 64 letters, digits, _ or -'),
    z.string().max(maxTagLength),
  )
  .refine((all) => Object.keys(all).length <= maxTags, `An event has at most ${maxTags} tags`)
  .meta({
    description: `Short texts for filters: at most ${maxTags}, each at most ${maxTagLength} characters.`,
  })

/** A filter of the language in PROTOCOL.md. */
export const filter = z
  .record(z.string(), z.unknown())
  .superRefine((value, check) => {
    const compiled = compileFilter(value)
    if (typeof compiled === 'string') check.addIssue(compiled.replace(/\.$/, ''))
  })
  .transform((value) => value as unknown as Filter)
  .meta({
    description: 'A filter on type, author, tags and data.',
    examples: [{ field: 'type', eq: 'order.placed' }],
  })

/** A moment in milliseconds since 1970. */
export const moment = z.int().min(0).meta({ description: 'Milliseconds since 1970.' })

/** Where an event came to stand. */
export const published = z.object({
  id: z.string(),
  epoch: z.string(),
  offset: z.int().meta({ description: 'Position in the channel, one higher per event.' }),
})

/** An event as the history gives it. */
export const channelEvent = z.object({
  id: z.string(),
  channel: z.string(),
  type: z.string(),
  data: z.unknown(),
  offset: z.int(),
  at: moment,
  by: z.string().optional().meta({ description: 'The user who caused it; absent for back ends.' }),
  tags: z.record(z.string(), z.string()).optional(),
  redacted: z
    .boolean()
    .optional()
    .meta({ description: 'True for what remains of a redacted event: `data` is null.' }),
})

/** The answer of a command that has nothing to tell but that it is done. */
export const done = z.object({})

/** How a published event begins its life; the input of `publish`. */
export const publishInput = z.strictObject({
  channel: channelName,
  type: eventType.optional().meta({ description: 'Default `message`.', default: 'message' }),
  data: z.unknown().meta({ description: 'Any JSON value, up to the size that the kind allows.' }),
  id: eventId.optional(),
  tags: tags.optional(),
})

/**
 * Decides without the schema, and in a fraction of its time, that an input is one that the schema would pass as it is.
 * False means no more than "ask the schema".
 */
export function isPlainPublish(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false
  const fields = input as Record<string, unknown>
  for (const name in fields) if (!isPlainField(name, fields[name])) return false
  return fields.channel !== undefined && fields.data !== undefined
}

function isPlainField(name: string, value: unknown): boolean {
  if (name === 'data') return true
  if (typeof value !== 'string') return false
  if (name === 'channel') return parseChannelName(value) !== undefined
  if (name === 'type') return typePattern.test(value)
  return name === 'id' && idPattern.test(value)
}
