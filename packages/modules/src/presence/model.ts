import { z } from 'zod'
import { moment, userId } from '../channels/model.ts'

/** What presence takes at most. */
export const presenceLimits = {
  statusLength: 100,
  whereLength: 200,
  contacts: 1_000,
  /** Users whose presence one call tells. */
  asked: 500,
  page: 1_000,
  historyPage: 500,
  historyDays: 30,
} as const

/** The kind of the channel that shows the presence of one user: `presence:ada`. */
export const presenceKind = 'presence'
/** The kind of the channel that shows a user the presence of all their contacts: `contacts:ada`. */
export const contactsKind = 'contacts'
/** The kind of the channel in which a user hears of their own devices: `devices:ada`. */
export const devicesKind = 'devices'
/** Name of the keyed-state entries of those channels. A user who is offline has none. */
export const presenceState = 'presence'

/** Whether a user can be reached. `busy`: please do not disturb. */
export const availability = z.enum(['online', 'away', 'busy', 'offline'])
export type Availability = z.output<typeof availability>

/** What a user does, from least to most: of several devices the most counts. */
export const activities = ['none', 'idle', 'active', 'viewing', 'commenting', 'editing', 'typing'] as const
export const activity = z
  .enum(activities)
  .meta({ description: 'What the user does on this device. `idle`: nobody is at it.' })
export type Activity = z.output<typeof activity>

/** Where a user is active: a channel, a document, a page. */
export const where = z
  .string()
  .min(1)
  .max(presenceLimits.whereLength)
  .meta({ description: 'Where: the name of a channel, a document, a page.', examples: ['chat:general'] })

/** How a user appears while connected, by their own choice. */
export const choice = z.enum(['online', 'away', 'busy'])
export type Choice = z.output<typeof choice>

const statusText = z
  .string()
  .trim()
  .min(1)
  .max(presenceLimits.statusLength)
  .regex(/^[^\p{Cc}]*$/u, 'A status is one line')

/** One emoji, or a name between colons; the longest emoji are families of many code points. */
const statusEmoji = z
  .string()
  .min(1)
  .max(32)
  .regex(/^(:[a-z0-9_+-]{1,30}:|[^\s<>&"'a-zA-Z]{1,16})$/u, 'An emoji, or a name between colons')

export const status = z.object({
  emoji: statusEmoji.optional(),
  text: statusText.optional(),
  until: moment.optional().meta({ description: 'When it ends by itself; absent: it stays.' }),
})
export type Status = z.output<typeof status>

/** The presence of a user as others see it. */
export const presence = z.object({
  availability,
  activity: activity.optional().meta({ description: 'Absent while the user does nothing in particular.' }),
  where: where.optional(),
  status: status.optional(),
  since: moment.meta({ description: 'Since when the availability is what it is.' }),
})
export type Presence = z.output<typeof presence>

const fromLeast: readonly Availability[] = ['offline', 'away', 'online', 'busy']

/** The presence of a user of whom several nodes have devices: what most of all says that they are there. */
export function joinPresence(values: readonly Presence[]): Presence {
  const best = values.reduce((one, other) => (strength(other) >= strength(one) ? other : one))
  const alike = values.filter(({ availability }) => availability === best.availability)
  return { ...best, since: Math.min(...alike.map(({ since }) => since)) }
}

function strength({ availability, activity = 'none' }: Presence): number {
  return fromLeast.indexOf(availability) * activities.length + activities.indexOf(activity)
}

/** The presence of a user with a name. An offline user has no `activity`, and `lastSeen` if they let it be seen. */
export const presenceOf = presence.extend({
  user: userId,
  since: moment.optional(),
  lastSeen: moment.optional(),
})
export type PresenceOf = z.output<typeof presenceOf>

const lastSeenFor = z.enum(['everyone', 'contacts', 'nobody'])
const visibleTo = z.enum(['everyone', 'contacts'])

export const settings = z.object({
  availability: choice.meta({ description: 'How the user appears while connected.' }),
  visibility: visibleTo.meta({ description: 'Who sees the presence: everyone of the app, or own contacts.' }),
  lastSeen: lastSeenFor.meta({ description: 'Who sees when the user was last here.' }),
  invisible: z.boolean().meta({ description: 'Appear offline to everybody.' }),
  history: z.boolean().meta({ description: 'Whether a history of the availability is kept.' }),
})
export type Settings = z.output<typeof settings>

/** A device of a user: what the client says of itself. */
export const device = z.object({
  device: z.string(),
  name: z.string().optional(),
  kind: z.string().optional(),
})
export type Device = z.output<typeof device>

/** What is kept of a user: stored as one record. */
export interface Profile extends Settings {
  readonly status?: Status | undefined
}

export const defaultProfile: Profile = {
  availability: 'online',
  visibility: 'everyone',
  lastSeen: 'everyone',
  invisible: false,
  history: true,
}
