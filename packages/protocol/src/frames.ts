import type { ErrorBody } from './errors.ts'
import type { Filter } from './filter.ts'

/** Where a client stands in a channel: the last offset it has, in the stream identified by `epoch`. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** One event as the application sees it. */
export interface ChannelEvent<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly channel: string
  readonly type: Type
  readonly data: Data
  /**
   * Position in the channel. In ephemeral kinds a running number of the server process, with an epoch of its own. 0 for
   * what has no place in a channel: events that follow from keyed state.
   */
  readonly offset: number
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number
  /** The user who caused it; absent for the server itself. */
  readonly by?: string
  readonly tags?: Readonly<Record<string, string>>
  /** Trace context (W3C) of the call that it comes from, where that is traced and the event is still in memory. */
  readonly traceparent?: string
  /** True for what remains of a redacted event: `data` is null. */
  readonly redacted?: boolean
}

/** Fields of an event inside an `events` frame; `offset` and `at` are left out where they follow from the event before. */
export interface WireEvent {
  readonly id?: string
  readonly type: string
  readonly data: unknown
  readonly offset?: number
  readonly at?: number
  readonly by?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly traceparent?: string
  readonly redacted?: true
}

/** What a client says of the device that it runs on. */
export interface DeviceInfo {
  /** The same each time this device connects; 1 to 64 characters. */
  readonly id: string
  /** For people, at most 100 characters: "Ada's laptop". */
  readonly name?: string
  /** At most 32 characters: `desktop`, `phone`, `browser` … */
  readonly kind?: string
}

export interface ClientInfo {
  readonly name?: string
  readonly version?: string | undefined
  /** A text stands for the id alone. */
  readonly device?: DeviceInfo | string | undefined
}

// ——— client → server

export interface ConnectFrame {
  readonly op: 'connect'
  readonly id: number
  readonly token?: string | undefined
  readonly versions?: readonly number[]
  readonly client?: ClientInfo
  readonly resume?: { readonly session: string; readonly secret: string } | undefined
  /** Channels to be subscribed to at once, each told by `subscribed` or `unsubscribed`. */
  readonly topics?: readonly string[]
  /** How often the client would like to be pinged; the result says how often it is. */
  readonly pingIntervalMs?: number | undefined
}

export interface SubscribeFrame {
  readonly op: 'subscribe'
  readonly id: number
  readonly channel: string
  /** The position held, from an earlier subscription or from a snapshot. */
  readonly from?: Position | undefined
  readonly filter?: Filter | undefined
  /** Ask for the newest N events before going live; ignored with `from`. */
  readonly recent?: number | undefined
  /** Ask for keyed state (presence and the like); default false. */
  readonly state?: boolean | undefined
  /** Ask how many are here, and be told when that changes; default false. */
  readonly occupancy?: boolean | undefined
  /** Leave no trace in the channel's presence; default false. */
  readonly silent?: boolean | undefined
}

export interface UnsubscribeFrame {
  readonly op: 'unsubscribe'
  readonly id: number
  readonly channel: string
}

export interface CallFrame {
  readonly op: 'call'
  readonly id: number
  readonly command: string
  readonly input?: unknown
  readonly key?: string
  /** Trace context (W3C) of what calls. */
  readonly traceparent?: string
  /**
   * The `fence` of the last reply of this connection that had one, 0 before the first: the client repeats what is refused
   * for now, and wants it to stay in order. Its ids must grow.
   */
  readonly fence?: number
}

export interface RefreshFrame {
  readonly op: 'refresh'
  readonly id: number
  readonly token: string
}

/** Sets (or with `value: null` removes) a keyed-state entry of this session. */
export interface SetStateFrame {
  readonly op: 'set'
  readonly id: number
  readonly channel: string
  readonly name: string
  readonly value: unknown
}

/** Reads the next page of keyed state after a cursor. */
export interface ReadStateFrame {
  readonly op: 'state'
  readonly id: number
  readonly channel: string
  readonly after?: string | undefined
}

export interface PingFrame {
  readonly op: 'ping'
  /** From a client: how often it would like to be pinged from now on. */
  readonly pingIntervalMs?: number | undefined
}
export interface PongFrame {
  readonly op: 'pong'
  /** From a server that was asked for it: how often it pings from now on. */
  readonly pingIntervalMs?: number
}

/** A piece of a larger frame; see PROTOCOL.md §10. */
export interface ChunkFrame {
  readonly op: 'chunk'
  readonly of: number
  readonly index: number
  readonly data: string
}

export type ClientFrame =
  | ConnectFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | CallFrame
  | RefreshFrame
  | SetStateFrame
  | ReadStateFrame
  | PingFrame
  | PongFrame
  | ChunkFrame

// ——— server → client

export interface ReplyFrame {
  readonly op: 'reply'
  readonly id: number
  readonly ok?: unknown
  readonly error?: ErrorBody
  /** With the refusal for now of a call that had a `fence`: the number to send from now on. */
  readonly fence?: number
}

/** Result of `connect`. */
export interface ConnectResult {
  readonly version: number
  readonly session: string
  readonly secret: string
  readonly node: string
  readonly resumed: boolean
  readonly app: string
  readonly user?: string
  /** When the token expires, in ms since 1970; refresh before. */
  readonly expiresAt?: number
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly maxFrameBytes: number
  readonly time: number
}

/** Why a position could not be recovered. */
export type UnrecoveredReason =
  | 'epoch_changed'
  | 'position_ahead'
  | 'position_expired'
  | 'not_stored'
  | 'continuity_unverifiable'

/** Result of `subscribe`. `position` is where this client stands: live or missed events follow from there. */
export interface SubscribeResult {
  readonly position: Position
  /** Head of the channel when the reply was made; with `recovered` the events up to it are on their way. */
  readonly head: number
  /** Only in answer to `from`. */
  readonly recovered?: boolean
  readonly reason?: UnrecoveredReason
  /** Where the filter runs. `client`: the channel has too many filters, so the client must apply it. */
  readonly filter?: 'server' | 'client'
  readonly state?: StateSnapshot
  readonly occupancy?: Occupancy
  /** What can still be read from the channel's log; absent where there is none. */
  readonly retention?: { readonly first: number }
}

export interface EventsFrame {
  readonly op: 'events'
  readonly channel: string
  /** Present when it may not be that of the subscription. */
  readonly epoch?: string
  readonly prev: number
  readonly position: number
  readonly at: number
  readonly events: readonly WireEvent[]
}

export interface StateEntry {
  readonly key: string
  readonly name: string
  /** The user of the session, or the user for whom the server keeps the entry. */
  readonly user?: string
  /** The session that set it; absent for entries that the server keeps. */
  readonly session?: string
  readonly value: unknown
}

export interface StateSnapshot {
  /** Identity of the map: another one means that diffs start anew. */
  readonly instance: string
  /** Diffs follow from here. Entries may be newer: then the diffs tell them once more. */
  readonly version: number
  readonly entries: readonly StateEntry[]
  /** Present when there is more: ask with `state` and this cursor. */
  readonly next?: string
  readonly total: number
}

/** How many are in a channel: those with an entry `presence`. */
export interface Occupancy {
  readonly sessions: number
  readonly users: number
}

/** The counts of a channel as they are now; each replaces the one before. */
export interface OccupancyFrame extends Occupancy {
  readonly op: 'occupancy'
  readonly channel: string
}

/** A change of keyed state; it applies only to a map at `prev` of the same instance. */
export interface StateFrame {
  readonly op: 'state'
  readonly channel: string
  readonly instance: string
  readonly prev: number
  readonly version: number
  readonly set: readonly StateEntry[]
  readonly removed: readonly string[]
}

/** The server could not keep up the stream between two offsets (ephemeral kinds, drop-oldest). */
export interface DroppedFrame {
  readonly op: 'dropped'
  readonly channel: string
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** The server ended a subscription. `resubscribe` tells whether asking again makes sense. */
export interface UnsubscribedFrame {
  readonly op: 'unsubscribed'
  readonly channel: string
  readonly code: string
  readonly message: string
  readonly resubscribe: boolean
}

/** The server subscribed this session to a channel on behalf of a back end. */
export interface SubscribedFrame extends SubscribeResult {
  readonly op: 'subscribed'
  readonly channel: string
}

/** The node is going away: reconnect after `retryAfterMs` plus a random part of `spreadMs`. */
export interface GoawayFrame {
  readonly op: 'goaway'
  readonly retryAfterMs: number
  readonly spreadMs: number
}

/** The token is about to expire or has expired and the grace runs. */
export interface ExpiringFrame {
  readonly op: 'expiring'
  readonly inMs: number
}

/** Sent before a close, because close reasons are short: the error in full. */
export interface ErrorFrame {
  readonly op: 'error'
  readonly error: ErrorBody
}

export type ServerFrame =
  | ReplyFrame
  | EventsFrame
  | StateFrame
  | OccupancyFrame
  | DroppedFrame
  | UnsubscribedFrame
  | SubscribedFrame
  | GoawayFrame
  | ExpiringFrame
  | ErrorFrame
  | PingFrame
  | PongFrame
  | ChunkFrame
