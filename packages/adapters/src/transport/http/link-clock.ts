import type { Clock } from '@parley/kernel'

/** What links need of a clock. */
export type LinkClock = Pick<Clock, 'after' | 'defer' | 'elapsed' | 'secret'>
