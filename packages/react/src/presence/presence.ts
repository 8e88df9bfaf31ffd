import type { BuiltIn, OutputOfCommand } from '@parley/client'

type PresenceOf = OutputOfCommand<BuiltIn, 'presence.of'>['users'][number]

/** How reachable somebody is. `busy`: please do not disturb. */
export type Availability = PresenceOf['availability']

/** What is known of somebody's presence. */
export interface Presence extends Omit<PresenceOf, 'user'> {
  readonly user: string
}

/** What is shown of somebody of whom nothing is known. */
export function offline(user: string): Presence {
  return { user, availability: 'offline' }
}
