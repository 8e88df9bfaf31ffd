import { kindNames } from '@parley/adapters/transport/pusher'
import type { Config } from '../config.ts'

type Kinds = Config['kinds']

const pusherKinds: Kinds = {
  [kindNames.events]: { durability: 'recent', typing: false },
  [kindNames.presence]: { durability: 'recent', typing: false },
  [kindNames.user]: {
    durability: 'recent',
    typing: false,
    retention: { maxEvents: 100, maxAgeMs: 60_000 },
    access: { write: 'backend', manage: 'backend' },
  },
}

/** The kinds of the configuration, and those in which the channels of Pusher lie, as far as it does not say otherwise. */
export function kindsOf({ kinds, pusher }: Pick<Config, 'kinds' | 'pusher'>): Kinds {
  if (!pusher.enabled) return kinds
  const own = Object.entries(pusherKinds).map(([name, options]) => [name, { ...options, ...kinds[name] }])
  return { ...kinds, ...Object.fromEntries(own) }
}
