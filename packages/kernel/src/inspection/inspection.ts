import type { Action, ConnectionHealthMetrics, Contract, DeviceInfo } from '@parley/protocol'
import type { NodeStatus } from '../node/node.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Activity, Timings } from './activity.ts'

/** A session, and the connection that it has now. Times are in ms since 1970. */
export interface ConnectionSummary {
  readonly session: string
  /** Its place in the list: pass it as `after` to go on behind it. */
  readonly sequence: number
  readonly app: string
  /** Absent for back ends. */
  readonly user?: string
  readonly device?: DeviceInfo
  readonly transport: string
  /** Absent while it waits for its client to come back. */
  readonly ip?: string
  readonly userAgent?: string
  readonly connected: boolean
  /** When the session began. */
  readonly since: number
  /** When it got the connection that it has. */
  readonly connectedAt?: number
  /** Last frame that was more than a sign of life, to within a ping interval. */
  readonly activeAt: number
  /** Connections that it has had. */
  readonly generation: number
  readonly channels: number
  /** Subscriptions that read more slowly than their channel grows. */
  readonly behind: number
  /** Bytes that wait for the network. */
  readonly queuedBytes: number
}

export interface SubscriptionSummary {
  readonly channel: string
  readonly kind: string
  /** The last offset written to the connection. */
  readonly position: number
  /** The newest offset of the channel. */
  readonly head: number
  readonly behind: boolean
  /** Canonical form of its filter. */
  readonly filter?: string
  readonly readsState: boolean
  readonly readsOccupancy: boolean
}

export interface ConnectionDetail extends ConnectionSummary {
  readonly identity: Identity
  readonly subscriptions: readonly SubscriptionSummary[]
  readonly calls: number
  readonly requests: number
  /** Replies and verdicts that wait, in characters. */
  readonly controlLength: number
  /** Absent while it waits for its client to come back. */
  readonly health?: ConnectionHealthMetrics
}

/** What happens to a connection that somebody looks at. Tokens and secrets are taken out of frames. */
export type ConnectionRecord =
  | {
      readonly what: 'frame'
      readonly at: number
      readonly direction: 'in' | 'out'
      /** At most 4,096 characters of it. */
      readonly text: string
      /** Length of the whole frame in characters. */
      readonly bytes: number
    }
  | { readonly what: 'round_trip'; readonly at: number; readonly ms: number }
  | { readonly what: 'opened'; readonly at: number }
  | { readonly what: 'closed'; readonly at: number; readonly code: number; readonly reason: string }

/** A connection that is no more. */
export interface ClosedConnection {
  readonly at: number
  readonly session?: string
  readonly app?: string
  readonly user?: string
  readonly transport: string
  readonly ip: string
  /** When it was accepted. */
  readonly since: number
  readonly code: number
  /** Name of the close code, or what the client gave. */
  readonly reason: string
  readonly by: 'server' | 'client'
}

export interface ConnectionQuery {
  /** Part of the id of a session or user, an address, or the name or id of a device; case does not count. */
  readonly text?: string | undefined
  readonly app?: string | undefined
  readonly user?: string | undefined
  readonly transport?: string | undefined
  readonly channel?: string | undefined
  /** `behind`: it has something waiting that the network does not take. `waiting`: its connection is gone. */
  readonly state?: 'connected' | 'waiting' | 'behind' | undefined
  /** `queued`: those with the most bytes waiting first, one page of them. Default `newest`. */
  readonly order?: 'newest' | 'oldest' | 'queued' | undefined
  /** `sequence` of the last one seen. */
  readonly after?: number | undefined
  readonly limit: number
}

export interface ConnectionPage {
  readonly connections: readonly ConnectionSummary[]
  /** Pass as `after` to go on; absent at the end. */
  readonly next?: number
  /** All sessions of the node. */
  readonly total: number
  /** Sessions that were looked at for this page. */
  readonly examined: number
}

/** A channel that this node holds in memory. */
export interface OpenChannel {
  readonly app: string
  readonly channel: string
  readonly kind: string
  readonly members: number
  readonly behind: number
  readonly head: number
  readonly first: number
  readonly stateEntries: number
}

export interface UserSummary {
  readonly app: string
  readonly user: string
  readonly sessions: number
  readonly connected: number
  /** When the first of the sessions began. */
  readonly since: number
  /** The last frame of any of them. */
  readonly activeAt: number
}

export interface ListQuery {
  /** Part of the name; case does not count. */
  readonly text?: string | undefined
  readonly app?: string | undefined
  readonly limit: number
}

/** Whether an identity may do something, and what decided it. */
export interface Explanation {
  readonly allowed: boolean
  /** In the order in which they are asked; the first that refuses decides. */
  readonly steps: readonly ExplanationStep[]
  /** What would change the answer; absent when it is allowed. */
  readonly advice?: string
}

export interface ExplanationStep {
  readonly name: 'credentials' | 'channel' | 'rule' | 'capability' | 'authorize' | 'filter'
  readonly outcome: 'passes' | 'refuses' | 'not_asked'
  /** One sentence. */
  readonly reason: string
}

/** Numbers of a node as they are now. */
export interface NodeCounts {
  readonly connections: number
  readonly sessions: number
  readonly channels: number
  readonly callsUnderWay: number
  /** Units that wait for the writer of the store. */
  readonly queuedUnits: number
  /** Events written to live members, to members that caught up, and queued for slow ones, since the start. */
  readonly deliveredLive: number
  readonly deliveredCatchUp: number
  readonly queued: number
  /** Characters of frames given to connections since the start. */
  readonly sent: number
  /** Users who have a session. */
  readonly users: number
}

/**
 * What a node lets its operators see of itself. Everything is read when it is asked for; nothing is recorded of a
 * connection until somebody watches it. Long lists are looked through in slices, so that nobody's message waits.
 */
export interface Inspection {
  readonly node: string
  readonly activity: Activity
  status(): NodeStatus
  counts(): NodeCounts
  connections(query: ConnectionQuery): Promise<ConnectionPage>
  connection(session: string): ConnectionDetail | undefined
  /** Connections of which nothing was heard for so long but signs of life, and bytes that wait for all. */
  stillness(idleMs: number): Promise<{ readonly idle: number; readonly queuedBytes: number }>
  /** The last 1,000, newest first. */
  closed(query: ListQuery & { readonly session?: string | undefined }): readonly ClosedConnection[]
  /**
   * Records what goes over the connections of a session from now on, frames of channels of the kind `ignoredKind` left
   * out. Answers the function that ends it; undefined when there is no such session here.
   */
  watch(
    session: string,
    record: (record: ConnectionRecord) => void,
    ignoredKind: string,
  ): (() => void) | undefined
  /** Asks the client for a sign of life, so that the way there and back is timed. */
  ping(session: string): void
  /** Has the node time what it does; until the function that is answered is called. One at a time: the newest counts. */
  time(timings: Timings): () => void
  /** Channels with the most members first. */
  openChannels(query: ListQuery & { readonly kind?: string | undefined }): Promise<readonly OpenChannel[]>
  /** Users who have a session, by name, after a user. */
  users(query: ListQuery & { readonly after?: string | undefined }): Promise<readonly UserSummary[]>
  explain(identity: Identity, action: Action, channel: string): Promise<Explanation>
  contracts(): readonly Contract[]
}
