import type { StoredEvent } from './event-log.ts'

/** Events of a channel have their places. Names the place before them, so that who missed something notices. */
export interface Announcement {
  readonly app: string
  readonly channel: string
  readonly epoch: string
  /** Offset that the first event follows. */
  readonly prev: number
  readonly head: number
  /** Absent when they are too large to be sent along: they are read from the log. */
  readonly events?: readonly StoredEvent[]
}

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
 * may have been lost unnoticed.
 */
export interface Broker {
  /** Milliseconds after which a silent node counts as gone. */
  readonly leaseMs: number
  /** Joins the cluster. */
  start(node: string, listener: BrokerListener): Promise<void>
  /** Says farewell. Nothing is told to the listener afterwards. */
  stop(): Promise<void>
  announce(announcement: Announcement): void
  /** From here on announcements of the channel are wanted. Takes effect on other nodes a little later. */
  follow(app: string, channel: string): void
  unfollow(app: string, channel: string): void
  /** To one node, or to all others. */
  send(message: NodeMessage, to?: string): void
  /** The other nodes that are there, as far as known. */
  nodes(): readonly string[]
  /** What is wrong with the link to the others; undefined when nothing is. */
  problem(): string | undefined
}
