import { type AuthorizeRequest, defineKind, type Kind, lanes } from '@parley/kernel'
import { z } from 'zod'

const access = z.enum(['anyone', 'user', 'granted', 'backend'])
const amount = z.int().min(0)

/** All options of a kind, as the configuration gives them; what is left out has the default of its durability. */
export const kindOptionsSchema = z.strictObject({
  durability: z.enum(['ephemeral', 'recent', 'durable']).optional(),
  retention: z
    .strictObject({ maxEvents: amount.optional(), maxAgeMs: amount.optional(), maxBytes: amount.optional() })
    .optional(),
  presence: z.boolean().optional(),
  presenceGraceMs: z.int().min(0).max(600_000).optional(),
  typing: z.boolean().optional(),
  stateFlushMs: z.int().min(0).max(60_000).optional(),
  access: z
    .strictObject({
      read: access.optional(),
      write: access.optional(),
      presence: access.optional(),
      manage: access.optional(),
    })
    .optional(),
  lane: z.enum(lanes).optional(),
  slowConsumer: z.enum(['catch_up', 'drop_oldest']).optional(),
  limits: z
    .strictObject({
      maxEventBytes: z.int().min(1).max(1_048_576).optional(),
      maxSubscribers: z.int().min(1).optional(),
      publishPerSecond: amount.optional(),
      maxStateEntries: amount.optional(),
      maxStateBytes: amount.optional(),
    })
    .optional(),
  filters: z.boolean().optional(),
  authorize: z
    .boolean()
    .optional()
    .meta({ description: 'true to ask the webhook under `authorize`, or false' }),
})

/** Options of one kind. */
export type KindSettings = z.output<typeof kindOptionsSchema>

/** Kinds by name, each checked as a whole: a combination that cannot work is refused here and not at start. */
export const kindsSchema = z.record(z.string(), kindOptionsSchema).superRefine((kinds, check) => {
  for (const [name, settings] of Object.entries(kinds)) {
    try {
      toKind(name, settings)
    } catch (error) {
      check.addIssue({ code: 'custom', path: [name], message: (error as Error).message })
    }
  }
})

/**
 * The kind that a configuration describes; it belongs to module `channels`.
 *
 * @throws RangeError for a combination that cannot work
 */
export function toKind(
  name: string,
  settings: KindSettings,
  authorize?: (request: AuthorizeRequest) => Promise<boolean>,
): Kind {
  const { authorize: asks, ...options } = settings
  return defineKind(
    'channels',
    name,
    asks === true && authorize !== undefined ? { ...options, authorize } : options,
  )
}
