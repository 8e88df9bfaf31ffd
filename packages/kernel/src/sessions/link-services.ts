import type { ClientFrame, ConnectFrame, ParleyError } from '@parley/protocol'
import type { Lane } from '../kind.ts'
import type { Limits, Rate } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Drops } from '../resilience/drops.ts'
import type { Intake } from './intake.ts'
import type { Link } from './link.ts'
import type { Session } from './session.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** What a link needs of the node; one object for all links. */
export interface LinkServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly wheel: TimerWheel
  readonly intake: Intake
  /** Rate of frames per connection. */
  readonly rate: Rate
  readonly isRateLimited: () => boolean
  /** @throws ParleyError `unauthenticated` also without a token */
  readonly authenticate: (token: string | undefined) => Promise<Identity>
  /** Finds or makes the session of a connect frame, and attaches the link. */
  readonly open: (
    link: Link,
    identity: Identity,
    frame: ConnectFrame,
  ) => { readonly session: Session; readonly resumed: boolean }
  /** Answers a connect frame. */
  readonly welcome: (link: Link, session: Session, resumed: boolean) => object
  /** The lane in which a frame waits when there is much to do. */
  readonly laneOf: (frame: ClientFrame) => Lane
  /** The reply to a request that is not carried out. */
  readonly refusalOf: (link: Link, frame: ClientFrame & { readonly id: number }, error: ParleyError) => string
  /** Subscribes a session to the channels that it named in its connect frame. */
  readonly follow: (session: Session, topics: readonly string[]) => void
  /** Carries out a frame of a connected client. */
  readonly handle: (session: Session, frame: ClientFrame) => void
  /**
   * The link is gone; `hasLeft`: the client said that it will not come back. `reason`: the name of our close code, else
   * `client_left`, `client_closed` (with another code), `connection_lost`, `protocol_violation`.
   */
  readonly closed: (link: Link, hasLeft: boolean, reason: string) => void
  readonly drops: Drops
  readonly onFrame: (length: number) => void
  readonly inTurn: (run: () => void) => void
}
