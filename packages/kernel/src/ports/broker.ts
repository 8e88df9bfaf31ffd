import type { StoredEvent } from './event-log.ts'

/** Events of a channel have their places. Names the place before them, so that who missed something notices. */
export interface Announcement {
  readonly app: string
  readonly channel: string
  /** Of `ephemeral` kinds, which have no places: the node, and its own count in `prev` and `head`. */
  readonly epoch: string
  /** Offset that the first event follows. */
  readonly prev: number
  readonly head: number
  /** Head of the app's control channel: access changes up to there come before these events. */
  readonly control: number
  /** Those after `prev` up to `head`. Absent when they are too large to be sent along: they are read from the log. */
  readonly events?: readonly StoredEvent[]
}

/** Bytes of data up to which events are sent along. Those of `ephemeral` kinds always are. */
export const maxAnnouncedBytes = 16_384

/** A message of one node to others. What it means is the kernel's business; it is small, and JSON. */
export type NodeMessage = Readonly<Record<string, unknown>> & { readonly type: string }

/** What a broker tells its node. Calls never overlap. */
export interface BrokerListener {
  /** Only of channels that the node follows. */
  announced(announcement: Announcement): void
  /** A message of another node, sent to this one or to all. */
  received(from: string, message: NodeMessage): void
  /** Another node is there, or is there again. */
  joined(node: string): void
  /** A node has said farewell, or has not been heard of for the lease's time. */
  left(node: string): void
  /** The link to the others is there again: what was announced meanwhile was missed. */
  restored(): void
}

/**
 * Signals between the nodes of a cluster. Guarantees nothing: announcements and messages may be lost, doubled, late and
 * in any order. The truth is in the logs; a broker only makes it known sooner. What is certain: nothing comes from the
 * node itself, `left` comes within `leaseMs` after a node has died, and `restored` after every time in which signals
 * may have been lost unnoticed. No call throws, and what is called before `start` or after `stop` does nothing.
 */
export interface Broker {
  /** Milliseconds after which a silent node counts as gone. */
  readonly leaseMs: number
  /**
   * Joins the cluster. A node has another id each time its process starts.
   *
   * @throws ParleyError `unavailable` when there is no way to the others; the message says what to do
   */
  start(node: string, listener: BrokerListener): Promise<void>
  /** Says farewell. Nothing is told to the listener afterwards. */
  stop(): Promise<void>
  announce(announcement: Announcement): void
  /**
   * From here on announcements of the channel are wanted. Fulfilled when those that are made afterwards arrive; never
   * rejected: while the link is down it is fulfilled too, and `restored` follows.
   */
  follow(app: string, channel: string): void | Promise<void>
  unfollow(app: string, channel: string): void
  /** To one node, or to all others. */
  send(message: NodeMessage, to?: string): void
  /** The other nodes that are there, as far as known. */
  nodes(): readonly string[]
  /** What is wrong with the link to the others; undefined when nothing is. */
  problem(): string | undefined
}
