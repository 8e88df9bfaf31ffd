import type { CommandContract, ParleyError } from '@parley/protocol'
import type { Identity } from '../ports/authenticator.ts'
import type { RegisteredCommand } from '../registry.ts'
import type { CallPlace } from './fences.ts'
import type { OrderedLanes } from './ordered-lanes.ts'
import type { KnownReceipt } from './receipts.ts'

/** Who calls, and from where. */
export interface Caller {
  readonly identity: Identity | undefined
  readonly session?: string
  readonly ip?: string | undefined
  readonly requestId: string
  /** Trace context (W3C) of what calls. */
  readonly traceparent?: string | undefined
  /** Order among the calls of one session; absent over REST. */
  readonly lanes?: OrderedLanes
  /**
   * By ordering key: fulfilled when all units of this session submitted so far are settled, what had to run again
   * included.
   */
  readonly uncommitted?: Map<string, Promise<unknown>>
  /** Absent where nobody repeats what is refused for now. */
  readonly place?: CallPlace | undefined
  /** A part of a call that was accepted already: it counts for no rate, and is carried out while the node stops. */
  readonly isNested?: boolean
}

export interface Call {
  readonly command: string
  readonly input?: unknown
  readonly key?: string | undefined
}

/** Told once what became of a call. Must not throw. */
export type Done = (error: ParleyError | undefined, output: unknown) => void

/** What is run: a command, or a job of the server itself. */
export type Runnable = Pick<RegisteredCommand, 'name' | 'handler'>

/** A call that passed its first checks. */
export interface Prepared {
  readonly command: Runnable
  readonly permission: CommandContract['permission']
  readonly caller: Caller
  readonly identity: Identity
  readonly input: unknown
  readonly orderKey: string
  readonly scope: string | undefined
  readonly fingerprint: string
  readonly receipt: KnownReceipt | undefined | Promise<KnownReceipt | undefined>
  readonly done: Done
}
