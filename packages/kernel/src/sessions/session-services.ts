import type { Audiences } from '../channels/audiences.ts'
import type { Channel } from '../channels/channel.ts'
import type { Fanout } from '../channels/fanout.ts'
import type { EncodedEvent } from '../channels/wire-text.ts'
import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Drops } from '../resilience/drops.ts'
import type { Session } from './session.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** What a session needs of the node; one object for all sessions. */
export interface SessionServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly fanout: Fanout
  readonly audiences: Audiences
  readonly wheel: TimerWheel
  readonly drops: Drops
  readonly readLog: (channel: Channel, after: number) => Promise<readonly EncodedEvent[]>
  /** The session has waited long enough for its client. */
  readonly expired: (session: Session) => void
}
